"""Time, as something that is passed in: the system's clock, and one that rehearsals and tests drive."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """What the hub asks about time. All instants are UTC milliseconds since 1970-01-01."""

    def now_ms(self) -> int:
        """Return the present instant."""
        ...

    def set_back_ms(self) -> int:
        """Return by how much the machine's clock was set back, as far as `now_ms` is ahead of it for that still."""
        ...

    async def sleep_until(self, at_ms: int) -> None:
        """Return once `now_ms() >= at_ms`."""
        ...

    async def sleep(self, duration_ms: int) -> None:
        """Return after `duration_ms` of this clock's time."""
        ...


class Onward:
    """Instants that only go on, of a wall clock that may be set back and a steady one that may not.

    While the wall clock is behind what was said, time goes on at half its pace until that has caught up. If it stood
    still, so would all that counts by it: limits of rates, dead man's switches, silences.
    """

    def __init__(self) -> None:
        self._last_ns = self._steady_ns = 0

    def now_ms(self, wall_ns: int, steady_ns: int) -> int:
        """Return the present instant, by what both clocks say now."""
        self._last_ns = max(wall_ns, self._last_ns + (steady_ns - self._steady_ns) // 2)
        self._steady_ns = steady_ns
        return self._last_ns // 1_000_000


class SystemClock:
    """The machine's clock; a step back of the wall clock never makes `now_ms` go back, nor stand still."""

    def __init__(self) -> None:
        self._onward = Onward()

    def now_ms(self) -> int:
        """Return the present instant, never before one returned earlier."""
        return self._onward.now_ms(time.time_ns(), time.monotonic_ns())

    def set_back_ms(self) -> int:
        """Return how far `now_ms` is ahead of the wall clock."""
        return max(0, self.now_ms() - time.time_ns() // 1_000_000)

    async def sleep_until(self, at_ms: int) -> None:
        """Wait in steps of at most a minute, so that a corrected wall clock is noticed."""
        while (left_ms := at_ms - self.now_ms()) > 0:  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(min(left_ms, 60_000) / 1000)

    async def sleep(self, duration_ms: int) -> None:
        """Wait `duration_ms` on the event loop's own, steady clock."""
        await asyncio.sleep(duration_ms / 1000)


class VirtualClock:
    """A clock that stands still until told: `speed` times real time, or `advance`d by its owner.

    With `speed=0` time moves only by `advance`; a rehearsal at ×1…×60 uses `speed=1…60`.
    """

    def __init__(self, start_ms: int, speed: float = 0.0) -> None:
        self._base_ms = float(start_ms)
        self._speed = speed
        self._real_s = time.monotonic()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def speed(self) -> float:
        """Virtual milliseconds for each real one; 0 while stopped."""
        return self._speed

    def now_ms(self) -> int:
        """Return the present virtual instant."""
        return int(self._base_ms + (time.monotonic() - self._real_s) * 1000 * self._speed)

    def set_back_ms(self) -> int:
        """Return 0: nobody sets it back."""
        return 0

    def set_speed(self, speed: float) -> None:
        """Go on from the present instant at another speed; sleepers are woken to look again."""
        self._base_ms, self._real_s = float(self.now_ms()), time.monotonic()
        self._speed = speed
        self._wake_all()

    def advance(self, to_ms: int) -> None:
        """Jump forward to `to_ms`; an earlier instant is ignored, since time does not go back."""
        now_ms = self.now_ms()
        if to_ms > now_ms:
            self._base_ms, self._real_s = float(to_ms), time.monotonic()
            while self._sleepers and self._sleepers[0][0] <= to_ms:
                self._release(heapq.heappop(self._sleepers)[2])

    def next_wake_ms(self) -> int | None:
        """Return the earliest instant that somebody sleeps for, or None."""
        return self._sleepers[0][0] if self._sleepers else None

    async def sleep_until(self, at_ms: int) -> None:
        """Return once the virtual instant is reached, by the passing of time or by `advance`."""
        while (left_ms := at_ms - self.now_ms()) > 0:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            sleeper = (at_ms, next(self._order), woken)
            heapq.heappush(self._sleepers, sleeper)
            real_s = left_ms / 1000 / self._speed if self._speed > 0 else None
            try:
                async with asyncio.timeout(real_s):
                    await woken
            except TimeoutError:
                pass  # time itself went on
            finally:
                if sleeper in self._sleepers:
                    self._sleepers.remove(sleeper)
                    heapq.heapify(self._sleepers)

    async def sleep(self, duration_ms: int) -> None:
        """Return after `duration_ms` of virtual time."""
        await self.sleep_until(self.now_ms() + duration_ms)

    def _wake_all(self) -> None:
        sleepers, self._sleepers = self._sleepers, []
        for _, _, woken in sleepers:
            self._release(woken)

    @staticmethod
    def _release(woken: asyncio.Future[None]) -> None:
        if not woken.done():
            woken.set_result(None)
