"""The road net to drive on: ways between places, and how fast each road lets one go. Points are (lon, lat)."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable
from itertools import count, groupby, pairwise

from shapely import LineString, Point, STRtree

from command.kernel.geo import distance_m
from consoles.demo.county import LonLat, Road, RoadClass

SPEED_KMH: dict[RoadClass, float] = {"expressway": 85, "national": 50, "county": 42, "street": 28}
"""Of a car on patrol."""
OFF_ROAD: RoadClass = "street"
_BESIDE_M = 400.0


def metres(a: LonLat, b: LonLat) -> float:
    """Return the distance between two points."""
    return distance_m(a[1], a[0], b[1], b[0])


class RoadNet:
    """All roads; they meet where they share a point."""

    def __init__(self, roads: Iterable[Road]) -> None:
        self._beside: dict[LonLat, list[tuple[LonLat, float]]] = {}
        self._classes: dict[tuple[LonLat, LonLat], RoadClass] = {}
        uses: Counter[LonLat] = Counter()
        for road in roads:
            uses.update(set(road.line))
            for a, b in pairwise(road.line):
                seconds = metres(a, b) / SPEED_KMH[road.road_class] * 3.6
                for here, there in ((a, b), (b, a)):
                    self._beside.setdefault(here, []).append((there, seconds))
                    self._classes[here, there] = road.road_class
        self._pieces = list(self._classes)
        self._tree = STRtree([LineString(piece) for piece in self._pieces])
        self.points: tuple[LonLat, ...] = tuple(self._beside)
        self.junctions = frozenset(point for point, roads_there in uses.items() if roads_there > 1)
        """Where roads meet."""

    def class_of(self, a: LonLat, b: LonLat) -> RoadClass:
        """Return the class of the road from one of its points to the next, or of a way beside the roads."""
        return self._classes.get((a, b), OFF_ROAD)

    def way(self, start: LonLat, end: LonLat) -> tuple[LonLat, ...]:
        """Return the quickest way, both ends included: straight to the nearest road, along roads, straight from there.

        Dijkstra, setting out both ways along that road, so that nobody drives back to turn round.
        """
        entering, leaving = self._doors(start), self._doors(end)
        if metres(start, end) < _BESIDE_M or entering.keys() == leaving.keys():
            return start, end
        order = count()  # settles ties without comparing points
        waiting = [(seconds, next(order), point, start) for point, seconds in entering.items()]
        heapq.heapify(waiting)
        came_from: dict[LonLat, LonLat] = {}
        best_s, last = math.inf, None
        while waiting:
            so_far_s, _, here, before = heapq.heappop(waiting)
            if so_far_s >= best_s:
                break
            if here in came_from:
                continue
            came_from[here] = before
            if here in leaving and so_far_s + leaving[here] < best_s:
                best_s, last = so_far_s + leaving[here], here
            for there, seconds in self._beside[here]:
                if there not in came_from:
                    heapq.heappush(waiting, (so_far_s + seconds, next(order), there, here))
        assert last is not None, "every road can be reached from every other"
        line = [end, last]
        while (point := came_from[line[-1]]) != start:
            line.append(point)
        line.append(start)
        return tuple(point for point, _ in groupby(reversed(line)))

    def _doors(self, place: LonLat) -> dict[LonLat, float]:
        """Return both ends of the piece of road nearest to a place, with the seconds to get there."""
        piece = self._pieces[int(self._tree.nearest(Point(place)))]
        speed_kmh = SPEED_KMH[self._classes[piece]]
        return {point: metres(place, point) / speed_kmh * 3.6 for point in piece}
