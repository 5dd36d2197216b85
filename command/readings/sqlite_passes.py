"""Counting passages of one day in SQLite, out of the indexes alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

import msgspec

from command.readings import Pass

_NAMED = "IN (SELECT value FROM json_each(?))"


def passes_of_day(
    db: sqlite3.Connection, cameras: Sequence[str] | None, plates: Sequence[str] | None, from_ms: int, to_ms: int,
    most: int,
) -> list[Pass]:  # fmt: skip
    """Return passages at the cameras and of the plates, or of all, oldest first; of more than `most` there are some."""
    index, where, terms = "sightings_by_time", "", list[str]()
    for column, names in (("camera", cameras), ("plate", plates)):
        if names is not None:
            index, where = f"sightings_by_{column}", f"{where} {column} {_NAMED} AND"
            terms.append(_json(names))
    sql = f"""
        SELECT first_ms, camera, plate FROM main.sightings INDEXED BY {index}
        WHERE {where} first_ms BETWEEN ? AND ? LIMIT ?
    """  # noqa: S608 - names of our own, values apart
    return sorted(Pass(*row) for row in db.execute(sql, (*terms, from_ms, to_ms, most)))


def traffic_of_day(db: sqlite3.Connection, cameras: Sequence[str], from_ms: int, to_ms: int) -> dict[str, int]:
    """Return how many passages there were at each of the cameras."""
    sql = f"""
        SELECT camera, count(*) FROM main.sightings INDEXED BY sightings_by_camera
        WHERE camera {_NAMED} AND first_ms BETWEEN ? AND ? GROUP BY camera
    """  # noqa: S608
    return dict(db.execute(sql, (_json(cameras), from_ms, to_ms)).fetchall())


def known_of_day(
    db: sqlite3.Connection, plates: Collection[str], cameras: Sequence[str] | None, from_ms: int, to_ms: int
) -> set[str]:
    """Return those of the plates that passed one of the cameras, or any."""
    where, terms = ("", ()) if cameras is None else (f"AND camera {_NAMED}", (_json(cameras),))
    sql = f"""
        SELECT DISTINCT plate FROM main.sightings INDEXED BY sightings_by_plate
        WHERE plate {_NAMED} AND first_ms BETWEEN ? AND ? {where}
    """  # noqa: S608
    return {plate for (plate,) in db.execute(sql, (_json(plates), from_ms, to_ms, *terms))}


def _json(names: Collection[str]) -> str:
    return msgspec.json.encode(names).decode()
