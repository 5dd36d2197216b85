"""Approvals in the service's file, each change together with the event that tells of it, and the timer that warns."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from functools import partial

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnknownIdError
from command.kernel.limits import APPROVALS_PER_TICK, WEBHOOK_BACKOFF_FIRST_MS
from command.links.service_messages import (
    Approval,
    ApprovalAsking,
    ApprovalDecision,
    ApprovalEvent,
    ApprovalEventKind,
    ApprovalPage,
    Paging,
)
from command.services import once, outbox
from command.services.approval import rules
from command.services.once import Once
from command.services.paging import cut_page
from command.services.store import Store

_APPROVALS = """
CREATE TABLE approvals (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    open INTEGER NOT NULL,
    warning_ms INTEGER,
    body BLOB NOT NULL
);
CREATE INDEX approvals_by_open ON approvals (open, n);
CREATE INDEX approvals_by_warning ON approvals (warning_ms) WHERE warning_ms IS NOT NULL
"""

SCHEMA = (";".join((outbox.SCHEMA, once.SCHEMA, _APPROVALS)),)
"""One script for each version of the file; never change one that was released, add the next."""

_log = logging.getLogger(__name__)


class Approvals:
    """All approvals of one service, and its timer."""

    def __init__(self, store: Store, clock: Clock, events: outbox.Outbox) -> None:
        self._store = store
        self._clock = clock
        self._events = events
        self._timer_woken = asyncio.Event()

    async def ask(self, asking: ApprovalAsking, request: Once) -> Approval:
        """Ask for an approval. The same request again returns it as it is now."""
        approval = await self._store.run(partial(_ask, asking, request, self._clock.now_ms()))
        self._events.wake()
        self._timer_woken.set()
        return approval

    async def decide(self, approval_id: str, decision: ApprovalDecision, request: Once) -> Approval:
        """Grant or refuse (see `rules.decide`). The same request again returns the approval as it is now."""
        approval = await self._store.run(partial(_decide, approval_id, decision, request, self._clock.now_ms()))
        self._events.wake()
        return approval

    async def find(self, approval_id: str) -> Approval:
        """Return an approval or raise `UnknownIdError`."""
        return await self._store.run(partial(_load, approval_id))

    async def page(self, paging: Paging) -> ApprovalPage:
        """Return approvals in the order of asking."""
        return await self._store.run(partial(_page, paging))

    async def newest(self, *, is_open: bool, limit: int) -> tuple[Approval, ...]:
        """Return the approvals asked for last, open or decided ones, newest first."""
        return await self._store.run(partial(_newest, is_open, limit))

    async def run_timer(self) -> None:
        """Give every warning once, at its time or as soon after as the service runs again; until cancelled."""
        while True:
            self._timer_woken.clear()
            try:
                next_ms = await self._store.run(partial(_warn_due, self._clock.now_ms()))
            except TriuneError as error:
                _log.error("approval warnings wait: %s", error.detail)
                next_ms = self._clock.now_ms() + WEBHOOK_BACKOFF_FIRST_MS
            self._events.wake()
            await self._wait(next_ms)

    async def _wait(self, until_ms: int | None) -> None:
        """Return at `until_ms` (None: never) or as soon as there is a new approval."""
        if until_ms is None:
            await self._timer_woken.wait()
            return
        async with asyncio.TaskGroup() as group:
            sleeping = group.create_task(self._ring(until_ms))
            await self._timer_woken.wait()
            sleeping.cancel()

    async def _ring(self, at_ms: int) -> None:
        await self._clock.sleep_until(at_ms)
        self._timer_woken.set()


def _ask(asking: ApprovalAsking, request: Once, now_ms: int, connection: sqlite3.Connection) -> Approval:
    known = once.recall(connection, request)
    if known is not None:
        return _load(known, connection)
    approval = rules.ask(f"apv_{secrets.token_hex(8)}", asking, now_ms)
    connection.execute("INSERT INTO approvals (id, open, body) VALUES (?, 1, x'')", (approval.id,))
    _save(connection, approval, "approval.requested", now_ms)
    once.remember(connection, request, approval.id)
    return approval


def _decide(
    approval_id: str, decision: ApprovalDecision, request: Once, now_ms: int, connection: sqlite3.Connection
) -> Approval:
    if once.recall(connection, request) is not None:
        return _load(approval_id, connection)
    late = _warn(_load(approval_id, connection), now_ms, connection)  # a late decision stands beside its warnings
    approval = rules.decide(late, decision, now_ms)
    _save(connection, approval, "approval.decided", now_ms)
    once.remember(connection, request, approval.id)
    return approval


def _warn_due(now_ms: int, connection: sqlite3.Connection) -> int | None:
    """Give the warnings whose time has come, at most `APPROVALS_PER_TICK`; return when the next one is due."""
    due = connection.execute(
        "SELECT body FROM approvals WHERE warning_ms <= ? ORDER BY warning_ms LIMIT ?", (now_ms, APPROVALS_PER_TICK)
    ).fetchall()
    for (body,) in due:
        _warn(msgspec.json.decode(body, type=Approval), now_ms, connection)
    (next_ms,) = connection.execute("SELECT min(warning_ms) FROM approvals").fetchone()
    return None if next_ms is None else int(next_ms)


def _warn(approval: Approval, now_ms: int, connection: sqlite3.Connection) -> Approval:
    """Give the approval's warnings that are due and not yet given; return it as it is then."""
    while (warned := rules.warn(approval, now_ms)) is not None:
        approval, kind = warned
        _save(connection, approval, kind, now_ms)
    return approval


def _save(connection: sqlite3.Connection, approval: Approval, kind: ApprovalEventKind, now_ms: int) -> None:
    connection.execute(
        "UPDATE approvals SET open = ?, warning_ms = ?, body = ? WHERE id = ?",
        (approval.state == "waiting", rules.next_warning_ms(approval), msgspec.json.encode(approval), approval.id),
    )
    event = ApprovalEvent(id=outbox.new_event_id(), kind=kind, at_ms=now_ms, approval=approval)
    outbox.put(connection, event.id, msgspec.json.encode(event))


def _load(approval_id: str, connection: sqlite3.Connection) -> Approval:
    row = connection.execute("SELECT body FROM approvals WHERE id = ?", (approval_id,)).fetchone()
    if row is None:
        raise UnknownIdError(f"no approval {approval_id!r}")
    return msgspec.json.decode(row[0], type=Approval)


def _page(paging: Paging, connection: sqlite3.Connection) -> ApprovalPage:
    rows = connection.execute(
        "SELECT n, body FROM approvals WHERE n > ? AND open = coalesce(?, open) ORDER BY n LIMIT ?",
        (paging.after, paging.open, paging.limit + 1),
    )
    bodies, following = cut_page(rows, paging.limit)
    return ApprovalPage(items=tuple(msgspec.json.decode(body, type=Approval) for body in bodies), next=following)


def _newest(is_open: bool, limit: int, connection: sqlite3.Connection) -> tuple[Approval, ...]:
    rows = connection.execute("SELECT body FROM approvals WHERE open = ? ORDER BY n DESC LIMIT ?", (is_open, limit))
    return tuple(msgspec.json.decode(body, type=Approval) for (body,) in rows)
