"""A hub makes backups by itself: when one is due, in another process, and keeps the newest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from command.backup.checking import check_archive
from command.backup.making import Source
from command.backup.schedule import Backups, Plan
from command.backup.stores import new_stores
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import UnavailableError
from command.kernel.limits import BACKUP_RETRY_MS
from tests.command.backup.keeping import KEY, fill
from tests.command.support import HOUR_MS, START_MS


@pytest.fixture
async def source(tmp_path: Path) -> Source:
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
    (tmp_path / "out").mkdir()
    return Source(data=tmp_path / "data", release="test")


def backups_of(source: Source, clock: VirtualClock, keep: int = 2) -> Backups:
    folder = source.data.parent / "out"
    return Backups(Plan(folder=str(folder), hours=6, keep=keep), source, KEY, clock)


async def until_asleep(clock: VirtualClock, wake_ms: int) -> None:
    async with asyncio.timeout(60):
        while clock.next_wake_ms() != wake_ms:
            await SystemClock().sleep(20)


async def test_one_is_made_when_due_and_the_newest_are_kept(source: Source) -> None:
    clock, out = VirtualClock(START_MS), source.data.parent / "out"
    (out / "somebody's notes").touch()
    backups = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        made = []
        for turn in range(1, 4):
            await until_asleep(clock, START_MS + turn * 6 * HOUR_MS)
            assert backups.last_good_ms == clock.now_ms()
            made.append(max(path.name for path in out.glob("*.backup")))
            clock.advance(START_MS + turn * 6 * HOUR_MS - (1 if turn == 3 else 0))
        running.cancel()
    assert len(set(made)) == 3
    assert sorted(path.name for path in out.iterdir()) == sorted(["somebody's notes", *made[-2:]])
    assert check_archive(out / made[-1], KEY).contents.blobs == 1
    # The next hub goes on from what is there: nothing is due yet.
    later = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(later.run())
        await until_asleep(clock, START_MS + 3 * 6 * HOUR_MS)
        running.cancel()
    assert later.last_good_ms == backups.last_good_ms
    assert len(list(out.glob("*.backup"))) == 2


async def test_one_that_fails_is_counted_costs_no_other_and_is_tried_again(source: Source) -> None:
    clock, out = VirtualClock(START_MS), source.data.parent / "out"
    backups = backups_of(source, clock, keep=1)
    good = await backups.make()
    journal = source.data / "journal.sqlite3"
    journal.rename(source.data / "away")
    clock.advance(START_MS + 6 * HOUR_MS)
    with pytest.raises(UnavailableError, match="no journal"):
        await backups.make()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        await until_asleep(clock, START_MS + 6 * HOUR_MS + BACKUP_RETRY_MS)
        assert (backups.failed, backups.last_good_ms) == (1, START_MS)
        assert list(out.iterdir()) == [good]
        (source.data / "away").rename(journal)
        clock.advance(START_MS + 6 * HOUR_MS + BACKUP_RETRY_MS)
        await until_asleep(clock, START_MS + 12 * HOUR_MS + BACKUP_RETRY_MS)
        running.cancel()
    assert not good.exists()
    assert len(list(out.iterdir())) == 1


async def test_no_folder_is_a_failure_and_no_reason_to_make_one(source: Source) -> None:
    out = source.data.parent / "out"
    out.rmdir()
    clock = VirtualClock(START_MS)
    backups = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        await until_asleep(clock, START_MS + BACKUP_RETRY_MS)
        running.cancel()
    assert backups.failed == 1
    assert not out.exists()
