"""Asks a camera's source for a key frame: once for all who wait for one, not too often, and beside the stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from command.kernel.clock import Clock
from command.kernel.limits import CAMERA_ASK_KEY_CALL_MS, CAMERA_ASK_KEY_MS
from command.kernel.tasks import apart
from streams.packets import Packet
from streams.sources import GivesKeys

_log = logging.getLogger(__name__)


class KeyAsking:
    """Of one camera. `run` works until cancelled; the rest may be called from the event loop at any time."""

    def __init__(self, camera_id: str, clock: Clock) -> None:
        self._camera_id = camera_id
        self._clock = clock
        self._source: GivesKeys | None = None
        self._wanted = asyncio.Event()

    def want(self) -> None:
        """Somebody cannot go on before the next key frame."""
        self._wanted.set()

    def came(self) -> None:
        """There is one: whoever waited has it."""
        self._wanted.clear()

    def begin(self, source: AsyncIterator[Packet]) -> None:
        """A connection stands. What was wanted before it is served: it begins with a key frame."""
        self._source = source if isinstance(source, GivesKeys) else None
        self._wanted.clear()

    def end(self) -> None:
        """It stands no more."""
        self._source = None

    async def run(self) -> None:
        """Ask, whenever that is wanted. A source that refuses is not asked again on this connection."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if (source := self._source) is None:
                continue
            try:
                async with asyncio.timeout(CAMERA_ASK_KEY_CALL_MS / 1000):
                    await apart(source.ask_key())
            except Exception as error:  # noqa: BLE001 - whatever a source does then, its pictures go on
                # Only the kind: texts of library errors may hold the address with its password.
                _log.info("camera %s gives no key frame for the asking: %s", self._camera_id, type(error).__name__)
                if source is self._source:
                    self._source = None
            await self._clock.sleep(CAMERA_ASK_KEY_MS)
