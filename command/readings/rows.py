"""Readings as rows of a database, there and back; and how SQLite takes them."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence
from typing import Any

from command.readings import Place, Position, Sighting
from command.readings.area import cell_of_fix

Row = tuple[Any, ...]

POSITION_COLUMNS = "device, at_ms, lat, lon, source, accuracy_m, speed_kmh, heading_deg, altitude_m, sos"
SIGHTING_COLUMNS = (
    "camera, first_ms, plate, colour, last_ms, reads, confidence, picture, box, "
    "kind, lines, char_confidences, direction, heading_deg, lane, source"
)

_ADD_POSITION = """
    INSERT INTO positions (device, at_ms, lat, lon, source, accuracy_m, speed_kmh, heading_deg, altitude_m, sos, cell)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET sos = 1 WHERE excluded.sos > sos
"""
_ADD_SIGHTING = f"""
    INSERT INTO sightings ({SIGHTING_COLUMNS})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""  # noqa: S608 - columns of our own
_ADD_PLATE = "INSERT INTO plates VALUES (?, ?) ON CONFLICT DO NOTHING"
_BOX = struct.Struct("<4i")
_WHOLE = 1000
"""A confidence of a character is two bytes: thousandths."""


def add_positions(db: sqlite3.Connection, positions: Sequence[Position]) -> None:
    """Store fixes of one day; of one that is there already only the SOS is taken."""
    db.executemany(_ADD_POSITION, ((*position_row(fix), cell_of_fix(fix)) for fix in positions))


def add_sightings(db: sqlite3.Connection, sightings: Sequence[Sighting]) -> list[Place]:
    """Store passages of one day, and return which were not there; those that are stay as they are."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM sightings").fetchone()
    db.executemany(_ADD_SIGHTING, map(sighting_row, sightings))
    db.executemany(_ADD_PLATE, ((plate, plate[::-1]) for plate in {seen.plate for seen in sightings}))
    return [Place(*row) for row in db.execute("SELECT first_ms, camera, plate FROM sightings WHERE id > ?", (last,))]


def position_row(p: Position) -> Row:
    """Return the values of `POSITION_COLUMNS`."""
    return (
        p.device, p.at_ms, p.lat, p.lon, p.source, p.accuracy_m, p.speed_kmh, p.heading_deg, p.altitude_m, p.sos
    )  # fmt: skip


def sighting_row(s: Sighting) -> Row:
    """Return the values of `SIGHTING_COLUMNS`."""
    box = _BOX.pack(*s.box) if s.box else None
    chars = [round(confidence * _WHOLE) for confidence in s.char_confidences]
    return (
        s.camera, s.first_ms, s.plate, s.colour, s.last_ms, s.reads, s.confidence, s.picture, box, s.kind, s.rows,
        struct.pack(f"<{len(chars)}H", *chars) if chars else None, s.direction, s.heading_deg, s.lane, s.source,
    )  # fmt: skip


def to_position(row: Sequence[Any]) -> Position:
    """Return the fix of a row of `POSITION_COLUMNS`."""
    device, at_ms, lat, lon, source, accuracy_m, speed_kmh, heading_deg, altitude_m, sos = row
    return Position(
        device=device, at_ms=at_ms, lat=lat, lon=lon, source=source, accuracy_m=accuracy_m, speed_kmh=speed_kmh,
        heading_deg=heading_deg, altitude_m=altitude_m, sos=bool(sos),
    )  # fmt: skip


def to_sighting(row: Sequence[Any]) -> Sighting:
    """Return the passage of a row of `SIGHTING_COLUMNS`."""
    (
        camera, first_ms, plate, colour, last_ms, reads, confidence, picture, box, kind, lines, chars, direction,
        heading_deg, lane, source,
    ) = row  # fmt: skip
    # By place, not by name: this is most of what reading thousands of rows costs.
    return Sighting(
        camera, plate, colour, first_ms, last_ms, reads, confidence, picture, _BOX.unpack(box) if box else None, kind,
        lines, _fractions(chars) if chars else (), direction, heading_deg, lane, source,
    )  # fmt: skip


def as_kept(sighting: Sighting) -> Sighting:
    """Return the passage as a database gives it back: the confidences of characters to a thousandth."""
    return to_sighting(sighting_row(sighting)) if sighting.char_confidences else sighting


def _fractions(thousandths: bytes) -> tuple[float, ...]:
    return tuple(number / _WHOLE for number in struct.unpack(f"<{len(thousandths) // 2}H", thousandths))
