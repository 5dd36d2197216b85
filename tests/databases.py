"""Both databases for contract tests: each test that asks for `databases` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from command.kernel.database import Database, PostgresDatabase, SqliteDatabase
from command.kernel.postgres import Postgres

Databases = Callable[[tuple[str, ...], str], AbstractAsyncContextManager[Database]]
"""Opens the test's database of that schema and name, holding what it held before. Whoever opens one closes it."""


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    """Open the same database as often as asked, as several hubs and the command line do."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None

    @asynccontextmanager
    async def opened(schema: tuple[str, ...], name: str) -> AsyncIterator[Database]:
        if url is None:
            yield SqliteDatabase(tmp_path / f"{name}.sqlite3", schema, name)
        else:
            postgres = await Postgres.open(url, (), "pool")
            try:
                yield await PostgresDatabase.open(postgres, schema, name)
            finally:
                await postgres.close()

    return opened
