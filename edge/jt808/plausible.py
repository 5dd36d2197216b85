"""From a terminal's location to a position or a call for help, or to the reason why there is neither in it."""

from __future__ import annotations

from typing import Literal

from command.kernel.errors import InvalidInputError
from command.kernel.geo import check_point, to_wgs84
from command.kernel.limits import CLOCK_SKEW_MS, PLAUSIBLE_SPEED_KMH
from command.readings import CallForHelp, Position
from edge.jt808.location import Location
from edge.jt808.names import POSITIONED_BIT, SHIFTED_BIT
from edge.limits import DEVICE_FIX_AGE_MS

Refusal = Literal["without_satellites", "off_globe", "clock_off"]


def judge(location: Location, device: str, now_ms: int) -> Position | CallForHelp | Refusal:
    """Return the position to store, or why this location has none.

    Late is fine, since terminals send again what they could not send; years off or ahead of now is a broken clock.
    An SOS counts for more than its fix and is never refused: it has the hub's time when the clock is off and the place
    that the terminal knew before when there are no satellites; one that tells none is for the hub to place.
    """
    place = _place(location)
    if isinstance(place, str) and not location.sos:
        return place
    at_ms = location.at_ms
    if at_ms is None or not now_ms - DEVICE_FIX_AGE_MS <= at_ms <= now_ms + CLOCK_SKEW_MS:
        if not location.sos:
            return "clock_off"
        at_ms = now_ms
    if isinstance(place, str):
        return CallForHelp(device=device, at_ms=at_ms, source="jt808")
    return Position(
        device=device,
        at_ms=at_ms,
        lat=place[0],
        lon=place[1],
        source="jt808",
        speed_kmh=location.speed_kmh if location.speed_kmh <= PLAUSIBLE_SPEED_KMH else None,
        heading_deg=float(location.direction_deg % 360) if location.direction_deg <= 360 else None,
        altitude_m=float(location.altitude_m),
        sos=location.sos,
    )


def _place(location: Location) -> tuple[float, float] | Refusal:
    """Return WGS-84 degrees. Coordinates "encrypted" by the map plug-in are GCJ-02, which is what it makes of them."""
    if not location.status >> POSITIONED_BIT & 1 and not location.sos:
        return "without_satellites"
    try:
        check_point(location.lat, location.lon)
    except InvalidInputError:
        return "off_globe"
    return to_wgs84(location.lat, location.lon, "gcj02" if location.status >> SHIFTED_BIT & 1 else "wgs84")
