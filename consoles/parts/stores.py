"""Where everything is kept: files of this hub alone, or a PostgreSQL database that several hubs share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from command import leases as lease
from command import places, roll, taken_out
from command.access import accounts as access
from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.blobs import Blobs, FolderBlobs, PostgresBlobs
from command.journal import Journal
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import Clock, SystemClock
from command.kernel.database import Database, PostgresDatabase, SqliteDatabase
from command.kernel.errors import DamagedFileError
from command.kernel.postgres import Postgres
from command.leases import Leases, SharedLeases, SoleHub
from command.links import cursors as link_cursors
from command.links.cursors import Cursors
from command.places import Places
from command.readings import Readings, hours
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings
from command.snapshots import SnapshotFolder
from consoles.http.context import LIVE
from consoles.parts.background import Background
from consoles.settings import Settings
from streams import holds
from streams.holds import SharedHolds
from streams.plates.hours import ReadingHours

LINKS, CAMERAS, WATCH = "links", "cameras", "watch"
"""What one of several hubs does for all: telling the outside services, recording what cameras show, and looking after
hubs and agents that are away."""


@dataclass
class Stores:
    """Everything that is kept."""

    journal: Journal
    readings: Readings
    accounts: Accounts
    blobs: Blobs
    cursors: Cursors
    leases: Leases
    holds: SharedHolds | None
    """Who moves cameras, where other hubs do too."""
    places: Places | None
    """What is at which hub, where there are others."""
    snapshots: SnapshotFolder
    hours: ReadingHours
    """How well plates were read in each hour."""
    shared_now_ms: Callable[[], Awaitable[int]] | None
    """What the clock says that all hubs reach, where there are others."""

    @property
    def shared(self) -> bool:
        """Say whether other hubs write here too."""
        return self.shared_now_ms is not None


@asynccontextmanager
async def accounts_alone(settings: Settings, key: SiteKey, clock: Clock) -> AsyncIterator[Accounts]:
    """Open the accounts and nothing else, beside hubs at work or before the first starts; raises as `stores`."""
    async with AsyncExitStack() as stack:
        postgres = await _site(settings, stack) if settings.journal else None
        yield await _accounts(settings, postgres, key, clock, stack)


@asynccontextmanager
async def stores(
    settings: Settings, key: SiteKey, clock: Clock, hub_id: str, tasks: Background
) -> AsyncIterator[Stores]:
    """Open them; leaving closes them. Raises `UnavailableError` where one cannot be had."""
    async with AsyncExitStack() as stack:
        opened = await (_shared if settings.journal else _own)(settings, key, clock, hub_id, stack)
        if isinstance(opened.leases, SharedLeases):
            tasks.start(opened.leases.run(), "leases")
        yield opened


async def _own(settings: Settings, key: SiteKey, clock: Clock, hub_id: str, stack: AsyncExitStack) -> Stores:
    del hub_id
    data = Path(settings.data)
    _refuse_loss(data / "journal.sqlite3", beside=data / "readings.sqlite3")
    journal = SqliteJournal(data / "journal.sqlite3")
    stack.push_async_callback(journal.close)
    readings = SqliteReadings(data / "readings.sqlite3")
    stack.push_async_callback(readings.close)
    if await journal.read(LIVE, 0, 1):
        hint = "or begin with new accounts: `triune account add`, and a new token for each device"
        _refuse_loss(data / "access.sqlite3", beside=data / "journal.sqlite3", hint=hint)
    accounts = await _accounts(settings, None, key, clock, stack)
    cursors = Cursors(SqliteDatabase(data / "links.sqlite3", link_cursors.SCHEMA, "links"))
    stack.push_async_callback(cursors.close)
    counted = ReadingHours(SqliteDatabase(data / "reading_hours.sqlite3", hours.SCHEMA, "reading hours"))
    stack.push_async_callback(counted.close)
    return Stores(
        journal=journal, readings=readings, accounts=accounts, blobs=FolderBlobs(data / "blobs", key.box("blobs")),
        cursors=cursors, leases=SoleHub(), holds=None, places=None, snapshots=SnapshotFolder(settings.snapshots_folder),
        hours=counted, shared_now_ms=None,
    )  # fmt: skip


def _refuse_loss(path: Path, *, beside: Path, hint: str = "or begin a new record in another folder") -> None:
    """Refuse a start without a file that is made before, or with, the one that is there: it was lost.

    Made anew, it would show a site without a past.
    """
    if beside.is_file() and not path.is_file():
        raise DamagedFileError(f"{path} is missing beside {beside.name}: restore it from a backup, {hint}")


async def _shared(settings: Settings, key: SiteKey, clock: Clock, hub_id: str, stack: AsyncExitStack) -> Stores:
    postgres = await _site(settings, stack)
    readings = await PostgresReadings.open(settings.journal)
    stack.push_async_callback(readings.close)
    accounts = await _accounts(settings, postgres, key, clock, stack)
    leases = SharedLeases(
        await PostgresDatabase.open(postgres, lease.SCHEMA, "leases"), hub_id, (LINKS, CAMERAS, WATCH), clock
    )
    return Stores(
        journal=await PostgresJournal.open(postgres),
        readings=readings,
        accounts=accounts,
        blobs=await PostgresBlobs.open(postgres, key.box("blobs")),
        cursors=Cursors(await PostgresDatabase.open(postgres, link_cursors.SCHEMA, "links")),
        leases=leases,
        holds=SharedHolds(await PostgresDatabase.open(postgres, holds.SCHEMA, "holds"), hub_id, clock),
        places=Places(await _hubs(postgres), clock),
        snapshots=SnapshotFolder(settings.snapshots_folder),
        hours=ReadingHours(await PostgresDatabase.open(postgres, hours.SCHEMA, "reading_hours")),
        shared_now_ms=postgres.now_ms,
    )


@asynccontextmanager
async def roll_alone(settings: Settings) -> AsyncIterator[Places]:
    """Open what hubs know of each other and nothing else, beside hubs at work; raises as `stores`."""
    async with AsyncExitStack() as stack:
        yield Places(await _hubs(await _site(settings, stack)), SystemClock())


async def _hubs(postgres: Postgres) -> Database:
    """Open the tables of `Places`: three schemas, of which hubs of releases before know the first, or two."""
    await PostgresDatabase.open(postgres, places.SCHEMA, "places")
    await PostgresDatabase.open(postgres, roll.SCHEMA, "hub_beats")
    return await PostgresDatabase.open(postgres, taken_out.SCHEMA, "hubs_taken_out")


async def _site(settings: Settings, stack: AsyncExitStack) -> Postgres:
    postgres = await Postgres.open(settings.journal, (), "site")
    stack.push_async_callback(postgres.close)
    return postgres


async def _accounts(
    settings: Settings, postgres: Postgres | None, key: SiteKey, clock: Clock, stack: AsyncExitStack
) -> Accounts:
    db: Database
    if postgres is None:
        db = SqliteDatabase(Path(settings.data) / "access.sqlite3", access.SCHEMA, "access")
    else:
        db = await PostgresDatabase.open(postgres, access.SCHEMA, "access")
    accounts = await Accounts.open(db, key, clock)
    stack.push_async_callback(accounts.close)
    return accounts
