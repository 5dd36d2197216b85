"""The OsmAnd protocol as Traccar documents it: query or form parameters, or the JSON of Traccar Client ≥ 9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.limits import POSITIONS_PER_BATCH
from edge.trackers.fix import Fix, instant_ms, number

KMH_PER_KNOT = 1.852
KMH_PER_MPS = 3.6
_SOS = "sos"


class Report(msgspec.Struct, frozen=True):
    """Who reports, and what. No fixes where the client says itself that it has none; `wrong` is what could not be read.

    One location that is wrong must not keep back the others, which the client would send again with it for ever.
    """

    device: str
    fixes: tuple[Fix, ...]
    wrong: tuple[InvalidInputError, ...] = ()


class _Location(msgspec.Struct):
    coords: Any = None
    timestamp: Any = None
    extras: Any = None


class _Body(msgspec.Struct):
    device_id: str | int
    location: msgspec.Raw


_LOCATIONS = msgspec.json.Decoder(Annotated[list[msgspec.Raw], msgspec.Meta(max_length=POSITIONS_PER_BATCH)])
_LOCATION = msgspec.json.Decoder(_Location)


def parse_query(query: Mapping[str, str]) -> Report:
    """Read `id`, `lat`, `lon` (or `location`), `timestamp`, `speed` in knots, `bearing`, `altitude`, `accuracy`,
    `alarm=sos`, also among others. Raises `InvalidInputError`.
    """
    device = query.get("id") or query.get("deviceid")
    if not device:
        raise InvalidInputError("the parameter id is missing")
    sos = _is_sos(query.get("alarm"))
    if query.get("valid", "true").lower() not in ("true", "1") and not sos:
        return Report(device, ())
    place = query.get("location")
    lat, _, lon = place.partition(",") if place is not None else (query.get("lat"), "", query.get("lon"))
    heading_deg = number(query.get("bearing"))
    fix = Fix(
        lat=number(lat),
        lon=number(lon),
        at_ms=_instant(query.get("timestamp"), sos=sos),
        accuracy_m=number(query.get("accuracy")),
        speed_kmh=_times(number(query.get("speed")), KMH_PER_KNOT),
        heading_deg=number(query.get("heading")) if heading_deg is None else heading_deg,
        altitude_m=number(query.get("altitude")),
        sos=sos,
    )
    if (fix.lat is None or fix.lon is None) and not sos:
        raise InvalidInputError("the parameters lat and lon are missing, or no numbers")
    return Report(device, (fix,))


def parse_json(body: bytes) -> Report:
    """Read the JSON body, each location of it by itself; speeds are metres per second. Raises `InvalidInputError`."""
    try:
        told = msgspec.json.decode(body, type=_Body)
        locations = _LOCATIONS.decode(told.location) if bytes(told.location).startswith(b"[") else [told.location]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"not the JSON of Traccar Client: {error}") from error
    fixes: list[Fix] = []
    wrong: list[InvalidInputError] = []
    for location in locations:
        try:
            fixes.append(_fix(_LOCATION.decode(location)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            wrong.append(InvalidInputError(f"not a location of Traccar Client: {error}"))
        except InvalidInputError as error:
            wrong.append(error)
    return Report(str(told.device_id), tuple(fixes), tuple(wrong))


def _fix(location: _Location) -> Fix:
    coords = location.coords if isinstance(location.coords, dict) else {}
    extras = location.extras if isinstance(location.extras, dict) else {}
    sos = _is_sos(extras.get("alarm"))
    return Fix(
        lat=number(coords.get("latitude")),
        lon=number(coords.get("longitude")),
        at_ms=_instant(location.timestamp, sos=sos),
        accuracy_m=number(coords.get("accuracy")),
        speed_kmh=_times(number(coords.get("speed")), KMH_PER_MPS),
        heading_deg=number(coords.get("heading")),
        altitude_m=number(coords.get("altitude")),
        sos=sos,
    )


def _is_sos(alarm: object) -> bool:
    """Say whether there is an SOS among alarms, which Traccar joins with commas."""
    return isinstance(alarm, str) and _SOS in (each.strip().lower() for each in alarm.split(","))


def _instant(told: object, *, sos: bool) -> int | None:
    """Read a time; of a call for help it may be any, since the call is of now all the same."""
    try:
        return instant_ms(str(told)) if told not in (None, "") else None
    except InvalidInputError:
        if sos:
            return None
        raise


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
