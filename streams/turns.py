"""When a camera is connected to, so that many that fail together do not all connect together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from command.kernel.limits import CAMERA_CONNECTS, CAMERA_PROBES, CAMERA_RETRY_FIRST_MS


class Turns:
    """Connecting to cameras that somebody needs takes turns, and mere looks at others never keep those waiting."""

    def __init__(self) -> None:
        self._needed = asyncio.Semaphore(CAMERA_CONNECTS)
        self._looks = 0
        self._waiting: dict[asyncio.Future[None], None] = {}  # in the order they came

    @property
    def is_free_for_looks(self) -> bool:
        """Whether one more camera may be looked at."""
        return self._looks < CAMERA_PROBES

    def room(self) -> asyncio.Future[None]:
        """Return what is done when there may be room for a look, first come first served; cancel it to give up."""
        room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[room] = None
        room.add_done_callback(lambda _: self._waiting.pop(room, None))
        return room

    def _wake_next(self) -> None:
        room = next((room for room in self._waiting if not room.done()), None)
        if room is not None:
            room.set_result(None)

    @asynccontextmanager
    async def take(self, *, needed: bool) -> AsyncIterator[None]:
        """Connect within this. Only what is needed ever waits; a look has to ask first whether there is room."""
        if needed:
            async with self._needed:
                yield
            return
        assert self.is_free_for_looks, "nobody asked whether there is room for one more look"
        self._looks += 1
        try:
            yield
        finally:
            self._looks -= 1
            self._wake_next()


def retry_ms(failures: int, most_ms: int) -> int:
    """Return how long to wait after so many failures in a row (from 1): double each time, at most `most_ms`."""
    return jittered_ms(min(most_ms, CAMERA_RETRY_FIRST_MS << min(failures - 1, 16)))


def jittered_ms(longest_ms: int) -> int:
    """Return between half of it and all of it, so that cameras that failed together do not return together."""
    return longest_ms // 2 + secrets.randbelow(longest_ms // 2 + 1)
