"""A hub whose journal fails, hangs or is away, or that stops itself (SPEC R10, R11, R866)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command import hub as hubs
from command.actors import HUB
from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock
from command.kernel.errors import (
    RecordAwayError,
    UnavailableError,
)
from command.kernel.limits import HUB_RETRY_MS
from command.requests import (
    AnswerCall,
    NoteSituation,
)
from tests.command.support import (
    DISPATCHER,
    RING,
    TAKER,
    FlakyJournal,
    accepting,
    calls_of,
    desk,
    picture,
    refold,
)


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_a_failed_commit_doubles_and_loses_nothing(failure: str) -> None:  # R10
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as d:
        situation = await d.situation()
        before = picture(await d.hub.read(lambda t: t))
        journal.failures = [failure]
        journal.reads_fail = True
        note = NoteSituation(situation=situation, text="x")
        asked = await asyncio.gather(
            d.hub.ask(RING, HUB, "k1"), d.hub.ask(note, DISPATCHER, "k2"), d.hub.ask(AnswerCall(call="no"), TAKER),
            return_exceptions=True,
        )  # fmt: skip
        # Nor is a refusal told: the one that was asked before, and of whose answer nobody knows, looks the same.
        assert [type(a) for a in asked] == [RecordAwayError, RecordAwayError, RecordAwayError]
        assert not accepting(d)
        assert picture(await d.hub.read(lambda t: t)) == before
        journal.reads_fail = False
        answers = [await d.hub.ask(RING, HUB, "k1"), await d.hub.ask(note, DISPATCHER, "k2")]
        assert accepting(d)
        assert answers[0].subject in await calls_of(d)
        assert answers[1].subject == situation
        assert len(await calls_of(d)) == 1
        assert len([m for m in await d.marks(situation) if m.kind == "situation_noted"]) == 1
        assert picture(await refold(journal)) == picture(await d.hub.read(lambda t: t))


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_the_hub_recovers_by_itself(failure: str) -> None:  # R10
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as d:
        journal.failures = [failure]
        with pytest.raises(UnavailableError):
            await d.ask(RING)
        await d.pass_time(HUB_RETRY_MS)
        assert accepting(d)
        assert len(await calls_of(d)) == (1 if failure == "after" else 0)
        await d.pass_time(HUB_RETRY_MS)
        wake_ms = d.clock.next_wake_ms()
        assert wake_ms is None or wake_ms > d.clock.now_ms() + HUB_RETRY_MS, "it looks no more"


async def test_a_full_disk_that_can_still_be_read_is_not_taken_for_well() -> None:  # R10
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as d:
        journal.failures = ["before", "probe", "probe"]
        with pytest.raises(UnavailableError):
            await d.ask(RING)
        failed = d.hub.counters.failed_batches
        await d.pass_time(2 * HUB_RETRY_MS)
        assert not accepting(d)
        assert d.hub.counters.failed_batches == failed
        await d.pass_time(HUB_RETRY_MS)
        assert accepting(d)


async def test_a_journal_that_is_away_at_the_start_is_waited_for() -> None:  # R10
    journal = FlakyJournal(MemoryJournal())
    journal.reads_fail = True
    async with desk(journal, enrolled=False) as d:
        with pytest.raises(UnavailableError):
            await d.ask(RING)
        await d.pass_time(3 * HUB_RETRY_MS)
        assert not accepting(d)
        journal.reads_fail = False
        await d.pass_time(HUB_RETRY_MS)
        assert accepting(d)


async def test_a_store_that_hangs_without_an_error_shows_until_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R866
    monkeypatch.setattr(hubs, "HUB_HANGS_MS", 50)
    journal, freed = SqliteJournal(tmp_path / "journal.sqlite3"), threading.Event()
    async with desk(journal) as d, asyncio.TaskGroup() as tasks:
        await d.ask(RING)
        assert (d.hub.accepting, d.hub.hangs) == (True, False)
        hanging = tasks.create_task(journal._db.run(lambda _: freed.wait(60)))
        asked = tasks.create_task(d.ask(RING))
        while d.hub.accepting:
            await SystemClock().sleep(5)
        assert (d.hub.hangs, d.hub.damaged, asked.done()) == (True, False, False)
        freed.set()
        assert await asked
        assert await hanging
        assert (d.hub.accepting, d.hub.hangs) == (True, False)
    await journal.close()


async def test_who_waits_when_the_hub_stops_is_told() -> None:  # R11
    class Hanging(MemoryJournal):
        @asynccontextmanager
        async def turn(self, space: str) -> AsyncIterator[Turn]:
            if hangs:
                began.set()
                await asyncio.Event().wait()
            async with super().turn(space) as turn:
                yield turn

    hangs, began = list[bool](), asyncio.Event()
    async with desk(Hanging()) as d:
        hangs.append(True)
        committing = asyncio.ensure_future(d.ask(RING))
        await began.wait()
        queued = [asyncio.ensure_future(d.ask(RING)), asyncio.ensure_future(d.hub.read(lambda t: t.seq))]
        await asyncio.sleep(0)  # noqa: TID251 - lets them queue
        assert d.hub.inbox_depth == 2
    async with asyncio.timeout(60):
        told = await asyncio.gather(committing, *queued, return_exceptions=True)
    assert [type(each) for each in told] == [RecordAwayError] * 3
    with pytest.raises(UnavailableError):
        await d.ask(RING)
    with pytest.raises(UnavailableError):
        await d.hub.read(lambda t: t.seq)
