"""One value of another kind in the file ends neither the audit nor the start without a word (SPEC R898, R899)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.facts import encode
from command.facts.calls import SituationOpened
from command.hub import Hub
from command.journal import DamagedJournalError, Entry, Head, StoredFact
from command.journal.postgres import PostgresJournal
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import TriuneError
from command.kernel.postgres import Postgres
from consoles.cli.verify import Verdict, verify
from tests.command.journal.vouching import KEY, SPACE, append, change, entries

SIGNED, LOOSE = 20, 5
MIDDLE, LAST = 8, SIGNED + LOOSE
COLUMNS = {
    "facts": ("space", "seq", "at_ms", "actor", "data", "digest"),
    "answers": ("space", "key", "seq", "subject"),
    "signed_heads": ("space", "seq", "digest", "at_ms", "signature"),
}
VALUES = {
    "text": "'x'",
    "a blob": "X'00FF'",
    "a number": "5000000",
    "a fraction": "0.5",
    "more than any number": "9e999",
    "text that is none": "CAST(X'FF' AS TEXT)",
    "nothing": "NULL",
}
"""SQLite makes text of a number where the column is for text."""
CHANGES = [(table, column, value) for table, columns in COLUMNS.items() for column in columns for value in VALUES]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record that a hub can start on: each fact is an entry of its own, and heads 10 and 20 are signed."""
    path = tmp_path_factory.mktemp("whole") / "journal.sqlite3"
    asyncio.run(_write(path))
    return path


async def _write(path: Path) -> None:
    journal = SqliteJournal(path)
    signer = HeadSigner(SPACE, journal, KEY, VirtualClock(5000))
    opened = encode(SituationOpened(situation="s1", title="火", service="119", kind="accident", level=2))
    first = StoredFact(seq=1, at_ms=1000, actor="desk", data=opened)
    await append(journal, [Entry(key="key-1", subject="s1", facts=(first,))])
    for seq in range(2, LAST + 1):
        await append(journal, entries(seq, 1))
        if seq in {SIGNED // 2, SIGNED}:
            await signer.stop()
    await journal.close()


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(whole, tmp_path / "journal.sqlite3"))


def check(path: Path) -> Verdict:
    return verify(path.parent, public_key=KEY.public.hex())


def start(path: Path) -> str:
    """Return the code of what a hub says when it starts; nothing where it goes on. Anything else is raised."""
    try:
        asyncio.run(_start(path))
    except TriuneError as error:
        return error.code
    return ""


async def _start(path: Path) -> None:
    journal, clock = SqliteJournal(path), VirtualClock(9000)
    try:
        await HeadSigner(SPACE, journal, KEY, clock).resume()
        hub = Hub(SPACE, clock, journal)
        await hub.load()
        await journal.spaces()
        async with journal.turn(SPACE) as turn:  # as with the first request after that
            await turn.append(entries(hub.committed_seq + 1, 1), Head(), [f"key-{LAST}"])
    finally:
        await journal.close()


def loosen(path: Path, table: str) -> None:
    """Take away what keeps NULL out, as a flipped bit does."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            f"CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
        )


def changed(path: Path, table: str, column: str, value: str, seq: int) -> None:
    if value == "nothing":
        loosen(path, table)
    change(path, f"UPDATE {table} SET {column} = {VALUES[value]} WHERE seq = ?", seq)


def test_a_hub_starts_on_the_record_that_nobody_touched(path: Path) -> None:
    assert check(path).ok
    assert not start(path)


@pytest.mark.parametrize(("table", "column", "value"), CHANGES)
def test_a_value_of_another_kind_is_told(path: Path, table: str, column: str, value: str) -> None:  # R898, R899
    seq = SIGNED // 2 if table == "signed_heads" else MIDDLE
    changed(path, table, column, value, seq)
    verdict = check(path)
    is_gone = table == "signed_heads" and (column == "space" or (column, value) == ("seq", "nothing"))
    assert verdict.ok is is_gone  # R264: a head between two thousandths is no longer missed
    if table == "facts":
        assert seq in {fault.seq for fault in verdict.faults}, verdict.faults
    told = start(path)
    assert told == "damaged_journal" or (not told and table != "facts")


@pytest.mark.parametrize(("table", "column", "value"), CHANGES)
def test_and_so_it_is_in_the_last_row(path: Path, table: str, column: str, value: str) -> None:  # R898, R899
    changed(path, table, column, value, SIGNED if table == "signed_heads" else LAST)
    verdict = check(path)
    if table == "facts":
        assert LAST in {fault.seq for fault in verdict.faults}, verdict.faults
    told = start(path)
    assert told == "damaged_journal" or (not told and table != "facts")
    assert not (told and verdict.ok)


@pytest.mark.parametrize("seq", ["'x'", "X'00'", "7.5", "-0.5", "9e999"])
@pytest.mark.parametrize("table", ["facts", "answers", "signed_heads"])
def test_a_row_slipped_in_under_a_number_that_is_none_is_told(path: Path, table: str, seq: str) -> None:  # R898
    columns = ", ".join({"seq": seq, "key": "'slipped'"}.get(name, name) for name in COLUMNS[table])
    change(path, f"INSERT INTO {table} SELECT {columns} FROM {table} WHERE seq = ?", SIGNED)
    assert not check(path).ok


def test_a_fraction_that_the_chain_does_not_see_is_told(path: Path) -> None:  # R898
    change(path, "UPDATE facts SET at_ms = at_ms + 0.5 WHERE seq = ?", MIDDLE)
    verdict = check(path)
    assert (verdict.ok, verdict.first_fault_seq) == (False, MIDDLE)


def test_each_fact_of_another_kind_is_named_and_what_comes_after_is_looked_at(path: Path) -> None:  # R898
    change(path, "UPDATE facts SET actor = CAST(actor AS BLOB), digest = hex(digest) WHERE seq % 3 = 0")
    verdict = check(path)
    assert {fault.seq for fault in verdict.faults} == set(range(3, LAST + 1, 3))
    assert verdict.spaces == {SPACE: LAST}


@pytest.mark.parametrize(
    "change_of_it",
    [
        "DELETE FROM history",
        "UPDATE history SET id = X'00'",
        "UPDATE history SET id = NULL",
        "UPDATE history SET id = CAST(X'FF' AS TEXT)",
    ],
)
def test_a_history_without_its_name_is_told(path: Path, change_of_it: str) -> None:  # R898, R899
    loosen(path, "history")
    change(path, change_of_it)
    assert ["does not say of which history" in fault.what for fault in check(path).faults] == [True]
    assert start(path) == "damaged_journal"


async def test_a_database_without_its_history_s_name_is_told(postgres_url: str) -> None:  # R899
    postgres = await Postgres.open(postgres_url, (), "test")
    journal = await PostgresJournal.open(postgres)
    await postgres.fetch("DELETE FROM history")
    with pytest.raises(DamagedJournalError, match="history"):
        await journal.history()
    await postgres.close()


@pytest.mark.parametrize("text", ["第8条", "第25条", "key-8", "s8"])
def test_a_flipped_bit_in_front_of_a_row_is_told(path: Path, text: str) -> None:  # R898, R899
    """Where SQLite keeps the size and kind of each value of a row, and whether it is the next or the last one."""
    raw = path.read_bytes()
    at = raw.index(text.encode())
    at = raw.rindex(SPACE.encode(), 0, at)
    untouched = rows(path)
    for place in range(at - 9, at):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            assert not check(path).ok or rows(path) == untouched, (place - at, bit)
            assert start(path) in {"damaged_journal", ""}
            for left in ("-wal", "-shm"):
                path.with_name(path.name + left).unlink(missing_ok=True)


def rows(path: Path) -> list[list[object]]:
    with closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in COLUMNS]
