"""Files of readings of earlier schemas are read, written on and taken apart into days (SPEC R195, R560, R1014)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.kernel.errors import UnavailableError
from command.readings import Pass
from command.readings import sqlite_days as days_module
from command.readings import sqlite_migrate as migrate_module
from command.readings.bounds import DAY_MS
from command.readings.sqlite import SqliteReadings
from command.readings.sqlite_beside import SqliteReadingsBeside
from tests.command.readings.test_sqlite import EVER, SPACE, fix, passage

FIRST_DAY = """
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
    PRAGMA user_version = 1;
"""


def first_day(folder: Path) -> None:
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "1970-01-01.sqlite3")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(FIRST_DAY)
        db.execute("INSERT INTO sightings VALUES (1, 7, 'c1', '湘F12345', 'blue', 907, 4, 0.9, NULL, NULL)")
        db.execute("INSERT INTO plates VALUES ('湘F12345', '54321F湘')")
        db.commit()


async def test_a_day_of_the_first_schema_is_read_and_written_on(tmp_path: Path) -> None:  # R560
    first_day(tmp_path / "readings" / SPACE)
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    old, new = passage("湘F12345", 7), replace(passage("湘F12346", 8), kind="police", direction="left")
    async with asyncio.TaskGroup() as tasks:  # its reader and its writer bring it up, whichever comes first
        looking = tasks.create_task(store.search(SPACE, replace(EVER, plate="湘F12345")))
        tasks.create_task(store.add_sightings(SPACE, [new]))
    assert looking.result() == [old]
    assert await store.search(SPACE, replace(EVER, plate="*34?")) == [new, old]
    assert await store.search(SPACE, replace(EVER, kind="ordinary")) == [old]
    await store.close()


async def test_a_day_of_the_first_schema_is_read_beside_a_hub_that_brings_it_up(tmp_path: Path) -> None:  # R1014
    first_day(tmp_path / "readings" / SPACE)
    day = tmp_path / "readings" / SPACE / "1970-01-01.sqlite3"
    store = SqliteReadings(tmp_path / "readings.sqlite3")
    beside = SqliteReadingsBeside(tmp_path / "readings.sqlite3")
    old, new = passage("湘F12345", 7), replace(passage("湘F12346", 8), kind="police", direction="left", lane=2)
    before = day.read_bytes()
    for query in (EVER, replace(EVER, plate="湘F12345"), replace(EVER, cameras=("c1",))):
        assert await beside.search(SPACE, query) == [old]
    assert await beside.passes(SPACE, None, 0, DAY_MS, 9) == [Pass(7, "c1", "湘F12345")]
    assert await beside.traffic(SPACE, ("c1",), 0, DAY_MS) == {"c1": 1}
    assert await beside.known_plates(SPACE, ["湘F12345"], 0, DAY_MS) == {"湘F12345"}
    with pytest.raises(UnavailableError, match="no such column: kind"):
        await beside.search(SPACE, replace(EVER, kind="police"))
    assert day.read_bytes() == before
    await store.add_sightings(SPACE, [new])
    assert await beside.search(SPACE, EVER) == [new, old]
    await beside.close()
    await store.close()


def test_each_earlier_schema_of_a_day_can_be_read_beside() -> None:  # R1014
    assert len(days_module._AS_LAST) == len(days_module._SCHEMA) - 1


FIRST_SCHEMA = """
    CREATE TABLE positions (
        space TEXT NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL,
        source TEXT NOT NULL, accuracy_m REAL, speed_kmh REAL, heading_deg REAL, altitude_m REAL, sos INTEGER NOT NULL,
        PRIMARY KEY (space, device, at_ms)
    ) WITHOUT ROWID;
    CREATE TABLE newest (
        space TEXT NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (space, device)
    ) WITHOUT ROWID;
    CREATE TABLE sightings (
        space TEXT NOT NULL, camera TEXT NOT NULL, first_ms INTEGER NOT NULL, plate TEXT NOT NULL,
        colour TEXT NOT NULL, last_ms INTEGER NOT NULL, reads INTEGER NOT NULL, confidence REAL NOT NULL,
        picture TEXT, box BLOB, PRIMARY KEY (space, camera, first_ms, plate)
    ) WITHOUT ROWID;
    CREATE INDEX sightings_by_plate ON sightings (space, plate, first_ms);
    CREATE INDEX sightings_by_time ON sightings (space, first_ms);
    PRAGMA user_version = 1;
"""


def first_file(path: Path) -> None:
    """A file as the first release left it: in WAL mode, with its log not yet moved in."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(FIRST_SCHEMA)
        positions = [
            *((SPACE, "d1", t, 29.1, 113.1, "jt808", None, 36.5, None, None, t == 20) for t in (10, 20, DAY_MS)),
            ("drill", "d2", 5 * DAY_MS, 29.1, 113.1, "mobile", 3.0, None, None, None, False),
        ]
        db.executemany("INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", positions)
        db.executemany("INSERT INTO newest VALUES (?, ?, ?)", [(SPACE, "d1", DAY_MS), ("drill", "d2", 5 * DAY_MS)])
        seen = [(SPACE, "c1", t, "湘F12345", "blue", t + 9, 4, 0.9, "a" * 64, b"[1,2,3,4]") for t in (7, 3 * DAY_MS)]
        db.executemany("INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", seen)
        db.commit()


async def holds_what_the_first_file_held(path: Path) -> None:
    store = SqliteReadings(path)
    moving = replace(fix(10), speed_kmh=36.5)
    track = [moving, replace(moving, at_ms=20, sos=True), replace(moving, at_ms=DAY_MS)]
    assert await store.track(SPACE, "d1", 0, 9 * DAY_MS, 9) == track
    assert await store.latest_positions(SPACE) == track[2:]
    assert [p.device for p in (await store.changed_positions("drill", 0)).positions] == ["d2"]
    seen = replace(passage("湘F12345", 7), last_ms=16, picture="a" * 64, box=(1, 2, 3, 4))
    later = replace(seen, first_ms=3 * DAY_MS, last_ms=3 * DAY_MS + 9)
    assert await store.search(SPACE, replace(EVER, plate="*345")) == [later, seen]
    kept = [(day.space, day.start_ms // DAY_MS) for day in await store.days()]
    assert kept == [("drill", 5), (SPACE, 0), (SPACE, 1), (SPACE, 3)]
    await store.add_positions(SPACE, [fix(2 * DAY_MS)])
    assert await store.latest_positions(SPACE) == [fix(2 * DAY_MS)]
    await store.close()


async def test_a_file_of_the_first_schema_is_taken_apart_into_days(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite3"
    first_file(path)
    await holds_what_the_first_file_held(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"newest", "stamps", "kept", "looked"}
    assert [path.name for path in tmp_path.glob("*.new")] == []


@pytest.mark.parametrize("step", ["_copy_days", "_copy_newest", "sync_folder"])
async def test_taking_apart_can_be_interrupted_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "readings.sqlite3"
    first_file(path)
    done = getattr(migrate_module, step)

    def stop_after(*arguments: object) -> None:
        done(*arguments)
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(migrate_module, step, stop_after)
        with pytest.raises(UnavailableError, match="disk is full"):
            SqliteReadings(path)
    await holds_what_the_first_file_held(path)


async def test_a_file_that_is_in_use_is_not_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite3"
    first_file(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT count(*) FROM newest").fetchone()
        with pytest.raises(UnavailableError):
            SqliteReadings(path)
    await holds_what_the_first_file_held(path)
