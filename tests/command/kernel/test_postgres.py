"""A shared PostgreSQL database: schema versions, whole transactions, settings (SPEC R93, R170, R1016)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.limits import POSTGRES_CONNECTIONS
from command.kernel.postgres import Postgres
from tests.postgres import PostgresServer

ONE = ("CREATE TABLE a (x integer NOT NULL UNIQUE);",)
TWO = (*ONE, "CREATE TABLE b (y integer); INSERT INTO b SELECT x FROM a;")


async def count(db: Postgres) -> int:
    (row,) = await db.fetch("SELECT count(*) AS n FROM a")
    n: int = row["n"]
    return n


async def test_an_older_schema_is_brought_up_with_what_it_holds(postgres_url: str) -> None:
    old = await Postgres.open(postgres_url, ONE, "test")
    await old.fetch("INSERT INTO a VALUES (7)")
    await old.close()
    new = await Postgres.open(postgres_url, TWO, "test")
    assert [row["y"] for row in await new.fetch("SELECT y FROM b")] == [7]
    await new.close()


async def test_a_schema_of_a_newer_program_is_refused_and_left_as_it_is(postgres_url: str) -> None:
    await (await Postgres.open(postgres_url, TWO, "test")).close()
    with pytest.raises(UnavailableError, match="schema 2; this program knows 1"):
        await Postgres.open(postgres_url, ONE, "test")
    db = await Postgres.open(postgres_url, TWO, "test")
    assert [tuple(row) for row in await db.fetch("SELECT * FROM triune_schemas")] == [("test", 2)]
    await db.close()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("sslmode=verify-full&sslrootcert=/nowhere/root.crt", "/nowhere/root.crt|No such file"),
        ("sslmode=strict", "sslmode.*must be one of"),
    ],
)
async def test_what_tls_lacks_is_said(options: str, told: str) -> None:  # R967
    with pytest.raises(UnavailableError, match=told) as refused:
        await Postgres.open(f"postgresql://triune:a-password@127.0.0.1:1/triune?{options}", ONE, "test")
    assert "a-password" not in refused.value.detail


async def test_tls_without_a_root_certificate_says_where_one_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R967
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"over TLS: root certificate file \S+root\.crt\S* does not exist"):
        await Postgres.open("postgresql://triune@127.0.0.1:1/triune?sslmode=verify-full", ONE, "test")


async def test_beside_a_hub_everything_is_read_and_nothing_written_or_brought_up(postgres_url: str) -> None:  # R895
    hub = await Postgres.open(postgres_url, ONE, "test")
    beside = await Postgres.open_beside(postgres_url, {"test": ONE})
    await hub.fetch("INSERT INTO a VALUES (7)")
    assert await count(beside) == 1
    for statement in ("INSERT INTO a VALUES (8)", "DELETE FROM a", "CREATE TABLE c (z integer)"):
        with pytest.raises(UnavailableError, match="read-only"):
            await beside.fetch(statement)
    with pytest.raises(UnavailableError, match="read-only"):
        async with beside.transaction() as db:
            await db.execute("INSERT INTO a VALUES (8)")
    await beside.close()
    with pytest.raises(UnavailableError, match="test in this database is of schema 1, this program's is 2"):
        await Postgres.open_beside(postgres_url, {"test": TWO})
    with pytest.raises(InvalidInputError, match="no other in this database"):
        await Postgres.open_beside(postgres_url, {"test": ONE, "other": ONE})
    assert await hub.schema_versions() == {"test": 1}
    assert await count(hub) == 1
    await hub.close()


async def test_schemas_of_other_names_count_for_themselves(postgres_url: str) -> None:
    first = await Postgres.open(postgres_url, ONE, "test")
    other = await Postgres.open(postgres_url, ("CREATE TABLE c (z integer)", "SELECT 1", "SELECT 2"), "other")
    rows = await other.fetch("SELECT * FROM triune_schemas ORDER BY name")
    assert [tuple(row) for row in rows] == [("other", 3), ("test", 1)]
    await first.close()
    await other.close()


async def test_a_schema_step_that_fails_leaves_the_version_before(postgres_url: str) -> None:
    await (await Postgres.open(postgres_url, ONE, "test")).close()
    with pytest.raises(UnavailableError):
        await Postgres.open(postgres_url, (*ONE, "CREATE TABLE c (z integer); SELECT nonsense;"), "test")
    db = await Postgres.open(postgres_url, TWO, "test")
    assert [tuple(row) for row in await db.fetch("SELECT * FROM triune_schemas")] == [("test", 2)]
    await db.close()


async def test_many_that_start_at_once_bring_it_up_once(postgres_url: str) -> None:
    opened = await asyncio.gather(*(Postgres.open(postgres_url, TWO, "test") for _ in range(8)))
    assert await count(opened[0]) == 0
    for db in opened:
        await db.close()


async def run(db: Postgres, *commands: str) -> None:
    async with db.transaction() as connection:
        for command in commands:
            await connection.execute(command)


async def test_what_fails_half_way_is_taken_back(postgres_url: str) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")

    async def break_off() -> None:
        async with db.transaction() as connection:
            await connection.execute("INSERT INTO a VALUES (1)")
            raise KeyError

    with pytest.raises(UnavailableError):
        await run(db, "INSERT INTO a VALUES (1)", "INSERT INTO nowhere VALUES (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await run(db, "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (1)")
    with pytest.raises(KeyError):
        await break_off()
    assert await count(db) == 0
    await run(db, "INSERT INTO a VALUES (1)")
    assert await count(db) == 1
    await db.close()


async def test_a_commit_of_a_failed_transaction_is_not_taken_for_one(postgres_url: str) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK, and no error, where a command before it had failed."""
    db = await Postgres.open(postgres_url, ONE, "test")

    async def swallow() -> None:
        async with db.transaction() as connection:
            await connection.execute("INSERT INTO a VALUES (1)")
            with contextlib.suppress(asyncpg.UniqueViolationError):
                await connection.execute("INSERT INTO a VALUES (1)")

    with pytest.raises(UnavailableError, match="took the transaction back"):
        await swallow()
    assert await count(db) == 0
    await db.close()


async def test_a_cancelled_transaction_frees_its_locks_and_its_connection(postgres_url: str) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")
    held = asyncio.Event()

    async def hold() -> None:
        async with db.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
            await connection.execute("INSERT INTO a VALUES (1)")
            held.set()
            await asyncio.Event().wait()

    for _ in range(POSTGRES_CONNECTIONS + 1):
        async with asyncio.TaskGroup() as tasks:
            holder = tasks.create_task(hold())
            await held.wait()
            holder.cancel()
        held.clear()
    async with db.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(1)")
    assert await count(db) == 0
    await db.close()


async def test_a_commit_survives_a_power_cut(postgres_url: str) -> None:
    """Also where somebody set the database to promise less."""
    db = await Postgres.open(postgres_url, ONE, "test")
    name = postgres_url.rpartition("/")[2]
    await db.fetch(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await db.close()
    db = await Postgres.open(postgres_url, ONE, "test")
    assert [row[0] for row in await db.fetch("SHOW synchronous_commit")] == ["on"]
    await db.close()


@asynccontextmanager
async def set_to(setting: str, server: PostgresServer, url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Have the database be set so for a while; give a connection to another one."""
    name = url.rpartition("/")[2]
    other = await asyncpg.connect(server.url())
    await other.execute(f"ALTER DATABASE {name} SET {setting}")
    try:
        yield other
    finally:
        await other.execute(f"ALTER DATABASE {name} RESET ALL")
        await other.close()


@pytest.mark.parametrize(
    "setting",
    ["default_transaction_isolation = 'repeatable read'", "default_transaction_isolation = 'serializable'",
     "lock_timeout = '20ms'", "transaction_timeout = '50ms'"],
)  # fmt: skip
async def test_who_waited_for_a_turn_sees_what_was_written_whatever_the_database_is_set_to(  # R1016
    setting: str, postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with set_to(setting, postgres_server, postgres_url):
        db = await Postgres.open(postgres_url, ONE, "test")

        async def add() -> None:
            async with db.transaction(lock="turn") as connection:
                await connection.execute("INSERT INTO a SELECT count(*) FROM a")

        async with asyncio.TaskGroup() as tasks, db.transaction(lock="turn") as first:
            waiting = tasks.create_task(add())
            while not await first.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                assert not waiting.done()
            await first.execute("SELECT pg_sleep(0.1)")
            await first.execute("INSERT INTO a VALUES (0)")
        assert [row["x"] for row in await db.fetch("SELECT x FROM a ORDER BY x")] == [0, 1]
        await db.close()


@pytest.mark.parametrize("setting", ["statement_timeout", "transaction_timeout"])
async def test_tables_are_brought_up_however_short_commands_are_to_be(  # R1016
    setting: str, postgres_server: PostgresServer, postgres_url: str
) -> None:
    slow = (*ONE, "CREATE TABLE b (y integer); SELECT pg_sleep(0.3);")
    async with set_to(f"{setting} = '100ms'", postgres_server, postgres_url):
        db = await Postgres.open(postgres_url, slow, "test")
        assert await db.schema_versions() == {"test": 2}
        await db.close()


async def test_connections_stay_however_long_a_hub_has_nothing_to_say(  # R1016
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with set_to("idle_session_timeout = '20ms'", postgres_server, postgres_url) as other:
        db = await Postgres.open(postgres_url, ONE, "test")
        backend = "SELECT pg_backend_pid() AS pid"
        before = await db.fetch(backend)
        await other.execute("SELECT pg_sleep(0.1)")
        assert await db.fetch(backend) == before
        await db.close()


async def test_a_server_that_would_lose_commits_is_refused(postgres_url: str) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")

    async def set_fsync(value: str) -> None:
        await db.fetch(f"ALTER SYSTEM SET fsync = {value}")
        await db.fetch("SELECT pg_reload_conf()")
        async with asyncio.timeout(60):
            while (await db.fetch("SHOW fsync"))[0][0] != value:  # the server takes it up in its own time
                pass

    await set_fsync("off")
    try:
        with pytest.raises(UnavailableError, match="fsync off; the record needs on"):
            await Postgres.open(postgres_url, ONE, "test")
    finally:
        await set_fsync("on")
    await db.close()


async def test_a_database_that_can_only_be_read_is_refused(postgres_url: str) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")
    await db.fetch(f"ALTER DATABASE {postgres_url.rpartition('/')[2]} SET default_transaction_read_only = on")
    with pytest.raises(UnavailableError):
        await Postgres.open(postgres_url, ONE, "test")
    await db.close()


async def test_a_database_that_would_lose_letters_is_refused(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    db = await Postgres.open(postgres_url, ONE, "test")
    await db.fetch("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(UnavailableError, match="server_encoding LATIN1; the record needs UTF8"):
        await Postgres.open(postgres_server.url("latin"), ONE, "test")
    await db.fetch("DROP DATABASE latin")
    await db.close()


@pytest.mark.parametrize(
    "url", ["postgresql://triune@127.0.0.1:1/x", "http://127.0.0.1/x", "postgresql://u:secret/word@127.0.0.1/x"]
)
async def test_an_address_where_no_database_is_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UnavailableError) as refused:
        await Postgres.open(url, ONE, "test")
    with pytest.raises(UnavailableError) as not_looked_at:
        await Postgres.open_beside(url, {})
    assert "secret" not in refused.value.detail + not_looked_at.value.detail
