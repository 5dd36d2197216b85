"""The stores of a hub, opened beside the hub that uses them, or made anew to restore into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from command.access.keys import SiteKey
from command.backup.clips import FOLDER
from command.backup.tables import refuse_older
from command.blobs import Blobs, FolderBlobs, PostgresBlobs
from command.journal import Journal, sqlite
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.errors import InvalidInputError
from command.kernel.postgres import Postgres
from command.readings import Readings
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings
from command.readings.sqlite_migrate import MAIN_SCHEMA


@dataclass
class Stores:
    """What a hub keeps, wherever it keeps it. `postgres` holds all that hubs share, or there is none.

    `clips` is the folder of clips of recordings, a hub's own always; there may be none.
    """

    data: Path
    journal: Journal
    readings: Readings
    blobs: Blobs
    clips: Path
    postgres: Postgres | None


@asynccontextmanager
async def stores_of(data: Path, key: SiteKey, database: str | None, clips: Path | None = None) -> AsyncIterator[Stores]:
    """Open what a hub, which may be running, uses, and change nothing. Raises `InvalidInputError` where it is not."""
    _look(data, database)
    async with _opened(data, key, database, clips or data / FOLDER) as stores:
        yield stores


def _look(data: Path, database: str | None) -> None:
    if not data.is_dir():
        raise InvalidInputError(f"no data folder {data}")
    if database is None:
        if not (data / "journal.sqlite3").is_file():
            raise InvalidInputError(f"no journal in {data}")
        for name, schema in (("journal", sqlite.SCHEMA), ("readings", MAIN_SCHEMA)):
            if (path := data / f"{name}.sqlite3").is_file():
                refuse_older(path, schema)


@asynccontextmanager
async def new_stores(data: Path, key: SiteKey, database: str | None) -> AsyncIterator[Stores]:
    """Make stores; `InvalidInputError` where the database holds something already."""
    async with _opened(data, key, database, data / FOLDER) as stores:
        if await stores.journal.spaces() or await stores.readings.days() or await stores.blobs.names():
            raise InvalidInputError("the database is not empty: restore into a new one")
        yield stores


@asynccontextmanager
async def _opened(data: Path, key: SiteKey, database: str | None, clips: Path) -> AsyncIterator[Stores]:
    async with AsyncExitStack() as stack:
        box = key.box("blobs")
        if database is None:
            journal: Journal = SqliteJournal(data / "journal.sqlite3")
            stack.push_async_callback(journal.close)
            readings: Readings = SqliteReadings(data / "readings.sqlite3")
            stack.push_async_callback(readings.close)
            blobs: Blobs = FolderBlobs(data / "blobs", box)
            yield Stores(data, journal, readings, blobs, clips, None)
            return
        postgres = await Postgres.open(database, (), "pool")
        stack.push_async_callback(postgres.close)
        journal = await PostgresJournal.open(postgres)
        readings = await PostgresReadings.open(database)
        stack.push_async_callback(readings.close)
        yield Stores(data, journal, readings, await PostgresBlobs.open(postgres, box), clips, postgres)
