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

_WINDOW_MS_A_ROW = 5000
"""The first window for each row that is asked for; a quarter of an hour for the usual page."""
_SHORT_MS = DAY_MS // 4
"""Less time than this is gone through sooner than all plates of the day are."""


@dataclass
class Search:
    """A search on its way from the newest day to the oldest, and what it found so far. Raises as `plate_pattern`."""

    query: SightingQuery
    found: list[Sighting] = field(default_factory=list)

    def __post_init__(self) -> None:
        query = self.query
        self._pattern: PlatePattern = plate_pattern(query.plate)
        self._limit = rows_of(query.limit)
        self._window_ms = min(_WINDOW_MS_A_ROW * self._limit + 1, DAY_MS)
        self.from_ms, self.to_ms = within(query.from_ms), within(query.to_ms)
        self._filters, self._terms = list[str](), list[Any]()
        if query.after is not None:
            self.to_ms = min(self.to_ms, query.after.first_ms)
            self._add("(first_ms < ? OR (camera, plate) > (?, ?))", *msgspec.structs.astuple(query.after))
        if query.colour is not None:
            self._add("colour = ?", query.colour)
        if query.kind is not None:
            self._add("kind = ?", query.kind)
        if query.direction is not None:
            self._add("direction = ?", query.direction)
        if query.headings is not None:
            joined = "AND" if query.headings[0] <= query.headings[1] else "OR"
            self._add(f"(heading_deg >= ? {joined} heading_deg <= ?)", *query.headings)
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
        plates = self._few_plates(db, last_ms - first_ms)
        if plates is not None:
            condition, terms = "plate IN (SELECT value FROM json_each(?))", msgspec.json.encode(plates).decode()
            self._fetch(db, "sightings_by_plate", (condition,), (terms,), first_ms, last_ms)
        elif self.query.cameras is not None:
            self._look_by_camera(db, first_ms, last_ms)
        else:
            self._fetch(db, "sightings_by_time", (), (), first_ms, last_ms)

    def _few_plates(self, db: sqlite3.Connection, span_ms: int) -> list[str] | None:
        """Return the plates of the day that fit the pattern, or None where going by time or camera is less work."""
        pattern = self._pattern
        if pattern.exact:
            return [pattern.text]
        table, where, terms = "plates", "plate GLOB ?", [pattern.glob]
        # The end goes first: plates of one county begin alike.
        if pattern.suffix:
            table, where = "plates INDEXED BY plates_by_reversed", f"reversed >= ? AND reversed < ? AND {where}"
            terms = [pattern.suffix[::-1], beyond(pattern.suffix[::-1]), *terms]
        elif pattern.prefix:
            where = f"plate >= ? AND plate < ? AND {where}"
            terms = [pattern.prefix, beyond(pattern.prefix), *terms]
        elif pattern.anything or span_ms < _SHORT_MS or self.query.cameras is not None:
            return None
        sql = f"SELECT plate FROM {table} WHERE {where} LIMIT ?"  # noqa: S608 - names of our own, values apart
        plates = [plate for (plate,) in db.execute(sql, (*terms, READINGS_LOOKED_UP + 1))]
        return plates if len(plates) <= READINGS_LOOKED_UP else None

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
        # Whole rows are only read of those that are answered with, and need not be sorted again: they nearly are.
        sql = f"""
            SELECT {SIGHTING_COLUMNS} FROM (
                SELECT id AS found FROM main.sightings INDEXED BY {index} WHERE {where}
                ORDER BY first_ms DESC, camera, plate LIMIT ?
            ) CROSS JOIN sightings ON id = found
        """  # noqa: S608 - conditions of our own, values apart
        left = self._limit - len(self.found)
        rows = map(to_sighting, db.execute(sql, (first_ms, last_ms, *terms, *self._terms, left)))
        self.found += sorted(rows, key=lambda seen: (-seen.first_ms, seen.camera, seen.plate))
