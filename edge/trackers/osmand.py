"""The OsmAnd protocol as Traccar documents it: query or form parameters, or the JSON of Traccar Client ≥ 9."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.limits import POSITIONS_PER_BATCH
from edge.trackers.fix import Fix, instant_ms

KMH_PER_KNOT = 1.852
KMH_PER_MPS = 3.6
_SOS = "sos"


class Report(msgspec.Struct, frozen=True):
    """Who reports, and what. No fixes where the client says itself that it has none."""

    device: str
    fixes: tuple[Fix, ...]


class _Coords(msgspec.Struct):
    latitude: float
    longitude: float
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None


class _Extras(msgspec.Struct):
    alarm: str = ""


class _Location(msgspec.Struct):
    coords: _Coords
    timestamp: str | int | float | None = None
    extras: _Extras = msgspec.field(default_factory=_Extras)


class _Body(msgspec.Struct):
    device_id: str | int
    location: _Location | Annotated[list[_Location], msgspec.Meta(max_length=POSITIONS_PER_BATCH)]


def parse_query(query: Mapping[str, str]) -> Report:
    """Read `id`, `lat`, `lon` (or `location`), `timestamp`, `speed` in knots, `bearing`, `altitude`, `accuracy`,
    `alarm=sos`. Raises `InvalidInputError`.
    """
    device = query.get("id") or query.get("deviceid")
    if not device:
        raise InvalidInputError("the parameter id is missing")
    if query.get("valid", "true").lower() not in ("true", "1"):
        return Report(device, ())
    lat, _, lon = query["location"].partition(",") if "location" in query else (query.get("lat"), "", query.get("lon"))
    if lat is None or lon is None:
        raise InvalidInputError("the parameters lat and lon are missing")
    speed_kn = _number(query, "speed")
    heading_deg = _number(query, "bearing")
    fix = Fix(
        lat=_float("lat", lat),
        lon=_float("lon", lon),
        at_ms=instant_ms(query["timestamp"]) if query.get("timestamp") else None,
        accuracy_m=_number(query, "accuracy"),
        speed_kmh=None if speed_kn is None else speed_kn * KMH_PER_KNOT,
        heading_deg=_number(query, "heading") if heading_deg is None else heading_deg,
        altitude_m=_number(query, "altitude"),
        sos=query.get("alarm", "").lower() == _SOS,
    )
    return Report(device, (fix,))


def parse_json(body: bytes) -> Report:
    """Read the JSON body; speeds in it are metres per second. Raises `InvalidInputError`."""
    try:
        told = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"not the JSON of Traccar Client: {error}") from error
    locations = told.location if isinstance(told.location, list) else [told.location]
    return Report(str(told.device_id), tuple(_fix(location) for location in locations))


def _fix(location: _Location) -> Fix:
    coords = location.coords
    return Fix(
        lat=coords.latitude,
        lon=coords.longitude,
        at_ms=None if location.timestamp is None else instant_ms(str(location.timestamp)),
        accuracy_m=coords.accuracy,
        speed_kmh=None if coords.speed is None else coords.speed * KMH_PER_MPS,
        heading_deg=coords.heading,
        altitude_m=coords.altitude,
        sos=location.extras.alarm.lower() == _SOS,
    )


def _number(query: Mapping[str, str], name: str) -> float | None:
    return _float(name, query[name]) if query.get(name) else None


def _float(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidInputError(f"{name} is not a number: {text[:40]!r}") from error
    if not math.isfinite(value):
        raise InvalidInputError(f"{name} is not a number: {text[:40]!r}")
    return value
