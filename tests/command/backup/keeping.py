"""A hub's stores with something in each of them, in files or in a database, and what a hub makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from command.access.accounts import SCHEMA, Accounts
from command.access.keys import SiteKey
from command.backup.archive import ArchiveWriter, read_archive, read_manifest
from command.backup.checking import check_archive
from command.backup.moment import Moment, Until
from command.backup.records import Manifest
from command.backup.restoring import Restorer
from command.backup.stores import Stores
from command.backup.taking import take_backup
from command.journal import Answer, SignedHead, StoredFact
from command.journal.heads import PURPOSE, HeadKey
from command.journal.signer import HeadSigner
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import Database, PostgresDatabase, SqliteDatabase
from command.links import cursors
from command.links.cursors import Cursors
from command.readings import Position, Sighting, SightingQuery, hours
from command.readings.bounds import DAY_MS
from command.readings.hours import HOUR_MS
from command.requests import FixEvidence, NoteSituation, ReportCall
from command.wire import AccountChange
from tests.command.support import DISPATCHER, HERE, MINUTE_MS, OFFICER, START_MS, desk

Where = Callable[[str], tuple[Path, str | None]]
"""Return a folder and the database for stores of that name and kind."""

KEY = SiteKey(bytes(range(32)))
PASSWORD = "right-horse-battery"
LINKS = ("case", "approval")
FOREVER = SightingQuery(from_ms=0, to_ms=START_MS + 10 * DAY_MS)


class Kept(msgspec.Struct, frozen=True):
    """Everything a hub's stores hold, to be compared."""

    facts: list[StoredFact]
    answers: list[tuple[str, Answer]]
    signed: list[SignedHead]
    positions: list[Position]
    sightings: list[Sighting]
    blobs: dict[str, bytes]
    people: dict[str, str]
    changes: list[AccountChange]
    cameras: dict[str, str]
    cursors: dict[str, int]
    hours: dict[int, int]
    """Passages counted before a camera, by hour."""


@asynccontextmanager
async def database_of(stores: Stores, name: str, schema: tuple[str, ...]) -> AsyncIterator[Database]:
    """Open one of the databases that hubs may share, as a hub does."""
    db: Database
    if stores.postgres:
        db = await PostgresDatabase.open(stores.postgres, schema, name)
    else:
        db = SqliteDatabase(stores.data / f"{name}.sqlite3", schema, name)
    yield db
    await db.close()


@asynccontextmanager
async def accounts_of(stores: Stores) -> AsyncIterator[Accounts]:
    async with database_of(stores, "access", SCHEMA) as db:
        accounts = await Accounts.open(db, KEY, SystemClock())
        yield accounts
        accounts._passwords._checks.shutdown()


async def kept(stores: Stores) -> Kept:
    """Read everything there is."""
    journal, readings = stores.journal, stores.readings
    tracks = [await readings.track("live", device, 0, FOREVER.to_ms, 1000) for device in ("du1", "du2")]
    async with accounts_of(stores) as accounts, database_of(stores, "links", cursors.SCHEMA) as links:
        people, cameras = await accounts.people(), await accounts.camera_addresses()
        changes = await accounts.changes(1000)
        seqs = {link: await Cursors(links).load(link) for link in LINKS}
    async with database_of(stores, "reading_hours", hours.SCHEMA) as db:
        counted = {
            int(hour): int(passages) for hour, passages in await db.rows("SELECT hour, passages FROM reading_hours")
        }
    return Kept(
        await journal.read("live", 0, 1000),
        await journal.answered("live", 0, 1000),
        await journal.signed("live", 0, 1000),
        [fix for track in tracks for fix in track],
        await readings.search("live", FOREVER),
        {name: await stores.blobs.get(name) for name in await stores.blobs.names()},
        people,
        changes,
        cameras,
        seqs,
        counted,
    )


async def fill(stores: Stores) -> dict[str, str]:
    """Put something into everything; return the session and the device token that were given out."""
    blobs, journal = stores.blobs, stores.journal
    picture = await blobs.add(b"jpeg of a scene")
    async with desk(journal, clock=VirtualClock(START_MS)) as work:
        await work.on_duty("u1")
        situation = await work.situation()
        await work.pass_time(MINUTE_MS)
        order = await work.order("u1", situation)
        signer = HeadSigner("live", journal, HeadKey(KEY.derive(PURPOSE)), work.clock)
        await signer.sign(is_due=True)
        await work.pass_time(MINUTE_MS)
        evidence = FixEvidence(
            situation=situation, order=order, sha256=picture, media_type="image/jpeg", size=15, name="现场",
            taken_ms=START_MS,
        )  # fmt: skip
        await work.ask(evidence, OFFICER)
        await work.pass_time(MINUTE_MS)
        await work.ask(NoteSituation(situation=situation, text="完毕"), DISPATCHER)
        for number in range(3):
            await work.hub.ask(ReportCall(dialled="110", caller=f"1391234567{number}"), DISPATCHER, f"call {number}")
    end = await journal.head("live")
    await signer.sign(is_due=True)
    await _fill_readings(stores, picture)
    async with database_of(stores, "links", cursors.SCHEMA) as links:
        for place, link in enumerate(LINKS):
            await Cursors(links).store(link, end.seq - place)
    async with accounts_of(stores) as accounts:
        await accounts.create("admin", "管理员", frozenset({"administrator"}), "", PASSWORD)
        await accounts.set_camera_address("c1", "rtsp://user:secret@10.0.0.1/")
        session = await accounts.sign_in("admin", PASSWORD)
        return {"session": session.token, "token": await accounts.issue("du1", "admin")}


async def _fill_readings(stores: Stores, picture: str) -> None:
    lat, lon = HERE
    fixes = [
        Position(device=device, at_ms=START_MS + n * MINUTE_MS, lat=lat, lon=lon, source="mobile", speed_kmh=n / 3)
        for device in ("du1", "du2")
        for n in (-2000, 0, 1, 2, 3)  # the first of them on another day
    ]
    passages = [
        Sighting(
            camera="c1", plate=f"湘F{n:05}", colour="blue", first_ms=START_MS + n * MINUTE_MS,
            last_ms=START_MS + n * MINUTE_MS + 2000, reads=5, confidence=0.9, picture=picture, box=(1, 2, 3, 4),
        )
        for n in range(4)
    ]  # fmt: skip
    await stores.readings.add_positions("live", fixes)
    await stores.readings.add_sightings("live", passages)
    count = "INSERT INTO reading_hours VALUES ('c1', ?, 3600000, ?, 900, 40, 3, 900, 1)"
    async with database_of(stores, "reading_hours", hours.SCHEMA) as db:
        await db.write(*((count, (START_MS // HOUR_MS + n, 30 + n)) for n in (-2, -1, 0)))


async def take(stores: Stores, path: Path, settings: Path | None = None) -> Manifest:
    with path.open("wb") as file:
        writer = ArchiveWriter(file, KEY, 0)
        return await take_backup(stores, writer, VirtualClock(START_MS + DAY_MS), "test", settings)


async def put_back(stores: Stores, path: Path, until: Until | None = None) -> Moment:
    with path.open("rb") as file:
        moment = Moment(until or Until(), read_manifest(file, KEY).made_ms)
    check_archive(path, KEY, moment.see)
    moment.check()
    async with Restorer(stores) as restorer:
        with path.open("rb") as file:
            await restorer.restore(moment.of(read_archive(file, KEY)))
    return moment


async def change(url: str, *statements: str) -> None:
    """Carry out in a database what no hub does."""
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
