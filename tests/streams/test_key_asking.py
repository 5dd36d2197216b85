"""Key frames are asked for once for all who wait, and not too often (SPEC R482)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from streams.key_asking import KeyAsking
from streams.limits import CAMERA_ASK_KEY_MS
from streams.packets import Packet
from streams.sources import AskedPackets, SourceError
from tests.streams.peers import until


class Source:
    """Packets that never come, and what was asked of their camera."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.error = error
        self.packets = AskedPackets(_silence(), self._ask)

    async def _ask(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


async def _silence() -> AsyncIterator[Packet]:
    await asyncio.Event().wait()
    yield Packet(b"", 0, True, 0)


async def settled(clock: VirtualClock, past_ms: int = 0) -> None:
    """Let everything happen that is due `past_ms` from now."""
    clock.advance(clock.now_ms() + past_ms)
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - what is due runs; no time passes


async def test_all_who_wait_are_served_by_one_key_frame() -> None:
    clock = VirtualClock(1_000_000, speed=0)
    source = Source()
    keys = KeyAsking("a", clock)
    async with keys.over(source.packets):
        for _ in range(50):
            keys.want()
        await until(lambda: source.asked == 1)
        keys.want()
        await settled(clock, CAMERA_ASK_KEY_MS - 1)
        assert source.asked == 1
        await settled(clock, 1)
        assert source.asked == 2
        # One that came meanwhile serves who waited: the camera is left alone.
        keys.want()
        keys.came()
        await settled(clock, 10 * CAMERA_ASK_KEY_MS)
        assert source.asked == 2


@pytest.mark.parametrize("error", [UnavailableError("it does not offer that"), OSError("network"), TimeoutError()])
async def test_a_camera_that_refuses_is_asked_again_only_over_its_next_connection(error: Exception) -> None:
    clock = VirtualClock(1_000_000, speed=0)
    source = Source(error)
    keys = KeyAsking("a", clock)
    async with keys.over(source.packets):
        keys.want()
        await until(lambda: source.asked == 1)
        await settled(clock, CAMERA_ASK_KEY_MS)
        keys.want()
        await settled(clock, CAMERA_ASK_KEY_MS)
        assert source.asked == 1
    async with keys.over(source.packets):
        keys.want()
        await until(lambda: source.asked == 2)


async def test_one_that_cannot_be_asked_is_not() -> None:
    clock = VirtualClock(1_000_000, speed=0)
    source = Source()
    keys = KeyAsking("a", clock)
    keys.want()  # nothing stands
    async with keys.over(_silence()):  # RTSP
        keys.want()
        await settled(clock)
    async with keys.over(source.packets):
        await settled(clock, CAMERA_ASK_KEY_MS)
    assert source.asked == 0, "a connection begins with a key frame: nobody waits for one yet"


@pytest.mark.parametrize("swallows", [False, True])
async def test_it_ends_with_the_connection_whatever_its_source_does(swallows: bool) -> None:
    """One that swallows a cancellation, or fails by it, keeps neither the connection nor its reason from the camera."""
    asked = asyncio.Event()

    async def ask() -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not swallows:
                raise OSError("cut") from None

    async def connection() -> None:
        keys = KeyAsking("a", VirtualClock(1_000_000, speed=0))
        async with keys.over(AskedPackets(_silence(), ask)):
            keys.want()
            await asked.wait()
            raise SourceError("frozen")

    with pytest.raises(SourceError, match="frozen"):
        await connection()
    assert len(asyncio.all_tasks()) == 1
