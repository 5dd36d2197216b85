"""Several hubs on one journal (SPEC R2, R10-R14): they decide on what the others wrote."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.hub import Hub
from command.journal import DamagedJournalError, memory
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import (
    ConflictError,
    UnavailableError,
)
from command.kernel.limits import DECISIONS_PER_BATCH, HUB_RETRY_MS
from command.requests import (
    AnswerCall,
    ReportCall,
    StartShift,
)
from tests.command.support import (
    DISPATCHER,
    MINUTE_MS,
    RING,
    START_MS,
    TAKER,
    FlakyJournal,
    accepting,
    calls_of,
    desk,
    picture,
    position,
    refold,
)


async def test_two_hubs_on_one_journal_decide_on_what_the_other_wrote(tmp_path: Path) -> None:  # R10
    one, other = SqliteJournal(tmp_path / "j.db"), SqliteJournal(tmp_path / "j.db")
    async with desk(one) as d, desk(other, enrolled=False) as e:
        call = await e.ask(RING)
        assert await d.ask(AnswerCall(call=call), TAKER, "k") == call
        with pytest.raises(ConflictError):  # e has not heard of it, and still knows better than to say yes
            await e.ask(AnswerCall(call=call), TAKER, "other")
        assert await e.ask(AnswerCall(call=call), TAKER, "k") == call
        await asyncio.gather(*(hub.ask(RING) for hub in (d, e) * 20))
        await asyncio.gather(d.hub.catch_up(42), e.hub.catch_up(42))
        assert picture(await refold(one)) == picture(await d.hub.read(lambda t: t))
        assert picture(await refold(one)) == picture(await e.hub.read(lambda t: t))
        assert len(await calls_of(d)) == len(await calls_of(e)) == 41
    await one.close()
    await other.close()


async def test_a_hub_that_is_told_of_another_looks_and_publishes() -> None:  # R14
    journal = MemoryJournal()
    async with desk(journal) as d, desk(journal, enrolled=False) as e:
        heard: list[int] = []
        e.hub.listen(lambda seq, _: heard.append(seq))
        await e.table("calls")
        await d.ask(RING)
        assert e.hub.committed_seq < d.hub.committed_seq
        e.hub.look(d.hub.committed_seq)
        e.hub.look(1)  # words may overtake each other
        assert e.hub.journal_seq == d.hub.committed_seq
        await e.hub.wait_beyond(d.hub.committed_seq - 1)
        assert heard[-1] == d.hub.committed_seq
        await e.hub.catch_up(d.hub.committed_seq + 1000)  # beyond the head: it comes back all the same
        assert e.hub.committed_seq == d.hub.committed_seq


async def test_a_hub_that_is_far_behind_decides_on_all_that_was_written(monkeypatch: pytest.MonkeyPatch) -> None:  # R10
    """More than is told with one refusal of the journal, and more than it tries again."""
    monkeypatch.setattr(memory, "READ_FACTS", 1)
    journal = MemoryJournal()
    async with desk(journal) as d, desk(journal, enrolled=False) as e:
        await e.table("calls")
        for _ in range(3 * DECISIONS_PER_BATCH):
            await d.ask(RING)
        assert await e.ask(RING)
        assert e.hub.committed_seq == d.hub.committed_seq + 1


async def test_a_deadline_of_two_hubs_comes_once() -> None:  # R12
    journal = MemoryJournal()
    async with desk(journal) as d, desk(journal, enrolled=False) as e:
        await d.ask(StartShift(unit="u1", until_ms=START_MS + MINUTE_MS), DISPATCHER)
        await e.hub.catch_up(d.hub.committed_seq)
        await asyncio.gather(d.pass_time(MINUTE_MS), e.pass_time(MINUTE_MS))
        ended = [f for f in await journal.read("live", 0, 1000) if b"shift_ended" in f.data]
        assert len(ended) == 1
        await e.hub.catch_up(d.hub.committed_seq)
        assert picture(await d.hub.read(lambda t: t)) == picture(await e.hub.read(lambda t: t))


async def test_a_journal_that_was_exchanged_is_not_built_upon() -> None:  # R2
    journal, other, as_long = MemoryJournal(), MemoryJournal(), MemoryJournal()
    for site, callers in ((other, "ab"), (as_long, "a")):
        async with desk(site) as e:
            for caller in callers:
                await e.ask(ReportCall(dialled="119", caller=caller))
    flaky = FlakyJournal(journal)
    async with desk(flaky) as d:
        await d.ask(RING)
        # An empty one, a longer one of another site, and one that is as long to the fact.
        for exchanged in (MemoryJournal(), other, as_long):
            flaky.real = exchanged
            head = await exchanged.head("live")
            with pytest.raises(DamagedJournalError):
                await d.ask(RING)
            assert not accepting(d)
            assert d.hub.damaged
            await d.pass_time(2 * HUB_RETRY_MS)
            assert not accepting(d)
            assert await exchanged.head("live") == head
        flaky.real = journal
        await d.pass_time(HUB_RETRY_MS)
        assert accepting(d)
        assert not d.hub.damaged


async def test_a_changed_fact_stops_the_hub_at_its_number(tmp_path: Path) -> None:  # R2
    journal = SqliteJournal(tmp_path / "j.db")
    async with desk(journal) as d:
        await d.ask(RING)
    with closing(sqlite3.connect(tmp_path / "j.db")) as db:
        db.execute("UPDATE facts SET actor = 'nobody' WHERE seq = 3")
        db.commit()
    with pytest.raises(DamagedJournalError, match="fact 3"):
        await Hub("live", VirtualClock(START_MS), journal).load()
    await journal.close()


async def test_a_word_from_another_hub_is_no_fault_of_one_that_has_stopped() -> None:  # R11
    async with desk() as d:
        seq = d.hub.committed_seq
    d.hub.look(seq + 1)
    d.hub.positions_changed([position("u1", 30.5, 114.3)])
    with pytest.raises(UnavailableError, match="stopped"):
        await d.hub.read(lambda t: t)
