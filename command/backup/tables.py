"""The small databases of a hub as rows: accounts, links, counts of readings, and those of our own services."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from pathlib import Path

from command.access import accounts
from command.backup.records import Rows
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import BACKUP_READ_ROWS
from command.kernel.postgres import Postgres
from command.kernel.schemas import refuse_other
from command.kernel.sqlite import SQLITE_ERRORS, words_of
from command.links import cursors, viid
from command.readings import hours
from command.services.approval import approvals
from command.services.case import cases

SHARED = {"links": cursors.SCHEMA, "access": accounts.SCHEMA, "viid": viid.SCHEMA, "reading_hours": hours.SCHEMA}
"""Databases that several hubs may share."""
SERVICES = {"case": cases.SCHEMA, "approval": approvals.SCHEMA}
"""Files of our own services."""
SCHEMAS = SHARED | SERVICES

LEFT_OUT = frozenset({"sessions", "site_key", "waiting"})
"""Sessions: one that was ended since must not come back to life. The key's fingerprint is found from the key. What
waits to be told over GA/T 1400 may be far more than all the rest, and is told over as soon as somebody takes it."""


def table_names(store: str, version: int) -> list[str]:
    """Return the tables of a store of a version that belong in a backup.

    A hub brings up only what it uses: beside it may lie what was used before an upgrade. `UnavailableError` for a
    version that is not known here.
    """
    if not 0 < version <= len(SCHEMAS[store]):
        refuse_other(store, version, len(SCHEMAS[store]))
    found = re.findall(r"CREATE TABLE (\w+)", ";".join(SCHEMAS[store][:version]))
    return [name for name in found if name not in LEFT_OUT]


def schema_of(store: str, version: int) -> tuple[str, ...]:
    """Return the schema as it was at a version; `InvalidInputError` for one that is not known here."""
    if store not in SCHEMAS or not 0 < version <= len(SCHEMAS[store]):
        raise InvalidInputError(f"the archive holds {store} of schema {version}: restore with the version that made it")
    return SCHEMAS[store][:version]


def read_only(path: Path) -> sqlite3.Connection:
    """Open a file that a hub may be writing to, without changing anything."""
    try:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except SQLITE_ERRORS as error:
        raise UnavailableError(f"{path.name} cannot be opened: {words_of(error)}") from error


def refuse_older(path: Path, schema: tuple[str, ...]) -> None:
    """Raise `UnavailableError` unless the file has this program's schema: opening it would bring it up to date."""
    try:
        with closing(read_only(path)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
    except SQLITE_ERRORS as error:
        raise UnavailableError(f"{path.name} cannot be read: {words_of(error)}") from error
    refuse_other(path.name, version, len(schema))


def sqlite_rows(path: Path, store: str) -> Iterator[Rows]:
    """Yield a file's tables as they are at one moment. Writers go on meanwhile (WAL)."""
    try:
        with closing(read_only(path)) as db:
            db.execute("BEGIN")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            for table in table_names(store, version):
                found = db.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of our own schema
                columns = tuple(column[0] for column in found.description)
                first = True
                while (rows := found.fetchmany(BACKUP_READ_ROWS)) or first:
                    yield Rows(
                        store=store, version=version, table=table, columns=columns, rows=[list(row) for row in rows]
                    )
                    first = False
    except SQLITE_ERRORS as error:
        raise UnavailableError(f"{path.name} cannot be read: {words_of(error)}") from error


async def postgres_rows(postgres: Postgres, store: str) -> AsyncGenerator[Rows]:
    """Yield a store's tables as they are at one moment. Whoever stops before the end closes it: a transaction is open.

    Raises `UnavailableError` as `Postgres.transaction`, and where a page is held for longer than `POSTGRES_IDLE_MS`.
    """
    async with postgres.transaction() as db:
        await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        version = await db.fetchval("SELECT version FROM triune_schemas WHERE name = $1", store)
        for table in table_names(store, version) if version else ():  # no hub has used it yet
            statement = await db.prepare(f"SELECT * FROM {table}")  # noqa: S608 - names of our own schema
            columns = tuple(column.name for column in statement.get_attributes())
            found = await statement.cursor()
            first = True
            while (rows := await found.fetch(BACKUP_READ_ROWS)) or first:
                yield Rows(store=store, version=version, table=table, columns=columns, rows=[list(row) for row in rows])
                first = False
