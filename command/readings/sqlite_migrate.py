"""The file beside the days, and how one of the first schema, which held everything, is taken apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from command.kernel.errors import UnavailableError
from command.kernel.folders import sync_folder
from command.kernel.limits import READINGS_FILE_WRITTEN_KIB, READINGS_FILES_WRITTEN
from command.kernel.sqlite import SQLITE_ERRORS, words_of
from command.readings import Position, Sighting
from command.readings.bounds import day_of
from command.readings.rows import (
    POSITION_COLUMNS,
    add_positions,
    add_sightings,
    to_position,
)
from command.readings.sqlite_days import DayFiles

R = TypeVar("R", Position, Sighting)

_NEWEST = """
    CREATE TABLE newest (
        space TEXT NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL,
        source TEXT NOT NULL, accuracy_m REAL, speed_kmh REAL, heading_deg REAL, altitude_m REAL, sos INTEGER NOT NULL,
        stamp INTEGER NOT NULL, PRIMARY KEY (space, device)
    ) WITHOUT ROWID;
    CREATE INDEX newest_by_stamp ON newest (space, stamp);
    CREATE TABLE stamps (stamp INTEGER NOT NULL);
    INSERT INTO stamps VALUES (1);
    CREATE TABLE kept (space TEXT PRIMARY KEY, from_day INTEGER NOT NULL) WITHOUT ROWID;
"""
_LOOKED = "CREATE TABLE looked (known_ms INTEGER NOT NULL)"
MAIN_SCHEMA = ("", _NEWEST, _LOOKED)
"""The first schema is never brought up in place: `migrate` puts a new file where it was."""
_BATCH = 10_000
_SIGHTING_COLUMNS = "camera, first_ms, plate, colour, last_ms, reads, confidence, picture, box"


def migrate(path: Path, folder: Path) -> None:
    """Take a file of the first schema apart into days, if `path` is one; an interrupted run is done again.

    Raises `UnavailableError` where a file or the disk refuses; the old file is untouched until the very end.
    """
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path)) as old:
            if old.execute("PRAGMA user_version").fetchone() != (1,):
                return
            old.execute("BEGIN IMMEDIATE")  # nobody writes to it any more
            _copy_days(old, folder)
            new = path.with_name(path.name + ".new")
            _copy_newest(path, new)
            old.rollback()
            # Its log must not be taken for the new file's.
            if old.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
                raise UnavailableError("the readings are in use by another program")
        new.replace(path)
        sync_folder(path.parent)
    except (*SQLITE_ERRORS, OSError) as error:
        raise UnavailableError(f"the readings cannot be taken apart into days: {words_of(error)}") from error


def _copy_days(old: sqlite3.Connection, folder: Path) -> None:
    files = DayFiles(folder, READINGS_FILES_WRITTEN, READINGS_FILE_WRITTEN_KIB)
    try:
        # In the order of time a day's file is written from end to end before the next.
        rows = old.execute(f"SELECT space, {POSITION_COLUMNS} FROM positions ORDER BY at_ms")  # noqa: S608
        _copy(files, rows, to_position, lambda fix: fix.at_ms, add_positions)
        rows = old.execute(f"SELECT space, {_SIGHTING_COLUMNS} FROM sightings ORDER BY first_ms")  # noqa: S608
        _copy(files, rows, _first_sighting, lambda seen: seen.first_ms, add_sightings)
    finally:
        files.close_all()


def _first_sighting(row: Sequence[Any]) -> Sighting:
    """Return the passage of a row of the first schema, in which the box was JSON."""
    fields = dict(zip(_SIGHTING_COLUMNS.split(", "), row, strict=True))
    box = fields.pop("box")
    return Sighting(**fields, box=msgspec.json.decode(box, type=tuple[int, int, int, int]) if box else None)


def _copy(
    files: DayFiles,
    rows: sqlite3.Cursor,
    to_reading: Callable[[Sequence[Any]], R],
    at_ms: Callable[[R], int],
    add: Callable[[sqlite3.Connection, Sequence[R]], object],
) -> None:
    while batch := rows.fetchmany(_BATCH):
        readings = sorted(((space, to_reading(row)) for space, *row in batch), key=lambda one: one[0])
        for (space, day), part in groupby(readings, lambda one: (one[0], day_of(at_ms(one[1])))):
            with files.to_write(space, day) as file:
                add(file, [reading for _, reading in part])


def _copy_newest(path: Path, new: Path) -> None:
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as db:
        db.execute("PRAGMA synchronous = FULL")
        for script in MAIN_SCHEMA[1:]:
            db.executescript(script)
        db.execute("ATTACH ? AS old", (str(path),))
        with db:
            columns = ", ".join(f"p.{name}" for name in POSITION_COLUMNS.split(", "))
            db.execute(
                f"INSERT INTO newest (space, stamp, {POSITION_COLUMNS}) SELECT space, 1, {columns} "  # noqa: S608
                "FROM old.newest AS n JOIN old.positions AS p USING (space, device, at_ms)"
            )
        db.execute("DETACH old")
        db.execute(f"PRAGMA user_version = {len(MAIN_SCHEMA)}")
