"""The sequencer (SPEC R6 to R11, R20): answers, keys, refusals that leave nothing, and its limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from command import rules
from command.actors import HUB
from command.hub import Hub
from command.journal import Turn
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
    UnknownIdError,
)
from command.requests import (
    AnswerCall,
    ApproveWatch,
    CloseSituation,
    EndShift,
    MergeSituation,
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


async def test_roles_are_checked_before_anything_else() -> None:  # R20
    async with desk() as d:
        with pytest.raises(NoRightError):
            await d.ask(MergeSituation(situation="x", into="y", why="z"), TAKER)


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
