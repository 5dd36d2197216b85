"""A SQLite file that is only read: beside the hub that writes to it, or on a medium that nobody can write to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from command.kernel.errors import UnavailableError
from command.kernel.sqlite import SQLITE_ERRORS

T = TypeVar("T")
_LOGS = ("-wal", "-journal")


class OnlyRead:
    """A file in one transaction: what is read is of one moment. Nothing in the file or its log is changed.

    Readers of WAL share files beside it. Where those cannot be made, as on a medium mounted read-only, it is read as it
    lies: that is all there is while no log with something in it lies beside it and nobody writes to it. Raises what
    SQLite does, and `UnavailableError` where that is not so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lay: tuple[int, int] | None = None
        """What was there at the beginning, where it is read as it lies."""
        self.connection = self._begun("mode=ro")
        try:
            self.connection.execute("PRAGMA user_version").fetchone()  # the moment begins with the first read
        except SQLITE_ERRORS as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_CANTOPEN:
                return  # whoever reads on is told
            self.connection.close()
            self._lay = self._lies()
            self.connection = self._begun("mode=ro&immutable=1")

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns."""
        found = work(self.connection)
        if self._lay is not None and self._lies() != self._lay:
            raise UnavailableError(f"{self._path.name} was written to meanwhile: begin again")
        return found

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def _begun(self, how: str) -> sqlite3.Connection:
        connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
        connection.execute("BEGIN")
        return connection

    def _lies(self) -> tuple[int, int]:
        """Return what shows that somebody wrote to it; a log is refused, for what is in it would be left out."""
        try:
            for log in (self._path.with_name(self._path.name + ending) for ending in _LOGS):
                with suppress(FileNotFoundError):
                    if log.stat().st_size:
                        raise UnavailableError(
                            f"{log.name} holds what {self._path.name} lacks, and is not read where nothing can be "
                            "written: copy the folder, with it, to a disk that can be written to"
                        )
            found = self._path.stat()
        except OSError as error:
            raise UnavailableError(f"{self._path.name} cannot be read: {error.strerror}") from error
        return found.st_size, found.st_mtime_ns
