"""Searching the sightings of one day in SQLite, by whichever index leads to few of them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

import msgspec

from command.kernel.limits import READINGS_LOOKED_UP
from command.readings import Sighting, SightingQuery
from command.readings.bounds import DAY_MS, rows_of, within
from command.readings.pattern import PlatePattern, beyond, plate_pattern
from command.readings.rows import SIGHTING_COLUMNS, to_sighting

_FIRST_WINDOW_MS = 15 * 60 * 1000


@dataclass
class Search:
    """A search on its way from the newest day to the oldest, and what it found so far. Raises as `plate_pattern`."""

    query: SightingQuery
    found: list[Sighting] = field(default_factory=list)

    def __post_init__(self) -> None:
        query = self.query
        self._pattern: PlatePattern = plate_pattern(query.plate)
        self._limit = rows_of(query.limit)
        self._window_ms = _FIRST_WINDOW_MS
        self.from_ms, self.to_ms = within(query.from_ms), within(query.to_ms)
        self._filters, self._terms = list[str](), list[Any]()
        if query.after is not None:
            self.to_ms = min(self.to_ms, query.after.first_ms)
            self._add("(first_ms < ? OR (camera, plate) > (?, ?))", *msgspec.structs.astuple(query.after))
        if query.colour is not None:
            self._add("colour = ?", query.colour)
        if query.cameras is not None:
            self._add("camera IN (SELECT value FROM json_each(?))", msgspec.json.encode(query.cameras).decode())
        if not self._pattern.anything:
            self._add("plate GLOB ?", self._pattern.glob)

    def _add(self, condition: str, *terms: Any) -> None:
        self._filters.append(condition)
        self._terms += terms

    @property
    def done(self) -> bool:
        """Say whether older days are of no interest."""
        return len(self.found) >= self._limit or self.from_ms > self.to_ms or self.query.cameras == ()

    def look(self, db: sqlite3.Connection, day: int) -> None:
        """Add what the day holds."""
        first_ms, last_ms = max(self.from_ms, day * DAY_MS), min(self.to_ms, (day + 1) * DAY_MS - 1)
        if (plates := self._few_plates(db)) is not None:
            index, condition, terms = plates
            self._fetch(db, index, (condition,), terms, first_ms, last_ms)
        elif self.query.cameras is not None:
            self._look_by_camera(db, first_ms, last_ms)
        else:
            self._fetch(db, "sightings_by_time", (), (), first_ms, last_ms)

    def _few_plates(self, db: sqlite3.Connection) -> tuple[str, str, tuple[str, ...]] | None:
        """Return the index of plates that the pattern has few entries in, with the condition for it, or None.

        The end goes first: plates of one county begin alike.
        """
        pattern = self._pattern
        if pattern.exact:
            return "sightings_by_plate", "plate = ?", (pattern.text,)
        for column, begins in (("reversed", pattern.suffix[::-1]), ("plate", pattern.prefix)):
            if begins:
                index, condition = f"sightings_by_{column}", f"{column} >= ? AND {column} < ?"
                sql = f"SELECT count(*) FROM (SELECT 1 FROM sightings INDEXED BY {index} WHERE {condition} LIMIT ?)"  # noqa: S608 - names of our own
                (count,) = db.execute(sql, (begins, beyond(begins), READINGS_LOOKED_UP + 1)).fetchone()
                if count <= READINGS_LOOKED_UP:
                    return index, condition, (begins, beyond(begins))
        return None

    def _look_by_camera(self, db: sqlite3.Connection, first_ms: int, last_ms: int) -> None:
        """Look in ever longer windows, so that busy cameras do not bring a whole day for a few rows."""
        while last_ms >= first_ms and len(self.found) < self._limit:
            begin_ms = max(first_ms, last_ms - self._window_ms + 1)
            self._fetch(db, "sightings_by_camera", (), (), begin_ms, last_ms)
            last_ms = begin_ms - 1
            self._window_ms = min(self._window_ms * 2, DAY_MS)

    def _fetch(
        self, db: sqlite3.Connection, index: str, conditions: tuple[str, ...], terms: tuple[str, ...],
        first_ms: int, last_ms: int,
    ) -> None:  # fmt: skip
        where = " AND ".join(("first_ms BETWEEN ? AND ?", *conditions, *self._filters))
        # Whole rows are only read of those that are answered with.
        sql = f"""
            SELECT {SIGHTING_COLUMNS} FROM sightings WHERE id IN (
                SELECT id FROM sightings INDEXED BY {index} WHERE {where}
                ORDER BY first_ms DESC, camera, plate LIMIT ?
            ) ORDER BY first_ms DESC, camera, plate
        """  # noqa: S608 - conditions of our own, values apart
        left = self._limit - len(self.found)
        rows = db.execute(sql, (first_ms, last_ms, *terms, *self._terms, left))
        self.found += map(to_sighting, rows)
