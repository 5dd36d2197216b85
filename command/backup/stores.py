"""The stores of a hub, opened beside the hub that uses them, or made anew to restore into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from command import blobs
from command.access.keys import SiteKey
from command.backup.clips import FOLDER
from command.backup.tables import refuse_older
from command.blobs import Blobs, FolderBlobs, PostgresBlobs
from command.journal import Journal, postgres, sqlite
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.errors import InvalidInputError
from command.kernel.postgres import Postgres
from command.readings import Readings, postgres_schema
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings
from command.readings.sqlite_beside import SqliteReadingsBeside
from command.readings.sqlite_migrate import MAIN_SCHEMA

_FILES = {"journal": sqlite.SCHEMA, "readings": MAIN_SCHEMA}
_TABLES = {"journal": postgres.SCHEMA, "readings": postgres_schema.SCHEMA, "blobs": blobs.SCHEMA}
"""What every hub makes at its start."""


@dataclass
class Stores:
    """What a hub keeps, wherever it keeps it. `postgres` holds all that hubs share, or there is none.

    `clips` is the folder of clips of recordings, a hub's own always; there may be none. `hub` is the address that other
    hubs know this one by; empty where it is not known.
    """

    data: Path
    journal: Journal
    readings: Readings
    blobs: Blobs
    clips: Path
    postgres: Postgres | None
    hub: str = ""


@asynccontextmanager
async def stores_of(
    data: Path, key: SiteKey, database: str | None, clips: Path | None = None, hub: str = ""
) -> AsyncIterator[Stores]:
    """Open what a hub, which may be running, uses, and change nothing.

    Raises `InvalidInputError` where it is not there, and `UnavailableError` where it is of another release.
    """
    _look(data, in_files=database is None)
    clips, box = clips or data / FOLDER, key.box("blobs")
    async with AsyncExitStack() as stack:
        if database is not None:
            shared = await Postgres.open_beside(database, _TABLES)
            stack.push_async_callback(shared.close)
            tables = PostgresJournal(shared), PostgresReadings(shared), PostgresBlobs(shared, box)
            yield Stores(data, *tables, clips, shared, hub)
            return
        journal = SqliteJournal(data / "journal.sqlite3")
        stack.push_async_callback(journal.close)
        readings = SqliteReadingsBeside(data / "readings.sqlite3")
        stack.push_async_callback(readings.close)
        yield Stores(data, journal, readings, FolderBlobs(data / "blobs", box), clips, None, hub)


def _look(data: Path, *, in_files: bool) -> None:
    if not data.is_dir():
        raise InvalidInputError(f"no data folder {data}")
    for name, schema in _FILES.items() if in_files else ():
        if not (path := data / f"{name}.sqlite3").is_file():
            raise InvalidInputError(f"no {name} in {data}")
        refuse_older(path, schema)


@asynccontextmanager
async def new_stores(data: Path, key: SiteKey, database: str | None) -> AsyncIterator[Stores]:
    """Make stores; `InvalidInputError` where the database holds something already."""
    async with _made(data, key, database) as stores:
        if await stores.journal.spaces() or await stores.readings.days() or await stores.blobs.names():
            raise InvalidInputError("the database is not empty: restore into a new one")
        yield stores


@asynccontextmanager
async def _made(data: Path, key: SiteKey, database: str | None) -> AsyncIterator[Stores]:
    clips, box = data / FOLDER, key.box("blobs")
    async with AsyncExitStack() as stack:
        if database is None:
            journal = SqliteJournal(data / "journal.sqlite3")
            stack.push_async_callback(journal.close)
            readings = SqliteReadings(data / "readings.sqlite3")
            stack.push_async_callback(readings.close)
            yield Stores(data, journal, readings, FolderBlobs(data / "blobs", box), clips, None)
            return
        shared = await Postgres.open(database, (), "pool")
        stack.push_async_callback(shared.close)
        in_tables = await PostgresReadings.open(database)
        stack.push_async_callback(in_tables.close)
        tables = await PostgresJournal.open(shared), in_tables, await PostgresBlobs.open(shared, box)
        yield Stores(data, *tables, clips, shared)
