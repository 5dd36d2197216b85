"""One SQLite file and its thread: schema versions and whole transactions (SPEC R93)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.kernel.errors import DamagedFileError, UnavailableError
from command.kernel.sqlite import SqliteThread

ONE = ("CREATE TABLE a (x INTEGER NOT NULL);",)
TWO = (*ONE, "CREATE TABLE b (y INTEGER); INSERT INTO b SELECT x FROM a;")


async def test_an_older_file_is_brought_up_with_what_it_holds(tmp_path: Path) -> None:
    old = SqliteThread(tmp_path / "x.db", ONE, "test")
    await old.run(lambda db: db.execute("INSERT INTO a VALUES (7)"))
    await old.close()
    new = SqliteThread(tmp_path / "x.db", TWO, "test")
    assert await new.run(lambda db: db.execute("SELECT y FROM b").fetchall()) == [(7,)]
    await new.close()


async def test_a_file_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    new = SqliteThread(tmp_path / "x.db", TWO, "test")
    await new.close()
    with pytest.raises(UnavailableError, match="schema 2; this program knows 1"):
        SqliteThread(tmp_path / "x.db", ONE, "test")
    again = SqliteThread(tmp_path / "x.db", TWO, "test")
    assert await again.run(lambda db: db.execute("PRAGMA user_version").fetchone()) == (2,)
    await again.close()


async def test_a_schema_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    old = SqliteThread(tmp_path / "x.db", ONE, "test")
    await old.close()
    with pytest.raises(UnavailableError):
        SqliteThread(tmp_path / "x.db", (*ONE, "CREATE TABLE c (z); SELECT nonsense;"), "test")
    again = SqliteThread(tmp_path / "x.db", TWO, "test")
    assert await again.run(lambda db: db.execute("PRAGMA user_version").fetchone()) == (2,)
    await again.close()


async def test_what_fails_half_way_is_taken_back(tmp_path: Path) -> None:
    db = SqliteThread(tmp_path / "x.db", ONE, "test")

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO a VALUES (1)")
        connection.execute("INSERT INTO nowhere VALUES (1)")

    def doubled(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO a VALUES (1)")
        connection.execute("INSERT INTO a VALUES (NULL)")

    with pytest.raises(UnavailableError):
        await db.run(half)
    with pytest.raises(sqlite3.IntegrityError):
        await db.run(doubled)
    assert await db.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()) == (0,)
    await db.close()


async def test_a_damaged_file_is_told_from_one_that_is_away(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    made = SqliteThread(path, ONE, "test")
    await made.run(lambda c: c.executemany("INSERT INTO a VALUES (?)", [(n,) for n in range(5000)]))
    await made.close()
    whole = path.read_bytes()
    db = SqliteThread(path, ONE, "test")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (len(whole) - 4096))
    with pytest.raises(DamagedFileError, match="malformed") as damaged:
        await db.run(lambda c: c.execute("SELECT sum(x) FROM a").fetchall())
    assert (damaged.value.status, damaged.value.code) == (500, "damaged_file")
    await db.close()
    path.write_bytes(b"no database at all, but long enough to be read as one\n" * 100)
    with pytest.raises(DamagedFileError, match="not a database"):
        SqliteThread(path, ONE, "test")
    path.write_bytes(whole)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        db = SqliteThread(path, ONE, "test")
        await db.run(lambda c: c.execute("PRAGMA busy_timeout = 1").fetchall())
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="locked") as locked:
            await db.run(lambda c: c.execute("DELETE FROM a") and None)
        assert locked.value.code == "unavailable"
        await db.close()


async def test_a_file_that_was_emptied_is_no_new_one(tmp_path: Path) -> None:  # R867
    path = tmp_path / "x.db"
    await SqliteThread(path, ONE, "test").close()
    path.write_bytes(b"")
    with pytest.raises(DamagedFileError, match="holds nothing"):
        SqliteThread(path, ONE, "test")
    assert path.read_bytes() == b""


async def test_a_file_whose_making_was_cut_short_is_made_anew(tmp_path: Path) -> None:  # R867
    path = tmp_path / "x.db"
    with pytest.raises(UnavailableError):
        SqliteThread(path, (*ONE, "SELECT nonsense;"), "test")
    assert not path.exists()
    (tmp_path / "x.db.new").write_bytes(b"half of a file")
    (tmp_path / "x.db.new-wal").write_bytes(b"and of its log")
    made = SqliteThread(path, ONE, "test")
    assert await made.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()) == (0,)
    await made.close()
    assert [file.name for file in tmp_path.iterdir()] == ["x.db"]


async def test_a_file_whose_names_are_no_text_is_damaged(tmp_path: Path) -> None:
    """SQLite quotes the name, and Python cannot read what it says."""
    path = tmp_path / "x.db"
    await SqliteThread(path, ONE, "test").close()
    path.write_bytes(path.read_bytes().replace(b"tableaa", b"table\xcba").replace(b"CREATE TABLE a", b"CREATE ABLET a"))
    with pytest.raises(DamagedFileError, match=r"damaged: malformed database schema \(\\xcb"):
        SqliteThread(path, ONE, "test")


async def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    """WAL and synchronous=FULL (2): SQLite syncs the log at every commit."""
    db = SqliteThread(tmp_path / "x.db", ONE, "test")
    assert await db.run(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (2,)
    assert await db.run(lambda c: c.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    await db.close()
