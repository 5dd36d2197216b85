"""What all HTTP trackers report, and when it is believed."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Literal

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.geo import check_point
from command.kernel.limits import CLOCK_SKEW_MS, PLAUSIBLE_SPEED_KMH
from command.readings import CallForHelp, Position
from edge.limits import DEVICE_FIX_AGE_MS

Source = Literal["osmand", "owntracks"]


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """One report as the client made it, nothing judged yet. `at_ms` None where it gives no time: then it is of now."""

    lat: float | None = None
    lon: float | None = None
    at_ms: int | None = None
    accuracy_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    sos: bool = False


def judge(fix: Fix, device: str, source: Source, now_ms: int) -> Position | CallForHelp:
    """Return the position to store. Raises `InvalidInputError` for no place on the globe and for a clock years off.

    Clients say "unknown" with negative numbers. An SOS is never refused: with a broken clock it has the hub's time, and
    without a place it is a call for help that the hub places.
    """
    at_ms = now_ms if fix.at_ms is None else fix.at_ms
    if not now_ms - DEVICE_FIX_AGE_MS <= at_ms <= now_ms + CLOCK_SKEW_MS:
        if not fix.sos:
            raise InvalidInputError("the fix is too far from now: the device's clock is off")
        at_ms = now_ms
    try:
        lat, lon = _place(fix)
    except InvalidInputError:
        if not fix.sos:
            raise
        return CallForHelp(device=device, at_ms=at_ms, source=source)
    heading_deg = within(fix.heading_deg, 0, 360)
    return Position(
        device=device,
        at_ms=at_ms,
        lat=lat,
        lon=lon,
        source=source,
        accuracy_m=within(fix.accuracy_m, 0, math.inf),
        speed_kmh=within(fix.speed_kmh, 0, PLAUSIBLE_SPEED_KMH),
        heading_deg=None if heading_deg is None else heading_deg % 360,
        altitude_m=fix.altitude_m,
        sos=fix.sos,
    )


def _place(fix: Fix) -> tuple[float, float]:
    if fix.lat is None or fix.lon is None:
        raise InvalidInputError("latitude and longitude are missing, or no numbers")
    check_point(fix.lat, fix.lon)
    return fix.lat, fix.lon


def number(told: object) -> float | None:
    """Read a number, as JSON or as text has it; None for what is none, which costs a report nothing but itself."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    try:
        value = float(told)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def within(value: float | None, least: float, most: float) -> float | None:
    """Return a value between two, both included; None for any other."""
    return value if value is not None and least <= value <= most else None


def instant_ms(text: str) -> int:
    """Read seconds or milliseconds since 1970, or ISO 8601 (UTC where it names no zone). Raises `InvalidInputError`."""
    try:
        if text.replace(".", "", 1).isdecimal():
            number = float(text)
            return int(number * 1000 if number < 1e11 else number)
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"not a time: {text[:40]!r}") from error
