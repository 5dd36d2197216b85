"""A server of an address that takes connections and closes them: a proxy or forwarded port with nothing behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command.kernel import postgres as module
from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from command.kernel.postgres import Postgres
from consoles.doctor import known_time, outside, shared_clock
from tests.command.kernel.test_postgres import ONE
from tests.postgres import PostgresServer


@asynccontextmanager
async def closing() -> AsyncIterator[int]:
    """Yield the port of one that reads what is said first, and closes."""

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one that is busy is not to be passed by."""
    monkeypatch.setattr(module, "POSTGRES_CONNECT_MS", 60_000)
    for doctor in (outside, shared_clock, known_time):
        monkeypatch.setattr(doctor, "DATABASE_S", 60.0)
    monkeypatch.setattr(module, "_FITTED", {})


@pytest.mark.parametrize("tls", ["disable", "prefer"])
async def test_a_server_that_closes_what_it_takes_is_passed_by(  # R1106
    postgres_server: PostgresServer, postgres_url: str, tls: str
) -> None:
    name = postgres_url.rpartition("/")[2]
    async with closing() as port:
        url = f"postgresql://triune@127.0.0.1:{port},127.0.0.1:{postgres_server.port}/{name}?sslmode={tls}"
        db = await Postgres.open(url, ONE, "test")
        assert (await db.fetch("SELECT current_setting('port')::integer AS port"))[0]["port"] == postgres_server.port
        await db.close()
        with pytest.raises(UnavailableError, match="away or refuses"):
            await Postgres.open(f"postgresql://triune@127.0.0.1:{port}/{name}?sslmode={tls}", ONE, "test")


async def test_the_doctor_looks_at_the_server_that_hubs_use(  # R1106
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    name = postgres_url.rpartition("/")[2]
    clock = SystemClock()
    async with closing() as port:
        url = f"postgresql://triune@127.0.0.1:{port},127.0.0.1:{postgres_server.port}/{name}?sslmode=disable"
        db = await Postgres.open(url, ("CREATE TABLE readings_looked (known_ms bigint)",), "looked")
        await db.fetch("INSERT INTO readings_looked VALUES ($1)", clock.now_ms())
        await db.close()
        module._FITTED.clear()
        found = await outside.postgres(url, clock.now_ms())
        assert [(one.check, one.verdict) for one in found] == [("database", "ok"), ("journal", "ok")]
        assert len(await shared_clock.examine(url, clock)) == 1
        (known,) = await known_time.examine(tmp_path, url, clock.now_ms(), 180)
        assert known.verdict == "ok"
