"""A small database that one hub keeps in a file or several share: portable SQL, whole transactions."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import asyncpg

from command.kernel.errors import ConflictError
from command.kernel.postgres import Postgres
from command.kernel.sqlite import SqliteThread

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[Any, ...]
Statement: TypeAlias = tuple[str, tuple[Value, ...]]


class Database(Protocol):
    """SQL that SQLite and PostgreSQL both understand, with `?` for each value.

    Every method raises `UnavailableError` where the database is away or refuses.
    """

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return the rows of a query."""
        ...

    async def write(self, *statements: Statement) -> list[int]:
        """Run the statements in one transaction, durable when this returns; return how many rows each touched.

        On PostgreSQL others may write at the same time: each statement sees what was committed before it began, and
        waits for whoever has touched its rows. Where a constraint is broken: `ConflictError`, and nothing is changed.
        """
        ...

    async def close(self) -> None:
        """Finish what is queued."""
        ...


class SqliteDatabase:
    """One file, of one hub."""

    def __init__(self, path: Path, schema: tuple[str, ...], name: str) -> None:
        self._thread = SqliteThread(path, schema, name)

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return the rows of a query."""
        return await self._thread.run(lambda db: db.execute(sql, values).fetchall())

    async def write(self, *statements: Statement) -> list[int]:
        """Run the statements in one transaction."""
        try:
            return await self._thread.run(lambda db: [db.execute(sql, values).rowcount for sql, values in statements])
        except sqlite3.IntegrityError as error:
            raise ConflictError(f"the database holds something else: {error}") from error

    async def close(self) -> None:
        """Close the file."""
        await self._thread.close()


class PostgresDatabase:
    """Tables in a database that several hubs share. Use `open`, but for looking at them as they are."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @classmethod
    async def open(cls, postgres: Postgres, schema: tuple[str, ...], name: str) -> PostgresDatabase:
        """Bring the tables up to date; `schema` is what a file would be made with. The pool stays its owner's."""
        await postgres.bring_up_to_date(tuple(map(_types_of_postgres, schema)), name)
        return cls(postgres)

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return the rows of a query."""
        return [tuple(row) for row in await self._postgres.fetch(_numbered(sql), *values)]

    async def write(self, *statements: Statement) -> list[int]:
        """Run the statements in one transaction."""
        try:
            async with self._postgres.transaction() as connection:
                # The command's tag ends with the number of rows: "INSERT 0 1", "UPDATE 3".
                tags = [await connection.execute(_numbered(sql), *values) for sql, values in statements]
        except asyncpg.IntegrityConstraintViolationError as error:
            raise ConflictError(f"the database holds something else: {error}") from error
        return [int(tag.rpartition(" ")[2]) for tag in tags]

    async def close(self) -> None:
        """Leave the pool as it is: others use it too."""


_TYPES = {"INTEGER": "bigint", "BLOB": "bytea"}


def _types_of_postgres(script: str) -> str:
    return re.sub(r"\b(INTEGER|BLOB)\b", lambda found: _TYPES[found[0]], script)


@lru_cache(maxsize=256)
def _numbered(sql: str) -> str:
    """Write `?` as `$1`, `$2`, …; the statements are ours and hold no question mark in quotes."""
    first, *others = sql.split("?")
    return first + "".join(f"${number}{text}" for number, text in enumerate(others, start=1))
