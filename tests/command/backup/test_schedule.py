"""A hub makes backups by itself: when one is due, in another process, and keeps the newest."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import multiprocessing
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command.access.keys import SiteKey
from command.backup import schedule
from command.backup.archive import ArchiveWriter
from command.backup.checking import check_archive
from command.backup.folder import Archives, Owner, archives_in
from command.backup.making import Source, make_backup
from command.backup.schedule import Backups, Plan
from command.backup.stores import new_stores
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import UnavailableError
from command.kernel.limits import BACKUP_AHEAD_LOOK_MS, BACKUP_AHEAD_MS, BACKUP_RETRY_MS
from tests.command.backup.keeping import KEY, fill
from tests.command.support import HOUR_MS, START_MS

LOCK = ".triune-backups.lock"
"""Its file stays in the folder."""


@pytest.fixture
async def source(tmp_path: Path) -> Source:
    async with new_stores(tmp_path / "data", KEY, None) as stores:
        await fill(stores)
    (tmp_path / "out").mkdir()
    return Source(data=tmp_path / "data", release="test")


def backups_of(source: Source, clock: VirtualClock, keep: int = 2, history: str = "0123456789abcdef") -> Backups:
    folder = source.data.parent / "out"
    owner = Owner(history=history, key=KEY)
    return Backups(Plan(folder=str(folder), hours=6, keep=keep), source, owner, clock)


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
    assert sorted(path.name for path in out.iterdir()) == sorted([LOCK, "somebody's notes", *made[-2:]])
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
        assert (backups.failed, backups.failing, backups.last_good_ms) == (1, True, START_MS)
        assert sorted(out.iterdir()) == [out / LOCK, good]
        (source.data / "away").rename(journal)
        clock.advance(START_MS + 6 * HOUR_MS + BACKUP_RETRY_MS)
        while backups.failing:  # until there is one again, and no shorter
            await SystemClock().sleep(1)
        assert backups.last_good_ms == clock.now_ms()
        await until_asleep(clock, START_MS + 12 * HOUR_MS + BACKUP_RETRY_MS)
        assert (backups.failed, backups.failing) == (1, False)
        running.cancel()
    assert not good.exists()
    assert len(list(out.iterdir())) == 2


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


@asynccontextmanager
async def begun(source: Source, clock: VirtualClock) -> AsyncIterator[tuple[asyncio.Task[Path], Path, Path]]:
    """A backup that waits in the middle for what is told to a pipe, its part, and the pipe."""
    pipe, out = source.data.parent / "pipe", source.data.parent / "out"
    if not pipe.exists():
        os.mkfifo(pipe)
    before = parts(out)
    async with asyncio.TaskGroup() as group:
        making = group.create_task(backups_of(msgspec.structs.replace(source, settings=pipe), clock).make())
        while not parts(out) - before:
            await SystemClock().sleep(20)
        (part,) = parts(out) - before
        yield making, part, pipe


def parts(folder: Path) -> set[Path]:
    return set(folder.glob(".*.part"))


async def test_what_a_hub_that_stops_has_begun_is_removed_and_so_is_what_others_left(source: Source) -> None:
    """R900."""
    out = source.data.parent / "out"
    async with begun(source, VirtualClock(START_MS)) as (making, part, _):
        left = {part.with_name(f".triune-20260101T000000Z{of}.backup.part") for of in ("", "-fedcba9876543210")}
        for path in left:
            path.touch()
        making.cancel()
    assert parts(out) == left
    notes = [out / ".somebody's.backup.part", out / ".triune-before-the-move.backup.part"]
    for path in notes:
        path.touch()
    made = await backups_of(source, VirtualClock(START_MS)).make()
    assert parts(out) == set(notes)
    check_archive(made, KEY)


async def test_what_another_hub_is_writing_is_not_removed(source: Source) -> None:
    """R900."""
    out = source.data.parent / "out"
    async with begun(source, VirtualClock(START_MS)) as (making, part, pipe):
        left = part.with_name(".triune-20260101T000000Z.backup.part")
        left.touch()
        other = await backups_of(source, VirtualClock(START_MS + HOUR_MS)).make()
        assert parts(out) == {part, left}
        pipe.write_text("data = 'var'", encoding="utf-8")
    assert sorted(out.glob("*.backup")) == [making.result(), other]
    check_archive(making.result(), KEY)


async def test_a_process_that_cannot_be_killed_holds_up_neither_the_hub_nor_its_end(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R901. What a disk holds up within the kernel is not reached by a signal: here the signal is kept from it."""
    monkeypatch.setattr(schedule, "BACKUP_KILL_MS", 1000)  # so long that the loop turns, whatever the machine does
    kill = SpawnProcess.kill
    others = set(multiprocessing.active_children())
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await SystemClock().sleep(10)
            turns += 1

    with monkeypatch.context() as patched:
        patched.setattr(SpawnProcess, "kill", lambda _: None)
        async with begun(source, VirtualClock(START_MS)) as (making, part, _):
            (process,) = set(multiprocessing.active_children()) - others
            assert isinstance(process, SpawnProcess)
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                turning = group.create_task(turn())
                making.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await making
                turning.cancel()
    assert turns > 2
    assert part.exists()
    assert process not in multiprocessing.active_children(), "the end of Python would wait for it"
    kill(process)
    process.join()
    made = await backups_of(source, VirtualClock(START_MS + HOUR_MS)).make()
    assert parts(made.parent) == set(), "the next one removes what it left"


async def test_one_made_while_the_clock_was_ahead_neither_stops_the_others_nor_pushes_them_out(source: Source) -> None:
    """R902."""
    out = source.data.parent / "out"
    early, clock = VirtualClock(START_MS + 400 * 24 * HOUR_MS), VirtualClock(START_MS)
    ahead = await backups_of(source, early).make()
    (out / "triune-20279999T999999Z.backup").touch()  # no instant: somebody's own file
    backups = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        # One is due at once. While one is ahead the folder is looked at more often than backups are made.
        await until_asleep(clock, START_MS + BACKUP_AHEAD_LOOK_MS)
        assert (backups.last_good_ms, backups.ahead) == (START_MS, [ahead.name])
        clock.advance(START_MS + BACKUP_AHEAD_LOOK_MS)
        await until_asleep(clock, START_MS + 2 * BACKUP_AHEAD_LOOK_MS)
        (first,) = set(out.glob("triune-2023*.backup"))  # a look is no reason to make one more
        assert ahead.exists(), "two are kept"
        clock.advance(START_MS + 6 * HOUR_MS)
        await until_asleep(clock, START_MS + 12 * HOUR_MS)
        assert (backups.last_good_ms, backups.ahead) == (START_MS + 6 * HOUR_MS, [])
        running.cancel()
    assert not ahead.exists(), "it went first, being of nobody knows when"
    assert first.exists()
    assert len(list(out.glob("triune-2023*.backup"))) == 2
    assert (out / "triune-20279999T999999Z.backup").exists()


async def test_clocks_that_differ_a_little_are_no_reason_to_make_one_more(source: Source) -> None:
    """R902."""
    await backups_of(source, VirtualClock(START_MS)).make()
    clock = VirtualClock(START_MS - BACKUP_AHEAD_MS)
    backups = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        await until_asleep(clock, START_MS + 6 * HOUR_MS)
        running.cancel()
    assert (backups.last_good_ms, backups.ahead, backups.failed) == (START_MS, [], 0)


async def test_a_settings_file_that_was_moved_away_is_named_as_lost_and_costs_no_backup(source: Source) -> None:
    """R903."""
    gone = msgspec.structs.replace(source, settings=source.data / "gone.toml")
    made = await backups_of(gone, VirtualClock(START_MS)).make()
    assert check_archive(made, KEY).lost == ("triune.toml",)


async def test_hubs_that_share_a_folder_make_each_their_own_and_drop_none_of_others(source: Source) -> None:
    """R913. A copy restored elsewhere, with its settings, has the same key and the same folder."""
    clock = VirtualClock(START_MS)
    theirs = {await backups_of(source, clock).make()}
    copy = backups_of(source, clock, history="fedcba9876543210")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(copy.run())
        await until_asleep(clock, START_MS + 6 * HOUR_MS)
        running.cancel()
    assert (copy.failed, copy.last_good_ms) == (0, START_MS)
    made = set((source.data.parent / "out").glob("*.backup")) - theirs
    assert len(made) == 1, "its own, though theirs was new"
    for hours in (6, 12):
        clock.advance(START_MS + hours * HOUR_MS)
        made.add(await copy.make())
    assert len(made) == 3
    assert theirs < set((source.data.parent / "out").glob("*.backup")), "two are kept of its own"
    assert len(list((source.data.parent / "out").glob("*.backup"))) == 3


async def test_those_of_a_release_before_are_counted_and_dropped_in_their_turn(source: Source) -> None:
    """R914."""
    out, clock = source.data.parent / "out", VirtualClock(START_MS + HOUR_MS)
    older, newer = out / "triune-20231114T000000Z.backup", out / "triune-20231114T221320Z.backup"
    for path in (older, newer):
        await asyncio.to_thread(make_backup, source, KEY, path)
    others = out / "triune-20231113T000000Z.backup"
    with others.open("wb") as file:
        ArchiveWriter(file, SiteKey(bytes(32)), 0)
    backups = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        await until_asleep(clock, START_MS + 6 * HOUR_MS)
        assert backups.last_good_ms == START_MS, "none is due yet"
        clock.advance(START_MS + 6 * HOUR_MS)
        await until_asleep(clock, START_MS + 12 * HOUR_MS)
        running.cancel()
    assert (older.exists(), newer.exists(), others.exists()) == (False, True, True)


async def test_what_was_lost_is_told_and_the_last_one_that_has_it_is_kept(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    """R915, R916."""
    out, clock = source.data.parent / "out", VirtualClock(START_MS)
    (picture,) = (source.data / "blobs").glob("??/*")
    backups = backups_of(source, clock, keep=1)
    whole = await backups.make()
    assert (backups.lost, caplog.records) == ((), [])
    picture.rename(source.data / "away")
    for hours in (6, 12):
        clock.advance(START_MS + hours * HOUR_MS)
        newest = await backups.make()
        assert sorted(out.glob("*.backup")) == [whole, newest]
        assert backups.lost == (picture.name,)
    assert [line.getMessage() for line in caplog.records] == 2 * [
        f"1 pictures or files cannot be read, the first is {picture.name}"
    ]
    # The next hub knows it from the folder.
    later = backups_of(source, clock, keep=1)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(later.run())
        await until_asleep(clock, START_MS + 18 * HOUR_MS)
        assert (later.last_good_ms, later.lost) == (START_MS + 12 * HOUR_MS, (picture.name,))
        running.cancel()
    (source.data / "away").rename(picture)
    clock.advance(START_MS + 18 * HOUR_MS)
    newest = await later.make()
    assert (later.lost, list(out.glob("*.backup"))) == ((), [newest])


async def test_one_that_cannot_be_opened_any_more_is_not_the_newest_good_one(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R915."""
    clock = VirtualClock(START_MS)
    damaged = await backups_of(source, clock).make()
    damaged.write_bytes(damaged.read_bytes()[:-1])
    clock.advance(START_MS + HOUR_MS)
    backups = backups_of(source, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(backups.run())
        await until_asleep(clock, START_MS + 7 * HOUR_MS)
        running.cancel()
    assert (backups.last_good_ms, backups.failed) == (START_MS + HOUR_MS, 0)

    def lost_since(*asked: Any) -> Archives:
        for path in damaged.parent.glob("*.backup"):
            path.write_bytes(path.read_bytes()[:-1])
        return archives_in(*asked)

    monkeypatch.setattr(schedule, "archives_in", lost_since)
    clock.advance(START_MS + 7 * HOUR_MS)
    with pytest.raises(UnavailableError, match="cannot be opened again"):
        await backups.make()
    assert (backups.last_good_ms, backups.newest, backups.newest_bytes) == (None, None, None)


async def test_a_process_that_cannot_be_started_or_is_killed_is_a_failure_and_no_end_of_backups(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1202. As where memory is short: then the kernel starts none, or kills what is large."""
    clock, others = VirtualClock(START_MS), set(multiprocessing.active_children())

    def refused(_: SpawnProcess) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    with monkeypatch.context() as patched:
        patched.setattr(SpawnProcess, "start", refused)
        with pytest.raises(UnavailableError, match="cannot be started: Cannot allocate memory"):
            await backups_of(source, clock).make()

    async def killed() -> None:
        async with begun(source, clock):
            (process,) = set(multiprocessing.active_children()) - others
            process.kill()

    with pytest.raises(ExceptionGroup) as raised:
        await killed()
    assert [str(error) for error in raised.value.exceptions] == ["its process was ended"]
    assert parts(source.data.parent / "out") == set()


async def test_a_folder_that_hangs_is_told_and_holds_up_neither_the_hub_nor_its_end(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1201. As a share does that went away: here it is a pipe under the name of an archive that nobody writes to."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))  # the end of Python waits for what is in it
    pipe, clock = source.data.parent / "out" / "triune-20231114T000000Z.backup", VirtualClock(START_MS)
    os.mkfifo(pipe)
    backups = backups_of(source, clock)
    try:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            with monkeypatch.context() as patched:
                patched.setattr(schedule, "BACKUP_FOLDER_MS", 100)
                running = group.create_task(backups.run())
                await until_asleep(clock, START_MS + BACKUP_RETRY_MS)
            assert (backups.failed, backups.failing, backups.is_known) == (1, True, False)
            clock.advance(START_MS + BACKUP_RETRY_MS)
            await until_asleep(clock, START_MS + 2 * BACKUP_RETRY_MS)  # at once: it is not asked a second time
            assert (backups.failed, backups.failing) == (2, True)
            await asyncio.to_thread(lambda: None)
            running.cancel()
    finally:
        os.close(os.open(pipe, os.O_RDWR))  # it answers again
