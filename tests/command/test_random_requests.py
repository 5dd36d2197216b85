"""Whatever is asked, in whatever order: the tables are what the journal folds to, and nothing breaks (SPEC R16-R19)."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from command import rules
from command.facts.archive import TablesSwept
from command.hub import recorded
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import TriuneError, UnavailableError
from command.tables import Table, Tables
from tests.command.random_requests import RandomRequests
from tests.command.support import (
    HOUR_MS,
    MINUTE_MS,
    START_MS,
    Desk,
    FlakyJournal,
    desk,
    in_change_order,
    missed,
    picture,
    position,
    refold,
)

STEPS = 150
WAITS_MS = 4 * (1, MINUTE_MS, 6 * MINUTE_MS, 30 * MINUTE_MS, 3 * HOUR_MS) + (25 * HOUR_MS,)
"""The last, which is rare, is long enough for what is over to leave the tables."""


class Mirror:
    """Tables folded only from what the journal holds, and a console's copy that lives from `changes_since`."""

    def __init__(self) -> None:
        self.folded = Tables()
        self.copy: dict[str, dict[str, Any]] = {}
        self.seq = 0

    async def check(self, d: Desk) -> None:
        tables = await d.hub.read(lambda t: t)
        for stored in await d.hub.journal.read("live", self.folded.seq, 1_000_000):
            rules.fold(self.folded, recorded(stored))
        self.folded.settle()
        assert picture(tables) == picture(self.folded)
        assert all(map(in_change_order, tables.by_name.values()))
        check_bonds(tables)

    async def resume(self, d: Desk) -> None:
        """Come back after a while, and learn of what was missed alone."""
        t = await d.hub.read(lambda t: t)
        for name, table in t.by_name.items():
            if name == "positions":
                continue
            rows = self.copy.setdefault(name, {})
            for key, row in missed(t, name, self.seq).items():
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
            assert rows == table.rows, name
        self.seq = t.seq


def check_bonds(t: Tables) -> None:
    """Rows that name each other agree."""
    for order in t.orders:
        assert (order.ended_ms is None) == (t.units.need(order.unit).order == order.id)
        assert order.id in t.situations.need(order.situation).orders
    for unit in t.units:
        assert not unit.order or t.orders.need(unit.order).unit == unit.id
        assert (unit.state in ("ordered", "moving", "on_scene")) == bool(unit.order)
        assert (unit.state == "off") == (unit.shift_until_ms is None)
        assert (unit.sos in t.sos.rows) if unit.sos else all(s.unit != unit.id for s in t.sos)
    for situation in t.situations:
        assert all(t.calls.need(c).situation == situation.id for c in situation.calls)
        if situation.state == "closed":
            assert all(t.orders.need(o).ended_ms is not None for o in situation.orders)
            assert not any(s.situation == situation.id for s in t.sos)
            assert not situation.activation or t.activations.need(situation.activation).state != "active"
    for call in t.calls:
        assert not call.situation or call.id in t.situations.need(call.situation).calls
    for table in (t.orders, t.hits, t.evidence, t.activations, t.tasks, t.approvals, t.cases, t.marks):
        assert all(not row.situation or row.situation in t.situations.rows for row in table), table.name
    assert all(task.activation in t.activations.rows for task in t.tasks)
    subjects: dict[str, Table[Any]] = {
        "order_sign": t.orders, "task_due": t.tasks, "watch_expire": t.watches, "library_expire": t.libraries,
        "shift_end": t.units,
        "approval_warn": t.approvals, "approval_due": t.approvals, "alarm_escalate": t.alarms,
        "alarm_unshelve": t.alarms, "violation_review": t.violations,
    }  # fmt: skip
    assert all(d.subject in subjects[d.kind].rows for d in t.deadlines if d.kind != "sweep")
    alarms = [(a.kind, a.subject) for a in t.alarms]
    assert len(set(alarms)) == len(alarms)
    focus = t.focus.get("wall")
    assert not focus or t.situations.need(focus.situation).state != "closed"
    screen = t.screens.get("wall")
    assert not screen or all(sent.camera in t.cameras.rows for sent in screen.cameras)


class Night:
    """A hub that is asked at random, whose journal fails and which is restarted now and then."""

    def __init__(self, seed: int) -> None:
        self.requests = RandomRequests(seed)
        self.random = self.requests.random
        self.journal = FlakyJournal(MemoryJournal())
        self.clock = VirtualClock(START_MS)
        self.mirror = Mirror()
        self.steps = 0
        self.answered = 0

    async def pass_by(self) -> None:
        async with desk(self.journal, clock=self.clock) as d:
            await d.on_duty()
            await d.situation()
            await d.answered_call()
        while self.steps < STEPS:
            async with desk(self.journal, clock=self.clock, enrolled=False) as d:
                d.hub.positions_changed([position("u1", 30.5, 114.3), position("u2", 30.501, 114.3)])
                await self._until_restart(d)
                assert d.hub.counters.faults == 0
        assert picture(await refold(self.journal)) == picture(self.mirror.folded)

    async def _until_restart(self, d: Desk) -> None:
        while self.steps < STEPS:
            self.steps += 1
            dice = self.random.random()
            if dice < 0.02:
                break
            if dice < 0.12:
                await d.pass_time(self.random.choice(WAITS_MS))
            else:
                if dice < 0.2:
                    self.journal.failures = [self.random.choice(("before", "after"))]
                await self._ask(d)
            await self.mirror.check(d)
            if self.random.random() < 0.2:
                await self.mirror.resume(d)
        await self.mirror.resume(d)

    async def _ask(self, d: Desk) -> None:
        """Ask, again where nobody could tell, and again for nothing: the answer stays and nothing is doubled."""
        key = f"step {self.steps}"
        request, who = self.requests.next(await d.hub.read(lambda t: t), self.clock.now_ms())
        while True:
            try:
                answer = await d.hub.ask(request, who, key)
                break
            except UnavailableError:
                await d.pass_time(1000)
            except TriuneError as error:
                assert error.code != "internal", (request, error)  # noqa: PT017 - refusing is right, breaking is not
                return
        self.answered += 1
        if key in await d.hub.journal.answers("live", [key]):
            head = d.hub.committed_seq
            assert await d.hub.ask(request, who, key) == answer
            assert d.hub.committed_seq == head


async def _swept(journal: FlakyJournal) -> set[str]:
    """Return what kinds of things left the tables."""
    facts = [recorded(stored).fact for stored in await journal.read("live", 0, 1_000_000)]
    kinds = ("situations", "calls", "messages", "approvals", "watches")
    return {kind for fact in facts if isinstance(fact, TablesSwept) for kind in kinds if getattr(fact, kind)}


def test_what_is_over_leaves_the_tables_in_such_nights_too() -> None:  # R165
    swept: set[str] = set()
    for seed in (2, 9, 15, 18):
        night = Night(seed)
        asyncio.run(night.pass_by())
        swept |= asyncio.run(_swept(night.journal))
    assert swept >= {"situations", "calls", "messages", "watches"}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
@example(1)
def test_tables_are_what_the_journal_folds_to(seed: int) -> None:  # R16, R17, R18, R19
    night = Night(seed)
    asyncio.run(night.pass_by())
    assert night.answered > STEPS / 5
