"""From a camera's frames to sightings: motion gate, readers, voting, and the picture that shows it best."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import cv2
import msgspec

from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from command.readings import Sighting
from streams.plates.motion import MotionGate
from streams.plates.picture import Picture
from streams.plates.read import Read
from streams.plates.vote import Passage, PassageTracker

_JPEG_QUALITY = 85

OnPassage = Callable[[Sighting, bytes], Awaitable[None]]
"""Takes a sighting without its picture, and the JPEG of the whole scene."""


class Readers(Protocol):
    """What the watcher asks of a plate pool."""

    async def read(self, camera: str, frame: Picture) -> list[Read]:
        """Return the plates in a BGR frame; the errors of `PlatePool.read`."""
        ...


class WatchCounters(msgspec.Struct):
    """What became of a camera's frames."""

    seen: int = 0
    still: int = 0
    read: int = 0
    dropped: int = 0
    failed: int = 0
    passages: int = 0


class PlateWatcher:
    """Watches any number of cameras; each vehicle is told once, as soon as its plate is sure, else when it left."""

    def __init__(self, readers: Readers, on_passage: OnPassage) -> None:
        self._readers = readers
        self._on_passage = on_passage
        self._cameras: dict[str, _Camera] = {}

    def counters(self, camera: str) -> WatchCounters:
        """Return the counters of a camera; all zero when no frame of it came."""
        known = self._cameras.get(camera)
        return known.counters if known else WatchCounters()

    async def frame(self, camera: str, picture: Picture, at_ms: int) -> None:
        """Take one decoded BGR frame. Returns once it was judged; frames that come meanwhile replace each other."""
        known = self._cameras.setdefault(camera, _Camera())
        known.counters.seen += 1
        if not known.gate.passes(picture, at_ms):
            known.counters.still += 1
            async with known.turn:
                await self._tell(camera, known, known.tracker.tick(at_ms))
            return
        try:
            reads = await self._readers.read(camera, picture)
        except TooManyError:
            known.counters.dropped += 1
            return
        except (UnavailableError, InvalidInputError):
            known.counters.failed += 1
            return
        known.counters.read += 1
        async with known.turn:
            passages = known.tracker.feed(at_ms, reads)
            wanted = known.tracker.wanted_frames() | {passage.best_ms for passage in passages}
            known.pictures = {best_ms: jpeg for best_ms, jpeg in known.pictures.items() if best_ms in wanted}
            if at_ms in wanted:
                known.pictures[at_ms] = await asyncio.to_thread(_to_jpeg, picture)
            await self._tell(camera, known, passages)

    async def forget(self, camera: str) -> None:
        """End what is open before a camera that is no longer watched, and free its memory."""
        if known := self._cameras.pop(camera, None):
            async with known.turn:
                await self._tell(camera, known, known.tracker.flush())

    async def _tell(self, camera: str, known: _Camera, passages: Sequence[Passage]) -> None:
        for passage in passages:
            known.counters.passages += 1
            await self._on_passage(_sighting(camera, passage), known.pictures[passage.best_ms])


class _Camera:
    """What is kept of one camera; `pictures` are the JPEGs that open passages may be told with, by instant."""

    def __init__(self) -> None:
        # Frames may be handed in before earlier ones are judged; what they change is changed one after the other.
        self.turn = asyncio.Lock()
        self.gate = MotionGate()
        self.tracker = PassageTracker(early=True)
        self.counters = WatchCounters()
        self.pictures: dict[int, bytes] = {}


def _sighting(camera: str, passage: Passage) -> Sighting:
    return Sighting(
        camera=camera,
        plate=passage.plate,
        colour=passage.colour,
        first_ms=passage.first_ms,
        last_ms=passage.last_ms,
        reads=passage.reads,
        confidence=passage.confidence,
        box=passage.box,
    )


def _to_jpeg(picture: Picture) -> bytes:
    ok, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not ok:
        raise InvalidInputError("the frame cannot be made a JPEG")
    return jpeg.tobytes()
