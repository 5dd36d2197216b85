"""The record of a hub that runs or does not, for commands that look at it and change nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from command.backup.tables import refuse_older
from command.journal import Journal
from command.journal.postgres import SCHEMA, PostgresJournal
from command.journal.sqlite_snapshot import SqliteSnapshot
from command.kernel.errors import InvalidInputError
from command.kernel.postgres import Postgres
from command.readings import Readings, postgres_schema
from command.readings.memory import MemoryReadings
from command.readings.postgres import PostgresReadings
from command.readings.sqlite_beside import SqliteReadingsBeside
from command.readings.sqlite_migrate import MAIN_SCHEMA
from consoles.settings import Settings


@asynccontextmanager
async def record_beside(settings: Settings) -> AsyncIterator[tuple[Journal, Readings]]:
    """Open journal and readings. Raises `InvalidInputError` where there is no journal, `UnavailableError`."""
    async with AsyncExitStack() as stack:
        if settings.journal:
            schemas = {"journal": SCHEMA, "readings": postgres_schema.SCHEMA}
            postgres = await Postgres.open_beside(settings.journal, schemas)
            stack.push_async_callback(postgres.close)
            yield PostgresJournal(postgres), PostgresReadings(postgres)
            return
        data = Path(settings.data)
        if not (data / "journal.sqlite3").is_file():
            raise InvalidInputError(f"no journal in {data}")
        journal = SqliteSnapshot(data / "journal.sqlite3")
        stack.push_async_callback(journal.close)
        stored = data / "readings.sqlite3"
        readings: Readings
        if stored.is_file():
            refuse_older(stored, MAIN_SCHEMA)
            readings = SqliteReadingsBeside(stored)
        else:
            readings = MemoryReadings()
        stack.push_async_callback(readings.close)
        yield journal, readings
