"""A device that nobody here wrote: sipp registers, keeps alive, answers and sends (SPEC R320-R330)."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.kernel.clock import SystemClock
from edge.gb28181.archive import Archive, RecordedSpan
from edge.gb28181.invite import Media
from edge.gb28181.media import Gb28181Media
from edge.gb28181.pilot import Where
from edge.gb28181.platform import Platform
from edge.gb28181.ports import MediaPorts
from tests.edge.gb28181.device import answering, recording, refused_registration, registration
from tests.edge.gb28181.site import DEVICE, Hub, ends_well, running, sipp, until
from tests.paths import shared
from tests.ports import free_range

pytestmark = pytest.mark.data


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_device_registers_by_digest_keeps_alive_and_reports_an_alarm(transport: str) -> None:  # R320 R323 R329
    hub = Hub()
    scenario = shared("data/gb28181/register_keepalive.xml")
    async with running(hub) as platform, sipp(platform, scenario, transport=transport) as process:
        await ends_well(process)
        (state,) = platform.states()
        assert (state.device, state.online, state.algorithm, state.version) == (DEVICE, True, "MD5", "2.0")
        assert state.keepalive_ms is not None
        assert state.address.startswith("udp" if transport == "u1" else "tcp")
        ((device, alarm),) = hub.alarms
        assert (device, alarm.device, alarm.priority, alarm.method) == (DEVICE, "34020000001340000001", 1, 2)
        assert (alarm.lat, alarm.lon) == (29.144, 113.116)


CHANNEL = "34020000001320000311"


@pytest.mark.parametrize("lossy", [False, True])
async def test_the_catalogue_comes_in_parts_out_of_order_doubled_or_not_at_all(tmp_path: Path, lossy: bool) -> None:
    """R325: what is missing is asked for again."""
    device, answers = registration(tmp_path), answering(tmp_path, lossy=lossy)
    async with running(Hub()) as platform, sipp(platform, device, "-oocsf", str(answers)):
        await _online(platform)
        assert platform.counters.asked_again == int(lossy)
        (state,) = platform.states()
        assert {item.channel for item in state.channels} == {f"3402000000132000031{n}" for n in range(1, 5)}
        assert all(item.online and item.manufacturer == "go-jt808" for item in state.channels)
        await until(lambda: bool(platform.states()[0].model))
        assert (platform.states()[0].manufacturer, platform.states()[0].firmware) == ("go-jt808", "v0.1.0")
        await until(lambda: platform.states()[0].subscriptions == ("Alarm", "Catalog"))


async def test_a_channel_is_invited_agrees_and_is_left(tmp_path: Path) -> None:  # R327
    device = registration(tmp_path)
    async with running(Hub()) as platform, sipp(platform, device, "-oocsf", str(answering(tmp_path))):
        await _online(platform)
        with platform.ssrc(playback=False) as ssrc:
            media = Media(transport="udp", host="127.0.0.1", port=30012, ssrc=ssrc)
            async with platform.invite(DEVICE, CHANNEL, media) as dialog:
                answer = dialog.answer
                assert (answer.host, answer.port, answer.ssrc) == ("127.0.0.1", 40000, 200000001)
                assert (answer.payload_type, answer.encoding, answer.setup) == (96, "PS", None)
        assert "INVITE answered 200" in platform.diagnosis(DEVICE)
        answered = platform.endpoint.counters.answers
        await until(lambda: platform.endpoint.counters.answers > answered)  # the 200 to our BYE
        assert platform.endpoint.counters.unanswered == 0


async def test_a_wrong_password_is_refused_and_said(tmp_path: Path) -> None:  # R321
    async with running(Hub()) as platform:
        async with sipp(platform, refused_registration(tmp_path, "87654321")) as process:
            await ends_well(process)
        assert platform.states() == []
        assert platform.registrar.counters.wrong_passwords == 1
        assert "wrong password" in platform.diagnosis(DEVICE)


async def _online(platform: Platform) -> None:
    await until(lambda: bool(platform.states()) and platform.states()[0].catalogue.startswith("whole"))


async def test_a_recorder_tells_what_it_has_and_plays_it_faster_and_held(tmp_path: Path) -> None:  # R465 R467
    """sipp answers only what its scenario wants to see: the words of the SDP and of MANSRTSP."""
    begin_ms = 1_700_000_000_000 - 1_500_000  # 05:48:20 in China
    registers, answers = registration(tmp_path), recording(tmp_path)
    async with running(Hub()) as platform, sipp(platform, registers, "-oocsf", str(answers)):
        await until(lambda: bool(platform.states()))
        first = free_range(10)
        archive = Archive(platform, Gb28181Media(platform, MediaPorts("127.0.0.1", first, first + 9)), SystemClock())
        found = await archive.recorded(Where(DEVICE, DEVICE), begin_ms, begin_ms + 7_200_000)
        assert found.whole
        assert found.spans == [RecordedSpan(begin_ms, begin_ms + 3_600_000)]

        address = f"gb28181://{DEVICE}/{DEVICE}"
        async with archive.play(address, 1_700_000_000_000, 1_700_000_060_000) as playback:
            await playback.at_speed(4)
            await playback.hold()
            assert playback.is_held
        answered = platform.endpoint.counters.answers
        await until(lambda: platform.endpoint.counters.answers > answered)  # the 200 to our BYE
        assert platform.endpoint.counters.unanswered == 0
