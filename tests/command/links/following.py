"""Links at work on a hub of the test's: real services on the loopback, restarts, and waiting for what they bring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from command.facts import Recorded
from command.hub import Hub, recorded
from command.kernel.clock import Clock, SystemClock
from command.kernel.database import SqliteDatabase
from command.links.cursors import SCHEMA, Cursors
from command.links.follow import Follower, Link
from command.services.running import RunningService
from command.tables import Tables
from tests.command.services.peers import ROOT_SECRET, TOKEN
from tests.command.support import Desk

SITE = "site"


@asynccontextmanager
async def service_on(
    app: object, port: int, path: Path, clock: Clock, secret: bytes = ROOT_SECRET
) -> AsyncIterator[RunningService]:
    """Run one of our services (`command.services.case.app`, …) on a port, as long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        service: RunningService = await app.start(  # type: ignore[attr-defined]  # a module
            group, path=path, clock=clock, token=TOKEN, webhook_secret=secret, port=port
        )
        try:
            yield service
        finally:
            await service.stop()


@asynccontextmanager
async def following(at: Desk, tmp_path: Path, link: Link) -> AsyncIterator[Follower]:
    """Follow as long as the block lasts; leaving it is a kill: nothing is stored on the way out."""
    cursors = Cursors(SqliteDatabase(tmp_path / "links.sqlite3", SCHEMA, "links"))
    follower = Follower(at.hub, cursors, link)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(follower.run())
            try:
                yield follower
            finally:
                running.cancel()
    finally:
        await cursors.close()


async def until(at: Desk, holds: Callable[[Tables], bool]) -> None:
    """Return once it is so; what sleeps meanwhile is woken in its turn."""
    async with asyncio.timeout(90):
        while not await at.hub.read(holds):
            await pass_time(at)


async def told(at: Desk, follower: Follower) -> None:
    """Return once the link has told everything that is recorded, what it made the hub record included."""
    async with asyncio.timeout(90):
        while follower.behind:
            await until(at, lambda _: True)
            await pass_time(at)


async def pass_time(at: Desk) -> None:
    """Let whoever sleeps sleep on, at most so much faster than sockets and files go.

    While a slow machine answers one request, hours must not pass at the hub: shifts would end, and each of the things
    that come due then is one more to be told.
    """
    wake_ms = at.clock.next_wake_ms()
    if wake_ms is not None:
        at.clock.advance(min(wake_ms, at.clock.now_ms() + 500))
    await SystemClock().sleep(5)


async def facts(hub: Hub) -> list[Recorded]:
    """Return everything in the journal."""
    return [recorded(stored) for stored in await hub.journal.read(hub.space, 0, 100_000)]
