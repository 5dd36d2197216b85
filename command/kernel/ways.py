"""The quickest way between two places along a road net, at the usual speeds: a guess at where a car went. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Literal, NamedTuple

from shapely import LineString

from command.kernel.geo import distance_m
from command.kernel.limits import WAY_STEPS
from command.kernel.roads import Node, RoadNet, Spot

_SAME_ROAD_M = 50.0
"""A camera may look at any road that is so much further from it than the nearest: the other carriageway, a junction."""
_STRAIGHTENED_DEG = 0.000_03
"""By so much, 3 m, the points told may leave the road."""
_ALONG = 200
"""So many points are gone along at once; a longer road counts as more steps."""
Place = tuple[float, float]
"""Latitude and longitude, degrees."""

NoWay = Literal["off_road", "unconnected", "too_far"]
"""Why there is none: a place is further than 300 m from any road, no road joins them, or too much is to be searched."""


class Way(NamedTuple):
    """A way along roads. `points` are (lat, lon) on the roads; the places themselves lie `away_m` beside, together."""

    points: tuple[Place, ...]
    distance_m: float
    usual_s: float
    away_m: float


class Found(NamedTuple):
    """What a search found, and how many points of the net it went through, those not counted that only lead on."""

    way: Way | NoWay
    steps: int


class _Waiting(NamedTuple):
    """A point, or place asked for, that can be come to; the estimate of the whole comes first, for the heap.

    `via` are the points passed since the one, or the place of the start, `before`.
    """

    estimate_s: float
    tie: int
    so_far_s: float
    so_far_m: float
    at: Node | Spot
    before: Node | Spot
    via: tuple[Node, ...]


def quickest_way(net: RoadNet, start: Place, end: Place, most_steps: int = WAY_STEPS) -> Found:
    """Return the quickest way; where a place may stand at several roads, the quickest from and to any of these."""
    starts, ends = _candidates(net, start), _candidates(net, end)
    if not starts or not ends:
        return Found("off_road", 0)
    return _Search(net, ends, end).run(starts, most_steps)


def _candidates(net: RoadNet, place: Place) -> list[Spot]:
    spots = net.spots(*place)
    return [spot for spot in spots if spot.away_m <= spots[0].away_m + _SAME_ROAD_M]


class _Search:
    """A* over the points of the net; nothing is quicker than straight on at the highest speed of all.

    Where a road only leads on it is gone along at once: most points of a net give a road its shape and no choice.
    """

    def __init__(self, net: RoadNet, ends: list[Spot], end: Place) -> None:
        self._net = net
        self._end = end
        self._beside_m = ends[-1].away_m
        self._ends: dict[tuple[Node, Node], list[tuple[float, Spot]]] = {}
        for spot in ends:
            for a, b, share in _both_ways(spot):
                self._ends.setdefault((a, b), []).append((share, spot))
        self._order = count()  # settles ties without comparing points
        self._waiting: list[_Waiting] = []
        self._came: dict[Node, _Waiting] = {}

    def run(self, starts: list[Spot], most_steps: int) -> Found:
        for spot in starts:
            for a, b, share in _both_ways(spot):
                self._go(a, b, share, 0.0, 0.0, spot)
        while self._waiting:
            best = heapq.heappop(self._waiting)
            if isinstance(best.at, Spot):
                return Found(self._way(best, best.at), len(self._came))
            if best.at in self._came:
                continue
            if len(self._came) >= most_steps:
                return Found("too_far", len(self._came))
            self._came[best.at] = best
            for there in self._net.beside.get(best.at, ()):
                self._go(best.at, there, 0.0, best.so_far_s, best.so_far_m, best.at)
        return Found("unconnected", len(self._came))

    def _go(self, a: Node, b: Node, share: float, seconds: float, metres: float, before: Node | Spot) -> None:
        """Drive a piece from a share of it on, and as far as the road only leads on; note each place asked for."""
        via: dict[Node, None] = {}
        while (piece := self._net.pieces.get((a, b))) is not None:
            for at, spot in self._ends.get((a, b), ()):
                if at >= share:
                    part_m = (at - share) * piece.length_m
                    part_s = seconds + part_m / piece.speed_ms
                    self._wait(part_s, part_s, metres + part_m, spot, before, via)
            rest_m = (1 - share) * piece.length_m
            seconds, metres, share = seconds + rest_m / piece.speed_ms, metres + rest_m, 0.0
            onward = [there for there in self._net.beside.get(b, ()) if there != a]
            if b in self._came or b in via:
                return
            if len(onward) != 1 or len(via) >= _ALONG:
                left_m = max(distance_m(b[1], b[0], *self._end) - self._beside_m, 0.0)
                self._wait(seconds + left_m / self._net.fastest_ms, seconds, metres, b, before, via)
                return
            via[b] = None
            a, b = b, onward[0]

    def _wait(
        self,
        estimate_s: float,
        seconds: float,
        metres: float,
        at: Node | Spot,
        before: Node | Spot,
        via: Iterable[Node],
    ) -> None:
        one = _Waiting(estimate_s, next(self._order), seconds, metres, at, before, tuple(via))
        heapq.heappush(self._waiting, one)

    def _way(self, best: _Waiting, arrival: Spot) -> Way:
        points, one = [_on_road(arrival)], best
        while True:
            points += [(lat, lon) for lon, lat in reversed(one.via)]
            if isinstance(one.before, Spot):
                break
            points.append((one.before[1], one.before[0]))
            one = self._came[one.before]
        points.append(_on_road(one.before))
        points.reverse()
        line = LineString([(lon, lat) for lat, lon in points])
        simple = line.simplify(_STRAIGHTENED_DEG) if len(points) > 2 else line
        told = tuple((round(lat, 6), round(lon, 6)) for lon, lat in simple.coords)
        return Way(told, best.so_far_m, best.so_far_s, one.before.away_m + arrival.away_m)


def _both_ways(spot: Spot) -> Iterator[tuple[Node, Node, float]]:
    yield spot.a, spot.b, spot.share
    yield spot.b, spot.a, 1 - spot.share


def _on_road(spot: Spot) -> Place:
    (lon, lat), (to_lon, to_lat) = spot.a, spot.b
    return lat + spot.share * (to_lat - lat), lon + spot.share * (to_lon - lon)
