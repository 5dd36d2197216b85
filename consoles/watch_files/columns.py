"""The columns of a watch file and their headings, as offices write them; and files of ours with the same columns."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Literal

from command.facts.watchlist import WatchAction
from command.kernel.errors import InvalidInputError
from command.kernel.local_time import local_text
from command.requests.base import LATEST_MS
from command.rows import WatchRow
from consoles.watch_files.sheet import FORMULA

Column = Literal["plate", "reason", "level", "until", "look_alike", "office", "area", "hours", "action"]

COLUMNS: Mapping[Column, tuple[str, ...]] = {
    "plate": ("车牌", "车牌号", "车牌号码", "号牌", "号牌号码", "车号", "plate", "plate no", "plate number", "pattern",
              "licence plate", "license plate"),
    "reason": ("原因", "事由", "布控原因", "布控事由", "案由", "reason"),
    "level": ("级别", "等级", "布控级别", "布控等级", "level"),
    "until": ("有效期", "有效期至", "截止", "截止时间", "截止日期", "到期", "到期时间", "until", "valid until",
              "expiry"),
    "look_alike": ("形近", "形近字", "含形近字", "look alike", "look alikes", "similar"),
    "office": ("单位", "申请单位", "布控单位", "office", "unit"),
    "area": ("范围", "区域", "布控范围", "卡口", "摄像机", "area", "cameras"),
    "hours": ("时段", "时间段", "布控时段", "hours"),
    "action": ("处置", "处置措施", "措施", "处置方式", "action", "instruction"),
}  # fmt: skip
"""The first heading of each is ours."""

_ALSO: Mapping[Column, tuple[str, ...]] = {
    "plate": ("牌照", "牌照号", "牌照号码", "车牌照", "车牌照号", "车辆号牌", "车辆号牌号码", "车辆牌号", "车辆牌照",
              "机动车号牌", "机动车号牌号码", "车辆号码", "布控号牌", "布控车牌"),
    "until": ("有效期止", "有效期到", "有效期限", "有效期截止", "有效期截止日期", "有效期截止时间", "有效日期",
              "有效日期至", "有效至", "有效截止日期", "有效截止时间", "截止日", "截至", "截至时间", "截至日期",
              "到期日", "到期日期", "失效日期", "失效时间", "终止日期", "终止时间", "结束日期", "结束时间",
              "布控有效期", "布控有效期至", "布控期限", "布控截止", "布控截止时间", "布控截止日期", "布控到期时间",
              "布控到期日期", "布控结束时间", "布控结束日期", "布控终止时间", "布控终止日期", "valid to",
              "valid till", "expiry date", "expires", "expiration", "expiration date", "end date"),
}  # fmt: skip
"""Further headings, which say so where none of `COLUMNS` does: beside one of those they may say something else, and
lists have them there since before they were known."""

ACTIONS: Mapping[WatchAction, tuple[str, ...]] = {
    "alarm": ("只报警", "报警", "alarm"),
    "follow": ("跟踪", "follow"),
    "check": ("盘查", "核查", "check"),
    "intercept": ("拦截", "截停", "intercept", "stop"),
}
_NEEDED: tuple[Column, ...] = ("plate", "reason", "until")
_PLAIN = {heading: column for column, headings in COLUMNS.items() for heading in headings}
_BY_HEADING = _PLAIN | {heading: column for column, headings in _ALSO.items() for heading in headings}
_EXAMPLE = ("湘F12345", "被盗", "3", "2030-12-31", "否", "交警大队", "", "22:00-06:00", "拦截")
_BRACKETED = re.compile(r"[(\[].*?[)\]]", re.DOTALL)
_BRACKETED_IN_LINE = re.compile(r"[(\[].*?[)\]]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_OR = re.compile(r"[/|、,;或及]")


def columns_of(rows: Sequence[Sequence[str]]) -> tuple[int, dict[Column, int]]:
    """Return the row that holds the headings, from 0, and where each column is.

    Raises `InvalidInputError` where there is none, or a column lacks or comes twice.
    """
    number = head_of(rows)
    if number is None:
        raise InvalidInputError(f"no row of headings with {COLUMNS['plate'][0]} (plate) among the first {len(rows)}")
    places = {column: place_of(rows[number], column) for column in COLUMNS}
    found = {column: at for column, at in places.items() if at is not None}
    if lacking := [column for column in _NEEDED if column not in found]:
        names = ", ".join(f"{COLUMNS[column][0]} ({column})" for column in lacking)
        raise InvalidInputError(f"the file lacks the columns {names}")
    return number, found


def head_of(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the row that holds the headings, from 0: the first in which one says plainly that it is of plates.

    Where none does, the first in which one says so at all; None where there is none.
    """
    said = [number for number, row in enumerate(rows) if "plate" in map(column_of, row)]
    plainly = (number for number in said if "plate" in map(_plainly, rows[number]))
    return next(plainly, said[0] if said else None)


def place_of(row: Sequence[str], column: Column) -> int | None:
    """Return where a column is in the row of headings: where one says so plainly, others beside it do not count.

    None where there is none. Raises `InvalidInputError` where two say it alike.
    """
    said = [at for at, heading in enumerate(row) if column_of(heading) == column]
    found = [at for at in said if _plainly(row[at]) == column] or said
    if len(found) > 1:
        raise InvalidInputError(f"two columns are headed as {COLUMNS[column][0]} ({column})")
    return found[0] if found else None


def column_of(heading: str) -> Column | None:
    """Return what a column says by its heading, which may be several words for it (`号牌号码/车牌`).

    None where that is not known.
    """
    plain = plain_heading(heading)
    if plain in _BY_HEADING:
        return _BY_HEADING[plain]
    said = {_BY_HEADING.get(word.strip()) for word in _OR.split(plain) if word.strip()}
    return said.pop() if len(said) == 1 else None


def _plainly(heading: str) -> Column | None:
    """Return what a heading says that is one of `COLUMNS` as it stands there."""
    text = unicodedata.normalize("NFKC", heading)
    return _PLAIN.get(" ".join(_words(_BRACKETED_IN_LINE.sub("", text))))


def plain_heading(heading: str) -> str:
    """Return a heading without what is in brackets, marks, capitals, and blanks in Chinese."""
    text = _BRACKETED.sub("", seen(heading))
    return ("" if _CHINESE.search(text) else " ").join(_words(text))


def _words(text: str) -> list[str]:
    return text.casefold().replace("_", " ").replace("-", " ").strip(" *:").split()


def seen(text: str) -> str:
    """Return what people see: no marks of order or width, which programs put before texts, all letters in one width."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    return plain.strip()


def template() -> bytes:
    """Return a CSV file with the headings and one example, which spreadsheet programs open as UTF-8."""
    return _csv([[headings[0] for headings in COLUMNS.values()], _EXAMPLE])


def exported(watches: Iterable[WatchRow], cameras: Mapping[str, str]) -> bytes:
    """Return entries as a CSV file that can be imported again, but for drawn areas; `cameras` are names by id."""
    heads = [headings[0] for headings in COLUMNS.values()]
    rows = [[*heads, "状态", "申请人", "批准人", "命中", "误报"]]
    for watch in watches:
        area = watch.area and ("、".join(cameras.get(each, each) for each in watch.area.cameras) or "已绘区域")
        hours = watch.hours and f"{_clock(watch.hours.from_min)}-{_clock(watch.hours.to_min)}"
        rows.append([
            watch.pattern, watch.reason, str(watch.level), _until(watch.until_ms),
            "是" if watch.look_alike else "否", watch.office, area or "", hours or "", ACTIONS[watch.action][0],
            _STATES[watch.state], watch.requested_by, watch.approved_by, str(watch.hits), str(watch.rejected),
        ])  # fmt: skip
    return _csv(rows)


_STATES = {"requested": "待批准", "active": "布控中", "lifted": "已撤控", "expired": "已到期"}


def _until(at_ms: int) -> str:
    return "长期" if at_ms >= LATEST_MS else local_text(at_ms)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text)
    for row in rows:
        # A spreadsheet program must not take for a formula what somebody wrote as a reason.
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")
