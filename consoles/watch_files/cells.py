"""What single cells of a watch file mean, however people write it; and what is wrong, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from command.facts.base import Level
from command.facts.watchlist import WatchAction
from command.kernel.local_time import BEIJING
from command.requests.base import LATEST_MS
from command.requests.watchlist import GivenHours
from consoles.watch_files.columns import ACTIONS, Column, seen

_REASON_CHARS = 500
_OFFICE_CHARS = 100
_SHOWN = 3
_LEAST_KNOWN = 2
_DAY_MS = 86_400_000
_DEFAULT_LEVEL: Level = 3
_LEVELS: Mapping[str, Level] = {
    "1": 1, "i": 1, "一": 1, "特别重大": 1, "2": 2, "ii": 2, "二": 2, "重大": 2,
    "3": 3, "iii": 3, "三": 3, "较大": 3, "4": 4, "iv": 4, "四": 4, "一般": 4,
}  # fmt: skip
_YES = frozenset({"是", "有", "含", "1", "y", "yes", "true", "√", "✓"})
_NO = frozenset({"", "否", "无", "不", "0", "n", "no", "false", "×"})
_ACTIONS = {word: action for action, words in ACTIONS.items() for word in words}
_NO_END = frozenset({
    "长期", "长期有效", "永久", "永久有效", "无", "无期限", "不限", "-", "--", "—", "——", "/", "none",
    "permanent", "forever",
})  # fmt: skip
_LAST_DAY = (9999, 12, 31)
"""What programs write that have no word for it, and the last day that a sheet can hold."""
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d\d)(\d\d))")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::\d{1,2})?")
_SPAN = re.compile(r"(\d{1,4})(天|日|days?|d)")
_HOURS = re.compile(r"(\d{1,2})(?::(\d{2}))?(?:时|点)?[-~至到—–](\d{1,2})(?::(\d{2}))?(?:时|点)?")
_SEPARATORS = re.compile(r"[;；,，、|\n]+")


class CellError(Exception):
    """What is wrong with a cell, in Chinese and English; `code` is stable."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


def formula() -> CellError:
    """A cell that a spreadsheet program would work out."""
    return CellError("formula", "公式不予受理，请粘贴为数值", "formulas are not taken; paste as values")


def unreadable() -> CellError:
    """A cell with bytes that are no text."""
    return CellError("encoding", "文字无法识别，请另存为 UTF-8", "cannot be read as text; save as UTF-8")


def sheets_left(names: Sequence[str]) -> CellError:
    """Sheets behind the first, which are not read."""
    shown = "、".join(names[:_SHOWN])
    zh = f"另有 {len(names)} 张工作表未读取（{shown}），请并入第一张，或另存后再次导入"
    en = f"{len(names)} more sheets are not read ({shown}): move their rows to the first one, or import them as files"
    return CellError("sheets_left", zh, en)


def dates_left(heading: str) -> CellError:
    """A column of dates that nobody takes for the end of an entry."""
    zh = f"“{heading}”一列未读取：若其日期是布控截止时间，请将列标题改为“有效期”后重新导入"
    en = f"column {heading} is not read: if its dates say until when to look, head it 有效期 (until) and import again"
    return CellError("dates_left", zh, en)


def column_left(heading: str, taken: str) -> CellError:
    """A column that is not read, since another one is that says the same."""
    zh = f"“{heading}”一列未读取，读取的是“{taken}”：若应以“{heading}”为准，请删除“{taken}”一列后重新导入"
    en = f"column {heading} is not read, {taken} is: if {heading} is the right one, delete {taken} and import again"
    return CellError("column_left", zh, en)


def unknown_places(names: Sequence[str]) -> CellError:
    """Names that are no camera's."""
    shown = "、".join(names[:_SHOWN])
    return CellError("unknown_place", f"没有此摄像机或区域：{shown}", f"no camera or area of this name: {shown}")


def invalid(detail: str, code: str = "invalid_input") -> CellError:
    """What the record would refuse, in its words."""
    zh = "没有号牌能是这样（GA 36）" if code == "impossible_pattern" else f"不符合要求：{detail}"
    return CellError(code, zh, detail)


def names(cell: str) -> list[str]:
    """Return the names that a cell lists."""
    return [name for part in _SEPARATORS.split(cell) if (name := part.strip()) not in ("", "-", "全部", "all", "不限")]


def _plain(cell: str) -> str:
    return seen(cell).casefold()


def _plate(cell: str, _now_ms: int) -> str:
    return plate_text(cell)


def plate_text(cell: str) -> str:
    """Return what a cell says of a plate; raises `CellError`."""
    plate = seen(cell)
    if not plate:
        raise _missing()
    if not 2 <= len(plate) <= 16:
        raise CellError("length", "应为 2 至 16 个字符", "has 2 to 16 characters")
    if len([char for char in plate if char not in "?*· "]) < _LEAST_KNOWN:
        raise CellError("too_wide", "至少写明两个字符", "names at least two characters")
    return plate


def _reason(cell: str, _now_ms: int) -> str:
    if not cell:
        raise _missing()
    return _checked_length(cell, _REASON_CHARS)


def _office(cell: str, _now_ms: int) -> str:
    return _checked_length(cell, _OFFICE_CHARS)


def _level(cell: str, _now_ms: int) -> Level:
    word = _plain(cell).removesuffix("级")
    if not word:
        return _DEFAULT_LEVEL
    if word not in _LEVELS:
        raise CellError("level", "级别为 1 至 4（一级最高）", "a level is 1 to 4, 1 the gravest")
    return _LEVELS[word]


def _until(cell: str, now_ms: int) -> int:
    """Return the last instant of an entry, of one without an end the latest that there is."""
    at_ms = end_ms(cell, now_ms)
    if at_ms is None:
        return LATEST_MS
    if at_ms > LATEST_MS:
        raise CellError(
            "too_late", "最晚至 2999-12-31；无期限请填“长期”", "ends in 2999 at the latest; for no end write 长期"
        )
    return at_ms


def end_ms(cell: str, now_ms: int) -> int | None:
    """Return an instant (ms, UTC): of a date alone the end of that day in Beijing, or so many days from now.

    None for what has no end, as people and programs write it. Raises `CellError`, also for one that is past.
    """
    word = _plain(cell)
    if not word:
        raise _missing()
    if word in _NO_END:
        return None
    if span := _SPAN.fullmatch(word.replace(" ", "")):
        return now_ms + int(span[1]) * _DAY_MS
    date = _DATE.match(word)
    rest = word[date.end() :].strip(" t") if date else ""
    time = _TIME.fullmatch(rest)
    if date is None or (rest and time is None):
        raise _not_a_date()
    year, month, day_of = int(date[1]), int(date[2] or date[4]), int(date[3] or date[5])
    if (year, month, day_of) == _LAST_DAY:
        return None
    try:
        day = datetime(year, month, day_of, tzinfo=BEIJING)
        at = day.replace(hour=int(time[1]), minute=int(time[2])) if time else day + timedelta(days=1)
    except (ValueError, OverflowError):
        raise _not_a_date() from None
    at_ms = int(at.timestamp() * 1000)
    if at_ms <= now_ms:
        raise CellError("past", "有效期已过", "is over already")
    return at_ms


def _look_alike(cell: str, _now_ms: int) -> bool:
    word = _plain(cell)
    if word not in _YES | _NO:
        raise CellError("yes_or_no", "填是或否", "is yes or no")
    return word in _YES


def _action(cell: str, _now_ms: int) -> WatchAction:
    word = _plain(cell)
    if not word:
        return "alarm"
    if word not in _ACTIONS:
        words = "、".join(each[0] for each in ACTIONS.values())
        raise CellError("action", f"处置为 {words} 之一", f"is one of {', '.join(ACTIONS)}")
    return _ACTIONS[word]


def _hours(cell: str, _now_ms: int) -> GivenHours | None:
    word = _plain(cell).replace(" ", "")
    if word in ("", "-", "全天", "allday"):
        return None
    found = _HOURS.fullmatch(word)
    if found is None:
        raise _not_hours()
    from_min, to_min = (int(found[at]) * 60 + int(found[at + 1] or 0) for at in (1, 3))
    minutes_fit = max(int(found[2] or 0), int(found[4] or 0)) < 60
    if not minutes_fit or from_min > 24 * 60 or to_min > 24 * 60 or from_min == to_min:
        raise _not_hours()
    return None if (from_min, to_min) == (0, 24 * 60) else GivenHours(from_min=from_min, to_min=to_min)


def _checked_length(cell: str, most: int) -> str:
    if len(cell) > most:
        raise CellError("length", f"至多 {most} 字", f"has at most {most} characters")
    return cell


def _missing() -> CellError:
    return CellError("missing", "必填", "must be given")


def _not_a_date() -> CellError:
    return CellError(
        "date",
        "日期如 2030-12-31 或 2030-12-31 18:00，也可写 30天、长期",
        "a date as 2030-12-31 18:00, 30 days, or 长期",
    )


def _not_hours() -> CellError:
    return CellError("hours", "时段如 22:00-06:00", "hours as 22:00-06:00")


READERS: Mapping[Column, Callable[[str, int], object]] = {
    "plate": _plate, "reason": _reason, "level": _level, "until": _until, "look_alike": _look_alike,
    "office": _office, "hours": _hours, "action": _action,
}  # fmt: skip
"""What each cell means at an instant; raises `CellError`. Areas need the tables, see `entries`."""
