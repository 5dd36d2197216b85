"""The sequencer (SPEC R6-R18): answers, refusals, torn commits, deadlines, readers and listeners."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from command import rules
from command.actors import HUB
from command.hub import RETRY_MS, Changes, Hub
from command.journal import DamagedJournalError, Turn
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel import limits
from command.kernel.clock import VirtualClock
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NoRightError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.requests import (
    AnswerCall,
    ApproveWatch,
    CloseSituation,
    EndShift,
    FinishTask,
    MergeSituation,
    NextPhase,
    NoteSituation,
    PinFocus,
    PublishPlan,
    ReportCall,
    ReportHit,
    Request,
    RequestApproval,
    RequestWatch,
    StartShift,
)
from command.rules import base
from command.rules.base import Decision
from command.tables import Tables
from tests.command.support import (
    COMMANDER,
    DISPATCHER,
    HOUR_MS,
    MINUTE_MS,
    START_MS,
    TAKER,
    Desk,
    FlakyJournal,
    a_plan,
    desk,
    in_change_order,
    picture,
    position,
    refold,
)

RING = ReportCall(dialled="110", caller="13512345678")


async def calls_of(d: Desk) -> list[str]:
    return list(await d.table("calls"))


def accepting(d: Desk) -> bool:
    return d.hub.accepting


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
        assert answer.seq == head + 1 == d.hub.committed_seq == (await d.hub.journal.head("live")).seq


# refusals leave nothing


class Odd(Request, frozen=True, tag="odd"):
    """A request whose rule the test writes."""


def ruled(monkeypatch: pytest.MonkeyPatch, rule: Callable[[Tables], Decision]) -> None:
    decisions: dict[Any, Any] = base._decisions
    monkeypatch.setitem(decisions, Odd, (frozenset({"hub"}), lambda t, *_: rule(t)))


def fault(*_: Any) -> Decision:
    raise KeyError("a fault in a rule")


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


async def test_a_caller_who_went_away_stops_nobody() -> None:  # R9

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
        impatient = asyncio.ensure_future(d.ask(AnswerCall(call="unknown"), TAKER))
        await looking.wait()
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        assert await d.ask(RING)


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
        assert [type(a) for a in asked] == [UnavailableError, UnavailableError, UnavailableError]
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
        await d.pass_time(RETRY_MS)
        assert accepting(d)
        assert len(await calls_of(d)) == (1 if failure == "after" else 0)


async def test_a_full_disk_that_can_still_be_read_is_not_taken_for_well() -> None:  # R10
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as d:
        journal.failures = ["before", "probe", "probe"]
        with pytest.raises(UnavailableError):
            await d.ask(RING)
        failed = d.hub.counters.failed_batches
        await d.pass_time(2 * RETRY_MS)
        assert not accepting(d)
        assert d.hub.counters.failed_batches == failed
        await d.pass_time(RETRY_MS)
        assert accepting(d)


async def test_a_journal_that_is_away_at_the_start_is_waited_for() -> None:  # R10
    journal = FlakyJournal(MemoryJournal())
    journal.reads_fail = True
    async with desk(journal, enrolled=False) as d:
        with pytest.raises(UnavailableError):
            await d.ask(RING)
        await d.pass_time(3 * RETRY_MS)
        assert not accepting(d)
        journal.reads_fail = False
        await d.pass_time(RETRY_MS)
        assert accepting(d)


# several hubs


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
        await e.hub.wait_beyond(d.hub.committed_seq - 1)
        assert heard[-1] == d.hub.committed_seq
        await e.hub.catch_up(d.hub.committed_seq + 1000)  # beyond the head: it comes back all the same
        assert e.hub.committed_seq == d.hub.committed_seq


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
    journal, other = MemoryJournal(), MemoryJournal()
    async with desk(other) as e:
        for caller in "ab":
            await e.ask(ReportCall(dialled="119", caller=caller))
    flaky = FlakyJournal(journal)
    async with desk(flaky) as d:
        await d.ask(RING)
        for exchanged in (MemoryJournal(), other):  # an empty one, and a longer one of another site
            flaky.real = exchanged
            head = await exchanged.head("live")
            with pytest.raises(DamagedJournalError):
                await d.ask(RING)
            assert not accepting(d)
            assert d.hub.damaged
            await d.pass_time(2 * RETRY_MS)
            assert not accepting(d)
            assert await exchanged.head("live") == head
        flaky.real = journal
        await d.pass_time(RETRY_MS)
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
    async with desk() as d:
        pass
    with pytest.raises(UnavailableError):
        await d.ask(RING)
    with pytest.raises(UnavailableError):
        await d.hub.read(lambda t: t.seq)


# deadlines


async def overdue(d: Desk, approval: str) -> tuple[bool, bool]:
    row = await d.row("approvals", approval)
    return row.warned, row.overdue


async def test_a_deadline_comes_at_its_instant_and_once() -> None:  # R12
    async with desk() as d:
        approval = await d.ask(RequestApproval(item="a", subject="b", due_minutes=20, warn_minutes=10), DISPATCHER)
        await d.pass_time(10 * MINUTE_MS - 1)
        assert await overdue(d, approval) == (False, False)
        await d.pass_time(1)
        assert await overdue(d, approval) == (True, False)
        await d.pass_time(10 * MINUTE_MS)
        assert await overdue(d, approval) == (True, True)
        facts = d.hub.committed_seq
        await d.pass_time(HOUR_MS)
        assert d.hub.committed_seq == facts
        assert await d.table("deadlines") == {}


async def test_a_deadline_that_passed_while_the_hub_was_away_is_met_at_the_start() -> None:  # R12
    journal = MemoryJournal()
    async with desk(journal) as d:
        approval = await d.ask(RequestApproval(item="a", subject="b", due_minutes=20, warn_minutes=10), DISPATCHER)
    async with desk(journal, clock=VirtualClock(START_MS + HOUR_MS), enrolled=False) as d:
        await d.pass_time(0)
        assert await overdue(d, approval) == (True, True)
        assert (await d.table("deadlines")) == {}


async def test_a_moved_deadline_comes_at_its_new_instant_only() -> None:  # R12
    async with desk() as d:
        await d.ask(StartShift(unit="u1", until_ms=START_MS + HOUR_MS))
        await d.ask(StartShift(unit="u1", until_ms=START_MS + 3 * HOUR_MS))
        await d.pass_time(2 * HOUR_MS)
        assert (await d.unit()).state == "free"
        await d.ask(StartShift(unit="u1", until_ms=START_MS + 2 * HOUR_MS + 1))
        await d.pass_time(1)
        assert (await d.unit()).state == "off"


async def test_a_deadline_waits_while_the_journal_is_away() -> None:  # R12
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as d:
        await d.ask(StartShift(unit="u1", until_ms=START_MS + HOUR_MS))
        journal.failures = ["before", "after"]
        d.clock.advance(START_MS + HOUR_MS)
        await d.pass_time(5 * RETRY_MS)
        assert (await d.unit()).state == "off"
        ended = [f for f in await journal.read("live", 0, 1000) if b"shift_ended" in f.data]
        assert len(ended) == 1


class GatedJournal(MemoryJournal):
    """Appends when the gate is open, and says that somebody waits before it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.waiting = asyncio.Event(), asyncio.Event()
        self.gate.set()

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        async with super().turn(space) as turn:
            self.waiting.set()
            await self.gate.wait()
            yield turn


async def test_an_earlier_deadline_set_while_another_is_met_is_not_lost() -> None:  # R12
    """A second phase sets a task that was due long ago, in the very moment in which an approval comes due."""
    journal = GatedJournal()
    plan = a_plan("2")
    late_pump = replace(plan.phases[1].tasks[0], due_from="close", due_min=1)
    plan = replace(plan, phases=(plan.phases[0], replace(plan.phases[1], tasks=(late_pump,))))
    async with desk(journal) as d:
        await d.ask(PublishPlan(definition=plan))
        _, activation = await d.activation()
        close = next(k for k in await d.table("tasks"))
        await d.ask(FinishTask(task=close))
        approval = await d.ask(RequestApproval(item="a", subject="b", due_minutes=3, warn_minutes=3), DISPATCHER)
        journal.gate.clear()
        journal.waiting.clear()
        d.clock.advance(START_MS + 3 * MINUTE_MS)
        await journal.waiting.wait()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(d.ask(NextPhase(activation=activation), COMMANDER))
            await asyncio.sleep(0)  # noqa: TID251 - lets it queue behind the deadline
            journal.gate.set()
        await d.pass_time(MINUTE_MS)
        assert (await overdue(d, approval))[1]
        assert next(k for k in (await d.table("tasks")).values() if k.key == "pump").overdue


async def test_a_deadline_whose_rule_breaks_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:  # R9
    async with desk() as d:
        monkeypatch.setitem(base._deadlines, "approval_warn", fault)
        approval = await d.ask(RequestApproval(item="a", subject="b", due_minutes=20, warn_minutes=10), DISPATCHER)
        await d.pass_time(20 * MINUTE_MS)
        assert await overdue(d, approval) == (False, True)


async def test_moved_deadlines_do_not_pile_up() -> None:  # R12
    async with desk() as d:
        shifts = [StartShift(unit="u1", until_ms=START_MS + HOUR_MS + n) for n in range(limits.MOVED_DEADLINES + 50)]
        await asyncio.gather(*map(d.ask, shifts))
        assert len(d.hub._deadlines) < 100
        await d.pass_time(HOUR_MS + limits.MOVED_DEADLINES + 49)
        assert (await d.unit()).state == "off"


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
