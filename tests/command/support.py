"""A hub of its own for each test, with a clock that the test drives, a tiny county and one actor for each role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from command import rules
from command.actors import HUB, ROLES, Actor, Role
from command.facts.plan_definition import (
    Applicability,
    Approval,
    Bilingual,
    PlanDefinition,
    PlanGroup,
    PlanPhase,
    PlanTask,
)
from command.hub import Hub, recorded
from command.journal import Answer, Entry, Head, Journal, Kind, Outcome, SignedHead, StoredFact, Turn
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from command.requests import (
    ActivatePlan,
    AnswerCall,
    DrawFence,
    EnrolCamera,
    EnrolDevice,
    EnrolStation,
    EnrolUnit,
    IssueOrder,
    OpenSituation,
    PublishPlan,
    ReportCall,
    Request,
    StartShift,
)
from command.rows import AlarmRow, MarkRow, MessageRow, PositionRow, Row, UnitRow
from command.rules.base import Decision
from command.settings import Limits
from command.tables import Table, Tables

T = TypeVar("T")
START_MS = 1_700_000_000_000
SECOND_MS = 1000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
SHIFT_MS = START_MS + 8 * HOUR_MS
HERE = (30.5, 114.3)
"""Latitude and longitude of the middle of the tiny county."""

RING = ReportCall(dialled="110", caller="13512345678")


def actor(role: Role, name: str = "", unit: str = "", station: str = "") -> Actor:
    return Actor(id=name or role, name=name or role, roles=frozenset({role}), unit=unit, station=station)


ACTORS: dict[Role, Actor] = {role: actor(role, unit="u1" if role in ("officer", "device") else "") for role in ROLES}
"""One actor for each role; the officer and the device belong to unit u1."""

ADMIN, DISPATCHER, COMMANDER = ACTORS["administrator"], ACTORS["dispatcher"], ACTORS["commander"]
LEADER, OFFICER, TAKER = ACTORS["duty_leader"], ACTORS["officer"], ACTORS["call_taker"]


def bilingual(text: str) -> Bilingual:
    return Bilingual(zh=text, en=text)


def a_plan(version: str = "1", text: str = "关阀") -> PlanDefinition:
    """Three tasks in two phases: `close` and, after it and a leader's yes, `cordon`; then `pump`."""
    title = bilingual(text)
    close = PlanTask(id="close", title=title, group="traffic", owner="dispatcher", due_min=5)
    cordon = PlanTask(
        id="cordon", title=title, group="response", owner="officer", due_min=10, due_from="close", after=("close",),
        needs_approval=Approval(item=title, due_min=8, warn_min=4),
    )  # fmt: skip
    pump = PlanTask(id="pump", title=title, group="response", owner="commander", due_min=60)
    return PlanDefinition(
        id="tanker",
        version=version,
        title=title,
        applies=Applicability(kinds=("accident",), lowest_level=4),
        command="commander",
        groups=(PlanGroup(group="response", lead=title), PlanGroup(group="traffic", lead=title)),
        phases=(
            PlanPhase(id="first", title=title, tasks=(close, cordon)),
            PlanPhase(id="second", title=title, tasks=(pump,)),
        ),
    )


def ring(lat: float, lon: float, half_deg: float = 0.01) -> list[tuple[float, float]]:
    """Return a square of [lon, lat] around a point."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [(lon + x * half_deg, lat + y * half_deg) for x, y in corners]


def county() -> list[Request]:
    """Return what enrols two stations, four units with a handset, a fence, two cameras and a plan."""
    lat, lon = HERE
    requests: list[Request] = [
        EnrolStation(
            station="st1", name="城关所", service="110", lat=lat, lon=lon, leader="李所长", leader_phone="13900000001"
        ),
        EnrolStation(
            station="st2", name="消防站", service="119", lat=lat, lon=lon, leader="王站长", leader_phone="13900000002"
        ),
        DrawFence(fence="f1", name="城关片区", kind="area", ring=ring(lat, lon)),
    ]
    units: list[tuple[str, Any, Any, str]] = [
        ("u1", "patrol_car", "110", "st1"), ("u2", "patrol_car", "110", "st1"),
        ("u3", "foot_patrol", "110", "st1"), ("u4", "fire_engine", "119", "st2"),
    ]  # fmt: skip
    for unit, kind, service, station in units:
        requests.append(
            EnrolUnit(
                unit=unit, name=f"巡{unit}", kind=kind, service=service, station=station, phone="13800000000",
                officers=[f"民警{unit}"], area="f1" if unit == "u1" else None,
            )
        )  # fmt: skip
        requests.append(EnrolDevice(device=f"d{unit}", kind="mobile", unit=unit))
    requests += [EnrolCamera(camera=f"k{n}", name=f"路口{n}", lat=lat + n / 100, lon=lon) for n in (1, 2)]
    requests.append(PublishPlan(definition=a_plan()))
    return requests


def position(unit: str, lat: float, lon: float, at_ms: int = START_MS) -> PositionRow:
    return PositionRow(id=unit, device=f"d{unit}", at_ms=at_ms, lat=lat, lon=lon, source="mobile")


class Desk:
    """A hub at work and short ways to ask it. `clock` moves only when the test moves it."""

    def __init__(self, hub: Hub, clock: VirtualClock) -> None:
        self.hub = hub
        self.clock = clock

    async def ask(self, request: Request, who: Actor = HUB, key: str | None = None) -> str:
        """Ask and return the id that the answer names."""
        return (await self.hub.ask(request, who, key)).subject

    async def table(self, name: str) -> dict[str, Any]:
        """Return a copy of a table's rows."""
        return await self.hub.read(lambda t: dict(t.by_name[name].rows))

    async def row(self, name: str, key: str) -> Any:
        return (await self.table(name))[key]

    async def unit(self, unit: str = "u1") -> UnitRow:
        row: UnitRow = await self.row("units", unit)
        return row

    async def messages(self, about: str) -> list[MessageRow]:
        return [m for m in (await self.table("messages")).values() if m.about == about]

    async def alarm(self, kind: str, subject: str) -> AlarmRow | None:
        rows: dict[str, AlarmRow] = await self.table("alarms")
        return next((a for a in rows.values() if a.kind == kind and a.subject == subject), None)

    async def marks(self, situation: str) -> list[MarkRow]:
        return [m for m in (await self.table("marks")).values() if m.situation == situation]

    async def pass_time(self, duration_ms: int) -> None:
        """Let virtual time pass and return when every deadline that came was met."""
        end_ms = self.clock.now_ms() + duration_ms
        while True:
            await self._rest()
            wake_ms = self.clock.next_wake_ms()
            if wake_ms is None or wake_ms > end_ms:
                break
            self.clock.advance(wake_ms)
        self.clock.advance(end_ms)
        await self._rest()

    async def _rest(self) -> None:
        for _ in range(8):  # each read is a round of the sequencer; deadlines ask one after another
            await self.hub.read(lambda _: None)
            due = await self.hub.read(lambda t: min((d.at_ms for d in t.deadlines), default=None))
            wake_ms = self.clock.next_wake_ms()
            # The hub may not have begun to wait for the next one yet, and time must not pass it by.
            if due is None or (due > self.clock.now_ms() and wake_ms is not None and wake_ms <= due):
                return

    # short ways to common beginnings

    async def enrol(self) -> None:
        for request in county():
            await self.ask(request)

    async def on_duty(self, *units: str) -> None:
        for unit in units or ("u1", "u2", "u3", "u4"):
            await self.ask(StartShift(unit=unit, until_ms=self.clock.now_ms() + 8 * HOUR_MS))

    async def situation(self, **changes: Any) -> str:
        given: dict[str, Any] = {"title": "斗殴", "service": "110", "kind": "public_security", "level": 4}
        return await self.ask(OpenSituation(**given | changes), DISPATCHER)

    async def answered_call(self, **changes: Any) -> str:
        given: dict[str, Any] = {"dialled": "110", "caller": "13512345678"}
        call = await self.ask(ReportCall(**given | changes))
        return await self.ask(AnswerCall(call=call), TAKER)

    async def order(self, unit: str = "u1", situation: str | None = None) -> str:
        return await self.ask(IssueOrder(situation=situation or await self.situation(), unit=unit), DISPATCHER)

    async def activation(self) -> tuple[str, str]:
        """Return a situation and the activation of the tiny county's plan for it."""
        situation = await self.situation(kind="accident", level=2)
        return situation, await self.ask(ActivatePlan(plan="tanker", situation=situation), COMMANDER)


@asynccontextmanager
async def desk(
    journal: Journal | None = None, *, clock: VirtualClock | None = None, limits: Limits | None = None,
    enrolled: bool = True,
) -> AsyncIterator[Desk]:  # fmt: skip
    """Run a hub on the journal (one in memory by default) as long as the block lasts."""
    clock = clock or VirtualClock(START_MS)
    hub = Hub("live", clock, journal or MemoryJournal(), limits)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hub.run())
        at_work = Desk(hub, clock)
        try:
            if enrolled:
                await at_work.enrol()
            yield at_work
        finally:
            running.cancel()


class FlakyJournal:
    """A journal whose `append` fails before or after the real commit, as the test says; reads and probes may too.

    While it `is_full` it takes nothing and can still be read.
    """

    def __init__(self, real: Journal) -> None:
        self.real = real
        self.is_full = False
        self.failures: list[str] = []
        self.reads_fail = False

    @property
    def kind(self) -> Kind:
        return self.real.kind

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        async with self.real.turn(space) as turn:
            yield _FlakyTurn(self, turn)

    async def head(self, space: str) -> Head:
        return await self.real.head(space)

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        if self.reads_fail:
            raise UnavailableError("the file cannot be read")
        return await self.real.read(space, after, limit)

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        return await self.real.answers(space, keys)

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        return await self.real.answered(space, after, limit)

    async def sign(self, space: str, head: SignedHead) -> None:
        await self.real.sign(space, head)

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        if self.reads_fail:
            raise UnavailableError("the file cannot be read")
        return await self.real.signed(space, after, limit)

    async def probe(self) -> None:
        if self.is_full:
            raise UnavailableError("the disk is full")
        if self.failures and self.failures[0] == "probe":
            self.failures.pop(0)
            raise UnavailableError("the disk is full")
        await self.real.probe()

    async def history(self) -> str:
        return await self.real.history()

    async def spaces(self) -> list[str]:
        return await self.real.spaces()

    async def size_bytes(self) -> int:
        if self.reads_fail:
            raise UnavailableError("the file cannot be read")
        return await self.real.size_bytes()

    async def close(self) -> None:
        await self.real.close()


class _FlakyTurn:
    def __init__(self, journal: FlakyJournal, turn: Turn) -> None:
        self._journal = journal
        self._turn = turn

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        failure = self._journal.failures.pop(0) if self._journal.failures else ""
        if failure == "before" or self._journal.is_full:
            raise UnavailableError("the disk is full")
        outcome = await self._turn.append(entries, after, keys)
        if failure == "after":
            raise UnavailableError("the connection was lost after COMMIT was sent")
        return outcome


async def refold(journal: Journal, space: str = "live", upto: int | None = None) -> Tables:
    """Return tables folded from the whole journal, or its beginning."""
    tables = Tables()
    for stored in await journal.read(space, 0, upto if upto is not None else 1_000_000):
        rules.fold(tables, recorded(stored))
    tables.settle()
    return tables


def picture(t: Tables) -> dict[str, Any]:
    """Return everything tables hold, change order included; positions are readings and left out."""
    return {
        name: (dict(table.rows), dict(table.changed_seq), dict(table.dropped_seq), table.floor_seq)
        for name, table in t.by_name.items()
        if name != "positions"
    } | {"seq": t.seq}


def in_change_order(table: Table[Any]) -> bool:
    """Say whether rows and drops stand in the order of their numbers, as `changes_since` needs."""
    return all(list(n.values()) == sorted(n.values()) for n in (table.changed_seq, table.dropped_seq))


def missed(t: Tables, name: str, seq: int) -> dict[str, Row | None]:
    """Return what `changes_since` tells somebody who stands at `seq`."""
    changes: dict[str, Row | None] | None = t.by_name[name].changes_since(seq)
    assert changes is not None
    return changes


async def calls_of(d: Desk) -> list[str]:
    """Return the ids of the calls in the tables."""
    return list(await d.table("calls"))


def accepting(d: Desk) -> bool:
    """Say whether the hub says yes; a function, so that no type checker takes the answer for settled."""
    return d.hub.accepting


def fault(*_: Any) -> Decision:
    """A rule that breaks."""
    raise KeyError("a fault in a rule")
