"""One SQLite file for each space and UTC day of readings: forgetting a day is removing its file.

Measured with 300,000 sightings (91 MB): inserting and committing cost the same as with a table for each day in one
file, but dropping such a table holds up every writer for 0.08 to 0.4 s, growing with the day, and its room stays taken.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

from command.kernel.errors import DamagedFileError, UnavailableError
from command.kernel.folders import sync_folder
from command.kernel.limits import READINGS_DAYS
from command.kernel.sqlite import SQLITE_ERRORS, bring_up_to_date, make_file, version_of

_EPOCH = date(1970, 1, 1)
_SUFFIX = ".sqlite3"
_NAMES = f"[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]{_SUFFIX}"
_BUSY_MS = 5000
# Nothing points at a sighting's id; it keeps the indexes small, and new rows at the end of the table. Patterns are
# looked up among the plates of the day, of which there are a third as many as of sightings.
_FIRST = """
    CREATE TABLE positions (
        device TEXT NOT NULL, at_ms INTEGER NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, cell INTEGER NOT NULL,
        source TEXT NOT NULL, accuracy_m REAL, speed_kmh REAL, heading_deg REAL, altitude_m REAL, sos INTEGER NOT NULL,
        PRIMARY KEY (device, at_ms)
    ) WITHOUT ROWID;
    CREATE INDEX positions_by_cell ON positions (cell, at_ms, lat, lon);
    CREATE TABLE sightings (
        id INTEGER PRIMARY KEY, first_ms INTEGER NOT NULL, camera TEXT NOT NULL, plate TEXT NOT NULL,
        colour TEXT NOT NULL, last_ms INTEGER NOT NULL, reads INTEGER NOT NULL, confidence REAL NOT NULL,
        picture TEXT, box BLOB
    );
    CREATE UNIQUE INDEX sightings_by_time ON sightings (first_ms DESC, camera, plate);
    CREATE INDEX sightings_by_camera ON sightings (camera, first_ms DESC, plate);
    CREATE INDEX sightings_by_plate ON sightings (plate, first_ms DESC, camera);
    CREATE TABLE plates (plate TEXT PRIMARY KEY, reversed TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX plates_by_reversed ON plates (reversed);
"""
# No row is written again for columns with constant defaults.
_READ_MORE = """
    ALTER TABLE sightings ADD COLUMN kind TEXT NOT NULL DEFAULT 'ordinary';
    ALTER TABLE sightings ADD COLUMN lines INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE sightings ADD COLUMN char_confidences BLOB;
    ALTER TABLE sightings ADD COLUMN direction TEXT;
    ALTER TABLE sightings ADD COLUMN heading_deg REAL;
    ALTER TABLE sightings ADD COLUMN lane INTEGER;
    ALTER TABLE sightings ADD COLUMN source TEXT NOT NULL DEFAULT 'camera';
"""
_SCHEMA = (_FIRST, _READ_MORE)
# Once the hub has brought the file up its own columns go before those of the same name.
_WITHOUT_MORE = """
    CREATE TEMP VIEW sightings AS
    SELECT *, 'ordinary' AS kind, 1 AS lines, NULL AS char_confidences, NULL AS direction, NULL AS heading_deg,
        NULL AS lane, 'camera' AS source
    FROM main.sightings
"""
_AS_LAST = (_WITHOUT_MORE,)
"""For each schema but the last: what a connection is told to read a file of it as if it were of the last."""


class DayFiles:
    """The files under one folder, as `<space>/<date>.sqlite3`. Belongs to one thread, which keeps some of them open.

    At most `most` files are open at once, each with `cache_kib` of pages in memory. Raises `UnavailableError` or
    `sqlite3.Error` where the disk or a file refuses. `beside` the hub that they belong to they are only read: none is
    made or brought up to date, and one of an earlier schema is read as it is. A hub brings a day up only once somebody
    asks for it, so that there are such days for as long as days are kept.
    """

    def __init__(self, folder: Path, most: int, cache_kib: int, *, beside: bool = False) -> None:
        self._folder = folder
        self._most, self._cache_kib = most, cache_kib
        self._beside = beside
        self._open: OrderedDict[tuple[str, int], sqlite3.Connection] = OrderedDict()
        if not beside:
            with _told_as_unavailable():
                folder.parent.mkdir(parents=True, exist_ok=True)
                _make_folder(folder)

    def to_write(self, space: str, day: int) -> sqlite3.Connection:
        """Return the connection of a day, whose file is made where there is none; its commits are durable."""
        if (space, day) not in self._open and not (path := self._path(space, day)).exists():
            if len(self.days(space)) >= READINGS_DAYS:
                raise UnavailableError(f"{space} keeps readings of {READINGS_DAYS} days and makes no further one")
            with _told_as_unavailable():
                _make_folder(path.parent)
                make_file(path, _SCHEMA)
        if (space, day) not in self._open:
            self._put_away()
        return self._connection(space, day)

    def _put_away(self) -> None:
        """Move what the logs hold into the files: nobody may write to a past day again, and its log would stay."""
        for connection in self._open.values():
            with suppress(*SQLITE_ERRORS):  # of a damaged day is told who asks for it, not who asks for another
                connection.execute("PRAGMA busy_timeout = 0")  # who reads it now keeps the log, until the next time
                try:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")

    def to_read(self, space: str, day: int) -> sqlite3.Connection | None:
        """Return the connection of a day, or None where nothing is kept of it."""
        if not self._path(space, day).exists():
            self.close(space, day)
            return None
        try:
            return self._connection(space, day)
        except sqlite3.OperationalError:
            if self._path(space, day).exists():
                raise
            return None

    def _connection(self, space: str, day: int) -> sqlite3.Connection:
        connection = self._open.pop((space, day), None)
        if connection is None:
            while len(self._open) >= self._most:
                self._open.popitem(last=False)[1].close()
            connection = _opened(self._path(space, day), self._cache_kib, self._beside)
        self._open[space, day] = connection
        return connection

    def spaces(self) -> list[str]:
        """Return the spaces that something is kept of."""
        with _told_as_unavailable():
            return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    def days(self, space: str) -> list[int]:
        """Return the days kept of a space, oldest first."""
        with _told_as_unavailable():
            folder = self._folder / space
            return sorted((date.fromisoformat(path.stem) - _EPOCH).days for path in folder.glob(_NAMES))

    def size_bytes(self, space: str, day: int) -> int:
        """Return what the file takes on the disk, with what is to be moved into it; 0 once it is gone."""
        path = self._path(space, day)
        with _told_as_unavailable():
            return sum(part.stat().st_size for part in (path, _beside(path, "-wal")) if part.exists())

    def remove(self, space: str, day: int) -> None:
        """Remove a day. Who reads it now may read on."""
        self.close(space, day)
        path = self._path(space, day)
        with _told_as_unavailable():
            for part in (path, _beside(path, "-wal"), _beside(path, "-shm")):
                part.unlink(missing_ok=True)

    def close(self, space: str, day: int) -> None:
        """Close one file, if it is open."""
        if connection := self._open.pop((space, day), None):
            connection.close()

    def close_all(self) -> None:
        """Close every file."""
        while self._open:
            self._open.popitem()[1].close()

    def _path(self, space: str, day: int) -> Path:
        return self._folder / space / f"{(_EPOCH + timedelta(days=day)).isoformat()}{_SUFFIX}"


def _opened(path: Path, cache_kib: int, beside: bool) -> sqlite3.Connection:
    # A file that is not there any more is not made again by looking at it.
    mode = "ro" if beside else "rw"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        version = version_of(connection)
        if 0 < version < len(_SCHEMA):
            if beside:
                connection.execute(_AS_LAST[version - 1])
            else:
                bring_up_to_date(connection, _SCHEMA)  # who reads the day may do so at the same time as who writes
                version = version_of(connection)
    except SQLITE_ERRORS:
        connection.close()
        raise
    if not version:
        connection.close()
        raise DamagedFileError(f"{path.name} holds nothing: it was emptied or cut off; restore it from a backup")
    if version > len(_SCHEMA):
        connection.close()
        raise UnavailableError(f"{path.name} is of schema {version}; this program knows {len(_SCHEMA)}")
    return connection


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _make_folder(folder: Path) -> None:
    """Make a folder, so that it is there after a power cut as well."""
    if not folder.is_dir():
        folder.mkdir()
        sync_folder(folder.parent)


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"the folder of readings refuses: {error.strerror}") from error
