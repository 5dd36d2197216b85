"""The past of a space: its facts folded up to a moment, by the same rules that fold them when they happen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from command import rules
from command.facts.calls import SituationOpened
from command.hub import recorded
from command.journal import Journal, StoredFact
from command.kernel.errors import TooManyError, UnknownIdError
from command.kernel.limits import REPLAY_FACTS_READ, REPLAYS, REPLAYS_WAITING, TIMELINE_FACTS
from command.readings import Position, Readings
from command.rows import MarkRow, PositionRow, Row, UnitRow
from command.settings import Limits
from command.tables import Tables

TABLES = (
    "situations", "calls", "orders", "tasks", "activations", "approvals", "alarms", "hits", "evidence", "cases", "sos",
    "marks",
)  # fmt: skip
"""Tables whose rows name a situation, or are one."""
POSITION_AGE_MS = 10 * 60 * 1000
"""A fix older than this says nothing about where a unit was."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A situation and the units of the space as they were at `at_ms`, after the fact `seq`."""

    situation: str
    at_ms: int
    seq: int
    tables: dict[str, dict[str, Row]]


class TimeLine(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a situation: the first `TIMELINE_FACTS` facts about it, and whether there are more."""

    situation: str
    opened_ms: int
    facts: list[MarkRow]
    more: bool


class Replays:
    """Folds the past in threads, `REPLAYS` at a time."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(REPLAYS)
        self._waiting = 0

    async def scene(
        self, journal: Journal, readings: Readings, space: str, situation: str, at_ms: int, limits: Limits
    ) -> Scene:
        """Return a situation as it was; `UnknownIdError` where it was not yet, `TooManyError` past the limit."""
        tables = Tables(limits)
        await self._in_turn(_Fold(tables, at_ms), journal, space)
        tables.situations.need(situation)
        kept = {name: _about(tables.by_name[name].rows, situation) for name in TABLES}
        units = {unit.id: unit for unit in tables.units}
        kept["units"] = dict(units)
        kept["positions"] = dict(await _positions(readings, space, units, at_ms))
        return Scene(situation=situation, at_ms=at_ms, seq=tables.seq, tables=kept)

    async def time_line(self, journal: Journal, space: str, situation: str, limits: Limits) -> TimeLine:
        """Return the facts about a situation, from the journal; raises as `scene`."""
        fold = _Fold(Tables(limits), None, situation)
        await self._in_turn(fold, journal, space)
        if not fold.marks:
            raise UnknownIdError(f"no situation {situation[:64]!r}")
        return TimeLine(
            situation=situation,
            opened_ms=fold.marks[0].at_ms,
            facts=fold.marks[:TIMELINE_FACTS],
            more=len(fold.marks) > TIMELINE_FACTS,
        )

    async def _in_turn(self, fold: _Fold, journal: Journal, space: str) -> None:
        if self._waiting >= REPLAYS_WAITING:
            raise TooManyError(f"{REPLAYS_WAITING} replays are waiting; try again")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            seq = 0
            while stored := await journal.read(space, seq, REPLAY_FACTS_READ):
                if not await asyncio.to_thread(fold.take, stored):
                    return
                seq = stored[-1].seq
        finally:
            self._slots.release()


class _Fold:
    """Folds facts up to an instant, and collects the marks of one situation on the way."""

    def __init__(self, tables: Tables, until_ms: int | None, situation: str = "") -> None:
        self.marks: list[MarkRow] = []
        self._tables = tables
        self._until_ms = until_ms
        self._situation = situation

    def take(self, facts: Sequence[StoredFact]) -> bool:
        """Fold them; say whether those that follow are wanted too."""
        for stored in facts:
            if self._until_ms is not None and stored.at_ms > self._until_ms:
                return False
            rules.fold(self._tables, recorded(stored))
            mark = self._tables.marks.get(str(stored.seq))
            if mark is not None and mark.situation == self._situation:
                self.marks.append(mark)
        self._tables.settle()
        return len(self.marks) <= TIMELINE_FACTS


async def opened_ms(journal: Journal, space: str, situation: str) -> int:
    """Return when a situation was opened; `UnknownIdError` where it never was."""
    seq = 0
    while stored := await journal.read(space, seq, REPLAY_FACTS_READ):
        for fact in map(recorded, stored):
            if isinstance(fact.fact, SituationOpened) and fact.fact.situation == situation:
                return fact.at_ms
        seq = stored[-1].seq
    raise UnknownIdError(f"no situation {situation[:64]!r}")


def _about(rows: dict[str, Row], situation: str) -> dict[str, Row]:
    return {key: row for key, row in rows.items() if getattr(row, "situation", row.id) == situation}


async def _positions(readings: Readings, space: str, units: dict[str, UnitRow], at_ms: int) -> dict[str, PositionRow]:
    found: dict[str, PositionRow] = {}
    for unit in units.values():
        newest: Position | None = None
        for device in unit.devices:
            track = await readings.track(space, device, at_ms - POSITION_AGE_MS, at_ms, 100_000)
            if track and (newest is None or track[-1].at_ms > newest.at_ms):
                newest = track[-1]
        if newest is not None:
            found[unit.id] = PositionRow(
                id=unit.id, device=newest.device, at_ms=newest.at_ms, lat=newest.lat, lon=newest.lon,
                source=newest.source, accuracy_m=newest.accuracy_m, speed_kmh=newest.speed_kmh,
                heading_deg=newest.heading_deg,
            )  # fmt: skip
    return found
