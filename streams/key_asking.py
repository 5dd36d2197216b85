"""Asks a camera's source for a key frame: once for all who wait for one, not too often, and beside the stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from command.kernel.clock import Clock
from command.kernel.tasks import beside
from streams.limits import CAMERA_ASK_KEY_CALL_MS, CAMERA_ASK_KEY_MS
from streams.packets import Packet
from streams.sources import GivesKeys

_log = logging.getLogger(__name__)


class KeyAsking:
    """Of one camera. It may be called from the event loop at any time."""

    def __init__(self, camera_id: str, clock: Clock) -> None:
        self._camera_id = camera_id
        self._clock = clock
        self._wanted = asyncio.Event()

    def want(self) -> None:
        """Somebody cannot go on before the next key frame."""
        self._wanted.set()

    def came(self) -> None:
        """There is one: whoever waited has it."""
        self._wanted.clear()

    @asynccontextmanager
    async def over(self, source: AsyncIterator[Packet]) -> AsyncIterator[None]:
        """Ask over a connection that stands for the block, beside which a task runs where the source can be asked.

        What was wanted before is served: a connection begins with a key frame.
        """
        self._wanted.clear()
        if not isinstance(source, GivesKeys):
            yield
            return
        async with beside(self._ask(source)):
            yield

    async def _ask(self, source: GivesKeys) -> None:
        """Ask, whenever that is wanted. A source that refuses is not asked again over this connection."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                async with asyncio.timeout(CAMERA_ASK_KEY_CALL_MS / 1000):
                    await source.ask_key()
            except Exception as error:  # noqa: BLE001 - whatever a source does then, its pictures go on
                # Only the kind: texts of library errors may hold the address with its password.
                _log.info("camera %s gives no key frame for the asking: %s", self._camera_id, type(error).__name__)
                return
            if (task := asyncio.current_task()) is not None and task.cancelling():
                return  # what was asked has swallowed it
            await self._clock.sleep(CAMERA_ASK_KEY_MS)
