"""Snapshots are a cache: they fold to what the whole journal folds to, or they are not used (SPEC R16)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from command import rules, snapshots, tables
from command.actors import HUB
from command.hub import Hub, recorded
from command.journal import Head, StoredFact
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import TriuneError
from command.kernel.limits import SNAPSHOT_RETRY_MS
from command.rows import DeviceRow
from command.settings import Limits
from command.snapshots import SnapshotFolder, TablesCopy, keep_snapshots, start_from_snapshot
from tests.command.random_requests import RandomRequests
from tests.command.support import HOUR_MS, RING, START_MS, Desk, desk, picture, refold
from tests.damage import flipped


class CountingJournal(MemoryJournal):
    """Counts the facts that were read."""

    read_facts = 0

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        facts = await super().read(space, after, limit)
        self.read_facts += len(facts)
        return facts


async def take(d: Desk, folder: SnapshotFolder) -> TablesCopy:
    copied = await d.hub.read(lambda t: TablesCopy("live", t, d.hub.head))
    folder.write(copied)
    return copied


async def restarted(journal: MemoryJournal, folder: SnapshotFolder, limits: Limits | None = None) -> Hub:
    hub = Hub("live", VirtualClock(START_MS), journal, limits)
    await start_from_snapshot(hub, folder)
    await hub.load()
    return hub


@pytest.mark.parametrize("seed", range(6))
async def test_a_snapshot_and_later_facts_are_the_whole_journal(seed: int, tmp_path: Path) -> None:  # R16
    journal, folder = CountingJournal(), SnapshotFolder(tmp_path)
    requests = RandomRequests(seed)
    async with desk(journal) as d:
        for step in range(200):
            request, who = requests.next(await d.hub.read(lambda t: t), d.clock.now_ms())
            await asyncio.gather(d.hub.ask(request, who), return_exceptions=True)
            if step == 120:
                copied = await take(d, folder)
            if step % 20 == 0:
                await d.pass_time(requests.random.choice((1, HOUR_MS, 26 * HOUR_MS)))
    journal.read_facts = 0
    hub = await restarted(journal, folder)
    assert journal.read_facts == 1 + hub.committed_seq - copied.head.seq
    whole = await refold(journal)
    assert picture(hub._tables) == picture(whole)
    # What is folded after a restart does not depend on how the tables came about.
    later = [recorded(fact) for fact in await journal.read("live", copied.head.seq, 10_000)]
    [(restored, head)] = folder.read("live", Limits())
    assert head == copied.head
    for fact in later:
        rules.fold(restored, fact)
    restored.settle()
    assert picture(restored) == picture(whole)


def test_what_one_holds_comes_back_with_what_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R18
    """Else a page that was away since before would keep what was dropped, or be told half of what it missed."""
    monkeypatch.setattr(tables, "TOMBSTONES", 3)
    t, folder = tables.Tables(), SnapshotFolder(tmp_path)
    for n in range(2 * snapshots._ROWS_PER_CHUNK + 1):
        t.seq += 1
        t.devices.put(DeviceRow(id=f"d{n}", kind="mobile", unit=""))
    for n in range(7):
        t.seq += 1
        t.devices.drop(f"d{n}")
    t.settle()
    assert (t.devices.floor_seq, len(t.devices.dropped_seq)) == (t.seq - 3, 3)
    copied = TablesCopy("live", t, Head(seq=t.seq, digest=bytes(32)))
    folder.write(copied)
    [(restored, head)] = folder.read("live", Limits())
    assert head == copied.head
    assert picture(restored) == picture(copied.tables()) == picture(t)


async def test_one_of_another_journal_program_or_settings_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, folder = CountingJournal(), SnapshotFolder(tmp_path)
    async with desk(journal) as d:
        await take(d, folder)
        expected = picture(await d.hub.read(lambda t: t))
    other = CountingJournal()
    async with desk(other, enrolled=False) as d:
        for _ in range(30):
            await d.ask(RING)
        ringing = picture(await d.hub.read(lambda t: t))
    assert picture((await restarted(other, folder))._tables) == ringing  # another journal, as long
    assert (await restarted(MemoryJournal(), folder)).committed_seq == 0  # one that lost everything
    journal.read_facts = 0
    hub = await restarted(journal, folder, Limits(sign_s=77))
    assert journal.read_facts == hub.committed_seq
    assert picture(hub._tables) == expected
    [one] = tmp_path.glob("live-*")
    (tmp_path / one.name.replace("live", "rehearsal")).write_bytes(one.read_bytes())
    assert list(folder.read("rehearsal", Limits())) == []
    monkeypatch.setattr(snapshots, "_source", lambda: b"the next release")
    assert list(folder.read("live", Limits())) == []


async def test_a_damaged_one_gives_way_to_the_one_before(tmp_path: Path) -> None:
    journal, folder = MemoryJournal(), SnapshotFolder(tmp_path)
    async with desk(journal) as d:
        first = await take(d, folder)
        await d.ask(RING)
        second = await take(d, folder)
        expected = picture(await d.hub.read(lambda t: t))
    path = tmp_path / f"live-{second.head.seq:012}.snapshot"
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[:20], flipped(whole, 100), b"x" * len(whole)):
        path.write_bytes(damaged)
        assert [head for _, head in folder.read("live", Limits())] == [first.head]
        assert picture((await restarted(journal, folder))._tables) == expected
    path.write_bytes(whole)
    (tmp_path / "live-999999999999.snapshot").mkdir()  # one that cannot be read at all
    with (tmp_path / "live-999999999998.snapshot").open("wb") as file:  # and one of a release that wrote another header
        snapshots._write_sealed(file, [msgspec.msgpack.encode({"release": 2})])
    assert [head for _, head in folder.read("live", Limits())] == [second.head, first.head]


async def test_what_a_kill_left_of_one_goes_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SnapshotFolder(tmp_path)

    def refused(file: BinaryIO, _chunks: object) -> None:
        file.write(b"half")
        raise OSError("no space left")

    def killed(file: BinaryIO, _chunks: object) -> None:
        file.write(b"half")
        file.flush()
        os._exit(0)

    async with desk() as d:
        with monkeypatch.context() as there:
            there.setattr(snapshots, "_write_sealed", refused)
            with pytest.raises(OSError, match="no space"):
                await take(d, folder)
            assert not list(tmp_path.iterdir()), "what has no room takes none"
            there.setattr(snapshots, "_write_sealed", killed)
            for _ in range(2):
                await d.ask(RING)
                copied = await d.hub.read(lambda t: TablesCopy("live", t, d.hub.head))
                if not (child := os.fork()):
                    folder.write(copied)
                os.waitpid(child, 0)
        assert len(list(tmp_path.iterdir())) == 1
        await take(d, folder)
    assert [path.suffix for path in tmp_path.iterdir()] == [".snapshot"]


async def test_the_newest_two_of_each_space_are_kept(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    (tmp_path / "notes.txt").write_text("of somebody else")
    async with desk() as d:
        heads = []
        for _ in range(4):
            await d.ask(RING)
            heads.append((await take(d, folder)).head)
    assert [head for _, head in folder.read("live", Limits())] == heads[:1:-1]
    assert [head for _, head in folder.read("live", Limits(), heads[2].seq)] == [heads[3]]
    assert [head for _, head in folder.read("live", Limits(), before_seq=heads[3].seq)] == [heads[2]]
    assert list(folder.read("rehearsal", Limits())) == []
    assert len(list(tmp_path.iterdir())) == 3


async def test_a_hub_takes_one_each_so_many_facts_and_goes_on_where_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_FACTS", 10)
    tried: asyncio.Queue[bool] = asyncio.Queue()

    class Refusing(SnapshotFolder):
        refusals = 1

        def write(self, copied: TablesCopy) -> None:
            refused, self.refusals = self.refusals > 0, self.refusals - 1
            if not refused:
                super().write(copied)
            loop.call_soon_threadsafe(tried.put_nowait, not refused)
            if refused:
                raise OSError("no space left")

    loop, folder = asyncio.get_running_loop(), Refusing(tmp_path)
    async with desk() as d, asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keep_snapshots(d.hub, folder, d.clock, d.hub.committed_seq))
        for _ in range(10):
            await d.hub.ask(RING, HUB)
        assert not await tried.get()
        while d.clock.next_wake_ms() != d.clock.now_ms() + SNAPSHOT_RETRY_MS:
            await d.table("calls")
        await d.pass_time(SNAPSHOT_RETRY_MS)
        assert await tried.get()
        first_seq = folder.newest["live"].seq
        for _ in range(10):
            await d.hub.ask(RING, HUB)
        assert await tried.get()
        assert folder.newest["live"].seq >= first_seq + 10
        keeping.cancel()
    for taken, head in folder.read("live", Limits()):
        assert taken.seq == head.seq >= 10


async def test_a_hub_that_is_started_often_takes_one_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R905
    monkeypatch.setattr(snapshots, "SNAPSHOT_FACTS", 10)
    taken: asyncio.Queue[int] = asyncio.Queue()

    class Telling(SnapshotFolder):
        def write(self, copied: TablesCopy) -> None:
            super().write(copied)
            loop.call_soon_threadsafe(taken.put_nowait, copied.head.seq)

    loop, journal, folder = asyncio.get_running_loop(), CountingJournal(), Telling(tmp_path)
    async with desk(journal) as d:
        before = d.hub.committed_seq
        assert before >= 10, "history that no snapshot was taken of: another release's, or of other limits"
    for _ in range(3):  # each time fewer facts come than a snapshot is taken after
        hub = Hub("live", VirtualClock(START_MS), journal)
        from_seq = await start_from_snapshot(hub, folder)
        await hub.load()
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(hub.run()),
                tasks.create_task(keep_snapshots(hub, folder, hub.clock, from_seq)),
            ]
            async with asyncio.timeout(60):
                for _ in range(6):
                    await hub.ask(RING, HUB)
                while hub.committed_seq - from_seq >= 10:
                    from_seq = await taken.get()
            for task in running:
                task.cancel()
    journal.read_facts = 0
    await restarted(journal, folder)
    assert journal.read_facts <= 10


async def test_a_journal_that_is_away_is_not_taken_for_another(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)

    class Away(MemoryJournal):
        async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
            raise TriuneError("away")

    async with desk() as d:
        await take(d, folder)
    with pytest.raises(TriuneError):
        await restarted(Away(), folder)
