"""A channel is asked for a key frame (SPEC R482)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from command.kernel.clock import SystemClock
from edge.gb28181.asked import key_frame
from edge.gb28181.pilot import giving_keys
from streams.packets import Packet
from streams.sources import GivesKeys
from tests.edge.gb28181.site import DEVICE, Hub, running
from tests.edge.gb28181.test_platform import CHANNEL, _asked, device


async def test_a_channel_is_asked_for_a_key_frame_in_the_words_of_its_standard() -> None:
    async with running(Hub()) as platform, device(platform) as camera, asyncio.TaskGroup() as tasks:
        await camera.register()
        open_source = giving_keys(platform, lambda _address, _clock: _Pictures())
        async with open_source(f"gb28181://{DEVICE}/{CHANNEL}?transport=tcp_passive", SystemClock()) as packets:
            assert isinstance(packets, GivesKeys)
            tasks.create_task(packets.ask_key())
            asked = await _asked(camera, b"IFameCmd")
        assert b"<IFameCmd>Send</IFameCmd>" in asked.body
        assert asked.uri.startswith(f"sip:{CHANNEL}@")
    assert b"<IFrameCmd>Send</IFrameCmd>" in key_frame(1, CHANNEL, version="3.0", encoding="GB18030")


class _Pictures(AbstractAsyncContextManager[AsyncIterator[Packet]]):
    """A stream of none."""

    async def __aenter__(self) -> AsyncIterator[Packet]:
        async def none() -> AsyncIterator[Packet]:
            return
            yield

        return none()

    async def __aexit__(self, *_: object) -> None:
        pass
