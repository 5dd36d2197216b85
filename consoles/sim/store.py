"""The store that hubs share, and how a hub reaches it: durable at once or not at all, and everything in between."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, cast

from command import leases
from command.journal import Answer, Entry, Head, Kind, Outcome, SignedHead, StoredFact, Turn
from command.journal.memory import MemoryJournal
from command.kernel.database import Row, Statement, Value
from command.kernel.errors import UnavailableError
from command.links import cursors
from command.readings import Changes, Position, Readings
from command.readings.memory import MemoryReadings
from consoles.sim.audit import Audit
from consoles.sim.loop import Process, VirtualLoop

Failure = Literal["before", "after", "late"]
"""Of a commit: nothing stored; stored and the answer lost; reported failed, and stored a while later."""

_TRIP_S = 0.0004
_COMMIT_S = 0.002
_LOCK_WAIT_S = 10.0
_LATE_S = 8.0
_DEAD_SESSION_S = 3.0


class Store:
    """What survives: facts and answers, readings, cursors. And what is wrong with it just now."""

    def __init__(self, loop: VirtualLoop, audit: Audit, world: Process) -> None:
        self.loop = loop
        self.audit = audit
        self.world = world
        self.journal = MemoryJournal()
        self.readings = MemoryReadings()
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        for statement in (*cursors.SCHEMA, *leases.SCHEMA):
            self.database.execute(statement)
        self.away_since_us: int | None = None
        self.full_since_us: int | None = None
        self.readings_full = False
        """Readings lie on a disk of their own, which may be full too or still have room."""
        self.slowness = 1.0
        self._owner: object | None = None
        self._owned_by: Process | None = None
        self._waiting: deque[tuple[object, Process, Any]] = deque()

    async def commit(self, who: str, space: str, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        """Do it at once, without giving way to anybody: from here on it is durable."""
        outcome = self.journal.append(space, entries, after, keys)
        if outcome.stored and entries:
            facts = await self.journal.read(space, after.seq, sum(len(entry.facts) for entry in entries))
            self.audit.committed(who, entries, facts, outcome.head)
        return outcome

    @property
    def away(self) -> bool:
        """Say whether no hub reaches it."""
        return self.away_since_us is not None

    def go(self, away: bool) -> None:
        """Go away, or come back."""
        if away != self.away:
            self.away_since_us = self.loop.now_us if away else None

    @property
    def full(self) -> bool:
        """Say whether the record's disk is full."""
        return self.full_since_us is not None

    def fill(self, full: bool) -> None:
        """Fill the record's disk, or make room."""
        if full != self.full:
            self.full_since_us = self.loop.now_us if full else None

    @property
    def hung(self) -> bool:
        """Say whether nobody can write, because of a commit that was given up and has not ended yet."""
        return self._owned_by is self.world

    async def lock(self, owner: object, process: Process) -> None:
        """Wait for the space's one lock, in the order of asking; `UnavailableError` after a while."""
        if self._owner is None:
            self._owner, self._owned_by = owner, process
            return
        turn = self.loop.create_future()
        self._waiting.append((owner, process, turn))
        timer = self.loop.call_later(_LOCK_WAIT_S, _give_up, turn)
        try:
            await turn
        except BaseException:
            self.unlock(owner)  # it may have been given just before whoever waited was cancelled
            raise
        finally:
            timer.cancel()

    def unlock(self, owner: object) -> None:
        """Hand it to whoever waits and still lives."""
        if self._owner is not owner:
            return
        self._owner = self._owned_by = None
        while self._waiting and self._owner is None:
            waiter, process, turn = self._waiting.popleft()
            if process.alive and not turn.done():
                self._owner, self._owned_by = waiter, process
                turn.set_result(None)

    def hand_over(self, owner: object) -> object:
        """Let the store itself keep the lock of a session that was given up in the middle of its commit."""
        session = object()
        if self._owner is owner:
            self._owner, self._owned_by = session, self.world
        return session

    def lose(self, process: Process) -> None:
        """Notice, after a while, that whoever may hold the lock has died."""
        self.world.later(_DEAD_SESSION_S * self.world.random.random(), self._forget, process)

    def _forget(self, process: Process) -> None:
        if self._owned_by is process:
            self.unlock(self._owner)


def _give_up(turn: Any) -> None:
    if not turn.done():
        turn.set_exception(UnavailableError("the space's lock is held for too long"))


class Access:
    """One hub's connection to the store. A hub that died has none: what it still does has no effect."""

    def __init__(self, store: Store, process: Process) -> None:
        self.store = store
        self.process = process
        self.cut_off = False
        self.failures: deque[Failure] = deque()
        """What happens to the next commits."""
        self._told_full_us = -1

    async def trip(self, mean_s: float = _TRIP_S) -> None:
        """Take the time of a message to the store or back."""
        await self.store.loop.pause(mean_s * self.store.slowness * (0.5 + self.process.random.random()))
        if self.store.away or self.cut_off or not self.process.alive:
            raise UnavailableError("the store does not answer")

    def refuse_if_full(self) -> None:
        """Refuse what the record's disk has no room for."""
        if self.store.full_since_us is None:
            return
        if self._told_full_us < self.store.full_since_us:
            self._told_full_us = self.store.loop.now_us
        raise UnavailableError("the disk is full")

    @property
    def full_us(self) -> int:
        """For how long the hub has known that the disk is full; 0 while it is not, or nothing was to be written."""
        since_us = self.store.full_since_us
        known = since_us is not None and self._told_full_us >= since_us
        return self.store.loop.now_us - self._told_full_us if known else 0


class JournalAccess:
    """The journal's port, over one hub's connection. What is read may be old by the time that it arrives."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.real = access.store.journal

    @property
    def kind(self) -> Kind:
        """What it is kept in."""
        return self.real.kind

    def turn(self, space: str) -> AbstractAsyncContextManager[Turn]:
        """Return a turn at writing; the space is locked from the first append to the end of the turn."""
        return _Turn(self.access, space)

    async def head(self, space: str) -> Head:
        """Return the last sequence number and digest."""
        found = await self.real.head(space)
        await self.access.trip()
        return found

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        found = await self.real.read(space, after, limit)
        await self.access.trip()
        return found

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        found = await self.real.answers(space, keys)
        await self.access.trip()
        return found

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers after a sequence number."""
        found = await self.real.answered(space, after, limit)
        await self.access.trip()
        return found

    async def sign(self, space: str, head: SignedHead) -> None:
        """Keep a signed head."""
        await self.access.trip()
        await self.real.sign(space, head)

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads after a sequence number."""
        found = await self.real.signed(space, after, limit)
        await self.access.trip()
        return found

    async def probe(self) -> None:
        """Say whether the store takes anything."""
        await self.access.trip()
        self.access.refuse_if_full()

    async def history(self) -> str:
        """Return the id of the history."""
        found = await self.real.history()
        await self.access.trip()
        return found

    async def spaces(self) -> list[str]:
        """Return every space."""
        found = await self.real.spaces()
        await self.access.trip()
        return found

    async def size_bytes(self) -> int:
        """Return what it takes."""
        await self.access.trip()
        return await self.real.size_bytes()

    async def close(self) -> None:
        """Nothing to release."""


class _Turn:
    """A transaction: the lock, then the commit, and a way back on which the answer can be lost."""

    def __init__(self, access: Access, space: str) -> None:
        self._access = access
        self._store = access.store
        self._space = space
        self._locked = False

    async def __aenter__(self) -> _Turn:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._store.unlock(self)

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        access, store = self._access, self._store
        await access.trip()
        if not self._locked:
            await store.lock(self, access.process)
            self._locked = True
        failure = access.failures.popleft() if entries and access.failures else None
        if entries:
            access.refuse_if_full()
        if failure == "before":
            raise UnavailableError("the commit failed")
        if failure == "late":
            session = store.hand_over(self)
            delay_s = _LATE_S * access.process.random.random()
            store.world.later(delay_s, self._commit_late, session, entries, after, keys)
            raise UnavailableError("the store was given up in the middle of a commit")
        if entries:
            await access.trip(_COMMIT_S)
        outcome = await store.commit(access.process.name, self._space, entries, after, keys)
        if entries:
            await access.trip(_COMMIT_S)
        if failure == "after":
            raise UnavailableError("the connection was lost after COMMIT was sent")
        return outcome

    def _commit_late(self, session: object, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> None:
        self._store.world.start(self._finish_late(session, entries, after, keys))

    async def _finish_late(self, session: object, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> None:
        if not self._store.full:
            await self._store.commit(self._access.process.name, self._space, entries, after, keys)
        self._store.unlock(session)


class LinkDatabase:
    """The database of the links' cursors and leases, over one hub's connection."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return the rows of a query."""
        found = self._access.store.database.execute(sql, values).fetchall()
        await self._access.trip()
        return found

    async def write(self, *statements: Statement) -> list[int]:
        """Run the statements in one transaction."""
        await self._access.trip()
        if self._access.store.full:
            raise UnavailableError("the disk is full")
        touched = [self._access.store.database.execute(sql, values).rowcount for sql, values in statements]
        await self._access.trip()
        return touched

    async def close(self) -> None:
        """Nothing to release."""


class _ReadingsAccess:
    """Of the readings what the uplink uses."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        await self._access.trip()
        if self._access.store.readings_full:
            raise UnavailableError("the disk is full")
        await self._access.store.readings.add_positions(space, positions)
        await self._access.trip()

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        found = await self._access.store.readings.track(space, device, from_ms, to_ms, limit)
        await self._access.trip()
        return found

    async def latest_positions(self, space: str, devices: Sequence[str] | None = None) -> list[Position]:
        found = await self._access.store.readings.latest_positions(space, devices)
        await self._access.trip()
        return found

    async def changed_positions(self, space: str, since: int) -> Changes:
        found = await self._access.store.readings.changed_positions(space, since)
        await self._access.trip()
        return found


def readings_over(access: Access) -> Readings:
    """Return the readings over one hub's connection; only what `HubUplink` asks for is there."""
    return cast("Readings", _ReadingsAccess(access))
