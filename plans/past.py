"""The past of a space: its facts folded up to a moment, by the same rules that fold them when they happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from command import rules
from command.facts import IncidentKind, Level, Recorded, Service
from command.facts.archive import TablesSwept
from command.facts.calls import SituationClosed, SituationMerged, SituationOpened
from command.facts.orders import EvidenceFixed
from command.facts.watchlist import PlateHit
from command.hub import recorded
from command.journal import Head, Journal, StoredFact
from command.kernel.errors import TooManyError, UnknownIdError
from command.patrol.sos import seen_last
from command.readings import Position, Readings
from command.rows import MarkRow, PositionRow, Row, UnitRow
from command.settings import Limits
from command.snapshots import SnapshotFolder, TablesCopy
from command.tables import Tables
from plans.limits import (
    PAST_SITUATIONS,
    REPLAY_FACTS_READ,
    REPLAY_STARTS,
    REPLAYS,
    REPLAYS_WAITING,
    TIMELINE_FACTS,
)

TABLES = (
    "situations", "calls", "orders", "tasks", "activations", "approvals", "alarms", "hits", "evidence", "cases", "sos",
    "marks",
)  # fmt: skip
"""Tables whose rows name a situation, or are one."""
Take = Callable[[Sequence[StoredFact]], bool]
"""Looks at facts in order and says whether those that follow are wanted too."""
HIT_MEDIA_TYPE = "image/jpeg"
"""Of every picture of a hit."""
_SEQ_DIGITS = 15
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


class PastSituation(msgspec.Struct, frozen=True, kw_only=True):
    """A situation as it was opened; `ended_ms` where it was closed or merged before the end of what was looked at."""

    id: str
    title: str
    service: Service
    kind: IncidentKind
    level: Level
    opened_ms: int
    ended_ms: int | None = None
    merged_into: str = ""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The first `PAST_SITUATIONS` situations opened in a time, oldest first, and whether there are more."""

    situations: list[PastSituation]
    more: bool


class Replays:
    """Folds the past in threads, `REPLAYS` at a time, and not all of it anew for each moment that is looked at.

    A fold begins with the latest tables known from before the situation was opened: what an earlier look left, at this
    situation or an older one, or a snapshot of the hub's. Only where there are none does it begin with the first fact.
    """

    def __init__(self, snapshots: SnapshotFolder | None = None) -> None:
        self._slots = asyncio.Semaphore(REPLAYS)
        self._waiting = 0
        self._snapshots = snapshots
        self._starts: WeakKeyDictionary[Journal, dict[int, TablesCopy]] = WeakKeyDictionary()
        """Tables as they were after a fact, those used last at the end."""

    async def scene(
        self, journal: Journal, readings: Readings, space: str, situation: str, at_ms: int, limits: Limits
    ) -> Scene:
        """Return a situation as it was; `UnknownIdError` where it was not yet, `TooManyError` past the limit."""
        tables = (await self._folded(journal, space, situation, at_ms, limits)).tables
        tables.situations.need(situation)
        kept = {name: _about(tables.by_name[name].rows, situation) for name in TABLES}
        units = {unit.id: unit for unit in tables.units}
        kept["units"] = dict(units)
        kept["positions"] = dict(await _positions(readings, space, units, at_ms))
        return Scene(situation=situation, at_ms=at_ms, seq=tables.seq, tables=kept)

    async def time_line(self, journal: Journal, space: str, situation: str, limits: Limits) -> TimeLine:
        """Return the facts about a situation, from the journal; raises as `scene`."""
        marks = (await self._folded(journal, space, situation, None, limits)).marks
        if not marks:
            raise UnknownIdError(f"no situation {situation[:64]!r}")
        return TimeLine(
            situation=situation,
            opened_ms=marks[0].at_ms,
            facts=marks[:TIMELINE_FACTS],
            more=len(marks) > TIMELINE_FACTS,
        )

    async def find(self, journal: Journal, space: str, from_ms: int, to_ms: int) -> Past:
        """Return the situations opened from one instant up to another, whether the tables still hold them or not."""
        search = _Search(to_ms)
        async with self._turn():
            await _follow(journal, space, await _seq_before(journal, space, from_ms), search.take)
        found = list(search.found.values())
        return Past(situations=found[:PAST_SITUATIONS], more=len(found) > PAST_SITUATIONS)

    async def _folded(
        self, journal: Journal, space: str, situation: str, until_ms: int | None, limits: Limits
    ) -> _Fold:
        opened_seq = _number_of(situation)
        async with self._turn():
            start = await self._start(journal, space, opened_seq, limits)
            fold = _Fold(space, start, until_ms, situation, opened_seq)
            await _follow(journal, space, start.seq, fold.take)
            if fold.before is not None:
                self._keep(journal, fold.before)
        return fold

    async def _start(self, journal: Journal, space: str, before_seq: int, limits: Limits) -> Tables:
        """Return the latest tables that are known from before a fact; empty ones where there are none."""
        starts = self._starts.get(journal, {})
        seq = max((seq for seq in starts if seq < before_seq), default=0)
        start = starts.get(seq)
        if self._snapshots is not None:
            found = self._snapshots.read(space, limits, seq, before_seq)
            while at := await asyncio.to_thread(next, found, None):
                if await _holds(journal, space, at[1]):
                    return at[0]
        if start is None:
            return Tables(limits)
        if starts.pop(seq, None) is not None:  # another look may have taken its place meanwhile
            starts[seq] = start
        return await asyncio.to_thread(start.tables)

    def _keep(self, journal: Journal, start: TablesCopy) -> None:
        starts = self._starts.setdefault(journal, {})
        starts[start.head.seq] = start
        while len(starts) > REPLAY_STARTS:
            del starts[next(iter(starts))]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= REPLAYS_WAITING:
            raise TooManyError(f"{REPLAYS_WAITING} replays are waiting; try again")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()


async def _follow(journal: Journal, space: str, after: int, take: Take) -> None:
    while stored := await journal.read(space, after, REPLAY_FACTS_READ):
        if not await asyncio.to_thread(take, stored):
            return
        after = stored[-1].seq


async def _holds(journal: Journal, space: str, head: Head) -> bool:
    """Say whether it is this journal that ended so once."""
    at = await journal.read(space, head.seq - 1, 1)
    return bool(at) and at[0].digest == head.digest


def _number_of(row: str) -> int:
    """Return the number of the fact that brought a row about, which is in its id; 0 for what is no id."""
    number = row[1:]
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= _SEQ_DIGITS else 0


class _Fold:
    """Folds facts up to an instant or until a situation leaves the tables, and collects its marks on the way."""

    def __init__(self, space: str, tables: Tables, until_ms: int | None, situation: str, opened_seq: int) -> None:
        self.tables = tables
        self.marks: list[MarkRow] = []
        self.before: TablesCopy | None = None
        """What the tables were before the situation was opened, where that was passed on the way."""
        self._space = space
        self._until_ms = until_ms
        self._situation = situation
        self._opened_seq = opened_seq
        self._from_seq = tables.seq

    def take(self, facts: Sequence[StoredFact]) -> bool:
        """Fold them; say whether those that follow are wanted too."""
        tables = self.tables
        for stored in facts:
            if self._until_ms is not None and stored.at_ms > self._until_ms:
                return False
            if stored.seq == self._opened_seq and tables.seq > self._from_seq:
                self.before = TablesCopy(self._space, tables, Head(seq=tables.seq))
            fact = recorded(stored)
            if isinstance(fact.fact, TablesSwept) and self._situation in fact.fact.situations:
                tables.settle()
                return False
            rules.fold(tables, fact)
            mark = tables.marks.get(str(stored.seq))
            if mark is not None and mark.situation == self._situation:
                self.marks.append(mark)
        tables.settle()
        return self._until_ms is not None or len(self.marks) <= TIMELINE_FACTS


class _Search:
    """Collects the situations opened up to an instant, with one more than is answered, and how they ended."""

    def __init__(self, to_ms: int) -> None:
        self.found: dict[str, PastSituation] = {}
        self._to_ms = to_ms

    def take(self, facts: Sequence[StoredFact]) -> bool:
        """Look at them; say whether those that follow are wanted too."""
        for stored in facts:
            if stored.at_ms > self._to_ms or len(self.found) > PAST_SITUATIONS:
                return False
            if b'"situation_' in stored.data:  # most facts are something else, and need not be read
                self._note(recorded(stored))
        return True

    def _note(self, r: Recorded) -> None:
        match r.fact:
            case SituationOpened() as fact:
                self.found[fact.situation] = PastSituation(
                    id=fact.situation, title=fact.title, service=fact.service, kind=fact.kind, level=fact.level,
                    opened_ms=r.at_ms,
                )  # fmt: skip
            case (SituationClosed() | SituationMerged()) as fact if fact.situation in self.found:
                into = fact.into if isinstance(fact, SituationMerged) else ""
                self.found[fact.situation] = replace(self.found[fact.situation], ended_ms=r.at_ms, merged_into=into)
            case _:
                pass


async def _seq_before(journal: Journal, space: str, at_ms: int) -> int:
    """Return the number of the last fact before an instant, by bisection: numbers and instants rise together."""
    low, high = 0, (await journal.head(space)).seq
    while low < high:
        middle = (low + high + 1) // 2
        (fact,) = await journal.read(space, middle - 1, 1)
        low, high = (middle, high) if fact.at_ms < at_ms else (low, middle - 1)
    return low


async def opened_ms(journal: Journal, space: str, situation: str) -> int:
    """Return when a situation was opened; `UnknownIdError` where it never was."""
    for stored in await _brought_about(journal, space, situation):
        match recorded(stored).fact:
            case SituationOpened() as fact if fact.situation == situation:
                return stored.at_ms
            case _:
                pass
    raise UnknownIdError(f"no situation {situation[:64]!r}")


async def files_of(journal: Journal, space: str, row: str) -> dict[str, str]:
    """Return media types by name (SHA-256) of the files that a row of evidence or a hit, once, named."""
    for stored in await _brought_about(journal, space, row):
        match recorded(stored).fact:
            case EvidenceFixed() as fact if fact.evidence == row:
                return {fact.sha256: fact.media_type}
            case PlateHit() as fact if fact.hit == row:
                return {name: HIT_MEDIA_TYPE for name in (fact.picture, fact.plate_picture) if name}
            case _:
                pass
    return {}


async def _brought_about(journal: Journal, space: str, row: str) -> Sequence[StoredFact]:
    """Return the fact that brought a row about: one look, since its number is in the row's id."""
    number = _number_of(row)
    return await journal.read(space, number - 1, 1) if number else ()


def _about(rows: dict[str, Row], situation: str) -> dict[str, Row]:
    return {key: row for key, row in rows.items() if getattr(row, "situation", row.id) == situation}


async def _positions(readings: Readings, space: str, units: dict[str, UnitRow], at_ms: int) -> dict[str, PositionRow]:
    found: dict[str, PositionRow] = {}
    for unit in units.values():
        newest: Position | None = None
        for device in unit.devices:
            track = await readings.track(space, device, at_ms - POSITION_AGE_MS, at_ms, 100_000)
            last = seen_last(track[-1]) if track else None
            if last and (newest is None or last.at_ms > newest.at_ms):
                newest = last
        if newest is not None:
            found[unit.id] = PositionRow(
                id=unit.id, device=newest.device, at_ms=newest.at_ms, lat=newest.lat, lon=newest.lon,
                source=newest.source, accuracy_m=newest.accuracy_m, speed_kmh=newest.speed_kmh,
                heading_deg=newest.heading_deg,
            )  # fmt: skip
    return found
