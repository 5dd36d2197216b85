"""The past outlives the tables: situations that left them are found, and seen as they were (SPEC R169)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from command.journal import Head, StoredFact
from command.journal.memory import MemoryJournal
from command.kernel.errors import UnknownIdError
from command.readings.memory import MemoryReadings
from command.requests import CloseSituation, FeedBack, MergeSituation, StepOrder
from command.settings import Limits
from command.snapshots import SnapshotFolder, TablesCopy
from command.tables import Tables
from plans import past
from plans.limits import REPLAY_STARTS
from plans.past import Replays
from tests.command.support import DISPATCHER, HOUR_MS, OFFICER, START_MS, Desk, desk

DAY_MS = 24 * HOUR_MS


async def test_a_situation_that_left_the_tables_is_seen_as_it_was() -> None:
    journal, replays = MemoryJournal(), Replays()
    async with desk(journal) as d:
        await d.on_duty()
        order = await d.order()
        situation = (await d.row("orders", order)).situation
        await d.ask(StepOrder(order=order, step="arrived"), OFFICER)
        await d.ask(FeedBack(order=order, result="处置完毕"), OFFICER)
        await d.pass_time(HOUR_MS)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        closed_ms = d.clock.now_ms()
        await d.pass_time(3 * DAY_MS)
        assert situation not in await d.table("situations")
        later_ms = d.clock.now_ms()
    for at_ms, state in ((START_MS, "fed_back"), (closed_ms, "closed"), (later_ms, "closed")):
        scene = await replays.scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
        assert scene.tables["situations"][situation].state == state  # type: ignore[attr-defined]  # rows of any table
        assert list(scene.tables["orders"]) == [order]
    line = await replays.time_line(journal, "live", situation, Limits())
    assert [mark.kind for mark in line.facts][-2:] == ["order_fed_back", "situation_closed"]
    with pytest.raises(UnknownIdError):
        await replays.scene(journal, MemoryReadings(), "live", "s999", later_ms, Limits())


async def test_past_situations_are_found_by_the_time_they_were_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, replays = MemoryJournal(), Replays()
    async with desk(journal) as d:
        opened = []
        for day in range(5):
            opened.append(await d.situation(title=f"第{day}天"))
            await d.pass_time(HOUR_MS)
            if day == 1:
                await d.ask(MergeSituation(situation=opened[1], into=opened[0], why="同一起"), DISPATCHER)
            elif day > 1:
                await d.ask(CloseSituation(situation=opened[day]), DISPATCHER)
            await d.pass_time(DAY_MS - HOUR_MS)
        end_ms = d.clock.now_ms()
        assert not set(opened[1:4]) & set(await d.table("situations"))
    found = await replays.find(journal, "live", START_MS, end_ms)
    assert ([s.id for s in found.situations], found.more) == (opened, False)
    assert [s.merged_into for s in found.situations] == ["", opened[0], "", "", ""]
    assert [s.ended_ms for s in found.situations] == [None, *(START_MS + day * DAY_MS + HOUR_MS for day in range(1, 5))]
    # Both ends belong to it; what came before or after does not.
    found = await replays.find(journal, "live", START_MS + DAY_MS, START_MS + 2 * DAY_MS)
    assert [s.title for s in found.situations] == ["第1天", "第2天"]
    assert (await replays.find(journal, "live", START_MS + DAY_MS + 1, START_MS + 2 * DAY_MS - 1)).situations == []
    assert (await replays.find(journal, "nowhere", 0, end_ms)).situations == []
    monkeypatch.setattr(past, "PAST_SITUATIONS", 2)
    found = await replays.find(journal, "live", START_MS, end_ms)
    assert ([s.id for s in found.situations], found.more) == (opened[:2], True)


class ReadJournal(MemoryJournal):
    """Knows which facts were read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.facts_read: list[int] = []

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number, and remember them."""
        found = await super().read(space, after, limit)
        self.facts_read += [fact.seq for fact in found]
        return found


async def an_evening(d: Desk) -> list[tuple[str, int, int]]:
    """Open situations one after another, some beside the one before: of each its id, its fact's number, an instant."""
    await d.on_duty()
    seen: list[tuple[str, int, int]] = []
    for number in range(REPLAY_STARTS + 3):
        situation = await d.situation(title=f"第{number}起")
        opened_seq = d.hub.committed_seq
        await d.pass_time(HOUR_MS // 4)
        if seen:
            await d.ask(CloseSituation(situation=seen[-1][0]), DISPATCHER)
        seen.append((situation, opened_seq, d.clock.now_ms()))
        await d.pass_time(HOUR_MS)
    return seen


async def test_another_moment_of_a_situation_is_folded_from_its_opening_on() -> None:  # R1111
    journal, replays = ReadJournal(), Replays()
    async with desk(journal) as d:
        seen = await an_evening(d)
    situation, opened_seq, at_ms = seen[-1]
    await replays.time_line(journal, "live", situation, Limits())
    assert 1 in journal.facts_read, "nothing was known before the first look"
    for later_ms in (at_ms, at_ms + 1, at_ms - 1):
        journal.facts_read.clear()
        await replays.scene(journal, MemoryReadings(), "live", situation, later_ms, Limits())
        assert min(journal.facts_read) >= opened_seq
    # A younger one goes on from there, an older one cannot; another record has nothing of it.
    journal.facts_read.clear()
    await replays.scene(journal, MemoryReadings(), "live", seen[-3][0], at_ms, Limits())
    assert 1 in journal.facts_read
    journal.facts_read.clear()
    await replays.scene(journal, MemoryReadings(), "live", seen[-2][0], at_ms, Limits())
    assert min(journal.facts_read) >= seen[-3][1]
    with pytest.raises(UnknownIdError):
        await replays.scene(MemoryJournal(), MemoryReadings(), "live", situation, at_ms, Limits())


async def test_whatever_was_looked_at_before_a_moment_is_what_it_was() -> None:  # R1111
    journal, replays = MemoryJournal(), Replays()
    async with desk(journal) as d:
        seen = await an_evening(d)
    looks = [(situation, at_ms + off_ms) for situation, _, at_ms in seen for off_ms in (-1, 0, HOUR_MS, 40 * HOUR_MS)]
    for situation, at_ms in Random(5).choices(looks, k=60):
        again = await replays.scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
        assert again == await Replays().scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
        line = await replays.time_line(journal, "live", situation, Limits())
        assert line == await Replays().time_line(journal, "live", situation, Limits())


async def test_a_first_look_begins_with_the_latest_snapshot_that_the_record_vouches_for(tmp_path: Path) -> None:
    journal, other = ReadJournal(), ReadJournal()  # R1111
    snapshots = SnapshotFolder(tmp_path)
    async with desk(other) as d:
        await an_evening(d)
        await d.situation(title="别处的")
        strange = await d.hub.read(lambda t: TablesCopy("live", t, d.hub.head))
    async with desk(journal) as d:
        await an_evening(d)
        taken = await d.hub.read(lambda t: TablesCopy("live", t, d.hub.head))
        await d.situation(title="昨天的")
        situation = await d.situation(title="今天的")
        late = await d.hub.read(lambda t: TablesCopy("live", t, d.hub.head))
        at_ms = d.clock.now_ms()
    assert taken.head.seq < strange.head.seq < int(situation[1:])
    expected = await Replays().scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
    for copy, first in ((taken, taken.head.seq), (late, 1), (strange, 1)):
        snapshots.write(copy)
        for older in tmp_path.glob("*.snapshot"):
            if str(copy.head.seq) not in older.name:
                older.unlink()
        journal.facts_read.clear()
        found = await Replays(snapshots).scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
        assert found == expected
        assert min(journal.facts_read) == first, "what comes after its opening, or of another record, is no beginning"


class Crowded(SnapshotFolder):
    """While it is read, other looks take the places of all that was known."""

    def __init__(self, folder: Path, replays: Callable[[], Replays]) -> None:
        super().__init__(folder)
        self._replays = replays

    def read(
        self, space: str, limits: Limits, after_seq: int = 0, before_seq: int | None = None
    ) -> Iterator[tuple[Tables, Head]]:
        """Yield nothing."""
        for starts in self._replays()._starts.values():
            starts.clear()
        yield from super().read(space, limits, after_seq, before_seq)


async def test_a_look_keeps_its_beginning_whatever_other_looks_begin_meanwhile(tmp_path: Path) -> None:  # R1111
    journal = ReadJournal()
    replays = Replays(Crowded(tmp_path, lambda: replays))
    async with desk(journal) as d:
        situation, opened_seq, at_ms = (await an_evening(d))[-1]
    first = await replays.scene(journal, MemoryReadings(), "live", situation, at_ms, Limits())
    journal.facts_read.clear()
    assert await replays.scene(journal, MemoryReadings(), "live", situation, at_ms, Limits()) == first
    assert min(journal.facts_read) >= opened_seq
