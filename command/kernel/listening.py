"""A limit of waiting for what comes from outside, by the time in which this process could have heard it."""

from __future__ import annotations

import asyncio
from types import TracebackType

from command.kernel.limits import LISTENING_LOOK_MS

_LATE_S = 0.05


class Listening:
    """`async with Listening(limit_ms):` raises `TimeoutError` as `asyncio.timeout` does, but counts no standstill.

    Where the process itself was kept from running (its machine was paused, its processor taken away), what was sent
    meanwhile waits to be read. `asyncio.timeout` would give up before that is read, and say of the other side that it
    was silent. Here looks are counted, however late they come, and another follows where the last one was late.
    """

    __slots__ = ("_left_s", "_limit", "_look_s", "_looked_s", "_loop", "_next", "_stood_still")

    def __init__(self, limit_ms: int) -> None:
        self._left_s = limit_ms / 1000
        self._limit = asyncio.timeout(None)
        self._stood_still = False

    async def __aenter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._limit.__aenter__()
        self._look_later()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._next.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _look_later(self) -> None:
        self._looked_s = self._loop.time()
        self._look_s = min(self._left_s, LISTENING_LOOK_MS / 1000)
        self._next = self._loop.call_later(self._look_s, self._look)

    def _look(self) -> None:
        is_late = self._loop.time() - self._looked_s - self._look_s > _LATE_S
        self._left_s -= self._look_s
        if self._left_s <= 0 and is_late and not self._stood_still:
            self._stood_still = True  # once: where each look comes late, an end comes all the same
            self._left_s = LISTENING_LOOK_MS / 1000
        if self._left_s > 0:
            self._look_later()
        else:
            self._limit.reschedule(self._loop.time())
