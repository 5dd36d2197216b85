"""The clock of GB/T 28181: local time of China without a zone, `2026-11-22T12:00:00`, with or without fractions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def instant_ms(text: str) -> int | None:
    """Read a device's time as UTC milliseconds; None for what is no time. A zone that is said counts."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "T", 1))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def written(at_ms: int, *, fractions: bool = False) -> str:
    """Write an instant as devices read it."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(CHINA)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at_ms % 1000:03d}" if fractions else "")
