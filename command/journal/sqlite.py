"""The journal in one SQLite file, with group commit: the hub hands over whole batches, one way to the disk for each."""

from __future__ import annotations

import reprlib
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from command.journal import (
    Answer,
    DamagedJournalError,
    Entry,
    Head,
    Kind,
    Outcome,
    SignedHead,
    StoredFact,
    Turn,
    rows_of,
)
from command.kernel.errors import DamagedFileError, TriuneError, UnavailableError
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
_HINT = "Nothing is repaired: run `triune verify`, then restore a backup"
_READ = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
_HEAD = "SELECT seq, digest FROM facts WHERE space = ? ORDER BY seq DESC LIMIT 1"
_ANSWERED = "SELECT key, seq, subject FROM answers WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
_SIGNED = "SELECT seq, digest, at_ms, signature FROM signed_heads WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
# From one space to the next by the key: DISTINCT would read every fact. A file that was changed may hold none at all.
_SPACES = """
    WITH RECURSIVE found (space) AS (
        SELECT min(space) FROM facts
        UNION
        SELECT (SELECT min(space) FROM facts WHERE space > found.space) FROM found WHERE found.space IS NOT NULL
    )
    SELECT space FROM found WHERE space IS NOT NULL OR EXISTS (SELECT 1 FROM facts WHERE space IS NULL) ORDER BY space
"""

S = TypeVar("S", StoredFact, SignedHead)


class SqliteJournal:
    """One file for all spaces of a hub.

    SQLite keeps a value of any kind in any column, so what is read is held to its kinds: where one is of another,
    `DamagedJournalError` says so, and in which fact.
    """

    kind: Kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: SqliteThread = _JournalFile(path, SCHEMA, "journal")
        # Who reads much of the past must not keep a commit waiting; in WAL mode readers block no writer.
        self._reader: SqliteThread = _JournalFile(path, SCHEMA, "journal")

    def turn(self, space: str) -> AbstractAsyncContextManager[Turn]:
        """Return a turn at writing. The file is locked by each `append` alone: another writer costs one more try."""
        return _Turn(self._db, space)

    async def head(self, space: str) -> Head:
        """Return the last sequence number and digest."""
        return await self._db.run(lambda db: _head(db, space))

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        return _sound(await self._reader.run(lambda db: facts_in(db, space, after, limit)))

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        return await self._db.run(lambda db: _answers(db, space, keys))

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers after a sequence number."""
        return _sound_answers(await self._reader.run(lambda db: answers_in(db, space, after, limit)))

    async def sign(self, space: str, head: SignedHead) -> None:
        """Keep a signed head."""
        row = (space, head.seq, head.digest, head.at_ms, head.signature)
        insert = "INSERT INTO signed_heads VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        await self._db.run(lambda db: db.execute(insert, row) and None)

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads after a sequence number."""
        return _sound(await self._reader.run(lambda db: heads_in(db, space, after, limit)))

    async def probe(self) -> None:
        """Commit and delete some pages."""
        await self._db.run(lambda db: db.execute("INSERT INTO probe VALUES (zeroblob(?))", (_PROBE_BYTES,)) and None)
        await self._db.run(lambda db: db.execute("DELETE FROM probe") and None)

    async def history(self) -> str:
        """Return the id of this history: a store that was restored goes on in another one, with the same numbers."""
        row = await self._reader.run(lambda db: db.execute("SELECT id FROM history").fetchone())
        if row is None or type(row[0]) is not str:
            raise DamagedJournalError(f"the journal does not say of which history it is: that was removed. {_HINT}")
        return row[0]

    async def spaces(self) -> list[str]:
        """Return every space."""
        found = await self._reader.run(spaces_in)
        for space in found:
            if type(space) is not str:
                raise _altered(f"the space {reprlib.repr(space)}")
        return found

    async def size_bytes(self) -> int:
        """Return what the file takes, and what waits beside it to be moved into it."""

        def sizes(_db: sqlite3.Connection) -> int:
            parts = (self._path, self._path.with_name(f"{self._path.name}-wal"))
            try:
                return sum(part.stat().st_size for part in parts if part.exists())
            except OSError as error:
                raise UnavailableError(f"the size of the journal cannot be told: {error.strerror}") from error

        return await self._reader.run(sizes)

    async def close(self) -> None:
        """Close the file."""
        await self._reader.close()
        await self._db.close()


class _JournalFile(SqliteThread):
    def _told(self, what: str, error: Exception) -> TriuneError:
        told = super()._told(what, error)
        if isinstance(told, DamagedFileError):
            return DamagedJournalError(f"{told.detail}. {_HINT}")
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
        unseen = tuple(_sound(facts_in(db, space, after.seq, READ_FACTS)))
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
    if row is None:
        return Head()
    seq, digest = row
    if type(seq) is not int or type(digest) is not bytes:
        raise _altered("fact", seq)
    return Head(seq=seq, digest=digest)


def _answers(db: sqlite3.Connection, space: str, keys: Sequence[str]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        asked = keys[first : first + _KEYS_AT_ONCE]
        marks = ",".join("?" * len(asked))
        query = f"SELECT key, seq, subject FROM answers WHERE space = ? AND key IN ({marks})"  # noqa: S608 - only marks
        rows = db.execute(query, (space, *asked))
        found.update(_sound_answers([(key, Answer(seq=seq, subject=subject)) for key, seq, subject in rows]))
    return found


def facts_in(db: sqlite3.Connection, space: str, after: int, limit: int) -> list[StoredFact]:
    """Return facts as they are in the file, whatever kinds of values they hold; so the next ones."""
    rows = db.execute(_READ, (space, after, limit)).fetchall()
    return [StoredFact(seq=s, at_ms=a, actor=w, data=d, digest=h) for s, a, w, d, h in rows]


def answers_in(db: sqlite3.Connection, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
    """Return keys and answers."""
    rows = db.execute(_ANSWERED, (space, after, limit)).fetchall()
    return [(key, Answer(seq=seq, subject=subject)) for key, seq, subject in rows]


def heads_in(db: sqlite3.Connection, space: str, after: int, limit: int) -> list[SignedHead]:
    """Return signed heads."""
    rows = db.execute(_SIGNED, (space, after, limit)).fetchall()
    return [SignedHead(seq=s, digest=d, at_ms=a, signature=g) for s, d, a, g in rows]


def spaces_in(db: sqlite3.Connection) -> list[str]:
    """Return the names of spaces."""
    return [space for (space,) in db.execute(_SPACES)]


def _sound(found: list[S]) -> list[S]:
    for one in found:
        if not one.is_sound():
            raise _altered("fact" if isinstance(one, StoredFact) else "signed head", one.seq)
    return found


def _sound_answers(found: list[tuple[str, Answer]]) -> list[tuple[str, Answer]]:
    for key, answer in found:
        if type(key) is not str or not answer.is_sound():
            raise _altered(f"the answer to {reprlib.repr(key)} with fact", answer.seq)
    return found


def _altered(what: str, seq: object = None) -> DamagedJournalError:
    numbered = f" {reprlib.repr(seq)}" if seq is not None else ""
    said = f"{what}{numbered} was changed: a value of it is of another kind than what was written. {_HINT}"
    return DamagedJournalError(said, seq=seq) if type(seq) is int else DamagedJournalError(said)
