"""Values as systems send them: numbers as text, flags as numbers, times in several forms, names in any case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from edge.gb28181.local_time import CHINA, instant_ms
from edge.limits import VIID_TEXT_CHARS

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{0,9})?")
_STAMP = re.compile(r"(\d{14})(\d{3})?")
_EPOCH_DIGITS_MS, _EPOCH_DIGITS_S = 13, 10
_LAST_INSTANT_MS = 32_503_680_000_000
"""As `requests.Instant`: the year 3000, where others write 9999."""
_TRUE, _FALSE = frozenset({"1", "true", "yes", "是"}), frozenset({"0", "false", "no", "否"})


class Fields:
    """The members of a JSON object, looked up whatever case their names are written in."""

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = {str(name).lower(): value for name, value in members.items()}

    def text(self, name: str, most: int = VIID_TEXT_CHARS) -> str:
        """Return a text or number as text without what cannot be printed, cut to `most`; empty where there is none."""
        value = self._members.get(name.lower())
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, str | int | float):
            return ""
        return "".join(char for char in str(value)[: 4 * most] if char.isprintable()).strip()[:most]

    def number(self, name: str) -> float | None:
        """Return a number, also one that is written as text; None for anything else."""
        text = self.text(name, 32)
        return float(text) if _NUMBER.fullmatch(text) else None

    def whole(self, name: str) -> int | None:
        """Return a number without its fraction."""
        number = self.number(name)
        return None if number is None else int(number)

    def flag(self, name: str) -> bool | None:
        """Return yes or no as booleans, numbers and words say it; None where it is not said."""
        text = self.text(name, 8).lower()
        return True if text in _TRUE else False if text in _FALSE else None

    def instant_ms(self, name: str) -> int | None:
        """Return UTC milliseconds of a time of China or since 1970, such as `written` can write; None for what is none.

        Some write "always" as the year 1 or 9999: what is before 1970 is its beginning, what is past 2999 its end.
        """
        at_ms = _instant_ms(self.text(name, 32))
        return None if at_ms is None else _within(at_ms)

    def said(self, name: str) -> bool:
        """Say whether the member is there with something in it."""
        return self._members.get(name.lower()) not in (None, "", [], {})

    def inner(self, name: str) -> Fields:
        """Return the object of that name; one without members where there is none."""
        value = self._members.get(name.lower())
        return Fields(value if isinstance(value, dict) else {})

    def raw(self, name: str) -> object:
        """Return the value as it came."""
        return self._members.get(name.lower())

    def list(self, name: str) -> list[Fields]:
        """Return the objects of a list, or the one object that stands instead; what is no object has no members."""
        value = self._members.get(name.lower())
        several = value if isinstance(value, list) else [] if value is None else [value]
        return [Fields(one if isinstance(one, dict) else {}) for one in several]


def _instant_ms(text: str) -> int | None:
    if found := _STAMP.fullmatch(text):
        return _stamped(found[1], found[2])
    if text.isascii() and text.isdecimal() and len(text) in (_EPOCH_DIGITS_MS, _EPOCH_DIGITS_S):
        return int(text) * (1 if len(text) == _EPOCH_DIGITS_MS else 1000)
    return instant_ms(text) if "-" in text else None


def _stamped(digits: str, fraction: str | None) -> int | None:
    try:
        moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + int(fraction or 0)


def _within(at_ms: int) -> int:
    return min(max(at_ms, 0), _LAST_INSTANT_MS)


def written(at_ms: int) -> str:
    """Write an instant as the standard does: local time of China, yyyyMMddHHmmss; others as `Fields.instant_ms` has it.

    It never fails: what is kept from earlier versions may be any number.
    """
    return datetime.fromtimestamp(_within(at_ms) / 1000, UTC).astimezone(CHINA).strftime("%Y%m%d%H%M%S")
