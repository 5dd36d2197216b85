"""What only a file can get wrong: opening it again, an older version, damage."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.journal import GENESIS, Answer, DamagedJournalError, Entry, Head, StoredFact, chained
from command.journal.sqlite import SCHEMA, SqliteJournal, spaces_in
from command.kernel.errors import UnavailableError
from command.kernel.sqlite import SqliteThread


def entry(key: str, first: int, count: int = 1) -> Entry:
    facts = (StoredFact(seq=first + n, at_ms=1, actor="a", data=b"{}") for n in range(count))
    return Entry(key=key, subject=key, facts=tuple(facts))


async def append(journal: SqliteJournal, entries: list[Entry]) -> None:
    head = await journal.head("live")
    async with journal.turn("live") as turn:
        assert (await turn.append(entries, head, [])).stored


async def test_a_file_opened_again_goes_on_where_it_stood(tmp_path: Path) -> None:  # R1, R2, R4
    path = tmp_path / "new" / "journal.db"
    first = SqliteJournal(path)
    await append(first, [entry("a", 1, 2)])
    await first.close()
    again = SqliteJournal(path)
    assert (await again.head("live")).seq == 2
    assert await again.answers("live", ["a"]) == {"a": Answer(seq=2, subject="a")}
    await append(again, [entry("b", 3)])
    assert chained(await again.read("live", 0, 10), GENESIS) == (await again.head("live")).digest
    await again.close()


async def test_a_probe_says_whether_a_batch_has_room_and_leaves_nothing(tmp_path: Path) -> None:  # R10
    journal = SqliteJournal(tmp_path / "journal.db")
    pages = await journal._db.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await journal._db.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 10}").fetchone())
    with pytest.raises(UnavailableError, match="full"):
        await journal.probe()
    await journal._db.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 1000}").fetchone())
    await journal.probe()
    assert await journal._db.run(lambda db: db.execute("SELECT count(*) FROM probe").fetchone()) == (0,)
    await journal.close()


async def test_who_reads_all_of_the_past_holds_up_no_commit(tmp_path: Path) -> None:  # R906
    journal = SqliteJournal(tmp_path / "journal.db")
    await append(journal, [entry(f"k{n}", 1 + n) for n in range(5000)])
    async with asyncio.TaskGroup() as tasks:
        reading = [tasks.create_task(journal.read("live", 0, 5000)) for _ in range(40)]
        await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
        await append(journal, [entry("now", 5001)])
        assert not all(one.done() for one in reading)
    assert len(await journal.read("live", 0, 9000)) == 5001, "and who reads after a commit finds it"
    await journal.close()


async def test_spaces_are_found_without_reading_every_fact(tmp_path: Path) -> None:  # R906
    path, steps = tmp_path / "journal.db", list[int]()
    await SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as db:
        for space in ("rehearsal-2", "live", "rehearsal-1"):
            rows = [(space, seq, 1, "a", b"{}", b"") for seq in range(1, 1001)]
            db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.set_progress_handler(lambda: steps.append(1), 1)
        assert spaces_in(db) == ["live", "rehearsal-1", "rehearsal-2"]
    assert len(steps) < 1000


async def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:  # R1, R4
    path = tmp_path / "journal.db"
    old = SqliteThread(path, SCHEMA[:1], "journal")
    await old.run(lambda db: db.execute("INSERT INTO facts VALUES ('live', 1, 5, 'a', X'7B7D', X'00')") and None)
    await old.run(lambda db: db.execute("INSERT INTO answers VALUES ('live', 'k', 1, 's')") and None)
    await old.close()
    journal = SqliteJournal(path)
    assert await journal.read("live", 0, 9) == [StoredFact(seq=1, at_ms=5, actor="a", data=b"{}", digest=b"\0")]
    assert await journal.answered("live", 0, 9) == [("k", Answer(seq=1, subject="s"))]
    await append(journal, [entry("b", 2)])
    await journal.close()


async def test_a_file_that_is_no_database_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is a letter, not a database. " * 100)
    with pytest.raises(UnavailableError, match="cannot be opened"):
        SqliteJournal(path)


async def test_damage_that_shows_while_it_is_open_is_no_absence(tmp_path: Path) -> None:  # R266
    path = tmp_path / "journal.db"
    made = SqliteJournal(path)
    await append(made, [entry(f"k{n}", n) for n in range(1, 2000)])
    await made.close()
    journal = SqliteJournal(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(DamagedJournalError, match=r"malformed.*triune verify"):
        await journal.read("live", 0, 2000)
    with pytest.raises(DamagedJournalError):
        async with journal.turn("live") as turn:
            await turn.append([entry("new", 2000)], Head(), [])
    await journal.close()
