"""Whether a hub's clock goes with the database's: hubs whose clocks differ call the same thing late at other times."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from consoles.http import metrics
from consoles.limits import CLOCK_APART_MS, CLOCK_LOOK_MS
from consoles.parts.base import Base

log = logging.getLogger(__name__)


class SharedClock:
    """Compares this hub's clock with the one that all hubs of a site reach. Run `run`."""

    def __init__(self, there_ms: Callable[[], Awaitable[int]], clock: Clock) -> None:
        self.apart_ms = 0
        """How far ours was ahead when it was looked last, below 0 behind: what the way there may have taken is left
        out."""
        self._there_ms = there_ms
        self._clock = clock

    async def run(self) -> None:
        """Look from time to time until cancelled; while the database is away, what was found last stands."""
        while True:
            try:
                await self.look()
            except UnavailableError as error:
                log.debug("the database's clock is not known now: %s", error.detail)
            await self._clock.sleep(CLOCK_LOOK_MS)

    async def look(self) -> None:
        """Look once. Raises `UnavailableError`."""
        before_ms = self._clock.now_ms()
        there_ms = await self._there_ms()
        apart_ms = apart(before_ms, there_ms, self._clock.now_ms())
        if abs(apart_ms) > CLOCK_APART_MS >= abs(self.apart_ms):
            log.error("the clock is %s: one of the two is wrong; let NTP keep both", words(apart_ms))
        elif abs(self.apart_ms) > CLOCK_APART_MS >= abs(apart_ms):
            log.info("the clock goes with the database's again")
        self.apart_ms = apart_ms

    def check(self) -> Iterator[str]:
        """Name what is with the clock, for `/health/ready`."""
        if abs(self.apart_ms) > CLOCK_APART_MS:
            yield f"clock: {words(self.apart_ms)}, things are called late at the wrong time"


def apart(before_ms: int, there_ms: int, after_ms: int) -> int:
    """Return how far a clock that was read before and after another is surely ahead of it; below 0: behind."""
    return max(0, before_ms - there_ms) or min(0, after_ms - there_ms)


def words(apart_ms: int) -> str:
    """Say it."""
    return f"{abs(apart_ms) / 1000:.0f} s {'ahead of' if apart_ms > 0 else 'behind'} the database's"


def shared_clock(base: Base, there_ms: Callable[[], Awaitable[int]]) -> None:
    """Look at the clock from the start on."""
    one = SharedClock(there_ms, base.hub.clock)
    base.tasks.start(one.run(), "clock")
    told = "How far the clock is ahead of the shared database's, below 0 behind"
    base.measured.append(metrics.gauge("clock_apart_seconds", told, lambda: one.apart_ms / 1000))
    base.degraded.append(one.check)
