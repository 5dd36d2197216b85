"""From a simulated camera over SIP and RTP, through the platform, to a camera of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import uvloop

from command.kernel.clock import SystemClock
from edge.gb28181.invite import Transport
from edge.gb28181.media import SCHEME, Gb28181Media, PlaybackEndedError
from edge.gb28181.platform import Platform
from edge.gb28181.ports import MediaPorts
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.ps_clips import PsClip
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from streams.packets import Packet
from streams.sources import SourceError, Sources
from tests.edge.gb28181.site import DEVICE, PASSWORD, SERVER, Hub, running, until
from tests.ports import free_range
from tests.streams.peers import Statuses

CHANNEL = "34020000001310000001"
ADDRESS = f"gb28181://{DEVICE}/{CHANNEL}"
PATIENCE_S = 60


@asynccontextmanager
async def camera(
    platform: Platform, clip: PsClip, password: str = PASSWORD, recorded: Sequence[tuple[int, int]] = ()
) -> AsyncIterator[Gb28181Camera]:
    """A device that registers at the platform."""
    async with Gb28181Camera(
        clip, SystemClock(), platform=("127.0.0.1", platform.port), server=SERVER, device=DEVICE, channel=CHANNEL,
        password=password, recorded=recorded,
    ) as device:  # fmt: skip
        yield device


def media(platform: Platform) -> Gb28181Media:
    first = free_range(10)
    return Gb28181Media(platform, MediaPorts("127.0.0.1", first, first + 9))


@pytest.mark.parametrize("transport", ["udp", "tcp_passive", "tcp_active"])
async def test_a_picture_of_a_registered_device_arrives_in_the_keeper(any_clip: PsClip, transport: Transport) -> None:
    """R344."""
    statuses = Statuses()
    async with asyncio.timeout(PATIENCE_S), running(Hub()) as platform, camera(platform, any_clip) as device:
        await device.registered.wait()
        sources = Sources()
        sources.register(SCHEME, media(platform).open)
        async with CameraKeeper(SystemClock(), statuses, sources=sources) as keeper:
            await keeper.sync({"gate": CameraSpec("gate", f"{ADDRESS}?transport={transport}", always=True)})
            await statuses.next("gate", "up")
            async with keeper.camera("gate").subscribe() as subscription:
                packets: list[Packet] = []
                while len(packets) < 30:
                    packets += await subscription.take()
            snapshot = await keeper.camera("gate").snapshot()
        await until(lambda: not device.streams)  # told BYE

    assert packets[0].is_key
    assert {packet.codec for packet in packets} == {any_clip.codec}
    assert snapshot[:2] == b"\xff\xd8"


def test_the_same_on_the_event_loop_of_a_running_hub(ps_clip: PsClip) -> None:
    """uvloop's transports are their own."""

    async def pictures() -> list[bool]:
        keys = []
        async with asyncio.timeout(PATIENCE_S), running(Hub()) as platform, camera(platform, ps_clip) as device:
            await device.registered.wait()
            for transport in ("udp", "tcp_passive", "tcp_active"):
                async with media(platform).open(f"{ADDRESS}?transport={transport}", SystemClock()) as source:
                    keys.append((await anext(source)).is_key)
        return keys

    assert uvloop.run(pictures()) == [True, True, True]


async def test_a_device_that_goes_and_comes_back_is_seen_again(
    ps_clip: PsClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.gb28181.media.CAMERA_FROZEN_MS", 1000)
    statuses = Statuses()
    async with asyncio.timeout(PATIENCE_S), running(Hub()) as platform:
        sources = Sources()
        sources.register(SCHEME, media(platform).open)
        async with CameraKeeper(SystemClock(), statuses, sources=sources) as keeper:
            async with camera(platform, ps_clip) as device:
                await device.registered.wait()
                await keeper.sync({"gate": CameraSpec("gate", ADDRESS, always=True)})
                await statuses.next("gate", "up")
            down = await statuses.next("gate", "down")
            async with camera(platform, ps_clip):
                await statuses.next("gate", "up")

    assert down.reason == "no packets for 1 s"


async def test_what_a_device_recorded_is_played_to_its_end(ps_clip: PsClip) -> None:
    """R344."""
    packets: list[Packet] = []
    async with asyncio.timeout(PATIENCE_S), running(Hub()) as platform, camera(platform, ps_clip) as device:
        await device.registered.wait()
        async with media(platform).playback(ADDRESS, 1_700_000_000_000, 1_700_000_060_000, SystemClock()) as source:
            with pytest.raises(PlaybackEndedError, match="the recording ended"):
                await _all(source, packets)

    assert len(packets) >= 24  # the last picture has no marker behind it that has been believed
    assert packets[0].is_key


async def test_a_device_that_is_not_registered_is_named() -> None:
    """R342."""
    async with asyncio.timeout(PATIENCE_S), running(Hub()) as platform:
        with pytest.raises(SourceError) as caught:
            await media(platform).open(ADDRESS, SystemClock()).__aenter__()

    assert caught.value.reason == platform.diagnosis(DEVICE)


async def _all(source: AsyncIterator[Packet], into: list[Packet]) -> None:
    async for packet in source:
        into.append(packet)  # noqa: PERF401 - what came before the end is wanted
