"""Readings in one SQLite file: what arrives while a commit runs shares the next one; questions go another way."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from command.kernel.errors import UnavailableError
from command.kernel.limits import READINGS_WAITING
from command.kernel.sqlite import SqliteThread
from command.readings import Position, Sighting
from command.readings.bounds import rows_of, to_glob

_SCHEMA = (
    """
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
    """,
)
_ADD_POSITION = """
    INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET sos = 1 WHERE excluded.sos > sos
"""
_ADD_NEWEST = """
    INSERT INTO newest VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms WHERE excluded.at_ms > at_ms
"""
_ADD_SIGHTING = "INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_TRACK = """
    SELECT device, at_ms, lat, lon, source, accuracy_m, speed_kmh, heading_deg, altitude_m, sos FROM positions
    WHERE space = ? AND device = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms LIMIT ?
"""
_LATEST = """
    SELECT device, at_ms, lat, lon, source, accuracy_m, speed_kmh, heading_deg, altitude_m, sos
    FROM newest JOIN positions USING (space, device, at_ms) WHERE space = ? ORDER BY device
"""
_SIGHTINGS = """
    SELECT camera, first_ms, plate, colour, last_ms, reads, confidence, picture, box FROM sightings
    WHERE space = ? AND plate GLOB ? AND first_ms BETWEEN ? AND ? ORDER BY first_ms DESC, camera, plate LIMIT ?
"""


@dataclass(slots=True)
class _Batch:
    """What goes into one commit, and how that ended."""

    positions: list[tuple[Any, ...]] = field(default_factory=list)
    sightings: list[tuple[Any, ...]] = field(default_factory=list)
    newest: dict[tuple[str, str], int] = field(default_factory=dict)
    done: bool = False
    failed: UnavailableError | None = None

    def __len__(self) -> int:
        return len(self.positions) + len(self.sightings)

    def write(self, db: sqlite3.Connection) -> None:
        """Store everything; rows that are there already stay as they are."""
        db.executemany(_ADD_POSITION, self.positions)
        db.executemany(_ADD_NEWEST, [(space, device, at_ms) for (space, device), at_ms in self.newest.items()])
        db.executemany(_ADD_SIGHTING, self.sightings)


class SqliteReadings:
    """One file for all spaces of a hub."""

    def __init__(self, path: Path) -> None:
        self._writer = SqliteThread(path, _SCHEMA, "readings")
        # A search over months must not keep devices waiting for their answers; in WAL mode readers block no writer.
        self._reader = SqliteThread(path, _SCHEMA, "readings")
        self._collecting = _Batch()
        self._commit = asyncio.Lock()

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Store fixes; an SOS is added to the same fix, nothing else changes it."""
        batch = self._room_for(len(positions))
        for p in positions:
            batch.positions.append(
                (space, p.device, p.at_ms, p.lat, p.lon, p.source,
                 p.accuracy_m, p.speed_kmh, p.heading_deg, p.altitude_m, p.sos)
            )  # fmt: skip
            key = (space, p.device)
            batch.newest[key] = max(p.at_ms, batch.newest.get(key, p.at_ms))
        await self._committed(batch)

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> None:
        """Store passages."""
        batch = self._room_for(len(sightings))
        batch.sightings += [
            (space, s.camera, s.first_ms, s.plate, s.colour, s.last_ms, s.reads, s.confidence, s.picture,
             msgspec.json.encode(s.box) if s.box else None)
            for s in sightings
        ]  # fmt: skip
        await self._committed(batch)

    def _room_for(self, count: int) -> _Batch:
        if len(self._collecting) + count > READINGS_WAITING:
            raise UnavailableError(f"{len(self._collecting)} readings wait for the disk; send again")
        return self._collecting

    async def _committed(self, batch: _Batch) -> None:
        """Return once the batch is durable: whoever comes first to the lock commits it for all that share it.

        Somebody who is cancelled while committing leaves the batch undone, and the next one commits it again; rows
        that are there already are no fault.
        """
        async with self._commit:
            if batch is self._collecting:
                self._collecting = _Batch()
            if not batch.done and batch.failed is None:
                try:
                    await self._writer.run(batch.write)
                    batch.done = True
                except UnavailableError as error:
                    batch.failed = error
        if batch.failed:
            raise UnavailableError(batch.failed.detail) from batch.failed

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes from one instant to another, both included, oldest first."""
        terms = (space, device, from_ms, to_ms, rows_of(limit))
        return [_position(row) for row in await self._reader.run(lambda db: db.execute(_TRACK, terms).fetchall())]

    async def latest_positions(self, space: str) -> list[Position]:
        """Return the newest fix of every device, by device."""
        return [_position(row) for row in await self._reader.run(lambda db: db.execute(_LATEST, (space,)).fetchall())]

    async def sightings(self, space: str, plate: str, from_ms: int, to_ms: int, limit: int) -> list[Sighting]:
        """Return passages that began from one instant to another, both included, newest first."""
        terms = (space, to_glob(plate), from_ms, to_ms, rows_of(limit))
        return [_sighting(row) for row in await self._reader.run(lambda db: db.execute(_SIGHTINGS, terms).fetchall())]

    async def close(self) -> None:
        """Close the file."""
        await self._reader.close()
        await self._writer.close()


def _position(row: tuple[Any, ...]) -> Position:
    device, at_ms, lat, lon, source, accuracy_m, speed_kmh, heading_deg, altitude_m, sos = row
    return Position(
        device=device, at_ms=at_ms, lat=lat, lon=lon, source=source, accuracy_m=accuracy_m, speed_kmh=speed_kmh,
        heading_deg=heading_deg, altitude_m=altitude_m, sos=bool(sos),
    )  # fmt: skip


def _sighting(row: tuple[Any, ...]) -> Sighting:
    camera, first_ms, plate, colour, last_ms, reads, confidence, picture, box = row
    return Sighting(
        camera=camera, plate=plate, colour=colour, first_ms=first_ms, last_ms=last_ms, reads=reads,
        confidence=confidence, picture=picture,
        box=msgspec.json.decode(box, type=tuple[int, int, int, int]) if box else None,
    )  # fmt: skip
