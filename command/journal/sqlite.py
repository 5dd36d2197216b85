"""The journal in one SQLite file, with group commit: the hub hands over whole batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from command.journal import GENESIS, Answer, Entry, StoredFact
from command.kernel.errors import UnavailableError
from command.kernel.sqlite import SqliteThread

_PROBE_BYTES = 256 * 1024
_SCHEMA = (
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
)


class SqliteJournal:
    """One file for all spaces of a hub."""

    def __init__(self, path: Path) -> None:
        self._db = SqliteThread(path, _SCHEMA, "journal")
        self._digests: dict[str, tuple[int, bytes]] = {}

    async def head(self, space: str) -> int:
        """Return the last sequence number."""
        return await self._db.run(lambda db: _head(db, space)[0])

    async def append(self, space: str, entries: Sequence[Entry]) -> None:
        """Store the entries in one transaction."""
        await self._db.run(lambda db: self._append(db, space, entries))

    def _append(self, db: sqlite3.Connection, space: str, entries: Sequence[Entry]) -> None:
        # Forgotten until the commit is through: after a failed one the file says what the head is.
        known = self._digests.pop(space) if space in self._digests else None
        seq, digest = known or _head(db, space)
        facts, answers = [], []
        for entry in entries:
            for fact in entry.facts:
                seq += 1
                if fact.seq != seq:
                    raise UnavailableError(f"the journal stands at {seq - 1}, the batch goes on with {fact.seq}")
                digest = fact.chained_to(digest)
                facts.append((space, seq, fact.at_ms, fact.actor, fact.data, digest))
            answers.append((space, entry.key, seq, entry.subject))
        try:
            db.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?)", facts)
            db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", answers)
        except sqlite3.IntegrityError as error:
            raise UnavailableError("the journal holds a fact or an entry of the batch already") from error
        db.commit()
        self._digests[space] = (seq, digest)

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        query = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = ? AND seq > ? ORDER BY seq LIMIT ?"
        rows = await self._db.run(lambda db: db.execute(query, (space, after, limit)).fetchall())
        return [StoredFact(seq=s, at_ms=a, actor=w, data=bytes(d), digest=h) for s, a, w, d, h in rows]

    async def answers(self, space: str, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers once given."""
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, seq, subject FROM answers WHERE space = ? AND key IN ({marks})"  # noqa: S608 - only marks
        rows = await self._db.run(lambda db: db.execute(query, (space, *keys)).fetchall())
        return {key: Answer(seq=seq, subject=subject) for key, seq, subject in rows}

    async def probe(self) -> None:
        """Commit and delete some pages."""
        await self._db.run(lambda db: db.execute("INSERT INTO probe VALUES (zeroblob(?))", (_PROBE_BYTES,)) and None)
        await self._db.run(lambda db: db.execute("DELETE FROM probe") and None)

    async def spaces(self) -> list[str]:
        """Return every space."""
        rows = await self._db.run(lambda db: db.execute("SELECT DISTINCT space FROM facts ORDER BY space").fetchall())
        return [space for (space,) in rows]

    async def close(self) -> None:
        """Close the file."""
        await self._db.close()


def _head(db: sqlite3.Connection, space: str) -> tuple[int, bytes]:
    query = "SELECT seq, digest FROM facts WHERE space = ? ORDER BY seq DESC LIMIT 1"
    row = db.execute(query, (space,)).fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)
