"""A data folder as a hub leaves it behind: a journal of some facts, a sealed picture, positions, no account yet."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec

from command.access.accounts import SCHEMA as ACCESS
from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.hub import Hub
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.database import SqliteDatabase
from command.readings import Position
from command.readings.sqlite import SqliteReadings
from command.requests import FeedBack, FixEvidence, NoteSituation, StepOrder
from tests.command.support import DISPATCHER, HERE, MINUTE_MS, OFFICER, START_MS, desk


class Left(msgspec.Struct, frozen=True):
    """What the folder holds: ids, and the number of the last fact."""

    data: Path
    situation: str
    order: str
    picture: str
    last_seq: int

    @property
    def journal(self) -> Path:
        return self.data / "journal.sqlite3"

    def alter(self, statement: str, *values: object) -> None:
        """Change the journal's file behind the hub's back."""
        db = sqlite3.connect(self.journal)
        with db:
            assert db.execute(statement, values).rowcount >= 1
        db.close()


def left_behind(tmp_path: Path) -> Left:
    """Record an order from issue to result, a minute between the steps, and end the hub."""
    return asyncio.run(_record(tmp_path / "var"))


async def _record(data: Path) -> Left:
    key = SiteKey.load(data / "site.key")
    journal, readings = SqliteJournal(data / "journal.sqlite3"), SqliteReadings(data / "readings.sqlite3")
    picture = await FolderBlobs(data / "blobs", key.box("blobs")).add(b"jpeg of a scene")
    async with desk(journal, clock=VirtualClock(START_MS)) as work:
        await work.on_duty("u1")
        situation = await work.situation()
        await work.pass_time(MINUTE_MS)
        order = await work.order("u1", situation)
        lat, lon = HERE
        fixes = [
            Position(device="du1", at_ms=START_MS + n * MINUTE_MS, lat=lat + n / 1000, lon=lon, source="mobile")
            for n in range(5)
        ]
        await readings.add_positions("live", fixes)
        await work.pass_time(MINUTE_MS // 2)
        await work.ask(StepOrder(order=order, step="signed"), OFFICER)
        await work.pass_time(MINUTE_MS)
        await work.ask(StepOrder(order=order, step="arrived"), OFFICER)
        evidence = FixEvidence(
            situation=situation, sha256=picture, media_type="image/jpeg", size=15, name="现场", taken_ms=START_MS
        )
        await work.ask(evidence, OFFICER)
        await work.pass_time(MINUTE_MS)
        await work.ask(FeedBack(order=order, result="已处置"), OFFICER)
        await work.ask(NoteSituation(situation=situation, text="完毕"), DISPATCHER)
        last_seq = _head(work.hub)
    await SqliteDatabase(data / "access.sqlite3", ACCESS, "access").close()
    await readings.close()
    await journal.close()
    return Left(data, situation, order, picture, last_seq)


def _head(hub: Hub) -> int:
    return hub.committed_seq
