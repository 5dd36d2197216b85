"""When a camera is connected to, so that many that fail together do not all connect together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.limits import CAMERA_CONNECTS, CAMERA_PROBES, CAMERA_RETRY_FIRST_MS


class Turns:
    """Cameras that somebody needs take turns at connecting; looks at others do so apart, and keep nobody waiting."""

    def __init__(self) -> None:
        self._needed = asyncio.Semaphore(CAMERA_CONNECTS)
        self._looks = asyncio.Semaphore(CAMERA_PROBES)

    @asynccontextmanager
    async def take(self, newcomer: asyncio.Event, *, needed: bool) -> AsyncIterator[None]:
        """Connect within this. A look that has to wait goes with those needed as soon as there is a `newcomer`."""
        gate = self._looks
        if needed or not await _acquired_before(gate, newcomer):
            gate = self._needed
            await gate.acquire()
        try:
            yield
        finally:
            gate.release()


async def _acquired_before(gate: asyncio.Semaphore, event: asyncio.Event) -> bool:
    """Wait for either, and say whether the gate was entered; the event has no say where one may enter at once."""
    if not gate.locked():
        return await gate.acquire()
    try:
        async with asyncio.TaskGroup() as tasks:
            acquiring = tasks.create_task(gate.acquire())
            coming = tasks.create_task(event.wait())
            await asyncio.wait((acquiring, coming), return_when=asyncio.FIRST_COMPLETED)
            acquiring.cancel()
            coming.cancel()
    except asyncio.CancelledError:
        if not acquiring.cancelled():  # its turn came just then, or as the two were waited for
            gate.release()
        raise
    return not acquiring.cancelled()


def retry_ms(failures: int, most_ms: int) -> int:
    """Return how long to wait after so many failures in a row (from 1): double each time, at most `most_ms`."""
    return jittered_ms(min(most_ms, CAMERA_RETRY_FIRST_MS << min(failures - 1, 16)))


def jittered_ms(longest_ms: int) -> int:
    """Return between half of it and all of it, so that cameras that failed together do not return together."""
    return longest_ms // 2 + secrets.randbelow(longest_ms // 2 + 1)
