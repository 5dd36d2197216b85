"""The sequencer (SPEC R6-R18): answers, refusals, torn commits, readers and listeners."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from command import hub as hubs
from command import rules
from command.actors import HUB
from command.hub import Changes, Hub
from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel import limits
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NoRightError,
    RecordAwayError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import HUB_RETRY_MS
from command.requests import (
    AnswerCall,
    ApproveWatch,
    CloseSituation,
    EndShift,
    MergeSituation,
    NoteSituation,
    PinFocus,
    ReportCall,
    ReportHit,
    Request,
    RequestWatch,
    StartShift,
)
from command.rules import base
from command.rules.base import Decision
from command.tables import Tables
from tests.command.support import (
    DISPATCHER,
    HOUR_MS,
    RING,
    START_MS,
    TAKER,
    FlakyJournal,
    accepting,
    calls_of,
    desk,
    fault,
    in_change_order,
    picture,
    position,
    refold,
)

# answers and keys


async def test_the_same_key_again_gets_the_same_answer() -> None:  # R6
    async with desk() as d:
        first = await d.hub.ask(RING, HUB, "k")
        other = await d.hub.ask(RING, HUB, "other")
        assert await d.hub.ask(RING, HUB, "k") == first
        assert first.subject != other.subject
        assert len(await calls_of(d)) == 2
        assert d.hub.counters.repeated == 1


async def test_the_same_key_twice_in_one_batch_is_one_request() -> None:  # R6
    async with desk() as d:
        batches = d.hub.counters.batches
        answers = await asyncio.gather(*(d.hub.ask(RING, HUB, "k") for _ in range(5)))
        assert d.hub.counters.batches == batches + 1
        assert len(set(map(str, answers))) == 1
        assert len(await calls_of(d)) == 1


async def test_the_same_key_after_a_restart_gets_the_first_answer(tmp_path: Path) -> None:  # R6
    journal = SqliteJournal(tmp_path / "j.db")
    async with desk(journal) as d:
        first = await d.hub.ask(RING, HUB, "k")
        before = picture(await d.hub.read(lambda t: t))
    await journal.close()
    journal = SqliteJournal(tmp_path / "j.db")
    async with desk(journal, enrolled=False) as d:
        assert picture(await d.hub.read(lambda t: t)) == before
        assert await d.hub.ask(RING, HUB, "k") == first
        assert len(await calls_of(d)) == 1
    await journal.close()


async def test_a_request_that_was_refused_is_judged_anew() -> None:  # R7
    async with desk() as d:
        with pytest.raises(UnknownIdError):
            await d.ask(AnswerCall(call="x1"), TAKER, "k")
        await d.ask(ReportCall(dialled="110", caller="1", call="x1"))
        assert await d.ask(AnswerCall(call="x1"), TAKER, "k") == "x1"


@pytest.mark.parametrize("key", ["k" * 301, "a\nb", "\udcff", "\x00"])
async def test_a_key_that_no_journal_could_keep_is_refused(key: str) -> None:  # R6
    async with desk(enrolled=False) as d:
        with pytest.raises(InvalidInputError):
            await d.ask(RING, HUB, key)
        await d.ask(RING)


async def test_an_answer_names_the_sequence_number_up_to_which_it_is_so() -> None:  # R8
    async with desk() as d:
        head = d.hub.committed_seq
        answer = await d.hub.ask(RING, HUB)
        assert (
            answer.seq == head + 1 == d.hub.committed_seq == d.hub.journal_seq == (await d.hub.journal.head("live")).seq
        )


# refusals leave nothing


class Odd(Request, frozen=True, tag="odd"):
    """A request whose rule the test writes."""


def ruled(monkeypatch: pytest.MonkeyPatch, rule: Callable[[Tables], Decision]) -> None:
    decisions: dict[Any, Any] = base._decisions
    monkeypatch.setitem(decisions, Odd, (frozenset({"hub"}), lambda t, *_: rule(t)))


@pytest.mark.parametrize("error", [ConflictError("too late"), RuntimeError("a fault")])
async def test_a_refused_request_leaves_the_tables_as_they_were(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:  # R7
    """Also one that is refused, or breaks, after it had yielded facts, put rows and dropped others."""
    async with desk() as d:
        await d.on_duty("u1")
        situation = await d.situation()
        await d.ask(PinFocus(situation=situation), DISPATCHER)
        before = picture(await d.hub.read(lambda t: t))

        def refuses_late(t: Tables) -> Decision:
            yield from rules.decide(t, CloseSituation(situation=situation), DISPATCHER, START_MS)
            yield from rules.decide(t, EndShift(unit="u1"), HUB, START_MS)
            assert t.focus.get("wall") is None
            raise error

        ruled(monkeypatch, refuses_late)
        with pytest.raises(TriuneError):
            await d.ask(Odd())
        assert picture(await d.hub.read(lambda t: t)) == before
        assert await d.hub.read(lambda t: all(map(in_change_order, t.by_name.values())))
        assert picture(await refold(d.hub.journal)) == before


async def test_a_rule_that_breaks_harms_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:  # R9
    ruled(monkeypatch, fault)
    async with desk() as d:
        answers = await asyncio.gather(
            d.hub.ask(RING, HUB), d.hub.ask(Odd(), HUB), d.hub.ask(RING, HUB), return_exceptions=True
        )
        assert isinstance(answers[1], TriuneError)
        assert answers[1].code == "internal"
        assert d.hub.counters.faults == 1
        assert len(await calls_of(d)) == 2


async def test_what_cannot_be_written_down_is_refused() -> None:  # R9
    """A reader in the process is not checked by the decoder: a NaN would make the journal unreadable."""
    async with desk() as d:
        watch = await d.ask(RequestWatch(pattern="京A12345", reason="x", level=2, until_ms=START_MS + HOUR_MS))
        await d.ask(ApproveWatch(watch=watch))
        for bad in ({"confidence": float("nan")}, {"confidence": 0.5, "plate": "\ud800"}, {"confidence": object()}):
            given: dict[str, Any] = {"watch": watch, "plate": "京A12345", "camera": "k1", "seen_ms": START_MS} | bad
            with pytest.raises(InvalidInputError):
                await d.ask(ReportHit(**given))
        assert await d.table("hits") == {}
        assert picture(await refold(d.hub.journal)) == picture(await d.hub.read(lambda t: t))


async def test_the_same_key_gets_the_same_answer_where_it_would_bring_nothing_about_now() -> None:  # R6
    journal, shift = MemoryJournal(), StartShift(unit="u1", until_ms=START_MS + HOUR_MS)
    async with desk(journal) as d:
        first = await d.hub.ask(shift, HUB, "k")
        await d.ask(RING)
        assert await d.hub.ask(shift, HUB, "k") == first
    async with desk(journal, enrolled=False) as d:
        assert await d.hub.ask(shift, HUB, "k") == first


@pytest.mark.parametrize("request_", [AnswerCall(call="unknown"), ReportCall(dialled="110", caller="1", call="x1")])
async def test_a_caller_who_went_away_stops_nobody(request_: Request) -> None:  # R9

    class Slow(MemoryJournal):
        @asynccontextmanager
        async def turn(self, space: str) -> AsyncIterator[Turn]:
            looking.set()
            await asyncio.sleep(0)  # noqa: TID251 - in which the caller goes away
            await asyncio.sleep(0)  # noqa: TID251
            async with super().turn(space) as turn:
                yield turn

    looking = asyncio.Event()
    async with desk(Slow()) as d:
        looking.clear()
        impatient = asyncio.ensure_future(d.ask(request_, TAKER))
        await looking.wait()
        queued = asyncio.ensure_future(d.ask(ReportCall(dialled="110", caller="1", call="x2")))
        await asyncio.sleep(0)  # noqa: TID251 - lets it queue
        assert d.hub.inbox_depth == 1
        impatient.cancel()
        queued.cancel()
        await asyncio.gather(impatient, queued, return_exceptions=True)
        assert await d.ask(RING)
        assert ("x1" in await calls_of(d)) == isinstance(request_, ReportCall), "what was begun is ended"
        assert "x2" not in await calls_of(d), "what nobody had begun when its asker left is not"


# the journal fails


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


# limits


async def test_a_full_inbox_answers_at_once() -> None:  # R11
    hub = Hub("live", VirtualClock(START_MS), MemoryJournal())
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(hub.ask(RING, HUB)) for _ in range(limits.INBOX_REQUESTS)]
        await asyncio.sleep(0)  # noqa: TID251 - lets them queue
        with pytest.raises(TooManyError):
            await hub.ask(RING, HUB)
        with pytest.raises(TooManyError):
            await hub.read(len)  # type: ignore[arg-type]  # never looked at
        hub.positions_changed([position("u1", 30, 114)])  # a reading is never an error
        running = tasks.create_task(hub.run())
        await asyncio.gather(*waiting)
        assert await hub.read(lambda t: len(t.calls)) == limits.INBOX_REQUESTS
        assert hub.counters.batches == limits.INBOX_REQUESTS // limits.BATCH_REQUESTS
        running.cancel()


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


# reading and listening


async def test_a_reader_never_sees_what_is_not_durable() -> None:  # R13
    class Watched(MemoryJournal):
        @asynccontextmanager
        async def turn(self, space: str) -> AsyncIterator[Turn]:
            async with super().turn(space) as turn:
                yield turn
                await asyncio.sleep(0)  # noqa: TID251 - lets readers come in between

    journal = Watched()
    async with desk(journal) as d:

        async def read() -> None:
            for _ in range(20):
                seq = await d.hub.read(lambda t: t.seq)
                assert seq <= (await journal.head("live")).seq
                assert seq == d.hub.committed_seq

        async def write() -> None:
            for _ in range(20):
                await d.ask(RING)

        await asyncio.gather(read(), write(), read(), write())


async def test_a_reader_who_breaks_hears_of_it_alone() -> None:  # R13
    async with desk() as d:
        with pytest.raises(KeyError):
            await d.hub.read(lambda t: t.calls.rows["none"])
        with pytest.raises(UnknownIdError):
            await d.hub.read(lambda t: t.calls.need("none"))
        assert await d.ask(RING)


async def test_a_listener_gets_every_change_in_order() -> None:  # R14
    async with desk() as d:
        heard: list[int] = []
        copy: dict[tuple[str, str], Any] = {}

        def listener(seq: int, changes: Changes) -> None:
            heard.append(seq)
            copy.update(changes)

        stop = d.hub.listen(listener)
        situation = await d.situation()
        await asyncio.gather(*(d.ask(NoteSituation(situation=situation, text=str(n)), DISPATCHER) for n in range(40)))
        await d.ask(PinFocus(situation=situation), DISPATCHER)
        await d.ask(CloseSituation(situation=situation), DISPATCHER)
        assert heard == sorted(heard)
        assert heard[-1] == d.hub.committed_seq
        rows = await d.hub.read(lambda t: {place: t.by_name[place[0]].get(place[1]) for place in copy})
        assert copy == rows
        assert copy["focus", "wall"] is None
        stop()
        await d.ask(RING)
        assert heard[-1] == d.hub.committed_seq - 1


async def test_a_listener_that_breaks_or_leaves_stops_nobody() -> None:  # R14
    async with desk() as d:
        heard: list[int] = []

        def leaves(seq: int, changes: Changes) -> None:
            stop()

        def breaks(seq: int, changes: Changes) -> None:
            raise RuntimeError("a console's fault")

        stop = d.hub.listen(leaves)
        d.hub.listen(breaks)
        d.hub.listen(lambda seq, changes: heard.append(seq))
        await d.ask(RING)
        await d.ask(RING)
        assert len(heard) == 2
        assert d.hub.counters.faults == 2


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


async def test_positions_reach_the_tables_without_a_fact() -> None:  # R15
    async with desk() as d:
        heard: list[Changes] = []
        d.hub.listen(lambda seq, changes: heard.append(changes))
        seq = d.hub.committed_seq
        d.hub.positions_changed([position("u1", 30.5, 114.3), position("u1", 30.6, 114.3)])
        assert (await d.row("positions", "u1")).lat == 30.6
        assert d.hub.committed_seq == seq
        assert list(heard[0]) == [("positions", "u1")]


async def test_waiting_beyond_a_number_ends_with_the_next_fact() -> None:  # R8
    async with desk() as d, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(d.hub.wait_beyond(d.hub.committed_seq))
        await d.hub.read(lambda t: t.seq)
        assert not waiting.done()
        await d.ask(RING)
        await waiting


async def test_roles_are_checked_before_anything_else() -> None:  # R20
    async with desk() as d:
        with pytest.raises(NoRightError):
            await d.ask(MergeSituation(situation="x", into="y", why="z"), TAKER)
