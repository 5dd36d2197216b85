"""The journal's file as it is at one moment, only read: to look at the record of a hub at work, or of a damaged one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from command.journal import Answer, DamagedJournalError, SignedHead, StoredFact
from command.journal.sqlite import SqliteJournal, answers_in, facts_in, heads_in, spaces_in
from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.sqlite import SQLITE_ERRORS, SqliteThread, words_of
from command.kernel.sqlite_only_read import OnlyRead

T = TypeVar("T")
_PROBLEMS = 10
_AWAY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


class SqliteSnapshot(SqliteJournal):
    """The reading half of a `SqliteJournal`, in one transaction. It never writes: not a schema, not a log.

    Every method raises `DamagedJournalError` where SQLite cannot read on, `UnavailableError` where it may not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _ReadOnly(path)
        self._db = self._reader = self._file

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads; a file of the first schema has none."""
        return await super().signed(space, after, limit) if await self._version() > 1 else []

    async def history(self) -> str:
        """Return the id of this history; a file of the first two schemas has none."""
        return await super().history() if await self._version() > 2 else ""

    async def _version(self) -> int:
        return await self._file.run(lambda db: int(db.execute("PRAGMA user_version").fetchone()[0]))


class SnapshotToAudit(SqliteSnapshot):
    """What an audit looks at, value by value: here they are of whatever kind the file has, where others refuse them.

    Text that is none comes as None.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file.read_text_with(_text_or_none)

    async def problems(self) -> list[str]:
        """Return what SQLite's own check says of the file's pages, the first few."""
        check = f"PRAGMA integrity_check({_PROBLEMS})"
        found = await self._file.run(lambda db: db.execute(check).fetchall())
        return [str(problem) for (problem,) in found if problem != "ok"]

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        """Return the facts after a sequence number."""
        return await self._file.run(lambda db: facts_in(db, space, after, limit))

    async def answered(self, space: str, after: int, limit: int) -> list[tuple[str, Answer]]:
        """Return keys and answers after a sequence number."""
        return await self._file.run(lambda db: answers_in(db, space, after, limit))

    async def signed(self, space: str, after: int, limit: int) -> list[SignedHead]:
        """Return the signed heads; a file of the first schema has none."""
        return await self._file.run(lambda db: heads_in(db, space, after, limit)) if await self._version() > 1 else []

    async def spaces(self) -> list[str]:
        """Return every space."""
        return await self._file.run(spaces_in)


class _ReadOnly(SqliteThread):
    """A connection without a thread of its own: whoever looks at a whole record has nothing else to do."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = OnlyRead(path)
        except SQLITE_ERRORS as error:
            raise _told(error) from error

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._file.read(work)
        except SQLITE_ERRORS as error:
            raise _told(error) from error

    def read_text_with(self, read: Callable[[bytes], str | None]) -> None:
        self._file.connection.text_factory = read

    async def close(self) -> None:
        self._file.close()


def _text_or_none(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _told(error: Exception) -> TriuneError:
    kind = UnavailableError if getattr(error, "sqlite_errorcode", None) in _AWAY else DamagedJournalError
    return kind(f"the journal file cannot be read on: {words_of(error)}")
