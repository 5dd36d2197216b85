"""The readings of a hub at work, only read: to look at them, or to take them into a backup."""

from __future__ import annotations

from pathlib import Path

from command.kernel.limits import READINGS_FILE_READ_KIB, READINGS_FILES_READ
from command.kernel.sqlite import SqliteThread
from command.readings.sqlite import SqliteReadings
from command.readings.sqlite_days import DayFiles
from command.readings.sqlite_migrate import MAIN_SCHEMA


class SqliteReadingsBeside(SqliteReadings):
    """The reading half of a `SqliteReadings`, whose file must be there and of this program's schema.

    No day is made or brought up to date. One of an earlier schema is read as it is, but not searched by what it lacks:
    that is `UnavailableError`, as is a day of a newer program.
    """

    def __init__(self, path: Path) -> None:
        self._read = DayFiles(path.with_suffix(""), READINGS_FILES_READ, READINGS_FILE_READ_KIB, beside=True)
        self._reader = SqliteThread(path, MAIN_SCHEMA, "readings")

    async def close(self) -> None:
        """Close the files."""
        await self._reader.run(lambda _: self._read.close_all())
        await self._reader.close()
