"""Areas: which cells of a grid a polygon may touch, for the stores, and which fixes really lie in it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import shapely

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.limits import READINGS_AREA_CELLS, READINGS_AREA_CORNERS, READINGS_AREA_FIXES
from command.readings import AreaQuery, Position, Presence

_CELL_DEG = 0.02
"""About 2 km: a police beat is a few cells, and an hour of a cell a few thousand fixes."""
_COLUMNS = round(360 / _CELL_DEG) + 1

NOWHERE = -1
Fix = tuple[str, int, float, float]
"""Device, instant, latitude, longitude."""


def cell_of_fix(fix: Position) -> int:
    """Return the number of the cell in which the fix lies. A call for help without a place lies in none of any area."""
    return NOWHERE if fix.source == "call" else _row(fix.lat) * _COLUMNS + _column(fix.lon)


def _row(lat: float) -> int:
    return math.floor((lat + 90) / _CELL_DEG)


def _column(lon: float) -> int:
    return math.floor((lon + 180) / _CELL_DEG)


class Area:
    """The area of a query, and what was found in it so far.

    Raises `InvalidInputError` for what is no polygon on the globe, has too many corners or covers too many cells.
    """

    def __init__(self, query: AreaQuery) -> None:
        if not 3 <= len(query.ring) <= READINGS_AREA_CORNERS:
            raise InvalidInputError(f"an area has 3 to {READINGS_AREA_CORNERS} corners")
        if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in query.ring):
            raise InvalidInputError("the corners of an area are longitude and latitude in degrees")
        self._polygon = shapely.Polygon(query.ring)
        if not self._polygon.is_valid or self._polygon.area == 0:
            raise InvalidInputError("the sides of an area do not cross or fall together")
        shapely.prepare(self._polygon)
        self.box: tuple[float, float, float, float] = self._polygon.bounds
        self._looked_at = 0
        self._turns = query.turns
        self._found: dict[tuple[str, int], Presence] = {}
        self.cells = self._cells()

    def _cells(self) -> list[int]:
        west, south, east, north = self.box
        rows = range(_row(south), _row(north) + 1)
        columns = range(_column(west), _column(east) + 1)
        if len(rows) * len(columns) > READINGS_AREA_CELLS:
            raise InvalidInputError(f"an area covers at most {READINGS_AREA_CELLS} cells of {_CELL_DEG} degrees")
        return [row * _COLUMNS + column for row in rows for column in columns]

    @property
    def room(self) -> int:
        """Return how many more fixes `take` looks at; a store reads one more, to know of it."""
        return READINGS_AREA_FIXES - self._looked_at

    def take(self, fixes: Sequence[Fix]) -> None:
        """Keep those that lie in the area or on its border. Raises `TooLargeError` past `READINGS_AREA_FIXES`."""
        if len(fixes) > self.room:
            raise TooLargeError(f"more than {READINGS_AREA_FIXES} fixes there and then; ask for less area or time")
        self._looked_at += len(fixes)
        if not fixes:
            return
        lat = np.fromiter((fix[2] for fix in fixes), float, len(fixes))
        lon = np.fromiter((fix[3] for fix in fixes), float, len(fixes))
        for number in np.flatnonzero(shapely.intersects_xy(self._polygon, lon, lat)):
            device, at_ms, _, _ = fixes[int(number)]
            key = device, bisect_right(self._turns.get(device, ()), at_ms)
            known = self._found.get(key) or Presence(device, at_ms, at_ms, 0)
            self._found[key] = Presence(device, min(known.first_ms, at_ms), max(known.last_ms, at_ms), known.fixes + 1)

    def presences(self) -> list[Presence]:
        """Return what was found, by device, oldest first."""
        return [self._found[key] for key in sorted(self._found)]
