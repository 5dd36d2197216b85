"""Where the way to a GB/T 28181 channel ends, hop by hop, against a simulated recorder and sipp (SPEC R475–R478)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from command.kernel.clock import SystemClock, VirtualClock
from edge.gb28181.diagnosis import PULL, way_to
from edge.gb28181.media import SCHEME, Gb28181Media
from edge.gb28181.platform import Platform
from edge.limits import GB28181_BEAT_MS, GB28181_BEATS_MISSED
from edge.simulators.ps_clips import PsClip
from streams.camera_spec import CameraSpec
from streams.diagnosis import Diagnosis, Hop, Hops, WayEndedError, Ways, diagnose
from streams.keeper import CameraKeeper
from streams.sources import Sources
from tests.edge.gb28181.device import answering, refused_registration, registration
from tests.edge.gb28181.site import DEVICE, Hub, ends_well, running, sipp, until
from tests.edge.gb28181.test_media_camera import ADDRESS, camera, media
from tests.edge.gb28181.test_platform import NOW_MS, device
from tests.streams.peers import Statuses

CLOCK = SystemClock()
SIPP_CHANNEL = "34020000001320000311"
WAY = ["address", "registered", "keepalive", "catalogue", *PULL]


@asynccontextmanager
async def keeper(opened: Gb28181Media, address: str) -> AsyncIterator[CameraKeeper]:
    sources = Sources()
    sources.register(SCHEME, opened.open)
    async with asyncio.timeout(60), CameraKeeper(CLOCK, Statuses(), sources=sources) as cameras:
        cameras.keep_known(False)
        await cameras.sync({"gate": CameraSpec("gate", address)})
        yield cameras


async def diagnosed(platform: Platform, address: str) -> Diagnosis:
    opened, ways = media(platform), Ways()
    ways.register(SCHEME, way_to(platform, opened))
    async with keeper(opened, address) as cameras:
        found = await diagnose(cameras.camera("gate"), CLOCK, ways)
    gone = [hop.hop for hop in found.hops]
    assert gone == WAY[: len(gone)]
    assert [hop.ok for hop in found.hops[:-1]] == [True] * (len(gone) - 1)
    return found


def told(found: Diagnosis) -> dict[str, tuple[str, str]]:
    return {hop.hop: (hop.told, hop.told_zh) for hop in found.hops}


@pytest.mark.parametrize("transport", ["udp", "tcp_passive"])
async def test_every_hop_of_a_channel_that_shows_pictures_is_told(any_clip: PsClip, transport: str) -> None:
    async with running(Hub()) as platform, camera(platform, any_clip) as recorder:
        await recorder.registered.wait()
        await until(lambda: bool(platform.states()[0].channels) and platform.states()[0].keepalive_ms is not None)
        found = await diagnosed(platform, f"{ADDRESS}?transport={transport}")

    said = told(found)
    assert found.failed is None
    assert list(said) == WAY
    assert said["registered"][0].endswith(" over UDP, MD5")
    assert said["keepalive"][0].startswith("keepalive ")
    assert said["catalogue"][0] == "模拟摄像机"
    assert said["invite"] == ("answered 200", "应答 200")
    assert f" on {'UDP' if transport == 'udp' else 'TCP'} port " in said["packets"][0]
    assert " from 127.0.0.1" in said["packets"][0]
    assert said["ssrc"][0].endswith(" as agreed")
    assert said["ps"][0] == "PS"
    assert said["codec"][0] == {"h264": "H.264", "h265": "H.265"}[any_clip.codec]
    assert "320 x 192" in said["picture"][0]


async def test_one_that_is_being_pulled_is_told_of_without_another_invite(ps_clip: PsClip) -> None:
    async with running(Hub()) as platform, camera(platform, ps_clip) as recorder:
        await recorder.registered.wait()
        opened, ways = media(platform), Ways()
        ways.register(SCHEME, way_to(platform, opened))
        async with keeper(opened, ADDRESS) as cameras, cameras.camera("gate").subscribe():
            await cameras.camera("gate").still()
            found = await diagnose(cameras.camera("gate"), CLOCK, ways)
        assert (found.failed, [hop.hop for hop in found.hops], platform.counters.invites) == (None, WAY, 1)


async def test_a_device_that_never_came_was_refused_or_went_is_told_apart(tmp_path: Path) -> None:
    async with running(Hub()) as platform:
        found = await diagnosed(platform, ADDRESS)
        assert (found.failed, found.hops[-1].told_zh) == ("registered", "未注册：平台启动以来没有收到该设备的消息")
        async with sipp(platform, refused_registration(tmp_path, "87654321")) as process:
            await ends_well(process)
        found = await diagnosed(platform, ADDRESS)
        assert found.failed == "registered"
        assert "not registered: wrong password" in found.hops[-1].told
        assert "密码错误" in found.hops[-1].told_zh
        async with device(platform) as it:
            assert (await it.register()).status == 200
            assert (await it.register("0")).status == 200
        found = await diagnosed(platform, ADDRESS)
        assert (found.failed, found.hops[-1].told_zh[-5:]) == ("registered", "设备已注销")


async def test_a_device_that_fell_silent_is_told_with_its_last_keepalive() -> None:
    clock = VirtualClock(NOW_MS)
    hops: list[list[Hop]] = []
    async with running(Hub(), clock=clock) as platform, device(platform) as it:
        assert (await it.register()).status == 200
        clock.advance(NOW_MS + 30_000)
        assert (await it.say("Keepalive", "<Status>OK</Status>")).status == 200
        for at_ms in (NOW_MS + 60_000, NOW_MS + 30_000 + GB28181_BEAT_MS * GB28181_BEATS_MISSED):
            clock.advance(at_ms)
            if at_ms > NOW_MS + 60_000:
                await until(lambda: platform.online == 0)
            gone = Hops(clock)
            with suppress(WayEndedError):
                await way_to(platform, media(platform)).go(ADDRESS, clock, gone)
            hops.append(gone.gone)
    assert [(hop.hop, hop.ok) for hop in hops[0]] == [(name, True) for name in WAY[:4]]
    assert hops[0][2].told == "keepalive 30 s ago, last heard 30 s ago"
    assert (hops[1][-1].hop, hops[1][-1].ok, hops[1][-1].told_zh) == ("keepalive", False, "180 秒没有心跳")


@pytest.mark.data
async def test_a_device_that_agrees_and_sends_nothing_is_told_with_the_port(tmp_path: Path) -> None:
    """sipp registers, tells its catalogue, and answers the INVITE: nothing comes after that."""
    registers, answers = registration(tmp_path), answering(tmp_path)
    async with running(Hub()) as platform, sipp(platform, registers, "-oocsf", str(answers)):
        await until(lambda: bool(platform.states()) and platform.states()[0].catalogue.startswith("whole"))
        found = await diagnosed(platform, f"gb28181://{DEVICE}/{SIPP_CHANNEL}")

    said = told(found)
    assert found.failed == "packets"
    assert said["invite"][0] == "answered 200"
    english, chinese = said["packets"]
    port = english.partition("UDP port ")[2].partition(":")[0]
    assert english == f"INVITE answered 200, no packets on UDP port {port}: NAT or firewall?"
    assert chinese == f"INVITE 应答 200，UDP 端口 {port} 没有收到数据包：有地址转换（NAT）或防火墙？"


async def test_a_channel_that_is_not_listed_or_refused_is_told(ps_clip: PsClip) -> None:
    """The device answers 488: it takes no more invitations than it can send streams."""
    async with running(Hub()) as platform, camera(platform, ps_clip) as recorder:
        await recorder.registered.wait()
        await until(lambda: bool(platform.states()[0].channels))
        recorder.full = True
        found = await diagnosed(platform, f"gb28181://{DEVICE}/{SIPP_CHANNEL}")

    said = told(found)
    assert said["catalogue"][0] == "the channel is not in it (whole, 1 items): is its id right?"
    assert (found.failed, said["invite"][0].split(" ")[:3]) == ("invite", ["INVITE", "answered", "486"])
