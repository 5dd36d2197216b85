"""Deadlines (SPEC R9, R12): each comes once, at its instant, whatever else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.kernel import limits
from command.kernel.clock import VirtualClock
from command.kernel.limits import HUB_RETRY_MS
from command.requests import (
    FinishTask,
    NextPhase,
    PublishPlan,
    RequestApproval,
    StartShift,
)
from command.rules import base
from tests.command.support import (
    COMMANDER,
    DISPATCHER,
    HOUR_MS,
    MINUTE_MS,
    START_MS,
    Desk,
    FlakyJournal,
    a_plan,
    desk,
    fault,
)


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
        await d.pass_time(5 * HUB_RETRY_MS)
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
