"""One suite for every store of readings (SPEC R190-R195): memory, SQLite, PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from command.readings import Readings
from command.readings.memory import MemoryReadings
from command.readings.postgres import PostgresReadings
from command.readings.sqlite import SqliteReadings


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def readings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Readings]:
    store: Readings
    match request.param:
        case "memory":
            store = MemoryReadings()
        case "sqlite":
            store = SqliteReadings(tmp_path / "readings.sqlite3")
        case _:
            store = await PostgresReadings.open(request.getfixturevalue("postgres_url"))
    yield store
    await store.close()
