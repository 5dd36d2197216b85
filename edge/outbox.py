"""What is to reach the hub, in one SQLite file: stored before it is sent, until the hub says that it is durable there.

When the bounds are reached the least important go first, oldest first; how many of each kind is kept for good.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from command.kernel.errors import TooLargeError, UnavailableError
from command.kernel.sqlite import SqliteThread
from edge.limits import AGENT_ITEM_BYTES, AGENT_PICTURE_BYTES, OUTBOX_BYTES, OUTBOX_ITEMS, OUTBOX_WAITING

T = TypeVar("T")
_SHED_AT_ONCE = 256
SCHEMA = (
    """
    CREATE TABLE box (id TEXT NOT NULL);
    CREATE TABLE items (
        number INTEGER PRIMARY KEY AUTOINCREMENT, priority INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        body BLOB NOT NULL, picture BLOB, size INTEGER NOT NULL, aside INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX items_in_order ON items (aside, priority, number);
    CREATE INDEX items_to_shed ON items (priority DESC, number);
    CREATE TABLE totals (priority INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL);
    CREATE TABLE shed (kind TEXT PRIMARY KEY, items INTEGER NOT NULL);
    """,
)


class Priority(IntEnum):
    """The order in which items go; they are shed in the opposite one."""

    ALARM = 0
    HIT = 1
    STATE = 2
    SIGHTING = 3
    PICTURE = 4


class NewItem(msgspec.Struct, frozen=True):
    """Something to be told. `subject` is what it is about, e.g. a camera; `body` is JSON."""

    priority: Priority
    kind: str
    body: bytes
    subject: str = ""
    picture: bytes | None = None


class StoredItem(msgspec.Struct, frozen=True):
    """One that waits. `picture_bytes` is the size of the picture with it, 0 without one."""

    number: int
    priority: Priority
    kind: str
    subject: str
    body: bytes
    picture_bytes: int


class Outbox:
    """`outbox = await Outbox.open(path)`; every method raises `UnavailableError` where the file refuses."""

    def __init__(self, db: SqliteThread, box: str, most_items: int, most_bytes: int) -> None:
        self.id = box
        """New with each file: a number means something only together with it."""
        self.shed: Mapping[str, int] = {}
        """How many of each kind were shed since the file was made."""
        self.not_stored = 0
        """Items that the file refused and that nobody has, since this process began."""
        self.newest = 0
        """The number of the newest item that was ever put, durable."""
        self._db = db
        self._most = (most_items, most_bytes)
        self._totals: Mapping[Priority, tuple[int, int]] = {}
        self._waiting = 0
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, path: Path, most_items: int = OUTBOX_ITEMS, most_bytes: int = OUTBOX_BYTES) -> Outbox:
        """Open the file, or make it."""
        db = SqliteThread(path, SCHEMA, "outbox")
        box, newest = await db.run(_identify)
        outbox = cls(db, box, most_items, most_bytes)
        outbox.newest = newest
        await outbox._change(lambda _: None)
        return outbox

    @property
    def waiting(self) -> dict[str, int]:
        """How many items of each importance wait."""
        return {priority.name.lower(): items for priority, (items, _) in self._totals.items() if items}

    @property
    def items(self) -> int:
        """How many items wait."""
        return sum(items for items, _ in self._totals.values())

    @property
    def size_bytes(self) -> int:
        """How large they are."""
        return sum(size for _, size in self._totals.values())

    async def put(self, items: Sequence[NewItem]) -> list[int]:
        """Store items, all or none, and return their numbers once they are durable.

        Raises as `offer`; what the file refuses nobody has, which `not_stored` counts.
        """
        try:
            return await self.offer(items)
        except UnavailableError:
            self.not_stored += len(items)
            raise

    async def offer(self, items: Sequence[NewItem]) -> list[int]:
        """Store items as `put` does; who offers them keeps those that are refused, and counts what it gives up.

        Raises `TooLargeError` for one past `AGENT_ITEM_BYTES` or `AGENT_PICTURE_BYTES`, and `UnavailableError` where
        the file refuses or too many wait for it.
        """
        for item in items:
            if len(item.body) > AGENT_ITEM_BYTES or len(item.picture or b"") > AGENT_PICTURE_BYTES:
                raise TooLargeError(f"an item of kind {item.kind} is too large for the outbox")
        if self._waiting + len(items) > OUTBOX_WAITING:
            raise UnavailableError(f"{self._waiting} items wait for the outbox")
        self._waiting += len(items)
        try:
            numbers = await self._change(partial(_put, items, *self._most))
        finally:
            self._waiting -= len(items)
        self.newest = max([self.newest, *numbers])
        self._news.set()
        return numbers

    async def next(self, priority: Priority, after: int, limit: int) -> list[StoredItem]:
        """Return the oldest items of one importance after a number that are not set aside."""
        return await self._db.run(partial(_next, priority, after, limit))

    async def picture(self, number: int, at: int, size: int) -> bytes:
        """Return a piece of the picture of an item; empty where it is gone."""
        return await self._db.run(partial(_piece, number, at, size))

    async def settle(self, numbers: Iterable[int]) -> None:
        """Forget items that the hub has, or never wants."""
        await self._change(partial(_settle, json.dumps(list(numbers))))

    async def set_aside(self, numbers: Iterable[int]) -> None:
        """Keep items that this hub does not know for one that does."""
        told = json.dumps(list(numbers))
        await self._db.run(
            lambda db: db.execute(
                "UPDATE items SET aside = 1 WHERE number IN (SELECT value FROM json_each(?))", (told,)
            )
        )

    async def bring_back(self, kinds: Sequence[str]) -> None:
        """Take up again what was set aside of these kinds, and set aside what is of others."""
        told = json.dumps(list(kinds))
        known = "(SELECT value FROM json_each(?))"

        def turn(db: sqlite3.Connection) -> None:
            db.execute(f"UPDATE items SET aside = 0 WHERE aside = 1 AND kind IN {known}", (told,))  # noqa: S608 - ours
            db.execute(f"UPDATE items SET aside = 1 WHERE aside = 0 AND kind NOT IN {known}", (told,))  # noqa: S608

        await self._db.run(turn)

    async def news(self) -> None:
        """Return once something was put since the last call."""
        await self._news.wait()
        self._news.clear()

    async def close(self) -> None:
        """Finish what is queued."""
        await self._db.close()

    async def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def changed(db: sqlite3.Connection) -> tuple[T, dict[Priority, tuple[int, int]], dict[str, int]]:
            result = work(db)
            return result, _totals(db), dict(db.execute("SELECT kind, items FROM shed"))

        result, self._totals, self.shed = await self._db.run(changed)
        return result


def _identify(db: sqlite3.Connection) -> tuple[str, int]:
    row = db.execute("SELECT id FROM box").fetchone()
    if row is None:
        row = (secrets.token_hex(8),)
        db.execute("INSERT INTO box (id) VALUES (?)", row)
        db.executemany("INSERT INTO totals VALUES (?, 0, 0)", [(int(priority),) for priority in Priority])
    newest = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'items'").fetchone()
    return str(row[0]), int(newest[0]) if newest else 0


def _totals(db: sqlite3.Connection) -> dict[Priority, tuple[int, int]]:
    rows = db.execute("SELECT priority, items, bytes FROM totals ORDER BY priority")
    return {Priority(priority): (items, size) for priority, items, size in rows}


def _put(items: Sequence[NewItem], most_items: int, most_bytes: int, db: sqlite3.Connection) -> list[int]:
    numbers = []
    insert = "INSERT INTO items (priority, kind, subject, body, picture, size) VALUES (?, ?, ?, ?, ?, ?)"
    for item in items:
        size = len(item.body) + len(item.picture or b"")
        row = (int(item.priority), item.kind, item.subject, item.body, item.picture, size)
        numbers.append(db.execute(insert, row).lastrowid or 0)
        _count(db, item.priority, 1, size)
    _shed(db, most_items, most_bytes)
    return numbers


def _count(db: sqlite3.Connection, priority: int, items: int, size: int) -> None:
    db.execute(
        "UPDATE totals SET items = items + ?, bytes = bytes + ? WHERE priority = ?", (items, size, int(priority))
    )


def _shed(db: sqlite3.Connection, most_items: int, most_bytes: int) -> None:
    items, size = db.execute("SELECT sum(items), sum(bytes) FROM totals").fetchone()
    while items > most_items or size > most_bytes:
        oldest = db.execute(
            "SELECT number, priority, kind, size FROM items ORDER BY priority DESC, number LIMIT ?", (_SHED_AT_ONCE,)
        ).fetchall()
        for number, priority, kind, bytes_ in oldest:
            if items <= most_items and size <= most_bytes:
                return
            db.execute("DELETE FROM items WHERE number = ?", (number,))
            _count(db, priority, -1, -bytes_)
            db.execute("INSERT INTO shed VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET items = items + 1", (kind,))
            items, size = items - 1, size - bytes_


def _next(priority: Priority, after: int, limit: int, db: sqlite3.Connection) -> list[StoredItem]:
    rows = db.execute(
        "SELECT number, priority, kind, subject, body, coalesce(length(picture), 0) FROM items "
        "WHERE aside = 0 AND priority = ? AND number > ? ORDER BY number LIMIT ?",
        (int(priority), after, limit),
    )
    return [StoredItem(number, Priority(told), *rest) for number, told, *rest in rows]


def _piece(number: int, at: int, size: int, db: sqlite3.Connection) -> bytes:
    row = db.execute("SELECT substr(picture, ?, ?) FROM items WHERE number = ?", (at + 1, size, number)).fetchone()
    return bytes(row[0]) if row and row[0] else b""


def _settle(numbers: str, db: sqlite3.Connection) -> None:
    gone = db.execute(
        "DELETE FROM items WHERE number IN (SELECT value FROM json_each(?)) RETURNING priority, size", (numbers,)
    ).fetchall()
    for priority in Priority:
        sizes = [size for told, size in gone if told == priority]
        if sizes:
            _count(db, priority, -len(sizes), -sum(sizes))
