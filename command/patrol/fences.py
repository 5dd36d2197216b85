"""Fences as rings on a plane of metres: how far beyond the line of each fence a point is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from command.kernel.geo import EARTH_RADIUS_M
from command.rows import FenceRow

_DEGREE_M = math.radians(EARTH_RADIUS_M)


class Fence:
    """One fence, with its ring in metres. A unit must be inside an area and outside a forbidden one."""

    __slots__ = ("_line", "_ring", "id", "margin_m", "row")

    def __init__(self, row: FenceRow, ring: shapely.Polygon) -> None:
        self.row = row
        self.id = row.id
        self._ring = ring
        self._line = ring.exterior
        shapely.prepare(ring)
        shapely.prepare(self._line)
        self.margin_m = row.margin_m
        # A yard narrower than twice its margin could never be entered by as much; half its half width still can. The
        # half width is at least area over length, which saves looking closer at wide ones.
        if row.kind == "forbidden" and ring.area / ring.length / 2 < row.margin_m:
            self.margin_m = min(row.margin_m, shapely.maximum_inscribed_circle(ring, tolerance=1.0).length / 2)

    def breach_m(self, x_m: float, y_m: float) -> float:
        """Return how far the point is on the wrong side of the line; negative: how far on the right side."""
        to_line_m = float(shapely.distance(self._line, shapely.Point(x_m, y_m)))
        inside = bool(shapely.contains_xy(self._ring, x_m, y_m))
        return -to_line_m if inside == (self.row.kind == "area") else to_line_m


class FenceSet:
    """All fences of a space at one moment.

    The plane is equirectangular about their middle; one degree of latitude away from it, east-west lengths are off by
    about 1 % at 29° north, which a margin of some tens of metres does not notice. Straight lines in degrees stay
    straight, so inside and outside are exact.
    """

    def __init__(self, rows: Iterable[FenceRow]) -> None:
        self.rows = tuple(rows)
        points = [point for row in self.rows for point in row.ring]
        self._lat = (min(p[1] for p in points) + max(p[1] for p in points)) / 2 if points else 0.0
        self._lon = (min(p[0] for p in points) + max(p[0] for p in points)) / 2 if points else 0.0
        self._lon_m = _DEGREE_M * math.cos(math.radians(self._lat))
        rings = [shapely.Polygon([self.plane(lat, lon) for lon, lat in row.ring]) for row in self.rows]
        self._fences = {row.id: Fence(row, ring) for row, ring in zip(self.rows, rings, strict=True)}
        forbidden = [ring for row, ring in zip(self.rows, rings, strict=True) if row.kind == "forbidden"]
        self._forbidden = [row.id for row in self.rows if row.kind == "forbidden"]
        self._boxes = np.array([ring.bounds for ring in forbidden]).reshape(-1, 4).T

    def plane(self, lat: float, lon: float) -> tuple[float, float]:
        """Return metres east and north of the middle."""
        return (lon - self._lon) * self._lon_m, (lat - self._lat) * _DEGREE_M

    def near(self, x_m: float, y_m: float, also: Sequence[str]) -> tuple[list[Fence], float]:
        """Return the fences named and the forbidden ones that may hold the point, and the way to the nearest other."""
        fences = [fence for name in also if (fence := self._fences.get(name))]
        if not self._forbidden:
            return fences, math.inf
        west, south, east, north = self._boxes
        away = np.hypot(np.maximum(np.maximum(west - x_m, x_m - east), 0),
                        np.maximum(np.maximum(south - y_m, y_m - north), 0))  # fmt: skip
        fences += [
            self._fences[self._forbidden[i]] for i in np.flatnonzero(away == 0) if self._forbidden[i] not in also
        ]
        return fences, float(away.min(where=away > 0, initial=math.inf))
