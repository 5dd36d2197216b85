"""The journal in one SQLite file, with group commit: the hub hands over whole batches, one way to the disk for each."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from command.journal import (
    Answer,
    DamagedJournalError,
    Entry,
    Head,
    Outcome,
    SignedHead,
    StoredFact,
    Turn,
    rows_of,
)
from command.kernel.errors import DamagedFileError, TriuneError
from command.kernel.limits import READ_FACTS
from command.kernel.sqlite import SqliteThread

_PROBE_BYTES = 256 * 1024
_KEYS_AT_ONCE = 500
SCHEMA = (
    """
    CREATE TABLE facts (
        space TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, actor TEXT NOT NULL,
        data BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (space, seq)
    ) WITHOUT ROWID;
    CREATE TABLE answers (
        space TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, subject TEXT NOT NULL,
        PRIMARY KEY (space, key)
    ) WITHOUT ROWID;
    CREATE TABLE probe (filler BLOB NOT NULL);
    """,
    """
    CREATE TABLE signed_heads (
        space TEXT NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL, at_ms INTEGER NOT NULL,
        signature BLOB NOT NULL, PRIMARY KEY (space, seq)
    ) WITHOUT ROWID;
    CREATE INDEX answers_by_seq ON answers (space, seq);
    """,
    """
    CREATE TABLE history (id TEXT NOT NULL);
    INSERT INTO history VALUES (lower(hex(randomblob(8))));
    """,
)
_READ = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
_HEAD = "SELECT seq, digest FROM facts WHERE space = ? ORDER BY seq DESC LIMIT 1"


class SqliteJournal:
    """One file for all spaces of a hub."""

    def __init__(self, path: Path) -> None:
        self._db: SqliteThread = _JournalFile(path, SCHEMA, "journal")

    def turn(self, space: str) -> AbstractAsyncContextManager[Turn]:
        """Return a turn at writing. The file is locked by each `append` alone: another writer costs one more try."""
        return _Turn(self._db, space)

    async def head(self, space: str) -> Head:
        """Return the last sequence number and digest."""
        return await self._db.run(lambda db: _head(db, space))

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        rows = await self._db.run(lambda db: db.execute(_READ, (space, after, limit)).fetchall())
        return [_fact(row) for row in rows]

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        return await self._db.run(lambda db: _answers(db, space, keys))

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers after a sequence number."""
        query = "SELECT key, seq, subject FROM answers WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
        rows = await self._db.run(lambda db: db.execute(query, (space, after, limit)).fetchall())
        return [(key, Answer(seq=seq, subject=subject)) for key, seq, subject in rows]

    async def sign(self, space: str, head: SignedHead) -> None:
        """Keep a signed head."""
        row = (space, head.seq, head.digest, head.at_ms, head.signature)
        insert = "INSERT INTO signed_heads VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        await self._db.run(lambda db: db.execute(insert, row) and None)

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads after a sequence number."""
        query = (
            "SELECT seq, digest, at_ms, signature FROM signed_heads WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
        )
        rows = await self._db.run(lambda db: db.execute(query, (space, after, limit)).fetchall())
        return [SignedHead(seq=s, digest=d, at_ms=a, signature=g) for s, d, a, g in rows]

    async def probe(self) -> None:
        """Commit and delete some pages."""
        await self._db.run(lambda db: db.execute("INSERT INTO probe VALUES (zeroblob(?))", (_PROBE_BYTES,)) and None)
        await self._db.run(lambda db: db.execute("DELETE FROM probe") and None)

    async def history(self) -> str:
        """Return the id of this history: a store that was restored goes on in another one, with the same numbers."""
        return await self._db.run(lambda db: str(db.execute("SELECT id FROM history").fetchone()[0]))

    async def spaces(self) -> list[str]:
        """Return every space."""
        rows = await self._db.run(lambda db: db.execute("SELECT DISTINCT space FROM facts ORDER BY space").fetchall())
        return [space for (space,) in rows]

    async def close(self) -> None:
        """Close the file."""
        await self._db.close()


class _JournalFile(SqliteThread):
    def _told(self, what: str, error: Exception) -> TriuneError:
        told = super()._told(what, error)
        if isinstance(told, DamagedFileError):
            hint = "Nothing is repaired: run `triune verify`, then restore a backup"
            return DamagedJournalError(f"{told.detail}. {hint}")
        return told


class _Turn:
    def __init__(self, db: SqliteThread, space: str) -> None:
        self._db = db
        self._space = space

    async def __aenter__(self) -> Turn:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is held between appends."""

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        return await self._db.run(lambda db: _append(db, self._space, entries, after, keys))


def _append(db: sqlite3.Connection, space: str, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
    db.execute("BEGIN IMMEDIATE" if entries else "BEGIN")  # so that nobody writes between the look and the rows
    head = _head(db, space)
    if head != after:
        unseen = tuple(_fact(row) for row in db.execute(_READ, (space, after.seq, READ_FACTS)))
        known = _answers(db, space, [*(entry.key for entry in entries), *keys])
        return Outcome(head=head, stored=False, unseen=unseen, known=known)
    rows = rows_of(space, entries, head)
    try:
        db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows.answers)
    except sqlite3.IntegrityError:  # rare: somebody asks again; looking every key up beforehand would cost everybody
        db.rollback()
        return Outcome(head=head, stored=False, known=_answers(db, space, [*(e.key for e in entries), *keys]))
    db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", rows.facts)
    known = _answers(db, space, keys)
    db.commit()
    return Outcome(head=rows.head, stored=True, known=known)


def _head(db: sqlite3.Connection, space: str) -> Head:
    row = db.execute(_HEAD, (space,)).fetchone()
    return Head(seq=row[0], digest=row[1]) if row else Head()


def _answers(db: sqlite3.Connection, space: str, keys: Sequence[str]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        asked = keys[first : first + _KEYS_AT_ONCE]
        marks = ",".join("?" * len(asked))
        query = f"SELECT key, seq, subject FROM answers WHERE space = ? AND key IN ({marks})"  # noqa: S608 - only marks
        for key, seq, subject in db.execute(query, (space, *asked)):
            found[key] = Answer(seq=seq, subject=subject)
    return found


def _fact(row: tuple[int, int, str, bytes, bytes]) -> StoredFact:
    seq, at_ms, actor, data, digest = row
    return StoredFact(seq=seq, at_ms=at_ms, actor=actor, data=data, digest=digest)
