"""A service's own SQLite file: each job one transaction, durable before it is answered, and a bounded queue."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from command.kernel.errors import TooManyError
from command.kernel.limits import SERVICE_DATABASE_JOBS
from command.kernel.sqlite import SqliteThread

T = TypeVar("T")


class Store:
    """The file and those who wait for it. Raises `UnavailableError` where the file cannot be used."""

    def __init__(self, path: Path, schema: tuple[str, ...], name: str) -> None:
        self._file = SqliteThread(path, schema, name)
        self._waiting = 0

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` in one transaction. Raises `TooManyError` once `SERVICE_DATABASE_JOBS` wait."""
        if self._waiting >= SERVICE_DATABASE_JOBS:
            raise TooManyError("the service has too much to do; try again")
        self._waiting += 1
        try:
            return await self._file.run(job)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Close the file once the jobs before this are done."""
        await self._file.close()
