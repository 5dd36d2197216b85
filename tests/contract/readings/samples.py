"""Readings and questions that tests of every store use."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from command.readings import AreaQuery, Position, Readings, Sighting, SightingQuery
from command.readings.bounds import DAY_MS

SPACE = "live"
NOON = 20_000 * DAY_MS + DAY_MS // 2
ALL_TIME = 2**62


def fix(at_ms: int, device: str = "d1", lat: float = 29.1, lon: float = 113.1) -> Position:
    return Position(device=device, at_ms=at_ms, lat=lat, lon=lon, source="jt808")


def passage(plate: str, first_ms: int, camera: str = "c1") -> Sighting:
    return Sighting(
        camera=camera, plate=plate, colour="blue", first_ms=first_ms, last_ms=first_ms + 900, reads=4, confidence=0.9
    )


def asked(plate: str = "*", **terms: Any) -> SightingQuery:
    return replace(SightingQuery(plate=plate, from_ms=-ALL_TIME, to_ms=ALL_TIME), **terms)


def box(south: float, west: float, north: float, east: float, from_ms: int = 0, to_ms: int = ALL_TIME) -> AreaQuery:
    return AreaQuery(ring=((west, south), (east, south), (east, north), (west, north)), from_ms=from_ms, to_ms=to_ms)


async def starts(readings: Readings, space: str = SPACE) -> list[int]:
    return [day.start_ms // DAY_MS for day in await readings.days() if day.space == space]
