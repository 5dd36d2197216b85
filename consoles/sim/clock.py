"""The clock of a simulated machine: it may be wrong, jump and be set back, and behaves as `SystemClock` does then."""

from __future__ import annotations

from command.kernel.clock import Onward
from consoles.sim.loop import VirtualLoop

START_MS = 1_767_225_600_000
"""When every simulation begins: 2026-01-01, 08:00 in Beijing."""
_LONGEST_SLEEP_MS = 60_000


class MachineClock:
    """True time and an offset; what it says never goes back, nor stands still."""

    def __init__(self, loop: VirtualLoop, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms
        self.jumped_us = -1_000_000_000
        """When it was last set; whoever slept until an instant may notice only a minute later."""
        self.right_again_us = -1_000_000_000
        """When it has made up for having been set back; until then it goes at half pace."""
        self._loop = loop
        self._onward = Onward()

    def jump(self, by_ms: int) -> None:
        """Set the clock forward, or back."""
        said_ms = self.now_ms()  # what it says from now on follows from when it is set, not from who asked last before
        self.offset_ms += by_ms
        self.jumped_us = self._loop.now_us
        ahead_ms = said_ms - START_MS - self.offset_ms - self._loop.now_us // 1000
        self.right_again_us = self._loop.now_us + 2 * max(ahead_ms, 0) * 1000

    def now_ms(self) -> int:
        """Return the present instant, never before one returned earlier."""
        steady_us = self._loop.now_us
        wall_us = (START_MS + self.offset_ms) * 1000 + steady_us
        return self._onward.now_ms(wall_us * 1000, steady_us * 1000)

    def set_back_ms(self) -> int:
        """Return how far `now_ms` is ahead of the wall clock."""
        return max(0, self.now_ms() - START_MS - self.offset_ms - self._loop.now_us // 1000)

    async def sleep_until(self, at_ms: int) -> None:
        """Wait in steps of at most a minute, so that a corrected clock is noticed."""
        while (left_ms := at_ms - self.now_ms()) > 0:
            await self._loop.pause(min(left_ms, _LONGEST_SLEEP_MS) / 1000)

    async def sleep(self, duration_ms: int) -> None:
        """Wait on the steady clock."""
        await self._loop.pause(duration_ms / 1000)
