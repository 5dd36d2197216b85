"""The time that people of the county read: Beijing time, which has had no summer time since 1991."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BEIJING_AHEAD_MIN = 8 * 60
"""How far Beijing time is ahead of UTC."""
BEIJING = timezone(timedelta(minutes=BEIJING_AHEAD_MIN), "北京时间")
_DAY_MIN = 24 * 60


def local_year(at_ms: int) -> int:
    """Return the calendar year of an instant in the county."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).year


def local_text(at_ms: int) -> str:
    """Return an instant as `2026-11-21 20:46:05`."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def is_within_day(at_ms: int, from_min: int, to_min: int, ahead_min: int = BEIJING_AHEAD_MIN) -> bool:
    """Say whether an instant is within these minutes of the local day, the last not included; over midnight too."""
    minute = (at_ms // 60_000 + ahead_min) % _DAY_MIN
    return from_min <= minute < to_min if from_min < to_min else minute >= from_min or minute < to_min
