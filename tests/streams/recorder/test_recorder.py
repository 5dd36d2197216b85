"""What is recorded, found again and kept, with real H.264 and at a clock that the test drives (SPEC R302–R312)."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import av
import pytest
from msgspec.structs import replace

from command.facts.recording import Hours, RecordingPolicy
from command.kernel.errors import UnknownIdError
from streams.recorder.locks import Lock
from tests.streams.recorder.support import CONTINUOUS, Feed, rig, second
from tests.streams.test_fmp4 import AT_MS

DAY_MS = 86_400_000


def a_lock(from_s: int, to_s: int, name: str = "l1", camera: str = "k1") -> Lock:
    return Lock(
        id=name, camera=camera, from_ms=AT_MS + from_s * 1000, to_ms=AT_MS + to_s * 1000, why="案件", who="zhang",
        at_ms=AT_MS,
    )  # fmt: skip


def pictures(file: bytes) -> int:
    with av.open(io.BytesIO(file), "r") as container:
        return sum(1 for _ in container.decode(video=0))


async def test_every_picture_is_found_by_its_time_up_to_the_last_flush(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(35)
        listing = await one.store.listing("k1", AT_MS, AT_MS + 60_000)
        assert await one.spans() == [(0, 35)]
        assert [round((s.from_ms - AT_MS) / 1000) for s in listing.segments] == [0, 10, 20, 30]
        head = await one.store.init(listing.segments[0].init)
        shown = [pictures(head + await one.store.fragments("k1", s.id)) for s in listing.segments]
        assert shown == [250, 250, 250, 124]  # the last picture waits, since the next might have to be shown before it
        part = await one.store.listing("k1", AT_MS + 12_000, AT_MS + 13_000)
        assert [round((s.from_ms - AT_MS) / 1000) for s in part.segments] == [10]
        with pytest.raises(UnknownIdError):
            await one.store.fragments("k2", listing.segments[0].id)


async def test_a_reconnect_is_a_gap_and_nothing_else_is_lost(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(12)
        await one.run(20, silent=["k1"])
        await one.run(12)
        assert await one.spans() == [(0, 12), (32, 44)]
        one.cameras["k1"] = Feed()  # a camera whose address changed is another task
        await one.run(1, silent=["k1"])
        await one.run(5)
        assert (await one.spans())[0] == (0, 12)
        assert (await one.spans())[-1][1] == 50
        assert one.recorder.lost_segments == 0


async def test_the_kept_key_frame_is_not_recorded_at_a_wrong_time(tmp_path: Path) -> None:
    async with rig(tmp_path, RecordingPolicy()) as one:
        feed = one.cameras["k1"]
        old = second()[0]
        feed.still = type(old)(old.data, AT_MS + 5000, is_key=True, at_ms=AT_MS)
        one.recorder.set_policies({"k1": CONTINUOUS})
        await one.recorder.flush()
        one.clock.advance(AT_MS + 6000)
        await one.run(3)
        assert await one.spans() == [(6, 9)]


async def test_nobody_is_asked_for_pictures_when_nothing_is_to_be_recorded(tmp_path: Path) -> None:
    nights = Hours(days=(1, 2, 3, 4, 5, 6, 7), from_min=22 * 60, to_min=6 * 60)
    policy = RecordingPolicy(mode="scheduled", schedule=(nights,))
    begin_ms = AT_MS - AT_MS % DAY_MS + 14 * 3_600_000 - 5000  # 21:59:55 in the county
    async with rig(tmp_path, policy, start_ms=begin_ms) as one:
        await one.run(3)
        assert not one.cameras["k1"].readers
        await one.run(12)
        assert one.cameras["k1"].readers
        one.clock.advance(begin_ms + 8 * 3_600_000 + 5000)
        await one.recorder.flush()
        await one.run(2)
        assert not one.cameras["k1"].readers
        (span,) = (await one.store.listing("k1", begin_ms, begin_ms + DAY_MS)).spans
        assert 4000 <= span.from_ms - begin_ms <= 7000
        one.recorder.set_policies({"k1": RecordingPolicy()})
        await one.recorder.flush()
        assert not one.cameras["k1"].readers


async def test_an_event_that_is_over_before_the_next_look_is_recorded(tmp_path: Path) -> None:  # R865
    async with rig(tmp_path, RecordingPolicy(mode="event", pre_s=5, post_s=1)) as one:
        await one.run(20)
        one.recorder.event("k1", one.clock.now_ms())
        for _ in range(3):  # a slow disk, or machine
            one.cameras["k1"].bring(one.clock.now_ms())
            one.clock.advance(one.clock.now_ms() + 1000)
        await one.run(10)
        ((begin, end),) = await one.spans()
        assert (14 <= begin <= 15, end) == (True, 24)


async def test_what_goes_on_is_recorded_on_where_the_policy_changes(tmp_path: Path) -> None:  # R865
    policy = RecordingPolicy(mode="event", pre_s=5, post_s=10)
    async with rig(tmp_path, policy) as one:
        await one.run(20)
        one.recorder.event("k1", one.clock.now_ms())
        await one.run(3)
        one.recorder.set_policies({"k1": replace(policy, keep_days=7)})
        await one.run(20)
        assert (await one.spans())[-1][1] == 30


async def test_an_event_is_recorded_with_what_came_before_and_after(tmp_path: Path) -> None:
    async with rig(tmp_path, RecordingPolicy(mode="event", pre_s=5, post_s=10)) as one:
        await one.run(30)
        assert await one.spans() == []
        one.recorder.event("k1", one.clock.now_ms())
        await one.run(5)
        one.recorder.event("k1", one.clock.now_ms())  # it goes on
        await one.run(30)
        ((begin, end),) = await one.spans()
        assert 24 <= begin <= 25
        assert 44 <= end <= 46


async def test_recordings_are_a_ring_within_the_quota_and_locked_ones_stay(tmp_path: Path) -> None:
    one_segment = 10 * sum(len(packet.data) for packet in second())
    async with rig(tmp_path, total_bytes=20 * one_segment) as one:
        await one.run(30)
        await one.store.lock(a_lock(12, 13))
        await one.run(470)
        spans = await one.spans()
        assert spans[0] == (10, 20)
        assert len(spans) == 2
        assert 480 <= spans[-1][1] <= 500
        files = sum(path.stat().st_size for path in tmp_path.rglob("*-*.mp4"))
        assert 18 * one_segment <= files <= 22 * one_segment
        await one.store.release("l1")
        await one.run(60)
        assert (await one.spans())[0][0] > 20


async def test_a_camera_has_its_own_quota(tmp_path: Path) -> None:
    size = sum(len(packet.data) for packet in second())
    async with rig(tmp_path) as one:
        one.cameras["k2"] = Feed()
        quota = RecordingPolicy(mode="continuous", quota_mib=1)
        one.recorder.set_policies({"k1": quota, "k2": CONTINUOUS})
        seconds = 1024 * 1024 // size + 60
        await one.run(seconds)
        assert (await one.spans("k2"))[0][0] <= 1
        begin, end = (await one.spans("k1"))[0]
        assert begin >= 10
        assert end >= seconds - 1


async def test_to_stop_mends_nothing_what_came_is_written_and_what_is_wrong_stays_said(tmp_path: Path) -> None:
    """R780: the alarm stays, and a hub that stopped before is not asked for anything."""
    async with rig(tmp_path, keep_free_bytes=2**60) as one:
        recording = asyncio.ensure_future(one.recorder.run())
        await one.run(3)
        (full,) = one.told
        assert full.startswith("the disk is full")
        one.cameras["k1"].bring(one.clock.now_ms())
        recording.cancel()
        await asyncio.wait([recording])
        assert recording.cancelled()
        assert one.told == [full]
        assert await one.spans() == [(0, 4)]
