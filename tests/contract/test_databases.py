"""One suite for both small databases: what accounts and cursors rely on, whichever it is (SPEC R93, R175)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from command.kernel.database import Database
from command.kernel.errors import ConflictError, UnavailableError
from command.links.cursors import SCHEMA, Cursors
from tests.databases import Databases

ONE = ("CREATE TABLE a (name TEXT PRIMARY KEY, n INTEGER NOT NULL, data BLOB)",)


@pytest.fixture
async def db(databases: Databases) -> AsyncIterator[Database]:
    async with databases(ONE, "test") as opened:
        yield opened
        await opened.close()


async def test_what_is_written_comes_back_as_it_was(db: Database) -> None:
    insert = "INSERT INTO a VALUES (?, ?, ?)"
    assert await db.write((insert, ("张三", 2**62, b"\0\xff")), (insert, ("b", -1, None))) == [1, 1]
    assert await db.rows("SELECT * FROM a ORDER BY n") == [("b", -1, None), ("张三", 2**62, b"\0\xff")]
    assert await db.rows("SELECT n FROM a WHERE name = ? AND n > ?", "张三", 5) == [(2**62,)]
    assert await db.rows("SELECT n FROM a WHERE name = ?", "nobody") == []


async def test_each_statement_says_how_many_rows_it_touched(db: Database) -> None:
    insert = "INSERT INTO a VALUES (?, 1, NULL) ON CONFLICT (name) DO NOTHING"
    assert await db.write((insert, ("x",)), (insert, ("x",)), (insert, ("y",))) == [1, 0, 1]
    assert await db.write(("UPDATE a SET n = ?", (2,)), ("DELETE FROM a WHERE n = ?", (7,))) == [2, 0]
    assert await db.write(("DELETE FROM a", ())) == [2]


@pytest.mark.parametrize("bad", ["INSERT INTO a VALUES ('x', 1, NULL)", "INSERT INTO a VALUES ('y', NULL, NULL)"])
async def test_a_broken_constraint_is_a_conflict_and_changes_nothing(db: Database, bad: str) -> None:
    with pytest.raises(ConflictError):
        await db.write(("INSERT INTO a VALUES ('x', 1, NULL)", ()), (bad, ()))
    assert await db.rows("SELECT * FROM a") == []


async def test_what_the_database_refuses_changes_nothing(db: Database) -> None:
    with pytest.raises(UnavailableError):
        await db.write(("INSERT INTO a VALUES ('x', 1, NULL)", ()), ("INSERT INTO nowhere VALUES (1)", ()))
    with pytest.raises(UnavailableError):
        await db.rows("SELECT * FROM nowhere")
    assert await db.rows("SELECT * FROM a") == []


async def test_writers_at_once_lose_nothing(databases: Databases) -> None:
    async with databases(ONE, "test") as one, databases(ONE, "test") as other:
        await one.write(("INSERT INTO a VALUES ('x', 0, NULL)", ()))
        add = ("UPDATE a SET n = n + 1 WHERE name = ?", ("x",))
        await asyncio.gather(*(db.write(add, add) for db in (one, other) for _ in range(10)))
        assert await other.rows("SELECT n FROM a") == [(40,)]
        await one.close()
        await other.close()


async def test_a_schema_of_a_newer_program_is_refused(databases: Databases) -> None:
    async with databases((*ONE, "CREATE TABLE b (x INTEGER)"), "test") as db:
        await db.close()
    with pytest.raises(UnavailableError, match="schema 2; this program knows 1"):
        async with databases(ONE, "test"):
            pass


async def test_a_cursor_stands_where_the_furthest_hub_left_it(databases: Databases) -> None:
    async with databases(SCHEMA, "links") as one, databases(SCHEMA, "links") as other:
        first, second = Cursors(one), Cursors(other)
        assert await first.load("case") == 0
        await first.store("case", 7)
        await second.store("sms", 3)
        assert (await second.load("case"), await first.load("sms")) == (7, 3)
        await second.store("case", 9)
        await first.store("case", 8)
        assert (await first.load("case"), await second.load("case")) == (9, 9)
        await first.close()
        await second.close()
