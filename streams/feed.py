"""Decodes one camera's pictures for whoever looks at them, such as a plate reader: key frames, or all while busy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from command.kernel.clock import Clock
from streams.keyframes import Picture, PictureDecoder
from streams.packets import Packet, Subscription

_log = logging.getLogger(__name__)

OnKeyframe = Callable[[str, Picture, int], Awaitable[None]]


class PictureFeed:
    """Owned by the task in `run`. A consumer that falls behind misses frames; one that raises harms nobody."""

    def __init__(self, camera_id: str, clock: Clock, consumer: OnKeyframe) -> None:
        self._camera_id = camera_id
        self._clock = clock
        self._consumer = consumer
        self._decoder = PictureDecoder()
        self.busy_until_ms = 0
        """Until then every frame is decoded."""

    async def run(self, subscribing: AbstractAsyncContextManager[Subscription]) -> None:
        """Decode until the subscription ends."""
        follows = False  # whether the decoder has seen every packet since a key frame
        async with subscribing as subscription:
            while packets := await subscription.take():
                # Newest wins: what came before the last key frame is history by now.
                last_key = max((i for i, packet in enumerate(packets) if packet.is_key), default=0)
                for packet in packets[last_key:]:
                    busy = self._clock.now_ms() < self.busy_until_ms
                    if not packet.is_key and not (follows and busy):
                        follows = False
                        continue
                    await self._decode(packet, alone=not busy)
                    follows = busy

    async def _decode(self, packet: Packet, *, alone: bool) -> None:
        try:
            picture = await asyncio.to_thread(self._decoder.decode, packet, alone=alone)
            if picture is not None:
                await self._consumer(self._camera_id, picture, packet.at_ms)
        except Exception:  # noqa: BLE001 - whoever looks at the pictures, the camera goes on
            _log.exception("camera %s: a picture was not taken", self._camera_id)
