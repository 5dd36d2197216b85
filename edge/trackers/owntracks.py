"""OwnTracks in HTTP mode: JSON bodies of which `_type: location` is a fix and everything else is not for us."""

from __future__ import annotations

from typing import Any

import msgspec

from command.kernel.errors import InvalidInputError
from edge.trackers.fix import Fix, number


class Report(msgspec.Struct, frozen=True):
    """What is said, and the id by which the body names its device: its topic, else its tracker id, else none."""

    device: str | None
    fixes: tuple[Fix, ...]


class _Head(msgspec.Struct):
    kind: str = msgspec.field(name="_type")
    topic: str | None = None
    tid: str | None = None


class _Location(msgspec.Struct):
    lat: float
    lon: float
    tst: int
    acc: Any = None
    vel: Any = None
    cog: Any = None
    alt: Any = None


def parse(body: bytes) -> Report:
    """Read a body; `tst` is in seconds, `vel` in km/h. The app also posts nothing at all, which is no fix.

    Raises `InvalidInputError`, also for an encrypted payload, which would else be lost without a word.
    """
    if not body:
        return Report(None, ())
    try:
        head = msgspec.json.decode(body, type=_Head)
        device = head.topic or head.tid
        if head.kind == "encrypted":
            raise InvalidInputError("encrypted OwnTracks payloads are not read; use HTTPS instead")
        if head.kind != "location":
            return Report(device, ())
        location = msgspec.json.decode(body, type=_Location)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"not the JSON of OwnTracks: {error}") from error
    fix = Fix(
        lat=location.lat,
        lon=location.lon,
        at_ms=location.tst * 1000,
        accuracy_m=number(location.acc),
        speed_kmh=number(location.vel),
        heading_deg=number(location.cog),
        altitude_m=number(location.alt),
    )
    return Report(device, (fix,))
