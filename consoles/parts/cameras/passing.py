"""Passages before this hub's own cameras: kept with their pictures at once, or held and tried again.

Where the readings refuse a passage it waits, and those that come after it behind it. Where the blobs refuse a picture
the passage goes on by its name and the picture waits alone: no alarm waits for a disk of pictures.
"""

from __future__ import annotations

import hashlib
import logging
from asyncio import Event
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from command.blobs import Blobs
from command.kernel.clock import Clock
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.passages import Passages
from command.readings import Sighting
from consoles.limits import OWN_PASSAGES_AGAIN_MS, OWN_PASSAGES_WAITING, OWN_PICTURES_BYTES

log = logging.getLogger(__name__)


@dataclass
class PassageCounters:
    """What became of passages and pictures. Dropped is what had no room to wait, refused what no store can hold."""

    kept: int = 0
    refused: int = 0
    dropped: int = 0
    pictures_kept: int = 0
    pictures_refused: int = 0
    pictures_dropped: int = 0


class OwnPassages:
    """Give `take` to what reads plates, and run `run`; `finish` is the last try."""

    def __init__(self, blobs: Blobs, passages: Passages, clock: Clock) -> None:
        self.counters = PassageCounters()
        self.pictures_bytes = 0
        """Of pictures that wait."""
        self._blobs = blobs
        self._passages = passages
        self._clock = clock
        self._waiting: deque[Sighting] = deque()
        self._is_behind = False
        """Some wait, or one that did is on its way to the readings."""
        self._pictures: deque[bytes] = deque()
        self._refused = Event()

    @property
    def waiting(self) -> int:
        """How many passages wait."""
        return len(self._waiting)

    def degraded(self) -> Iterator[str]:
        """Name what waits, for `/health/ready`."""
        if self._waiting:
            yield f"passages: {len(self._waiting)} wait for the readings"
        if self._pictures:
            yield f"pictures: {len(self._pictures)} of passages wait for the blobs"

    async def take(self, sighting: Sighting, jpeg: bytes) -> None:
        """Keep a sighting with the picture of its scene, now or as soon as that can be done."""
        sighting = replace(sighting, picture=await self._name_of(jpeg))
        if self._is_behind or not await self._keep(sighting):
            self._waiting.append(sighting)
            self._is_behind = True
            while len(self._waiting) > OWN_PASSAGES_WAITING:
                self._waiting.popleft()
                self.counters.dropped += 1
            self._refused.set()

    async def _name_of(self, jpeg: bytes) -> str | None:
        """Return the name of a picture that is kept, or waits to be; None for one that cannot be."""
        if not self._pictures:
            name, can_wait = await self._keep_picture(jpeg)
            if not can_wait:
                return name
        self._pictures.append(jpeg)
        self.pictures_bytes += len(jpeg)
        while self._pictures and self.pictures_bytes > OWN_PICTURES_BYTES:
            self.pictures_bytes -= len(self._pictures.popleft())
            self.counters.pictures_dropped += 1
        self._refused.set()
        return hashlib.sha256(jpeg).hexdigest()

    async def _keep_picture(self, jpeg: bytes) -> tuple[str | None, bool]:
        """Return the name of a picture where it is kept, and whether it is worth another try."""
        try:
            name = await self._blobs.add(jpeg)
        except UnavailableError as error:
            log.warning("a picture of a passage waits: %s", error.detail)
            return None, True
        except TriuneError as error:
            self.counters.pictures_refused += 1
            log.warning("a picture of a passage is lost: %s", error.detail)
            return None, False
        self.counters.pictures_kept += 1
        return name, False

    async def _keep(self, sighting: Sighting) -> bool:
        """Say whether there is nothing more to do for a passage."""
        try:
            await self._passages.add([sighting])
        except (UnavailableError, TooManyError) as error:
            log.warning("passages before %s wait: %s", sighting.camera, error.detail)
            return False
        except TriuneError as error:
            self.counters.refused += 1
            log.warning("sighting of %s before %s is lost: %s", sighting.plate, sighting.camera, error.detail)
            return True
        self.counters.kept += 1
        return True

    async def run(self) -> None:
        """Try again what was refused, until cancelled."""
        while True:
            await self._refused.wait()
            self._refused.clear()
            while self._waiting or self._pictures:
                await self._clock.sleep(OWN_PASSAGES_AGAIN_MS)
                await self.finish()

    async def finish(self) -> None:
        """Keep what waits as far as the stores take it: passages in their order, then pictures."""
        while self._waiting:
            sighting = self._waiting[0]
            if not await self._keep(sighting):
                break
            if self._waiting and self._waiting[0] is sighting:  # it may have been dropped meanwhile
                self._waiting.popleft()
        self._is_behind = bool(self._waiting)
        while self._pictures:
            jpeg = self._pictures[0]
            name, can_wait = await self._keep_picture(jpeg)
            if can_wait:
                return
            if name is not None:
                self._passages.picture_came(name)
            if self._pictures and self._pictures[0] is jpeg:
                self.pictures_bytes -= len(self._pictures.popleft())
