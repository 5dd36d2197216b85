"""Readings: positions and plate sightings, stored in bulk and by day, never in the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from command.kernel.ga36 import PlateKind

PositionSource = Literal["jt808", "osmand", "owntracks", "mobile", "gb28181", "scenario", "call"]
"""`call`: no fix, but a call for help without a place, kept where its unit was seen last (`command/patrol/sos.py`)."""
PlateColour = Literal["blue", "yellow", "green", "yellow_green", "white", "black", "unknown"]
"""`green` is a small new energy vehicle's plate, `yellow_green` a large one's."""
Direction = Literal["towards", "away", "left", "right"]
"""How a vehicle moves in the picture, as its viewer sees it."""
SightingSource = Literal["camera", "edge", "viid"]
"""Read from a camera by this hub, or by an edge agent, or told by another system over GA/T 1400."""
UNSTATED = 0.0
"""The confidence of a plate whose reader does not say how sure it is: nothing vouches for it (SPEC R841)."""


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


class CallForHelp(msgspec.Struct, frozen=True, kw_only=True):
    """A device calls for help and cannot say from where. `at_ms` is as that of a `Position`."""

    device: str
    at_ms: int
    source: PositionSource


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One vehicle passage before one camera, after voting. `picture` is the blob id (SHA-256) of the scene picture.

    `confidence` is 0…1 (`UNSTATED`: nobody said), and so are `char_confidences`, one for each character, kept to a
    thousandth; `box` is x, y, width, height in pixels of that picture. `rows` is how many lines the plate has.
    `heading_deg` is of travel over ground, clockwise from north; `lane` 1 is the leftmost in the picture.
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
    kind: PlateKind = "ordinary"
    rows: int = 1
    char_confidences: tuple[float, ...] = ()
    direction: Direction | None = None
    heading_deg: float | None = None
    lane: int | None = None
    source: SightingSource = "camera"


class Place(msgspec.Struct, frozen=True):
    """Where a sighting stands in the order of answers: newest first, then by camera and plate."""

    first_ms: int
    camera: str
    plate: str


class SightingQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Passages that began from one instant to another, both included, and fit everything that is named.

    In `plate` a `?` stands for one character and a `*` for any number. `headings` are two bearings in degrees, from
    the first clockwise to the second, both included. To get the next page, give the `place_of` the last sighting of
    the one before as `after`.
    """

    from_ms: int
    to_ms: int
    plate: str = "*"
    cameras: tuple[str, ...] | None = None
    colour: PlateColour | None = None
    kind: PlateKind | None = None
    direction: Direction | None = None
    headings: tuple[float, float] | None = None
    limit: int = 200
    after: Place | None = None


class Pass(msgspec.Struct, frozen=True, gc=False, order=True):
    """A passage without what was read of it: for counting. In order of time, then of camera and plate."""

    first_ms: int
    camera: str
    plate: str


class AreaQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon of (lon, lat) corners in degrees, WGS-84, the last one joined to the first, and two instants.

    `turns` are instants of devices, oldest first, from which on each is told by itself: it changed hands.
    """

    ring: tuple[tuple[float, float], ...]
    from_ms: int
    to_ms: int
    turns: Mapping[str, tuple[int, ...]] = {}


class Presence(msgspec.Struct, frozen=True):
    """A device that was in an area, between two of its turns: its first and last fix there, and how many there are."""

    device: str
    first_ms: int
    last_ms: int
    fixes: int


class Changes(msgspec.Struct, frozen=True):
    """Newest fixes that changed, by device, and the stamp to ask with next time."""

    positions: list[Position]
    stamp: int


class Day(msgspec.Struct, frozen=True):
    """The readings of one UTC day. `size_bytes` is what they take on the disk, 0 in memory."""

    space: str
    start_ms: int
    size_bytes: int


def place_of(sighting: Sighting) -> Place:
    """Return where the sighting stands in answers."""
    return Place(sighting.first_ms, sighting.camera, sighting.plate)


class Readings(Protocol):
    """Where readings are kept, by UTC day. Writing returns once they are durable; one written twice is stored once.

    Every method raises `UnavailableError` where the store is away, and `InvalidInputError` for a space, reading or
    question that breaks a named limit or can mean nothing; of a batch with such a reading nothing is stored.
    """

    too_old: int
    """Readings that came when their day was forgotten already: counted, not stored."""

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Store fixes; the same device and instant again is the same fix, to which only an SOS is added."""
        ...

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Store passages; the same camera, plate and first instant again is the same passage.

        Returns those that were not stored before, each once, whoever else stores it at the same moment.
        """
        ...

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes from one instant to another, both included, oldest first."""
        ...

    async def latest_positions(self, space: str, devices: Sequence[str] | None = None) -> list[Position]:
        """Return the newest fix of every device, or of those named, by device."""
        ...

    async def changed_positions(self, space: str, since: int) -> Changes:
        """Return the newest fixes that changed since an earlier answer's stamp; 0 for all.

        One may come twice. None that any hub stored is left out for good.
        """
        ...

    async def devices_in(self, space: str, query: AreaQuery) -> list[Presence]:
        """Return which devices reported from the area, its border included, by device, oldest first.

        Raises `TooLargeError` where there are more than `READINGS_AREA_FIXES` fixes to look at.
        """
        ...

    async def search(self, space: str, query: SightingQuery) -> list[Sighting]:
        """Return the passages, newest first, then by camera and plate."""
        ...

    async def sightings(self, space: str, plate: str, from_ms: int, to_ms: int, limit: int) -> list[Sighting]:
        """Return what `search` does for a plate and time alone."""
        return await self.search(space, SightingQuery(plate=plate, from_ms=from_ms, to_ms=to_ms, limit=limit))

    async def passes(
        self, space: str, cameras: Sequence[str] | None, from_ms: int, to_ms: int, most: int,
        plates: Sequence[str] | None = None,
    ) -> list[Pass]:  # fmt: skip
        """Return all passages at the cameras, or at all, from one instant to another, both included, oldest first.

        Of those plates alone, where they are named, at most `READINGS_PLATES`. Raises `TooLargeError` where there are
        more than `most`, or than `READINGS_PASSES`.
        """
        ...

    async def traffic(self, space: str, cameras: Sequence[str], from_ms: int, to_ms: int) -> dict[str, int]:
        """Return how many passages there were at each of the cameras at which there were some."""
        ...

    async def known_plates(
        self, space: str, plates: Sequence[str], from_ms: int, to_ms: int, cameras: Sequence[str] | None = None
    ) -> set[str]:
        """Return those of at most `READINGS_PLATES` plates that passed one of the cameras, or any, in the time."""
        ...

    async def look(self, now_ms: int, ran_ms: int, keep_ms: int) -> int:
        """Return how far time is known to have come, at most to `now_ms`, which a clock says (`known_time`).

        `ran_ms` is how long the caller has run since it looked before. Readings no older than `keep_ms` before what is
        returned are taken from now on, though a clock that was ahead had their days forgotten.
        """
        ...

    async def forget(self, before_ms: int, space: str | None = None) -> int:
        """Drop the days that ended by an instant, of one space or of all, and return how many there were.

        What comes later for a forgotten day is `too_old`. Devices not heard of since have no newest fix any more.
        """
        ...

    async def days(self) -> list[Day]:
        """Return the days kept, by space and day."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
