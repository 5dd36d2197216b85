"""Readings: positions and plate sightings, stored in bulk and never in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

PositionSource = Literal["jt808", "osmand", "owntracks", "mobile", "scenario"]
PlateColour = Literal["blue", "yellow", "green", "white", "black", "unknown"]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One fix of one device, WGS-84. `at_ms` is the device's time, already judged plausible by its gateway."""

    device: str
    at_ms: int
    lat: float
    lon: float
    source: PositionSource
    accuracy_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    sos: bool = False


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle passage before one camera, after voting. `picture` is the blob id (SHA-256) of the scene picture.

    `confidence` is 0…1; `box` is x, y, width, height in pixels of that picture.
    """

    camera: str
    plate: str
    colour: PlateColour
    first_ms: int
    last_ms: int
    reads: int
    confidence: float
    picture: str | None = None
    box: tuple[int, int, int, int] | None = None


class Readings(Protocol):
    """Where readings are kept. Writing returns only when they are durable; writing one twice stores it once."""

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Store fixes; the same device and instant again is the same fix."""
        ...

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> None:
        """Store passages; the same camera, plate and first instant again is the same passage."""
        ...

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes, oldest first."""
        ...

    async def latest_positions(self, space: str) -> list[Position]:
        """Return the newest fix of every device."""
        ...

    async def sightings(self, space: str, plate: str, from_ms: int, to_ms: int, limit: int) -> list[Sighting]:
        """Return passages whose plate matches a pattern (`?` one character, `*` any), newest first."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
