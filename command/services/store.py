"""A service's own SQLite file, owned by one thread: each job is one transaction, durable before it is answered."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from command.kernel.errors import TooManyError, UnavailableError
from command.kernel.limits import SERVICE_DATABASE_JOBS

T = TypeVar("T")


class Store:
    """WAL, synchronous=FULL, one thread. At most `SERVICE_DATABASE_JOBS` wait; one more is answered 429."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self._waiting = 0

    @classmethod
    async def open(cls, path: Path, application_id: int, schema: Sequence[str]) -> Store:
        """Open or make the file and bring its schema up to `schema`, one script for each version.

        Raises `UnavailableError` where the file cannot be used: not SQLite, another application's, of a later version.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=path.stem)
        try:
            connection = await asyncio.get_running_loop().run_in_executor(
                thread, _connect, path, application_id, tuple(schema)
            )
        except sqlite3.Error as error:
            thread.shutdown(wait=False)
            raise UnavailableError(f"the database {path.name} cannot be used: {error}") from error
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(connection, thread)

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` in one transaction on the database thread; return once it is on disk.

        An exception undoes the transaction. `sqlite3` errors come out as `UnavailableError`.
        """
        if self._waiting >= SERVICE_DATABASE_JOBS:
            raise TooManyError("the service has too much to do; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, job)
        except sqlite3.Error as error:
            raise UnavailableError(f"the database failed: {error}") from error
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Close the file once the jobs before this are done."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    def _transact(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = job(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result


def _connect(path: Path, application_id: int, schema: tuple[str, ...]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, path, application_id, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path, application_id: int, schema: tuple[str, ...]) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and owner != application_id:
        raise UnavailableError(f"{path.name} is another application's database")
    if version > len(schema):
        raise UnavailableError(f"{path.name} has schema {version}, later than this program's {len(schema)}")
    for number, script in enumerate(schema[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script}; PRAGMA application_id={application_id}; PRAGMA user_version={number}; COMMIT;"
        )
