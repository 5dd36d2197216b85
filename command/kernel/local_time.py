"""The time that people of the county read: Beijing time, which has had no summer time since 1991."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "北京时间")


def local_year(at_ms: int) -> int:
    """Return the calendar year of an instant in the county."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).year


def local_text(at_ms: int) -> str:
    """Return an instant as `2026-11-21 20:46:05`."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
