"""From a camera's frames to sightings: motion gate, readers, voting, and the picture that shows it best."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec

from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from command.readings import Direction, Sighting, SightingSource
from streams.plates.motion import MotionGate
from streams.plates.picture import Picture
from streams.plates.read import Looked
from streams.plates.scene import scene_jpeg
from streams.plates.track import Lane
from streams.plates.vote import Passage, PassageTracker

_TURNED_DEG: Final[dict[Direction, float]] = {"away": 0.0, "right": 90.0, "towards": 180.0, "left": 270.0}

OnPassage = Callable[[Sighting, bytes], Awaitable[None]]
"""Takes a sighting without its picture, and the JPEG of the whole scene."""


class Readers(Protocol):
    """What the watcher asks of a plate pool."""

    async def look(self, camera: str, frame: Picture) -> Looked:
        """Return what a BGR frame shows; the errors of `PlatePool.look`."""
        ...


class Aim(msgspec.Struct, frozen=True):
    """Where a camera looks, clockwise from north, and the lanes in its picture."""

    bearing_deg: float | None = None
    lanes: tuple[Lane, ...] = ()


class WatchCounters(msgspec.Struct):
    """What became of a camera's frames since it is watched, and how well plates are read in it.

    `reads / (reads + unread)` tells how many of the plates in sight are read, `confidence_sum / passages` how sure.
    """

    seen: int = 0
    """Frames that came."""
    still: int = 0
    """Of these, too soon after one that was looked at, or of a scene in which nothing moved."""
    read: int = 0
    """Looked at by a reader."""
    dropped: int = 0
    """Not looked at, because a newer frame or too many cameras waited for a reader."""
    failed: int = 0
    """Not looked at, because the reader died or the frame was malformed."""
    reads: int = 0
    """Plates read in the frames looked at."""
    unread: int = 0
    """Plates found in these of which no characters were made out."""
    passages: int = 0
    """Vehicles told."""
    confidence_sum: float = 0.0
    """Of the passages told."""
    unsure: int = 0
    """Vehicles that left and were not told, their plate being too doubtful; grilles and signs are among them."""


class PlateWatcher:
    """Watches any number of cameras; each vehicle is told once, as soon as its plate is sure, else when it left."""

    def __init__(self, readers: Readers, on_passage: OnPassage, source: SightingSource = "camera") -> None:
        self._readers = readers
        self._on_passage = on_passage
        self._source = source
        self._cameras: dict[str, _Camera] = {}
        self._aims: dict[str, Aim] = {}

    def counters(self, camera: str) -> WatchCounters:
        """Return the counters of a camera; all zero when no frame of it came."""
        known = self._cameras.get(camera)
        return known.counters if known else WatchCounters()

    def aim(self, camera: str, aim: Aim) -> None:
        """Say where a camera looks and where lanes are in its picture, from now on."""
        self._aims[camera] = aim
        if known := self._cameras.get(camera):
            known.tracker.lanes = aim.lanes

    def aimed(self, camera: str) -> Aim:
        """Return where a camera looks, as far as known."""
        return self._aims.get(camera, Aim())

    def is_due(self, camera: str, at_ms: int) -> bool:
        """Take note of a frame and say whether it would be looked at, so that it is worth converting to a picture."""
        known = self._known(camera)
        known.counters.seen += 1
        if is_due := known.gate.is_due(at_ms):
            return is_due
        known.counters.still += 1
        return False

    def is_moving(self, camera: str, at_ms: int) -> bool:
        """Say whether something moves before a camera, so that every frame of it is wanted."""
        known = self._cameras.get(camera)
        return known is not None and known.gate.is_moving(at_ms)

    async def frame(self, camera: str, picture: Picture, at_ms: int) -> None:
        """Take one decoded BGR frame that `is_due`. Returns once it was judged; meanwhile newer ones replace it."""
        known = self._known(camera)
        if not known.gate.passes(picture, at_ms):
            known.counters.still += 1
            async with known.turn:
                await self._tell(camera, known, known.tracker.tick(at_ms))
            return
        try:
            looked = await self._readers.look(camera, picture)
        except TooManyError:
            known.counters.dropped += 1
            return
        except (UnavailableError, InvalidInputError):
            known.counters.failed += 1
            return
        known.counters.read += 1
        known.counters.reads += len(looked.reads)
        known.counters.unread += looked.unread
        async with known.turn:
            passages = known.tracker.feed(at_ms, looked.reads, (picture.shape[1], picture.shape[0]))
            wanted = known.tracker.wanted_frames() | {passage.best_ms for passage in passages}
            known.pictures = {best_ms: jpeg for best_ms, jpeg in known.pictures.items() if best_ms in wanted}
            if at_ms in wanted:
                known.pictures[at_ms] = await asyncio.to_thread(scene_jpeg, picture)
            await self._tell(camera, known, passages)

    async def forget(self, camera: str) -> None:
        """End what is open before a camera that is no longer watched, and free its memory."""
        self._aims.pop(camera, None)
        if known := self._cameras.pop(camera, None):
            async with known.turn:
                await self._tell(camera, known, known.tracker.flush())

    def _known(self, camera: str) -> _Camera:
        known = self._cameras.get(camera)
        if known is None:
            known = self._cameras[camera] = _Camera()
            known.tracker.lanes = self.aimed(camera).lanes
        return known

    async def _tell(self, camera: str, known: _Camera, passages: Sequence[Passage]) -> None:
        known.counters.unsure = known.tracker.unsure
        for passage in passages:
            known.counters.passages += 1
            known.counters.confidence_sum += passage.confidence
            await self._on_passage(self._sighting(camera, passage), known.pictures[passage.best_ms])

    def _sighting(self, camera: str, passage: Passage) -> Sighting:
        return Sighting(
            camera=camera,
            plate=passage.plate,
            colour=passage.colour,
            kind=passage.kind,
            rows=passage.rows,
            first_ms=passage.first_ms,
            last_ms=passage.last_ms,
            reads=passage.reads,
            confidence=passage.confidence,
            char_confidences=tuple(round(confidence, 3) for confidence in passage.char_confidences),
            box=passage.box,
            direction=passage.direction,
            heading_deg=_heading_deg(self.aimed(camera).bearing_deg, passage.direction),
            lane=passage.lane,
            source=self._source,
        )


class _Camera:
    """What is kept of one camera; `pictures` are the JPEGs that open passages may be told with, by instant."""

    def __init__(self) -> None:
        # Frames may be handed in before earlier ones are judged; what they change is changed one after the other.
        self.turn = asyncio.Lock()
        self.gate = MotionGate()
        self.tracker = PassageTracker(early=True)
        self.counters = WatchCounters()
        self.pictures: dict[int, bytes] = {}


def _heading_deg(bearing_deg: float | None, direction: Direction | None) -> float | None:
    """Return where something goes over ground that goes so in the picture of a camera that looks there."""
    if bearing_deg is None or direction is None:
        return None
    return (bearing_deg + _TURNED_DEG[direction]) % 360
