"""Leases: work that one hub of a site does for all of them, and another takes over when that hub is gone.

A hub that was frozen and wakes may believe for a moment that it still holds one. So a lease only saves work that would
be done twice; that nothing happens twice is the matter of idempotency keys.

No hub trusts the clock of another: a holder whose clock was far ahead when it died would keep its leases for as long.
Each renewal changes the row, and whoever has found it unchanged often enough may take over. Looks are counted, for
between them the hub waits on its steady clock; the other one stands still after it was set back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from command.kernel.clock import Clock
from command.kernel.database import Database, Row
from command.kernel.errors import TriuneError
from command.kernel.limits import LEASE_MS, LEASE_RENEW_MS

log = logging.getLogger(__name__)
_LOOKS = LEASE_MS // LEASE_RENEW_MS
"""The pauses between one more than these are as long as a lease."""
SCHEMA = (
    """
    CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_ms INTEGER NOT NULL);
    """,
)
_CLAIM = """
    INSERT INTO leases (name, holder, until_ms) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
    WHERE leases.holder = ? AND leases.until_ms = ?
"""
_LOOK = "SELECT holder, until_ms FROM leases WHERE name = ?"
_RELEASE = "UPDATE leases SET until_ms = 0 WHERE holder = ?"


class Leases(Protocol):
    """What is this hub's to do."""

    def holds(self, name: str) -> bool:
        """Say whether this hub holds the lease now."""
        ...

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time that a lease was won or lost."""
        ...


class SoleHub:
    """The leases of a hub that is alone: all are its own."""

    def holds(self, name: str) -> bool:
        """Always."""
        del name
        return True

    def listen(self, listener: Callable[[], None]) -> None:
        """Nothing ever changes."""


class SharedLeases:
    """The leases of several hubs, in a database that all of them use. Run `run`."""

    def __init__(self, database: Database, holder: str, names: Sequence[str], clock: Clock) -> None:
        self._database = database
        self._holder = holder
        self._clock = clock
        self._until_ms = dict.fromkeys(names, 0)
        self._seen: dict[str, tuple[Row, int]] = {}
        """How each lease stood when looked at last, and how often it was found so."""
        self._held: set[str] = set()
        self._listeners: list[Callable[[], None]] = []

    def holds(self, name: str) -> bool:
        """Say whether this hub holds the lease; not once it could not renew it in time."""
        return self._until_ms[name] > self._clock.now_ms()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time that a lease was won or lost."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Claim what is free and renew what is held, until cancelled; then give it back."""
        try:
            while True:
                for name in self._until_ms:
                    await self._claim(name)
                self._tell()
                await self._clock.sleep(LEASE_RENEW_MS)
        finally:
            await self._release()

    async def _claim(self, name: str) -> None:
        now_ms = self._clock.now_ms()
        try:
            standing = await self._database.rows(_LOOK, name)
            holder, until_ms = standing[0] if standing else ("", 0)
            if not self._may_have(name, (holder, until_ms)):
                self._until_ms[name] = 0
                return
            fresh_ms = max(now_ms + LEASE_MS, until_ms + 1)  # another one also where the clock stands still
            claim = (name, self._holder, fresh_ms, holder, until_ms)
            [won] = await self._database.write((_CLAIM, claim))
        except TriuneError as error:
            log.warning("lease %s cannot be renewed now: %s", name, error.detail)
        else:
            self._until_ms[name] = now_ms + LEASE_MS if won else 0

    def _may_have(self, name: str, standing: Row) -> bool:
        """Say whether it is our own, given back, or was not renewed for so long that its holder must have gone."""
        holder, until_ms = standing
        known, times = self._seen.get(name, (None, 0))
        times = times + 1 if known == standing else 1
        self._seen[name] = standing, times
        return holder == self._holder or until_ms == 0 or times > _LOOKS

    async def _release(self) -> None:
        try:
            await self._database.write((_RELEASE, (self._holder,)))
        except TriuneError as error:
            log.warning("leases are not given back and run out: %s", error.detail)

    def _tell(self) -> None:
        held = {name for name in self._until_ms if self.holds(name)}
        if held != self._held:
            self._held = held
            for listener in self._listeners:
                listener()


async def while_held(leases: Leases, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work whenever this hub holds the lease; it is cancelled when the lease is lost."""
    changed = asyncio.Event()
    leases.listen(changed.set)
    while True:
        if leases.holds(name):
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(work(), name=f"lease-{name}")
                while leases.holds(name):
                    changed.clear()
                    await changed.wait()
                working.cancel()
        else:
            changed.clear()
            await changed.wait()
