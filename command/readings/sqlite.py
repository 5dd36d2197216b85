"""Readings in SQLite: a file for each day and one for what is newest. Questions go another way than what is written."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from command.kernel.limits import (
    READINGS_FILE_READ_KIB,
    READINGS_FILE_WRITTEN_KIB,
    READINGS_FILES_READ,
    READINGS_FILES_WRITTEN,
)
from command.kernel.sqlite import SqliteThread
from command.readings import AreaQuery, Changes, Day, Pass, Position, Presence, Readings, Sighting, SightingQuery
from command.readings.area import Area, Fix
from command.readings.bounds import (
    DAY_MS,
    check_cameras,
    check_devices,
    check_positions,
    check_query,
    check_sightings,
    check_space,
    day_of,
    room_for,
    rows_of,
    within,
)
from command.readings.group import Batch, GroupCommit, newest_of
from command.readings.known_time import first_known_ms, known_ms
from command.readings.rows import (
    POSITION_COLUMNS,
    add_positions,
    add_sightings,
    position_row,
    to_position,
)
from command.readings.sqlite_days import DayFiles
from command.readings.sqlite_migrate import MAIN_SCHEMA, migrate
from command.readings.sqlite_passes import known_of_day, passes_of_day, traffic_of_day
from command.readings.sqlite_search import Search

_ALL = ""
"""In `kept` stands what holds for every space under this name."""
_ADD_NEWEST = f"""
    INSERT INTO newest (space, stamp, {POSITION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        stamp = excluded.stamp, at_ms = excluded.at_ms, lat = excluded.lat, lon = excluded.lon,
        source = excluded.source, accuracy_m = excluded.accuracy_m, speed_kmh = excluded.speed_kmh,
        heading_deg = excluded.heading_deg, altitude_m = excluded.altitude_m, sos = excluded.sos
    WHERE excluded.at_ms > at_ms
"""  # noqa: S608 - columns of our own
_ADD_SOS = "UPDATE newest SET sos = 1, stamp = ? WHERE space = ? AND device = ? AND at_ms = ? AND NOT sos"
_TRACK = f"SELECT {POSITION_COLUMNS} FROM positions WHERE device = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms LIMIT ?"  # noqa: S608
_LATEST = f"SELECT {POSITION_COLUMNS} FROM newest WHERE space = ? ORDER BY device"  # noqa: S608
_LATEST_OF = f"""
    SELECT {POSITION_COLUMNS} FROM newest WHERE space = ? AND device IN (SELECT value FROM json_each(?)) ORDER BY device
"""  # noqa: S608
_CHANGED = f"SELECT {POSITION_COLUMNS} FROM newest WHERE space = ? AND stamp > ? ORDER BY device"  # noqa: S608
_IN_CELLS = """
    SELECT device, at_ms, lat, lon FROM positions INDEXED BY positions_by_cell
    WHERE cell IN (SELECT value FROM json_each(?)) AND at_ms BETWEEN ? AND ?
        AND lat BETWEEN ? AND ? AND lon BETWEEN ? AND ? LIMIT ?
"""
_FORGET = """
    INSERT INTO kept VALUES (?, ?) ON CONFLICT DO UPDATE SET from_day = max(from_day, excluded.from_day)
"""


class SqliteReadings(Readings):
    """Readings of all spaces of one hub: `path` and, beside it, a folder of the same name without its ending."""

    def __init__(self, path: Path) -> None:
        folder = path.with_suffix("")
        self._written = DayFiles(folder, READINGS_FILES_WRITTEN, READINGS_FILE_WRITTEN_KIB)
        self._read = DayFiles(folder, READINGS_FILES_READ, READINGS_FILE_READ_KIB)
        migrate(path, folder)
        self._writer = SqliteThread(path, MAIN_SCHEMA, "readings")
        # A search over months must not keep devices waiting for their answers; in WAL mode readers block no writer.
        self._reader = SqliteThread(path, MAIN_SCHEMA, "readings")
        self._group = GroupCommit(self._write)
        self.too_old = 0

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Store fixes; an SOS is added to the same fix, nothing else changes it."""
        check_positions(space, positions)
        await self._group.add(space, positions=positions)

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Store passages, and return those that were not stored before."""
        check_sightings(space, sightings)
        return await self._group.add(space, sightings=sightings)

    async def _write(self, batch: Batch) -> None:
        self.too_old += await self._writer.run(lambda db: self._write_days(db, batch))

    def _write_days(self, db: sqlite3.Connection, batch: Batch) -> int:
        """Store everything and return how much came too late for that.

        Each file has a commit of its own. One that fails fails the batch; what was stored by then is no fault.
        """
        kept: dict[str, int] = dict(db.execute("SELECT space, from_day FROM kept").fetchall())

        def is_kept(space: str, at_ms: int) -> bool:
            return day_of(at_ms) >= max(kept.get(space, 0), kept.get(_ALL, 0))

        positions = [(space, fix) for space, fix in batch.positions if is_kept(space, fix.at_ms)]
        sightings = [(space, seen) for space, seen in batch.sightings if is_kept(space, seen.first_ms)]
        by_day: dict[tuple[str, int], tuple[list[Position], list[Sighting]]] = defaultdict(lambda: ([], []))
        for space, fix in positions:
            by_day[space, day_of(fix.at_ms)][0].append(fix)
        for space, seen in sightings:
            by_day[space, day_of(seen.first_ms)][1].append(seen)
        for (space, day), (fixes, passages) in sorted(by_day.items(), key=lambda item: item[0]):
            with self._written.to_write(space, day) as file:
                file.execute("BEGIN IMMEDIATE")  # waits for its turn: one that has read before is refused at once
                add_positions(file, fixes)
                new = add_sightings(file, passages)
            batch.new |= {(space, place) for place in new}
        if positions:
            _write_newest(db, positions)
        return len(batch) - len(positions) - len(sightings)

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes from one instant to another, both included, oldest first."""
        check_devices(space, (device,))
        found: list[Position] = []

        def look(file: sqlite3.Connection, _day: int) -> None:
            terms = (device, within(from_ms), within(to_ms), rows_of(limit) - len(found))
            found.extend(map(to_position, file.execute(_TRACK, terms)))

        for day in await self._days(space, from_ms, to_ms):
            if len(found) < rows_of(limit):
                await self._look(space, day, look)
        return found

    async def latest_positions(self, space: str, devices: Sequence[str] | None = None) -> list[Position]:
        """Return the newest fix of every device, or of those named, by device."""
        check_devices(space, devices)
        if devices is None:
            return await self._reader.run(lambda db: _positions(db.execute(_LATEST, (space,))))
        names = msgspec.json.encode(devices).decode()
        return await self._reader.run(lambda db: _positions(db.execute(_LATEST_OF, (space, names))))

    async def changed_positions(self, space: str, since: int) -> Changes:
        """Return the newest fixes that changed since an earlier answer's stamp."""
        check_space(space)

        def changes(db: sqlite3.Connection) -> Changes:
            # First the stamp: what is committed between the two comes twice rather than never.
            (stamp,) = db.execute("SELECT stamp FROM stamps").fetchone()
            return Changes(_positions(db.execute(_CHANGED, (space, since))), stamp)

        return await self._reader.run(changes)

    async def devices_in(self, space: str, query: AreaQuery) -> list[Presence]:
        """Return which devices reported from the area, by device."""
        check_space(space)
        area = Area(query)
        cells = msgspec.json.encode(area.cells).decode()
        west, south, east, north = area.box

        def look(file: sqlite3.Connection, _day: int) -> None:
            terms = (cells, within(query.from_ms), within(query.to_ms), south, north, west, east, area.room + 1)
            fixes: list[Fix] = file.execute(_IN_CELLS, terms).fetchall()
            area.take(fixes)

        for day in await self._days(space, query.from_ms, query.to_ms):
            await self._look(space, day, look)
        return area.presences()

    async def search(self, space: str, query: SightingQuery) -> list[Sighting]:
        """Return the passages, newest first. Day by day, so that other questions get their turn in between."""
        check_query(space, query)
        search = Search(query)
        for day in reversed(await self._days(space, search.from_ms, search.to_ms)):
            if search.done:
                break
            await self._look(space, day, search.look)
        return search.found

    async def passes(
        self, space: str, cameras: Sequence[str] | None, from_ms: int, to_ms: int, most: int,
        plates: Sequence[str] | None = None,
    ) -> list[Pass]:  # fmt: skip
        """Return all passages at the cameras, oldest first."""
        check_cameras(space, cameras, plates or ())
        found: list[Pass] = []

        def look(file: sqlite3.Connection, _day: int) -> None:
            most_there = room_for(most, len(found))
            found.extend(passes_of_day(file, cameras, plates, within(from_ms), within(to_ms), most_there))

        for day in await self._days(space, from_ms, to_ms):
            await self._look(space, day, look)
        room_for(most, len(found))
        return found

    async def traffic(self, space: str, cameras: Sequence[str], from_ms: int, to_ms: int) -> dict[str, int]:
        """Return how many passages there were at each of the cameras."""
        check_cameras(space, cameras)
        counts: Counter[str] = Counter()

        def look(file: sqlite3.Connection, _day: int) -> None:
            counts.update(traffic_of_day(file, cameras, within(from_ms), within(to_ms)))

        for day in await self._days(space, from_ms, to_ms):
            await self._look(space, day, look)
        return dict(counts)

    async def known_plates(
        self, space: str, plates: Sequence[str], from_ms: int, to_ms: int, cameras: Sequence[str] | None = None
    ) -> set[str]:
        """Return those of the plates that passed in the time. Newest day first: most are known by then."""
        check_cameras(space, cameras, plates)
        unknown = set(plates)

        def look(file: sqlite3.Connection, _day: int) -> None:
            unknown.difference_update(known_of_day(file, unknown, cameras, within(from_ms), within(to_ms)))

        for day in reversed(await self._days(space, from_ms, to_ms)):
            if unknown:
                await self._look(space, day, look)
        return set(plates) - unknown

    async def _days(self, space: str, from_ms: int, to_ms: int) -> list[int]:
        """Return the days kept of a space between two instants, oldest first."""
        if from_ms > to_ms:
            return []
        days = await self._reader.run(lambda _: self._read.days(space))
        return [day for day in days if day_of(from_ms) <= day <= day_of(to_ms)]

    async def _look(self, space: str, day: int, look: Callable[[sqlite3.Connection, int], None]) -> None:
        """Have `look` read one day, unless it was forgotten meanwhile."""

        def read(_: sqlite3.Connection) -> None:
            if (file := self._read.to_read(space, day)) is not None:
                look(file, day)

        await self._reader.run(read)

    async def look(self, now_ms: int, ran_ms: int, keep_ms: int) -> int:
        """Return how far time is known to have come."""
        days = [day for _, day in await self._kept()]
        return await self._writer.run(lambda db: _look(db, first_known_ms(now_ms, days), now_ms, ran_ms, keep_ms))

    async def forget(self, before_ms: int, space: str | None = None) -> int:
        """Drop the days that ended by an instant, by removing their files."""
        if space is not None:
            check_space(space)
        before = day_of(within(before_ms))
        # That they are forgotten is durable first: late readings must not make half a day again.
        await self._writer.run(lambda db: _forget(db, before, space))
        gone = [key for key in await self._kept() if key[1] < before and space in (None, key[0])]
        for name, day in gone:  # one after another, so that nobody waits for the disk to give back months
            await self._writer.run(partial(self._remove, name, day))
            await self._reader.run(partial(self._close, name, day))
        return len(gone)

    def _remove(self, space: str, day: int, _: sqlite3.Connection) -> None:
        self._written.remove(space, day)

    def _close(self, space: str, day: int, _: sqlite3.Connection) -> None:
        self._read.close(space, day)

    async def _kept(self) -> list[tuple[str, int]]:
        files = self._read
        return await self._reader.run(lambda _: [(space, day) for space in files.spaces() for day in files.days(space)])

    async def days(self) -> list[Day]:
        """Return the days kept, by space and day."""

        kept = await self._kept()
        size = self._read.size_bytes
        return await self._reader.run(lambda _: [Day(space, day * DAY_MS, size(space, day)) for space, day in kept])

    async def close(self) -> None:
        """Close the files."""
        await self._reader.run(lambda _: self._read.close_all())
        await self._writer.run(lambda _: self._written.close_all())
        await self._reader.close()
        await self._writer.close()


def _write_newest(db: sqlite3.Connection, positions: Sequence[tuple[str, Position]]) -> None:
    db.execute("UPDATE stamps SET stamp = stamp + 1")
    (stamp,) = db.execute("SELECT stamp FROM stamps").fetchone()
    newest = newest_of(positions)
    db.executemany(_ADD_NEWEST, [(space, stamp, *position_row(fix)) for (space, _), fix in newest.items()])
    calls = [(stamp, space, fix.device, fix.at_ms) for (space, _), fix in newest.items() if fix.sos]
    db.executemany(_ADD_SOS, calls)


def _forget(db: sqlite3.Connection, before: int, space: str | None) -> None:
    db.execute(_FORGET, (space or _ALL, before))
    where, terms = ("", ()) if space is None else (" AND space = ?", (space,))
    db.execute(f"DELETE FROM newest WHERE at_ms < ?{where}", (before * DAY_MS, *terms))  # noqa: S608 - a condition of our own


def _look(db: sqlite3.Connection, first_ms: int, now_ms: int, ran_ms: int, keep_ms: int) -> int:
    row = db.execute("SELECT known_ms FROM looked").fetchone()
    known = known_ms(row[0] if row else first_ms, now_ms, ran_ms, keep_ms)
    db.execute("UPDATE looked SET known_ms = ?" if row else "INSERT INTO looked VALUES (?)", (known,))
    told_ms = min(now_ms, known)
    lower = "UPDATE kept SET from_day = min(from_day, ?) WHERE space = ?"
    db.execute(lower, (day_of(told_ms - keep_ms), _ALL))
    return told_ms


def _positions(rows: Iterable[Sequence[Any]]) -> list[Position]:
    return list(map(to_position, rows))
