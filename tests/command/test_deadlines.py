"""Deadlines (SPEC R9, R12): each comes once, at its instant, whatever else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.actors import Actor
from command.deadlines import Deadlines
from command.hub import Hub
from command.journal import Turn
from command.journal.memory import MemoryJournal
from command.journal.sqlite import SqliteJournal
from command.kernel import limits
from command.kernel.clock import VirtualClock
from command.kernel.errors import HubBusyError
from command.kernel.limits import HUB_RETRY_MS
from command.requests import (
    FinishTask,
    FireDeadline,
    NextPhase,
    PublishPlan,
    Request,
    RequestApproval,
    StartShift,
)
from command.rows import DeadlineRow
from command.rules import base
from command.snapshots import SnapshotFolder, TablesCopy, start_from_snapshot
from command.tables import Tables
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


async def test_one_set_anew_for_an_instant_at_which_it_came_before_comes_again() -> None:  # R1118
    """A clock was hours ahead, ended a shift too soon, and was put right; the shift goes on until the same instant."""
    journal, until_ms = MemoryJournal(), START_MS + 3 * HOUR_MS
    async with desk(journal, clock=VirtualClock(until_ms - 1)) as d:
        await d.ask(StartShift(unit="u1", until_ms=until_ms))
        await d.pass_time(1)
        assert (await d.unit()).state == "off"
    async with desk(journal, clock=VirtualClock(until_ms - HOUR_MS), enrolled=False) as d:
        await d.ask(StartShift(unit="u1", until_ms=until_ms))
        await d.pass_time(HOUR_MS - 1)
        assert (await d.unit()).state == "free"
        await d.pass_time(1)
        assert (await d.unit()).state == "off"
        facts = d.hub.committed_seq
    async with desk(journal, clock=VirtualClock(until_ms), enrolled=False) as d:
        await d.pass_time(HOUR_MS)
        assert d.hub.committed_seq == facts


async def test_deadlines_of_a_snapshot_are_met_in_their_order(tmp_path: Path) -> None:  # R12, R16
    """What was folded before a start is told to nobody, so they are gathered from the tables."""
    journal, folder, clock = SqliteJournal(tmp_path / "journal.db"), SnapshotFolder(tmp_path), VirtualClock(START_MS)
    hours = {"u1": 5, "u2": 4, "u3": 6, "u4": 3}
    async with desk(journal) as d:
        for unit, hour in hours.items():
            await d.ask(StartShift(unit=unit, until_ms=START_MS + hour * HOUR_MS))
        folder.write(await d.hub.read(lambda t: TablesCopy("live", t, d.hub.head)))
    hub = Hub("live", clock, journal)
    assert await start_from_snapshot(hub, folder) == hub.committed_seq
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hub.run())
        d = Desk(hub, clock)
        for hour in range(3, 7):
            await d.pass_time(START_MS + hour * HOUR_MS - clock.now_ms())
            off = {unit for unit, row in (await d.table("units")).items() if row.state == "off"}
            assert off == {unit for unit, until in hours.items() if until <= hour}
        running.cancel()
    await journal.close()


async def test_a_deadline_waits_while_the_inbox_is_full() -> None:  # R12
    clock, asked, done = VirtualClock(START_MS), list[str](), asyncio.Event()

    async def ask(request: Request, who: Actor, key: str) -> None:
        assert isinstance(request, FireDeadline)
        asked.append(key)
        if len(asked) == 1:
            raise HubBusyError("full")
        done.set()

    t, deadlines = Tables(), Deadlines(clock, ask)
    t.seq = 7
    t.deadlines.put(DeadlineRow(id="sign:o1", at_ms=START_MS, kind="sign", subject="o1"))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(deadlines.run())
        deadlines.set(t.deadlines.need("sign:o1"), t.deadlines)
        while clock.next_wake_ms() is None:
            await asyncio.sleep(0)  # noqa: TID251 - it is on its way to waiting
        assert (len(asked), clock.next_wake_ms()) == (1, START_MS + HUB_RETRY_MS)
        clock.advance(START_MS + HUB_RETRY_MS)
        await done.wait()
        running.cancel()
    assert len(set(asked)) == 1


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
