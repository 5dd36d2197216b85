"""One SQLite file and its thread: schema versions and whole transactions (SPEC R93)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Barrier

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
    with pytest.raises(UnavailableError, match="closed"):  # and nobody waits for an answer that does not come
        await new.run(lambda db: None)


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


async def test_a_step_is_taken_statement_by_statement_whatever_is_in_it(tmp_path: Path) -> None:
    step = """
        -- Neither ends here; nor does the trigger.
        CREATE TRIGGER b AFTER INSERT ON a BEGIN UPDATE a SET x = x + 1; UPDATE a SET x = x * 2; END;
        INSERT INTO a VALUES (length('one; two'))
    """
    db = SqliteThread(tmp_path / "x.db", (*ONE, step), "test")
    assert await db.run(lambda c: c.execute("SELECT x FROM a").fetchall()) == [(18,)]
    await db.close()


async def test_of_two_that_bring_up_a_file_one_waits_and_finds_it_done(tmp_path: Path) -> None:  # R1017
    """A hub that starts, and a command for its accounts."""
    path = tmp_path / "x.db"
    await SqliteThread(path, ONE, "test").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.executescript(f"BEGIN IMMEDIATE; {TWO[1]}; PRAGMA user_version = 2;")
        async with asyncio.TaskGroup() as tasks:
            opening = tasks.create_task(asyncio.to_thread(SqliteThread, path, TWO, "test"))
            done, _ = await asyncio.wait({opening}, timeout=0.3)
            assert not done
            other.execute("INSERT INTO b VALUES (7)")
            other.execute("COMMIT")
    db = opening.result()
    assert await db.run(lambda c: c.execute("SELECT y FROM b").fetchall()) == [(7,)]
    await db.close()


async def test_a_file_that_a_newer_program_brings_up_meanwhile_is_refused(tmp_path: Path) -> None:  # R93, R1017
    path = tmp_path / "x.db"
    await SqliteThread(path, ONE, "test").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.executescript("BEGIN IMMEDIATE; CREATE TABLE c (z INTEGER); PRAGMA user_version = 3;")

        async def is_refused() -> None:
            with pytest.raises(UnavailableError, match="schema 3; this program knows 2"):
                await asyncio.to_thread(SqliteThread, path, TWO, "test")

        async with asyncio.TaskGroup() as tasks:
            await asyncio.wait({tasks.create_task(is_refused())}, timeout=0.3)
            other.execute("COMMIT")
        assert other.execute("PRAGMA user_version").fetchone() == (3,)


async def test_of_two_that_make_a_file_one_waits_and_finds_it_made(tmp_path: Path) -> None:  # R1017
    """`systemctl start triune; triune account add`: an empty file, or an account that is gone, stayed for good."""

    def add(path: Path, start: Barrier) -> SqliteThread:
        start.wait()
        db = SqliteThread(path, ONE, "test")
        asyncio.run(db.run(lambda c: c.execute("INSERT INTO a VALUES (1)") and None))
        return db

    for number in range(20):
        path, start = tmp_path / f"{number}.db", Barrier(2)
        opened = await asyncio.gather(*(asyncio.to_thread(add, path, start) for _ in range(2)))
        assert await opened[0].run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()) == (2,)
        for db in opened:
            await db.close()
    assert not list(tmp_path.glob("*.new*"))


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


async def test_what_a_file_that_was_removed_left_in_its_log_is_not_in_the_new_one(tmp_path: Path) -> None:  # R1119
    """After a kill the log stays beside the file. It is whole, so SQLite would put it into whatever stands there."""
    killed, path = tmp_path / "killed.db", tmp_path / "x.db"
    db = SqliteThread(killed, ONE, "test")
    await db.run(lambda c: c.executemany("INSERT INTO a VALUES (?)", [(n,) for n in range(5000)]) and None)
    left = (tmp_path / "killed.db-wal").read_bytes()
    await db.close()
    (tmp_path / "x.db-wal").write_bytes(left)
    made = SqliteThread(path, TWO, "test")
    assert await made.run(lambda c: c.execute("SELECT count(*) FROM a").fetchone()) == (0,)
    assert await made.run(lambda c: c.execute("SELECT count(*) FROM b").fetchone()) == (0,)
    await made.close()


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
