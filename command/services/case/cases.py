"""Cases in the service's file: numbered without gaps in each year, changed together with the event that tells of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import partial

import msgspec

from command.facts.plans import CaseStep
from command.kernel.clock import Clock
from command.kernel.errors import TooLargeError, UnknownIdError
from command.kernel.geo import check_point
from command.kernel.limits import CASE_BYTES
from command.kernel.local_time import local_year
from command.links.service_messages import Case, CaseEvent, CaseEventKind, CaseMove, CaseOpening, CasePage, Paging
from command.services import once, outbox
from command.services.case.steps import STEP_LIMITS_MS, move_case, open_case
from command.services.once import Once
from command.services.paging import cut_page
from command.services.store import Store

_CASES = """
CREATE TABLE numbers (year INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE cases (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL UNIQUE,
    open INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX cases_by_open ON cases (open, n)
"""

SCHEMA = (";".join((outbox.SCHEMA, once.SCHEMA, _CASES)),)
"""One script for each version of the file; never change one that was released, add the next."""


class CaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a jurisdiction sets: how its numbers begin, and the time it gives each step after the one before."""

    number_prefix: str = "岳阳县案"
    step_limits_ms: Mapping[CaseStep, int] = msgspec.field(default_factory=lambda: STEP_LIMITS_MS)


class Cases:
    """All cases of one service."""

    def __init__(self, store: Store, clock: Clock, events: outbox.Outbox, settings: CaseSettings) -> None:
        self._store = store
        self._clock = clock
        self._events = events
        self._settings = settings

    async def open(self, opening: CaseOpening, request: Once) -> Case:
        """Open a case under the next number of the year. The same request again returns the case as it is now."""
        if opening.place is not None:
            check_point(opening.place.lat, opening.place.lon)
        case = await self._store.run(partial(self._open, opening, request, self._clock.now_ms()))
        self._events.wake()
        return case

    async def move(self, number: str, move: CaseMove, request: Once) -> Case:
        """Take a case one step on or back (see `move_case`). The same request again returns the case as it is now."""
        case = await self._store.run(partial(self._move, number, move, request, self._clock.now_ms()))
        self._events.wake()
        return case

    async def find(self, number: str) -> Case:
        """Return a case or raise `UnknownIdError`."""
        return await self._store.run(partial(_load, number))

    async def page(self, paging: Paging) -> CasePage:
        """Return cases in the order of opening."""
        return await self._store.run(partial(_page, paging))

    async def newest_open(self, limit: int) -> tuple[Case, ...]:
        """Return the cases opened last and not closed, newest first."""
        return await self._store.run(partial(_newest_open, limit))

    def _open(self, opening: CaseOpening, request: Once, now_ms: int, connection: sqlite3.Connection) -> Case:
        known = once.recall(connection, request)
        if known is not None:
            return _load(known, connection)
        year = local_year(now_ms)
        (last,) = connection.execute(
            "INSERT INTO numbers VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last", (year,)
        ).fetchone()
        number = f"{self._settings.number_prefix}〔{year}〕{last:06d}"
        case = open_case(number, opening, now_ms, self._settings.step_limits_ms)
        connection.execute("INSERT INTO cases (number, open, body) VALUES (?, 1, ?)", (number, _encode(case)))
        _tell(connection, "case.opened", case, now_ms)
        once.remember(connection, request, number)
        return case

    def _move(self, number: str, move: CaseMove, request: Once, now_ms: int, connection: sqlite3.Connection) -> Case:
        if once.recall(connection, request) is not None:
            return _load(number, connection)
        case, kind = move_case(_load(number, connection), move, now_ms, self._settings.step_limits_ms)
        connection.execute(
            "UPDATE cases SET open = ?, body = ? WHERE number = ?",
            (case.closed_ms is None, _encode(case), number),
        )
        _tell(connection, kind, case, now_ms)
        once.remember(connection, request, number)
        return case


def _tell(connection: sqlite3.Connection, kind: CaseEventKind, case: Case, now_ms: int) -> None:
    event = CaseEvent(id=outbox.new_event_id(), kind=kind, at_ms=now_ms, case=case)
    outbox.put(connection, event.id, msgspec.json.encode(event))


def _encode(case: Case) -> bytes:
    body = msgspec.json.encode(case)
    if len(body) > CASE_BYTES:
        raise TooLargeError(f"case {case.number} would be larger than {CASE_BYTES} bytes", limit=CASE_BYTES)
    return body


def _load(number: str, connection: sqlite3.Connection) -> Case:
    row = connection.execute("SELECT body FROM cases WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise UnknownIdError(f"no case {number!r}")
    return msgspec.json.decode(row[0], type=Case)


def _page(paging: Paging, connection: sqlite3.Connection) -> CasePage:
    rows = connection.execute(
        "SELECT n, body FROM cases WHERE n > ? AND open = coalesce(?, open) ORDER BY n LIMIT ?",
        (paging.after, paging.open, paging.limit + 1),
    )
    bodies, following = cut_page(rows, paging.limit)
    return CasePage(items=tuple(msgspec.json.decode(body, type=Case) for body in bodies), next=following)


def _newest_open(limit: int, connection: sqlite3.Connection) -> tuple[Case, ...]:
    rows = connection.execute("SELECT body FROM cases WHERE open = 1 ORDER BY n DESC LIMIT ?", (limit,))
    return tuple(msgspec.json.decode(body, type=Case) for (body,) in rows)
