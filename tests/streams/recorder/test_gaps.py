"""Every time without pictures says why there are none (SPEC R450, R451)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.facts.recording import Hours, RecordingPolicy
from streams.camera_spec import CameraStatus
from streams.recorder import index, whys
from streams.recorder.clips import export
from streams.recorder.diary import Diary
from streams.recorder.gaps import Cause, Gap, Why, explained, missing
from streams.recorder.sheets import Asked
from streams.recorder.store import Store
from streams.recorder.whys import Turn
from tests.streams.recorder.support import CONTINUOUS, Feed, Rig, rig, second
from tests.streams.recorder.test_crash import fill, small_disk
from tests.streams.test_fmp4 import AT_MS

__all__ = ["small_disk"]


async def gaps(one: Rig, from_s: int = 0, camera: str = "k1") -> list[tuple[int, int, str, str]]:
    """What is missing up to now, in seconds since the beginning."""
    now_ms = one.clock.now_ms()
    listing = await one.store.listing(camera, AT_MS + from_s * 1000, now_ms + 60_000, now_ms)
    return [
        (round((g.from_ms - AT_MS) / 1000), round((g.to_ms - AT_MS) / 1000), g.reason, g.detail) for g in listing.gaps
    ]


async def test_a_camera_that_is_down_says_why_in_its_first_words(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(10)
        await one.run(4, silent=["k1"])
        one.cameras["k1"].status = CameraStatus("down", one.clock.now_ms(), "connection refused")
        await one.run(4, silent=["k1"])
        one.cameras["k1"].status = CameraStatus("down", one.clock.now_ms(), "no answer")
        await one.run(4, silent=["k1"])
        assert await gaps(one) == [(10, 22, "camera_down", "connection refused")]
        one.cameras["k1"].status = CameraStatus("up", 0)
        await one.run(10)
        assert await gaps(one) == [(10, 22, "camera_down", "connection refused")]
        asked = Asked(camera="k1", from_ms=AT_MS + 5000, to_ms=AT_MS + 30_000, why="移送", who="zhang", at_ms=AT_MS)
        clip = await export(one.store, asked)
        assert [(gap.reason, gap.detail) for gap in clip.gaps] == [("camera_down", "connection refused")]
        # A camera that nobody pulls is down as well, and one of which nothing is known says so.
        del one.cameras["k1"]
        await one.run(8)
        assert (await gaps(one))[-1][2:] == ("camera_down", "nobody pulls it here")
        assert [gap[2] for gap in await gaps(one, camera="k9")] == ["unknown"]
        assert [gap[2] for gap in await gaps(one, -3600)][:2] == ["not_scheduled", "camera_down"]


async def test_what_was_not_to_be_recorded_says_so(tmp_path: Path) -> None:
    nights = Hours(days=(1, 2, 3, 4, 5, 6, 7), from_min=22 * 60, to_min=6 * 60)
    scheduled = RecordingPolicy(mode="scheduled", schedule=(nights,))
    at_noon_ms = AT_MS - AT_MS % 86_400_000 + 4 * 3_600_000
    async with rig(tmp_path, scheduled, start_ms=at_noon_ms) as one:
        await one.run(20)
        listing = await one.store.listing("k1", at_noon_ms, at_noon_ms + 20_000)
        assert [gap.reason for gap in listing.gaps] == ["not_scheduled"]
        one.recorder.set_policies({"k1": CONTINUOUS})
        await one.run(20)
        one.recorder.set_policies({"k1": RecordingPolicy()})  # off
        await one.run(20)
        one.recorder.set_policies({"k1": RecordingPolicy(mode="event", pre_s=0, post_s=5)})
        await one.run(30)
        listing = await one.store.listing("k1", at_noon_ms, one.clock.now_ms())
        assert [gap.reason for gap in listing.gaps] == ["not_scheduled", "not_scheduled", "no_event"]
        one.recorder.set_policies({})  # another hub took over
        await one.run(20)
        listing = await one.store.listing("k1", at_noon_ms, one.clock.now_ms())
        assert [gap.reason for gap in listing.gaps][-1] == "recorder_stopped"


async def test_while_the_recorder_was_away_and_when_the_clock_was_set(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(20)
    async with rig(tmp_path, start_ms=AT_MS + 80_000) as one:
        await one.run(20)
        assert await gaps(one) == [(20, 80, "recorder_stopped", "")]
        ahead_ms = 3_600_000
        one.clock.advance(one.clock.now_ms() + ahead_ms)
        for _ in range(10):  # the stream's own time goes on as before
            now_ms = one.clock.now_ms()
            stream_ms = now_ms - ahead_ms
            for packet in second():
                fresh = replace(packet, pts_ms=stream_ms + packet.pts_ms, at_ms=now_ms + packet.pts_ms)
                for reader in one.cameras["k1"].readers:
                    reader.put(fresh)
            one.clock.advance(now_ms + 1000)
            await one.recorder.flush()
        (_, stopped, jump) = [(0, 0, "", ""), *await gaps(one)]
        assert stopped[2] == "recorder_stopped"
        assert jump[2] == "clock_jump"
        assert 3590 <= jump[1] - jump[0] <= 3610


async def test_reasons_outlive_the_index(tmp_path: Path) -> None:  # R658
    """It is lost with its disk's table of files, or put aside as damaged: it is made anew from files and the diary."""
    async with rig(tmp_path) as one:
        await one.run(10)
        one.cameras["k1"].status = CameraStatus("down", one.clock.now_ms(), "connection refused")
        await one.run(12, silent=["k1"])
        one.cameras["k1"].status = CameraStatus("up", 0)
        await one.run(10)
    async with rig(tmp_path, start_ms=AT_MS + 90_000) as one:
        await one.run(20)
        before, long_before = await gaps(one), await gaps(one, -3600)
    assert [gap[2] for gap in before] == ["camera_down", "recorder_stopped"]
    assert long_before[0][2] == "not_scheduled"
    for n, lost in enumerate((False, True)):
        for path in tmp_path.glob("index.sqlite3*") if not lost else ():
            path.unlink()
        if lost:
            (tmp_path / "index.sqlite3").write_bytes(b"no database" * 1000)
        async with rig(tmp_path, start_ms=AT_MS + 112_000 + n * 1000) as one:
            assert (await gaps(one))[:2] == before
            assert (await gaps(one, -3600))[0] == long_before[0]
            with (tmp_path / "gaps.jsonl").open("ab") as diary:
                diary.write(b'{"type":"turn","turn":{"came')  # torn by a crash


# R658
def test_a_diary_that_is_full_forgets_the_oldest_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.recorder.diary.RECORD_DIARY_BYTES", 2000)
    diary = Diary(tmp_path)
    for n in range(200):
        cause = Cause("camera_down", "no answer") if n % 2 else None
        diary.note([Turn("k1", AT_MS + n * 10_000, cause)], AT_MS + n * 10_000, begins=not n)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5000
    with sqlite3.connect(":memory:") as db:
        for script in index.SCHEMA:
            db.executescript(script)
        Diary(tmp_path).replay(db)
        (own, *_) = whys.layers(db, "k1", AT_MS - 1000, AT_MS + 2_000_000)
    assert {why.cause.reason for why in own} == {"camera_down"}, "and not that nothing was to be recorded before"
    assert own[0].from_ms > AT_MS + 1_000_000


async def test_what_was_overwritten_says_so_and_what_was_missing_before_keeps_its_reason(tmp_path: Path) -> None:
    one_segment = 10 * sum(len(packet.data) for packet in second())
    async with rig(tmp_path, total_bytes=20 * one_segment) as one:
        await one.run(50)
        await one.run(20, silent=["k1"])
        await one.run(500)
        first, second_gap, *_ = found = await gaps(one)
        # To the second, since neither what was there nor who knew better is left.
        assert (first[0], first[2]) == (0, "overwritten")
        assert 46 <= first[1] == second_gap[0] <= 50
        assert 70 <= second_gap[1] <= 71
        assert second_gap[2] == "camera_down"
        assert found[2][2] == "overwritten"
        assert len(found) == 3


async def test_a_full_disk_is_the_reason_of_what_it_costs(small_disk: Path) -> None:
    async with rig(small_disk) as one:
        one.cameras["k2"] = Feed()
        await one.run(15)
        fill(small_disk / "hog")
        begun = (one.clock.now_ms() - AT_MS) // 1000
        await one.run(40)
        (small_disk / "hog").unlink()
        await one.run(30)
        reasons = {reason for begin, _, reason, _ in await gaps(one) if begin >= begun - 2}
        assert reasons == {"disk_full"}


async def test_reasons_outlive_the_recorder_and_of_index_and_diary_either(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(10)
        one.cameras["k1"].status = CameraStatus("down", 0, "no route to host")
        await one.run(10, silent=["k1"])
        await one.run(10)
    store = await Store.open(tmp_path)
    (gap,) = (await store.listing("k1", AT_MS, AT_MS + 30_000)).gaps
    assert (gap.reason, gap.detail) == ("camera_down", "no route to host")
    await store.close()
    for lost, reason in (("gaps*", "camera_down"), ("index.sqlite3*", "unknown")):
        for path in tmp_path.glob(lost):
            path.unlink()
        store = await Store.open(tmp_path)
        (gap,) = (await store.listing("k1", AT_MS, AT_MS + 30_000)).gaps
        assert gap.reason == reason
        await store.close()


def test_causes_are_laid_over_what_is_missing() -> None:
    assert missing([(0, 10_000), (11_000, 20_000), (30_000, 40_000)], -5000, 50_000) == [
        (-5000, 0), (20_000, 30_000), (40_000, 50_000),
    ]  # fmt: skip
    down, off, stopped = Cause("camera_down", "x"), Cause("not_scheduled"), Cause("recorder_stopped")
    own = [Why(0, 30_000, down), Why(60_000, 90_000, off)]
    away = [Why(20_000, 50_000, stopped)]
    assert explained([(1000, 100_000)], [own, away]) == [
        Gap(1000, 30_000, "camera_down", "x"),
        Gap(30_000, 50_000, "recorder_stopped"),
        Gap(50_000, 60_000, "unknown"),
        Gap(60_000, 90_000, "not_scheduled"),
        Gap(90_000, 100_000, "unknown"),
    ]
    # Seams belong to what is beside them; what is not written yet is no gap.
    assert explained([(28_000, 33_000)], [own]) == [Gap(28_000, 33_000, "camera_down", "x")]
    assert explained([(57_000, 62_000)], [own]) == [Gap(57_000, 62_000, "not_scheduled")]
    assert explained([(40_000, 45_000)], [own], 45_000) == []
    assert explained([(40_000, 45_000)], [own], 80_000) == [Gap(40_000, 45_000, "unknown")]
