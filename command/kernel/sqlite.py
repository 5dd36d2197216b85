"""One SQLite file and the thread that owns it: WAL, synchronous=FULL, so that a commit survives a power cut."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from command.kernel.errors import DamagedFileError, UnavailableError

T = TypeVar("T")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF


class SqliteThread:
    """Runs functions of a connection one after another in a thread of its own.

    `schema` holds one script for each version; a file is brought up to the last, and one from a newer program refused.
    """

    def __init__(self, path: Path, schema: tuple[str, ...], name: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite-{name}")
        try:
            self._connection = self._thread.submit(_open, path, schema, name).result()
        except UnavailableError:
            self._thread.shutdown(wait=True)
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns; everything it writes is one transaction, durable when this returns.

        Raises `UnavailableError` where SQLite refuses (disk full, locked by another program), `DamagedFileError` where
        it finds the file damaged.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._in_transaction, work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        try:
            with connection:
                return work(connection)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise _told("the database file refuses", error) from error

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=True)


def _open(path: Path, schema: tuple[str, ...], name: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, check_same_thread=False)
    except sqlite3.Error as error:
        raise UnavailableError(f"the {name} file cannot be opened: {error}") from error
    try:
        _bring_up_to_date(connection, schema, name)
    except (sqlite3.Error, UnavailableError) as error:
        connection.close()
        if isinstance(error, UnavailableError):
            raise
        raise _told(f"the {name} file cannot be opened", error) from error
    return connection


def _told(what: str, error: sqlite3.Error) -> UnavailableError:
    if (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY_CODE in _DAMAGED:
        return DamagedFileError(f"{what}, since it is damaged: {error}")
    return UnavailableError(f"{what}: {error}")


def _bring_up_to_date(connection: sqlite3.Connection, schema: tuple[str, ...], name: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(schema):
        raise UnavailableError(f"the {name} file is of schema {version}; this program knows {len(schema)}")
    for number, script in enumerate(schema[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
