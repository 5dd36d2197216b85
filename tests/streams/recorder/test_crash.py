"""A kill, a torn file, a lost index, a full disk, a clock set back: what was flushed is there (SPEC R305–R309)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command.facts.recording import RecordingPolicy
from command.kernel.clock import SystemClock
from streams.recorder.disk import Keep
from streams.recorder.store import Store
from tests.paths import ROOT
from tests.streams.recorder.support import Feed, rig, second
from tests.streams.recorder.test_recorder import a_lock, pictures
from tests.streams.test_fmp4 import AT_MS

_ONE_SEGMENT = 10 * sum(len(packet.data) for packet in second())
_RECORDS_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from tests.streams.recorder.support import rig

async def main():
    async with rig(Path(sys.argv[1])) as one:
        while True:
            await one.run(1)
            print((one.clock.now_ms()), flush=True)

asyncio.run(main())
"""


async def test_a_kill_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    for kill_after in (3, 17, 33):
        folder = tmp_path / str(kill_after)
        recorder = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _RECORDS_FOR_EVER, str(folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert recorder.stdout is not None
        flushed_ms = AT_MS
        for _ in range(kill_after):
            flushed_ms = int(await recorder.stdout.readline())
        recorder.send_signal(signal.SIGKILL)
        await recorder.communicate()
        store = await Store.open(folder)
        (span,) = (await store.listing("k1", AT_MS, AT_MS + 3_600_000)).spans
        assert span.from_ms == AT_MS
        assert span.to_ms >= flushed_ms - 40  # but for the picture that waits for the next
        segments = (await store.listing("k1", AT_MS, AT_MS + 3_600_000)).segments
        assert not any(segment.open for segment in segments)
        head = await store.init(segments[0].init)
        shown = [pictures(head + await store.fragments("k1", segment.id)) for segment in segments]
        assert sum(shown) == (span.to_ms - span.from_ms) // 40
        await store.close()


async def test_a_file_torn_anywhere_is_whole_up_to_its_last_fragment(tmp_path: Path) -> None:
    async with rig(tmp_path / "a") as one:
        await one.run(5)
    (file,) = (tmp_path / "a").rglob("*-*.mp4")
    whole = file.read_bytes()
    shown = []
    for size in [0, 5, 100, 700, *range(1000, len(whole), len(whole) // 12)]:
        folder = tmp_path / str(size)
        torn = folder / file.relative_to(tmp_path / "a")
        torn.parent.mkdir(parents=True)
        (torn.parents[1] / "camera").write_text("k1")
        torn.write_bytes(whole[:size])
        store = await Store.open(folder)
        segments = (await store.listing("k1", AT_MS, AT_MS + 60_000)).segments
        if segments:
            data = await store.init(segments[0].init) + await store.fragments("k1", segments[0].id)
            shown.append(pictures(data))
            assert data == whole[: len(data)]
        else:
            assert not torn.exists()
        await store.close()
    assert shown == sorted(shown)
    assert len(set(shown)) >= 4


@pytest.mark.parametrize("harm", ["gone", "garbage"])
async def test_a_lost_index_is_made_anew_from_the_files(tmp_path: Path, harm: str) -> None:
    async with rig(tmp_path) as one:
        await one.run(25)
        await one.store.lock(a_lock(2, 3))
        before = await one.spans()
    for path in tmp_path.glob("index.sqlite3*"):
        path.unlink()
    if harm == "garbage":
        (tmp_path / "index.sqlite3").write_bytes(b"no database " * 1000)
    async with rig(tmp_path, RecordingPolicy()) as one:
        listing = await one.store.listing("k1", AT_MS, AT_MS + 60_000)
        assert [segment.locked for segment in listing.segments] == [True, False, False]
        assert (before[0][0], before[-1][1]) == (0, 25)
        assert (await one.spans())[-1][1] == 25


async def test_recording_goes_on_after_a_start_at_a_clock_that_was_set_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(20)
    async with rig(tmp_path, start_ms=AT_MS - 3_600_000) as one:
        await one.run(5)
        listing = await one.store.listing("k1", AT_MS - 7_200_000, AT_MS + 60_000)
        assert [segment.shift_ms for segment in listing.segments] == [pytest.approx(-3_620_000, abs=100), 0, 0]


async def test_a_clock_set_years_ahead_does_not_empty_the_disk(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(400)
        one.clock.advance(AT_MS + 20 * 365 * 86_400_000)
        await one.run(60)
        left = len((await one.store.listing("k1", AT_MS, AT_MS + 400_000)).segments)
        assert 10 < left < 40  # it goes, but slowly


async def test_what_is_too_old_goes(tmp_path: Path) -> None:
    async with rig(tmp_path, RecordingPolicy(mode="continuous", keep_days=1)) as one:
        await one.run(30)
        await one.store.lock(a_lock(25, 26))
        one.clock.advance(AT_MS + 86_400_000 + 3_600_000)
        await one.run(15)
        assert (await one.spans())[0] == (20, 30)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for some forty segments and the index."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = 40 * _ONE_SEGMENT + 8 * 1024 * 1024
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a file system of one's own needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_costs_the_oldest_and_never_the_locked(small_disk: Path) -> None:
    async with rig(small_disk) as one:
        await one.run(30)
        await one.store.lock(a_lock(11, 12))
        await one.run(600)
        spans = await one.spans()
        assert spans[0] == (10, 20)
        assert spans[-1][1] == 630
        assert sum(end - begin for begin, end in spans[1:]) > 200
        assert one.recorder.lost_segments == 0


async def test_room_is_kept_for_others_on_the_disk(small_disk: Path) -> None:
    keep = 20 * _ONE_SEGMENT
    async with rig(small_disk, keep_free_bytes=keep) as one:
        await one.run(600)
        disk = os.statvfs(small_disk)
        assert disk.f_bavail * disk.f_frsize >= keep - 3 * _ONE_SEGMENT
        assert one.recorder.lost_segments == 0


async def test_an_alarm_comes_before_locked_recordings_fill_the_disk(small_disk: Path) -> None:
    async with rig(small_disk, total_bytes=20 * _ONE_SEGMENT) as one:
        await one.store.lock(a_lock(0, 10_000))
        await one.run(140)
        assert one.told in ([], [""])
        await one.run(40)
        assert "locked recordings take" in one.told[-1]
        await one.run(30)
        assert "the disk is full" in one.told[-1]
        assert (await one.spans())[0] == (0, 210)  # what is locked stays, and what can be written is
        await one.store.release("l1")
        await one.run(30)
        assert one.told[-1] == ""


def fill(path: Path) -> None:
    """Write until there is no room."""
    filler = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(filler, bytes(4096))
    except OSError:
        os.close(filler)


async def test_a_disk_that_refuses_is_told_and_recording_resumes_by_itself(small_disk: Path) -> None:
    async with rig(small_disk) as one:
        one.cameras["k2"] = Feed()
        await one.run(15)
        await one.store.lock(a_lock(0, 10_000))
        hog = small_disk / "hog"
        fill(hog)
        await one.run(30)
        assert one.recorder.lost_segments > 0
        assert "cannot be written" in one.told[-1] or "full" in one.told[-1]
        hog.unlink()
        gone_at = (one.clock.now_ms() - AT_MS) // 1000
        await one.run(30)
        assert one.told[-1] == ""
        begin, end = (await one.spans())[-1]
        assert begin <= gone_at + 2
        assert end == gone_at + 30


async def test_a_folder_that_goes_away_and_comes_back_stops_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    async with rig(folder) as one:
        await one.run(3)
        assert await one.store.tidy({}, Keep(30), SystemClock().now_ms())
        for day in folder.rglob("20*"):
            day.chmod(0o500)
        await one.run(5)
        assert (await one.spans())[0][1] == 8
