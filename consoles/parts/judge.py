"""Passages judged one after the other, whichever way they came here: from memory at once, from the readings again.

A passage waits while the record or a store is away. What a hub that ended or a full queue left out is found among what
is stored, so what is found twice has to be recorded once: by idempotency keys.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from command.hub import Hub
from command.kernel.errors import DamagedFileError, TooManyError, TriuneError, UnavailableError
from command.kernel.limits import CLOCK_SKEW_MS
from command.passages import Passages
from command.readings import Readings, Sighting, SightingQuery, place_of
from consoles.limits import (
    JUDGE_AGAIN_MS,
    JUDGE_AT_ONCE,
    JUDGE_QUEUE,
    JUDGE_SWEEP_EVERY_MS,
    JUDGE_SWEEP_MS,
    JUDGE_SWEEP_ROWS,
)

log = logging.getLogger(__name__)


class Waits(Protocol):
    """`dropped` for want of room, to be found among what is stored; `failed` for good."""

    dropped: int
    failed: int


class PassageJudge(ABC):
    """Hears what is stored at this hub. `run` judges, `sweep` goes over what any hub stored of late once more."""

    def __init__(self, hub: Hub, readings: Readings, passages: Passages, waits: Waits, what: str) -> None:
        """`what` it is for, in the log."""
        self._hub = hub
        self._readings = readings
        self._waits = waits
        self._what = what
        self._at_once = 0
        """Passages judged since others had their turn: most cost microseconds, and wait for nothing."""
        self._again_from_ms: int | None = None
        self._is_blind = False
        """What passed of late could not be looked through the last time."""
        self._waiting: deque[Sighting] = deque()
        self._came = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        passages.on_stored(self.hear)

    @abstractmethod
    async def judge(self, sighting: Sighting, *, late: bool) -> None:
        """Judge a passage; `late` says that it was found among what is stored, and not heard as it came.

        Raises `UnavailableError` or `TooManyError` to be asked again soon, `DamagedFileError` and any other
        `TriuneError` not to be.
        """

    def degraded(self) -> Iterator[str]:
        """Name, for `/health/ready`, that nothing left out is found meanwhile."""
        if self._is_blind:
            yield f"{self._what}: what passed of late cannot be looked through"

    async def cameras(self) -> tuple[str, ...] | None:
        """Return before which cameras there is anything to judge; None: before any may be."""
        return None

    def hear(self, sightings: Sequence[Sighting]) -> None:
        """Take passages that are stored. Past `JUDGE_QUEUE` they are counted, and found when the others are done."""
        for sighting in sightings:
            if len(self._waiting) >= JUDGE_QUEUE:
                self._waits.dropped += 1
                self.again(sighting.first_ms)
            else:
                self._waiting.append(sighting)
        self._wake()

    def again(self, from_ms: int) -> None:
        """Have what passed since an instant judged once more, or in the time of a sweep where that is less."""
        self._again_from_ms = from_ms if self._again_from_ms is None else min(from_ms, self._again_from_ms)
        self._wake()

    def _wake(self) -> None:
        self._idle.clear()
        self._came.set()

    async def idle(self) -> None:
        """Return once everything heard so far is judged."""
        await self._idle.wait()

    async def sweep(self) -> None:
        """Judge once more what passed of late, and return when that is done; `run` does it."""
        self.again(0)
        await self.idle()

    async def sweep_on(self) -> None:
        """Do that at once and from time to time, until cancelled: another hub may have ended in the middle."""
        while True:
            await self.sweep()
            await self._hub.clock.sleep(JUDGE_SWEEP_EVERY_MS)

    async def run(self) -> None:
        """Judge until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            await self._judge_waiting()
            from_ms, self._again_from_ms = self._again_from_ms, None
            if from_ms is not None:
                await self._judge_since(from_ms)
            if not self._waiting and self._again_from_ms is None:
                self._idle.set()

    async def _judge_waiting(self) -> None:
        while self._waiting:
            await self._judge_until_done(self._waiting[0], late=False)
            self._waiting.popleft()

    async def _judge_since(self, from_ms: int) -> None:
        """Judge what any hub stored of passages since an instant; what comes meanwhile goes first.

        No passage that comes waits for readings that cannot be read: those that are away are asked again, those that
        are damaged not before the next sweep.
        """
        now_ms, after = self._hub.clock.now_ms(), None
        while True:
            await self._judge_waiting()
            try:
                query = SightingQuery(
                    from_ms=max(from_ms, now_ms - JUDGE_SWEEP_MS), to_ms=now_ms + CLOCK_SKEW_MS,
                    cameras=await self.cameras(), limit=JUDGE_SWEEP_ROWS, after=after,
                )  # fmt: skip
                page = await self._readings.search(self._hub.space, query)
            except (UnavailableError, TooManyError) as error:
                self._is_blind = True
                log.warning("what passed of late cannot be judged by %s: %s", self._what, error.detail)
                if isinstance(error, DamagedFileError):
                    return
                await self._hub.clock.sleep(JUDGE_AGAIN_MS)
                continue
            for sighting in page:
                await self._judge_waiting()
                await self._judge_until_done(sighting, late=True)
            if len(page) < JUDGE_SWEEP_ROWS:
                self._is_blind = False
                return
            after = place_of(page[-1])

    async def _judge_until_done(self, sighting: Sighting, *, late: bool) -> None:
        self._at_once = (self._at_once + 1) % JUDGE_AT_ONCE
        if not self._at_once:
            await self._hub.clock.sleep(0)
        while True:
            try:
                await self.judge(sighting, late=late)
            except DamagedFileError as error:  # waiting mends nothing
                self._fail(sighting, error)
            except (UnavailableError, TooManyError) as error:
                log.warning("passages wait to be judged by %s: %s", self._what, error.detail)
                await self._hub.clock.sleep(JUDGE_AGAIN_MS)
                continue
            except TriuneError as error:
                self._fail(sighting, error)
            except Exception:  # found again after each start, it would end the hub again and again
                self._waits.failed += 1
                log.exception("judging %s before %s by %s failed", sighting.plate, sighting.camera, self._what)
            return

    def _fail(self, sighting: Sighting, error: TriuneError) -> None:
        self._waits.failed += 1
        log.warning("%s before %s is not judged by %s: %s", sighting.plate, sighting.camera, self._what, error.detail)
