"""A PostgreSQL server that goes away, hangs or hands over to another (SPEC R171, R1015, R1018, R1091, R1184)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack

import asyncpg
import pytest

from command.kernel import postgres as module
from command.kernel.errors import UnavailableError
from command.kernel.postgres import Postgres
from tests.command.kernel.test_postgres import ONE, count
from tests.postgres import PostgresServer


async def read_only(server: PostgresServer, value: str) -> None:
    """Tell a server that another one takes over, or that it is the one again; return once it acts on it."""
    connection = await asyncpg.connect(server.url(), server_settings={"default_transaction_read_only": "off"})
    await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    async with asyncio.timeout(60):
        shown = ""
        while shown != value:
            connection = await asyncpg.connect(server.url())
            shown = await connection.fetchval("SHOW default_transaction_read_only")
            await connection.close()


async def ports(db: Postgres) -> set[int]:
    """Where the connections of a pool lead, all of them in use at once."""
    asked = [db.fetch("SELECT current_setting('port')::integer AS port, pg_sleep(0.02)") for _ in range(8)]
    return {rows[0]["port"] for rows in await asyncio.gather(*asked)}


async def commit_after(db: Postgres, happening: Awaitable[None]) -> None:
    """Commit what was written before, and could be on no other server."""
    async with db.transaction() as connection:
        await connection.execute("INSERT INTO a VALUES (1)")
        await happening
        await connection.execute("SELECT 1")


async def test_a_server_that_another_one_takes_over_from_is_left(  # R1015
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POSTGRES_CONNECT_MS", 60_000)  # a busy one is not to be passed by
    name = postgres_server.create_database()
    with PostgresServer() as other:
        connection = await asyncpg.connect(other.url())
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        url = f"postgresql://triune@127.0.0.1:{postgres_server.port},127.0.0.1:{other.port}/{name}"
        await (await Postgres.open(other.url(name), ONE, "test")).close()
        writes, reads, commits = [await Postgres.open(url, ONE, "test") for _ in range(3)]
        for db in (writes, reads, commits):
            assert await ports(db) == {postgres_server.port}
        try:
            with pytest.raises(UnavailableError, match="may only be read"):
                await commit_after(commits, read_only(postgres_server, "on"))
            with pytest.raises(UnavailableError, match="read-only transaction"):
                await writes.fetch("INSERT INTO a VALUES (2)")
            with pytest.raises(UnavailableError, match="may only be read"):  # it may be old already
                await reads.fetch("SELECT x FROM a")
            for db in (writes, reads, commits):
                assert await ports(db) == {other.port}
            await writes.fetch("INSERT INTO a VALUES (3)")
            assert [row["x"] for row in await reads.fetch("SELECT x FROM a")] == [3]
        finally:
            await read_only(postgres_server, "off")
        for db in (writes, reads, commits):
            await db.close()


async def test_a_server_that_hangs_is_left_for_the_next_of_the_address(  # R1018
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PostgresServer() as hanging:
        name = postgres_url.rpartition("/")[2]
        connection = await asyncpg.connect(hanging.url())
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        url = f"postgresql://triune@127.0.0.1:{hanging.port},127.0.0.1:{postgres_server.port}/{name}"
        monkeypatch.setattr(module, "POSTGRES_COMMAND_MS", 3000)  # soon, and later than a busy server answers
        db = await Postgres.open(url, ONE, "test")
        hanging.pause()
        with pytest.raises(UnavailableError, match="in time"):
            await count(db)
        monkeypatch.setattr(module, "POSTGRES_CONNECT_MS", 6000)
        again = await Postgres.open(url, ONE, "test")
        for each in (db, again):
            assert await ports(each) == {postgres_server.port}
            await each.close()


async def test_a_server_that_is_off_is_asked_once_and_not_by_each_connection(  # R1091
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        held.callback(writer.close)

    with ExitStack() as held:
        off = await asyncio.start_server(silent, "127.0.0.1", 0)
        held.callback(off.close)
        port = off.sockets[0].getsockname()[1]
        url = f"postgresql://triune@127.0.0.1:{port},127.0.0.1:{postgres_server.port}/{postgres_url.rpartition('/')[2]}"
        monkeypatch.setattr(module, "POSTGRES_CONNECT_MS", 6000)
        for _ in range(2):
            db = await Postgres.open(url, ONE, "test")
            assert await ports(db) == {postgres_server.port}
            await db.close()
    assert asked == 1


async def test_a_server_that_may_be_written_to_again_is_used_again(  # R1015
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")
    beside = await Postgres.open_beside(postgres_url, {"test": ONE})
    await read_only(postgres_server, "on")
    try:
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await db.fetch("INSERT INTO a VALUES (1)")
        assert await count(beside) == 0
    finally:
        await read_only(postgres_server, "off")
    await db.fetch("INSERT INTO a VALUES (1)")
    assert (await count(db), await count(beside)) == (1, 1)
    await beside.close()
    await db.close()


async def test_a_server_that_restarts_is_used_again(
    postgres_server: PostgresServer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")
    await db.fetch("INSERT INTO a VALUES (1)")
    await asyncio.to_thread(postgres_server.stop)
    with pytest.raises(UnavailableError):
        await count(db)
    with pytest.raises(UnavailableError):
        await Postgres.open(postgres_url, ONE, "test")
    await asyncio.to_thread(postgres_server.start)
    assert await count(db) == 1

    async def crash_in_the_middle() -> None:
        async with db.transaction() as connection:
            await connection.execute("INSERT INTO a VALUES (2)")
            await asyncio.to_thread(postgres_server.kill)

    with pytest.raises(UnavailableError):
        await crash_in_the_middle()
    await asyncio.to_thread(postgres_server.start)
    assert await count(db) == 1
    await db.close()
    assert [record.name for record in caplog.records if record.exc_info] == []  # R1184


async def test_a_server_that_hangs_is_told_as_away_in_time(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP leaves every connection standing: only the limits end the wait."""
    monkeypatch.setattr(module, "POSTGRES_COMMAND_MS", 1500)  # soon, and later than a busy server answers
    db, frozen = [await Postgres.open(postgres_url, ONE, "test") for _ in range(2)]
    monkeypatch.setattr(module, "POSTGRES_CONNECT_MS", 200)  # not before: a busy machine takes longer

    async def add(n: int) -> None:
        async with db.transaction() as connection:
            await connection.execute("INSERT INTO a VALUES ($1)", n)

    async def in_the_middle() -> None:
        async with db.transaction() as connection:
            await connection.execute("INSERT INTO a VALUES (-1)")
            postgres_server.pause()
            await connection.execute("INSERT INTO a VALUES (-2)")

    async def in_a_large_copy() -> None:
        async with db.transaction() as connection:
            postgres_server.pause()
            await connection.copy_records_to_table("a", records=((n,) for n in range(2_000_000)))

    try:
        async with asyncio.timeout(60):
            for hang in (in_the_middle, in_a_large_copy):
                with pytest.raises(UnavailableError, match="in time"):
                    await hang()
                postgres_server.resume()
            postgres_server.pause()
            # More than there are connections.
            told = await asyncio.gather(*(add(n) for n in range(20)), return_exceptions=True)
            assert {type(error) for error in told} == {UnavailableError}
            with pytest.raises(UnavailableError):
                await Postgres.open(postgres_url, ONE, "test")
            await frozen.close()
    finally:
        postgres_server.resume()
    monkeypatch.undo()
    await add(100)
    assert await count(db) >= 1
    await db.close()


async def test_who_waits_beyond_the_limit_is_refused_at_once(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POSTGRES_CONNECTIONS", 1)
    monkeypatch.setattr(module, "POSTGRES_WAITING", 2)
    db = await Postgres.open(postgres_url, ONE, "test")
    async with asyncio.TaskGroup() as tasks, db.transaction():
        waiters = [tasks.create_task(count(db)) for _ in range(2)]
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        await turn.wait()
        with pytest.raises(UnavailableError, match="too many"):
            await count(db)
    assert [waiter.result() for waiter in waiters] == [0, 0]
    await db.close()
