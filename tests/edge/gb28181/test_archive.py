"""What a device has recorded: its spans, and the instant of each picture at any speed (SPEC R465–R467)."""

from __future__ import annotations

import asyncio

import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import TooManyError
from edge.gb28181.archive import Archive, Playback, RecordedSpan, spans_of
from edge.gb28181.media import PlaybackEndedError
from edge.gb28181.pilot import Where
from edge.gb28181.recorded_time import RecordedTime
from edge.gb28181.told import Recording
from edge.limits import GB28181_PLAYBACKS_PER_DEVICE
from edge.simulators.ps_clips import PsClip
from streams.packets import Packet
from streams.sources import SourceError
from tests.edge.gb28181.site import DEVICE, Hub, running, until
from tests.edge.gb28181.test_media_camera import ADDRESS, CHANNEL, camera, media

FROM_MS = 1_700_000_000_000
WHERE = Where(DEVICE, CHANNEL)
PATIENCE_S = 60


def file(from_s: int, to_s: int) -> Recording:
    return Recording(channel=CHANNEL, from_ms=from_s * 1000, to_ms=to_s * 1000, name="", kind="time")


def test_files_that_touch_are_one_recording_and_gaps_stay() -> None:
    files = [file(100, 200), file(0, 99), file(260, 300), file(150, 180)]

    assert spans_of(files, 10_000, 280_000) == [RecordedSpan(10_000, 200_000), RecordedSpan(260_000, 280_000)]
    assert spans_of(files, 201_000, 259_000) == []


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0, 8.0])
def test_instants_are_right_whichever_way_a_device_stamps_at_other_speeds(speed: float, shown: bool) -> None:
    """After a second at a speed the instants have gone `speed` seconds on, give or take what it takes to find out."""
    time = RecordedTime(FROM_MS)
    assert time.instant_ms(5000, 100) == FROM_MS
    for i in range(1, 26):
        assert time.instant_ms(5000 + 40 * i, 100 + 40 * i) == FROM_MS + 40 * i
    time.at_speed(speed)
    pts_ms, last = 6000.0, 0
    for i in range(1, 101):  # pictures come each 40 ms
        pts_ms += 40 if shown else 40 * speed
        at_ms = time.instant_ms(round(pts_ms), 1100 + 40 * i)
        assert at_ms >= last, "nothing goes back"
        last = at_ms
    assert abs(last - (FROM_MS + 1000 + 4000 * speed)) < 500


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("silence_ms", [(0, 700), (60, 500), (300, 1500), (390, 460)])
def test_instants_are_right_also_where_pictures_are_kept_waiting_as_the_speed_changes(
    silence_ms: tuple[int, int], speed: float, shown: bool
) -> None:  # R1043
    """What was sent in a silence comes at its end, all at once: that is no pace of the stamps."""
    time = RecordedTime(FROM_MS)
    assert time.instant_ms(5000, 0) == FROM_MS
    time.at_speed(speed)
    last = 0
    for i in range(1, 201):
        sent_ms = 40 * i
        came_ms = silence_ms[1] if silence_ms[0] < sent_ms < silence_ms[1] else sent_ms
        instant_ms = time.instant_ms(5000 + round(sent_ms * (1 if shown else speed)), came_ms)
        assert instant_ms >= last, "nothing goes back"
        last = instant_ms
    assert abs(last - (FROM_MS + 8000 * speed)) < (1500 if speed < 1 else 500)


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0, 8.0])
def test_instants_are_right_in_the_end_where_pictures_never_come_evenly(speed: float, shown: bool) -> None:  # R1043
    time = RecordedTime(FROM_MS)
    assert time.instant_ms(5000, 0) == FROM_MS
    time.at_speed(speed)
    begun = time.instant_ms(5000, 0)
    last = begun
    for i in range(1, 501):  # each fifth is 290 ms late, and keeps those behind it waiting
        sent_ms = 40 * i
        came_ms = sent_ms // 200 * 200 + 290
        last = time.instant_ms(5000 + round(sent_ms * (1 if shown else speed)), came_ms)
        if sent_ms == 9000:
            begun = last
    assert abs(last - begun - 11_000 * speed) < 300


@pytest.mark.parametrize("shown", [True, False])
def test_a_leap_of_the_stamps_as_the_speed_changes_is_none_of_the_recording(shown: bool) -> None:  # R1043
    time = RecordedTime(FROM_MS)
    assert time.instant_ms(90_000_000, 0) == FROM_MS
    for speed, begun_ms, pts_ms in ((2, 0, 5000), (4, 10_000, 80_000_000)):
        before = time.instant_ms(pts_ms - 90_000_000, begun_ms)
        time.at_speed(speed)
        for i in range(1, 201):
            last = time.instant_ms(pts_ms + 40 * i * (1 if shown else speed), begun_ms + 40 * i)
        assert abs(last - before - 8000 * speed) < 500


def test_a_leap_of_the_stamps_is_none_of_the_recording() -> None:
    time = RecordedTime(FROM_MS)
    assert [time.instant_ms(pts, 0) for pts in (1000, 1040, 90_000_000, 90_000_040, 0, 40)] == [
        FROM_MS + 40 * i for i in range(6)
    ]


async def test_a_recording_is_listed_played_faster_held_and_left(ps_clip: PsClip) -> None:
    spans = [(FROM_MS, FROM_MS + 60_000), (FROM_MS + 120_000, FROM_MS + 125_000)]
    async with (
        asyncio.timeout(PATIENCE_S),
        running(Hub()) as platform,
        camera(platform, ps_clip, recorded=spans) as device,
    ):
        await device.registered.wait()
        archive = Archive(platform, media(platform), SystemClock())

        found = await archive.recorded(WHERE, FROM_MS + 1000, FROM_MS + 200_000)
        assert found.whole
        assert [(span.from_ms, span.to_ms) for span in found.spans] == [(FROM_MS + 1000, spans[0][1]), spans[1]]

        async with archive.play(ADDRESS, FROM_MS + 10_000, FROM_MS + 60_000) as playback:
            first = await anext(aiter(playback))
            assert (first.is_key, first.pts_ms) == (True, FROM_MS + 10_000)
            await playback.at_speed(8)
            arrived_ms = [packet.at_ms for packet in await _up_to(playback, FROM_MS + 30_000)]
            assert arrived_ms[-1] - arrived_ms[0] < 15_000, "twenty seconds take a few"
            await playback.hold()
            assert playback.is_held
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(4):  # longer than a stream that stands still is given
                    await _up_to(playback, FROM_MS + 60_000)
            await playback.go_on()
            assert (await _up_to(playback, FROM_MS + 50_000))[-1].pts_ms < FROM_MS + 51_000
        await until(lambda: not device.streams)  # told BYE


async def _up_to(playback: Playback, at_ms: int) -> list[Packet]:
    packets: list[Packet] = []
    async for packet in playback:
        packets.append(packet)
        if packet.pts_ms >= at_ms:
            break
    return packets


async def test_the_end_of_a_recording_ends_it_and_no_live_picture(ps_clip: PsClip) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        running(Hub()) as platform,
        camera(platform, ps_clip, recorded=[(FROM_MS, FROM_MS + 2000)]) as device,
    ):
        await device.registered.wait()
        opened = media(platform)
        archive = Archive(platform, opened, SystemClock())
        async with opened.open(ADDRESS, SystemClock()) as live:
            await anext(live)
            async with archive.play(ADDRESS, FROM_MS, FROM_MS + 60_000) as playback:
                with pytest.raises(PlaybackEndedError):
                    await _up_to(playback, FROM_MS + 60_000)
            for _ in range(100):  # more than waited already
                await anext(live)


async def test_a_device_that_is_not_there_or_overcharged_is_told() -> None:
    async with running(Hub()) as platform:
        archive = Archive(platform, media(platform), SystemClock())
        with pytest.raises(SourceError, match="not registered"):
            async with archive.play(ADDRESS, FROM_MS, FROM_MS + 1000):
                pass
        for _ in range(3):  # places come back
            await _take_places(archive, GB28181_PLAYBACKS_PER_DEVICE)
            assert archive.playbacks == 0


async def _take_places(archive: Archive, more: int) -> None:
    with archive.place(WHERE):
        if more > 1:
            await _take_places(archive, more - 1)
        else:
            with pytest.raises(TooManyError), archive.place(WHERE):
                pass
            with archive.place(Where("34020000001180000009", CHANNEL)):
                pass
