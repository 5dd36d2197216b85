"""A hub on files that keeps passages and finds hits in them, and stores that are made to refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.sqlite import SqliteThread
from command.passages import Passages
from command.readings import Sighting
from command.readings.sqlite import SqliteReadings
from command.requests import (
    ApproveWatch,
    RequestWatch,
)
from command.rows import HitRow
from consoles.parts.cameras.passing import OwnPassages
from consoles.parts.hits import HitFinder, Hits
from consoles.site import Site
from tests.command.support import COMMANDER, HOUR_MS, LEADER, START_MS, Desk, desk
from tests.edge.agent import support as edge

PLATE = "湘F80345"


class Hub:
    """A hub that keeps passages and finds hits in them; `finder` and `own` are run while it lasts."""

    def __init__(self, d: Desk, blobs: FolderBlobs, readings: SqliteReadings, journal: SqliteJournal) -> None:
        self.d = d
        self.blobs = blobs
        self.readings = readings
        self.journal = journal
        self.passages = Passages(d.hub, readings)
        self.stored: list[str] = []
        self.passages.on_stored(lambda seen: self.stored.extend(one.plate for one in seen))
        self.hits = Hits(d.hub, readings, blobs, None)
        self.finder = HitFinder(d.hub, readings, self.passages, self.hits)
        self.own = OwnPassages(blobs, self.passages, d.clock)

    async def watch(self, pattern: str = PLATE, **changes: Any) -> str:
        asked = RequestWatch(pattern=pattern, reason="盗抢", level=2, until_ms=START_MS + 100 * HOUR_MS, **changes)
        watch = await self.d.ask(asked, COMMANDER)
        await self.d.ask(ApproveWatch(watch=watch), LEADER)
        return watch

    async def found(self) -> list[HitRow]:
        return list((await self.d.table("hits")).values())

    async def until(self, reached: Callable[[], bool | Awaitable[bool]]) -> None:
        """Let virtual time pass until something is so."""

        async def is_so() -> bool:
            self.d.clock.advance(self.d.clock.now_ms() + 500)
            now = reached()
            return now if isinstance(now, bool) else await now

        await edge.until(is_so)


def passage(camera: str = "k1", plate: str = PLATE, at_ms: int = START_MS, **changes: Any) -> Sighting:
    given: dict[str, Any] = {"reads": 4, "confidence": 0.95, "box": (260, 200, 120, 40)}
    return Sighting(camera, plate, "blue", at_ms, at_ms, **given | changes)


@asynccontextmanager
async def a_hub(tmp_path: Path, at_ms: int = START_MS, *, finds: bool = True) -> AsyncIterator[Hub]:
    """Run one on files; on those of before it is the same one, started again."""
    journal, readings = SqliteJournal(tmp_path / "journal.sqlite3"), SqliteReadings(tmp_path / "readings.sqlite3")
    is_new = not await journal.read("live", 0, 1)
    async with desk(journal, clock=VirtualClock(at_ms), enrolled=is_new) as d, asyncio.TaskGroup() as tasks:
        hub = Hub(d, FolderBlobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs")), readings, journal)
        work = (hub.own.run(), *((hub.finder.run(), hub.finder.sweep_on()) if finds else ()))
        running = [tasks.create_task(one) for one in work]
        try:
            yield hub
        finally:
            for task in running:
                task.cancel()
    await readings.close()
    await journal.close()


async def refuse(file: SqliteThread, *, on: bool) -> None:
    """Have SQLite refuse everything that is written to a file, as a full disk does."""
    await file.run(lambda db: db.execute(f"PRAGMA query_only = {'ON' if on else 'OFF'}"))


def refuse_readings(tmp_path: Path, *, on: bool) -> None:
    """Have no day of readings begin: a file is where their folder is wanted."""
    in_the_way = tmp_path / "readings" / "live"
    if on:
        in_the_way.write_text("in the way")
    else:
        in_the_way.unlink()


async def hits_of(site: Site) -> list[HitRow]:
    return await site.hub.read(lambda t: list(t.hits))
