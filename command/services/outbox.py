"""Webhooks: events written with the change itself, delivered in order and at least once to every subscriber."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from functools import partial

import aiohttp
import msgspec
from prometheus_client import Counter

from command.kernel.clock import Clock
from command.kernel.errors import TooManyError, TriuneError, UnknownIdError
from command.kernel.limits import (
    WEBHOOK_BACKOFF_FIRST_MS,
    WEBHOOK_BACKOFF_LONGEST_MS,
    WEBHOOK_CALL_MS,
    WEBHOOK_EVENTS,
    WEBHOOK_SUBSCRIBERS,
)
from command.links.service_messages import Subscription
from command.links.signing import derive_secret, sign
from command.services.store import Store

SCHEMA = """
CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE subscribers (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    cursor INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    retry_ms INTEGER NOT NULL DEFAULT 0
)
"""

ATTEMPTS = Counter("triune_webhook_attempts", "Attempts to deliver a webhook", ["outcome"])
DROPPED = Counter("triune_webhook_events_dropped", "Events that a subscriber never got, since it was away too long")

_log = logging.getLogger(__name__)


class _Due(msgspec.Struct, frozen=True):
    """The next event of a subscriber; `behind` events before it are no longer kept."""

    seq: int
    id: str
    body: bytes
    failures: int
    retry_ms: int
    behind: int


def put(connection: sqlite3.Connection, event_id: str, body: bytes) -> None:
    """Write an event in the transaction of the change that it tells of. Call `Outbox.wake` after the commit."""
    inserted = connection.execute("INSERT INTO events (id, body) VALUES (?, ?)", (event_id, body))
    connection.execute("DELETE FROM events WHERE seq <= ?", ((inserted.lastrowid or 0) - WEBHOOK_EVENTS,))


def new_event_id() -> str:
    """Return an id that no other event has, of this service or another."""
    return f"evt_{secrets.token_hex(16)}"


def backoff_ms(failures: int) -> int:
    """Return how long to wait after so many failed attempts in a row (1 or more)."""
    return min(WEBHOOK_BACKOFF_FIRST_MS << min(failures - 1, 20), WEBHOOK_BACKOFF_LONGEST_MS)


class Outbox:
    """One task for each subscriber, from its stored cursor; a failing one waits without holding up the others."""

    def __init__(self, store: Store, clock: Clock, root_secret: bytes) -> None:
        self._store = store
        self._clock = clock
        self._root_secret = root_secret
        self._running: tuple[asyncio.TaskGroup, aiohttp.ClientSession] | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}

    async def subscribe(self, url: str) -> Subscription:
        """Register `url` for every later event; one that is registered keeps its place.

        Raises `TooManyError` past `WEBHOOK_SUBSCRIBERS`.
        """
        subscriber = await self._store.run(partial(_add, url))
        self._begin(subscriber, url)
        return self._subscription(subscriber, url)

    async def unsubscribe(self, subscriber: str) -> Subscription:
        """Forget a subscriber, delivered to or not; return what it was. Raises `UnknownIdError`."""
        url = await self._store.run(partial(_remove, subscriber))
        if task := self._tasks.pop(subscriber, None):
            task.cancel()
        return self._subscription(subscriber, url)

    def wake(self) -> None:
        """Say that there may be new events."""
        for woken in self._woken.values():
            woken.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_CALL_MS / 1000)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            self._running = group, session
            for subscriber, url in await self._store.run(_subscribers):
                self._begin(subscriber, url)
            await asyncio.get_running_loop().create_future()

    def _subscription(self, subscriber: str, url: str) -> Subscription:
        return Subscription(id=subscriber, url=url, secret=derive_secret(self._root_secret, url))

    def _begin(self, subscriber: str, url: str) -> None:
        if self._running is not None and subscriber not in self._tasks:
            group, session = self._running
            self._woken[subscriber] = asyncio.Event()
            self._tasks[subscriber] = group.create_task(self._serve(session, subscriber, url))

    async def _serve(self, session: aiohttp.ClientSession, subscriber: str, url: str) -> None:
        woken = self._woken[subscriber]
        try:
            while True:
                woken.clear()
                try:
                    due = await self._store.run(partial(_next, subscriber))
                    if due is None:
                        await woken.wait()
                    else:
                        await self._deliver(session, subscriber, url, due)
                except TriuneError as error:
                    _log.error("webhooks to %s wait: %s", url, error.detail)
                    await self._clock.sleep(WEBHOOK_BACKOFF_FIRST_MS)
        finally:
            del self._woken[subscriber]

    async def _deliver(self, session: aiohttp.ClientSession, subscriber: str, url: str, due: _Due) -> None:
        await self._clock.sleep_until(due.retry_ms)
        problem = await self._attempt(session, url, due)
        if problem is None:
            ATTEMPTS.labels("delivered").inc()
            DROPPED.inc(due.behind)
            await self._store.run(partial(_settle, subscriber, due.seq))
        else:
            ATTEMPTS.labels("failed").inc()
            failures = due.failures + 1
            wait_ms = backoff_ms(failures)
            _log.warning("webhook %s to %s failed (%s); again in %d ms", due.id, url, problem, wait_ms)
            await self._store.run(partial(_put_off, subscriber, failures, self._clock.now_ms() + wait_ms))

    async def _attempt(self, session: aiohttp.ClientSession, url: str, due: _Due) -> str | None:
        """Post once; return what went wrong, or None. Any 2xx means taken; a redirect is not followed."""
        secret = derive_secret(self._root_secret, url)
        headers = sign(secret, due.id, self._clock.now_ms(), due.body) | {"content-type": "application/json"}
        try:
            async with session.post(url, data=due.body, headers=headers, allow_redirects=False) as response:
                return None if 200 <= response.status < 300 else f"HTTP {response.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return f"{type(error).__name__} {error}".strip()


def _add(url: str, connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT id FROM subscribers WHERE url = ?", (url,)).fetchone()
    if row is not None:
        return str(row[0])
    (count,) = connection.execute("SELECT count(*) FROM subscribers").fetchone()
    if count >= WEBHOOK_SUBSCRIBERS:
        raise TooManyError("no more subscribers; remove one first", limit=WEBHOOK_SUBSCRIBERS)
    subscriber = f"sub_{secrets.token_hex(8)}"
    connection.execute(
        "INSERT INTO subscribers (id, url, cursor) SELECT ?, ?, coalesce(max(seq), 0) FROM events", (subscriber, url)
    )
    return subscriber


def _remove(subscriber: str, connection: sqlite3.Connection) -> str:
    row = connection.execute("DELETE FROM subscribers WHERE id = ? RETURNING url", (subscriber,)).fetchone()
    if row is None:
        raise UnknownIdError(f"no subscription {subscriber!r}")
    return str(row[0])


def _subscribers(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in connection.execute("SELECT id, url FROM subscribers")]


def _next(subscriber: str, connection: sqlite3.Connection) -> _Due | None:
    row = connection.execute(
        "SELECT seq, events.id, body, failures, retry_ms, seq - cursor - 1 "
        "FROM subscribers JOIN events ON seq > cursor WHERE subscribers.id = ? ORDER BY seq LIMIT 1",
        (subscriber,),
    ).fetchone()
    return None if row is None else _Due(*row)


def _settle(subscriber: str, seq: int, connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE subscribers SET cursor = ?, failures = 0, retry_ms = 0 WHERE id = ?", (seq, subscriber))


def _put_off(subscriber: str, failures: int, retry_ms: int, connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE subscribers SET failures = ?, retry_ms = ? WHERE id = ?", (failures, retry_ms, subscriber)
    )
