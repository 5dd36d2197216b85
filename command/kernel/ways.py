"""The quickest way between two places along a road net, at the usual speeds: a guess at where a car went. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
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
    """What a search found, and how many points of the net it went through."""

    way: Way | NoWay
    steps: int


class _Arrival(NamedTuple):
    """The place asked for, come to over a road from the point, or place of the start, before."""

    spot: Spot
    before: Node | Spot


class _Waiting(NamedTuple):
    """A point that can be come to; the estimate of the whole comes first, so that a heap gives the best."""

    estimate_s: float
    tie: int
    so_far_s: float
    so_far_m: float
    at: Node | _Arrival
    before: Node | Spot


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
    """A* over the points of the net; nothing is quicker than straight on at the highest speed of all."""

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
        self._before: dict[Node, Node | Spot] = {}

    def run(self, starts: list[Spot], most_steps: int) -> Found:
        for spot in starts:
            for a, b, share in _both_ways(spot):
                self._go(a, b, share, 0.0, 0.0, spot)
        while self._waiting:
            best = heapq.heappop(self._waiting)
            if isinstance(best.at, _Arrival):
                return Found(self._way(best, best.at), len(self._before))
            if best.at in self._before:
                continue
            if len(self._before) >= most_steps:
                return Found("too_far", len(self._before))
            self._before[best.at] = best.before
            for there in self._net.beside.get(best.at, ()):
                self._go(best.at, there, 0.0, best.so_far_s, best.so_far_m, best.at)
        return Found("unconnected", len(self._before))

    def _go(self, a: Node, b: Node, share: float, so_far_s: float, so_far_m: float, before: Node | Spot) -> None:
        """Drive a piece from a share of it on, to its end and to the places on it that were asked for."""
        piece = self._net.pieces.get((a, b))
        if piece is None:
            return
        for at, spot in self._ends.get((a, b), ()):
            if at >= share:
                part_m = (at - share) * piece.length_m
                seconds = so_far_s + part_m / piece.speed_ms
                arrival = _Arrival(spot, before)
                heapq.heappush(
                    self._waiting, _Waiting(seconds, next(self._order), seconds, so_far_m + part_m, arrival, before)
                )
        if b in self._before:
            return
        rest_m = (1 - share) * piece.length_m
        seconds, metres = so_far_s + rest_m / piece.speed_ms, so_far_m + rest_m
        left_m = max(distance_m(b[1], b[0], *self._end) - self._beside_m, 0.0)
        estimate_s = seconds + left_m / self._net.fastest_ms
        heapq.heappush(self._waiting, _Waiting(estimate_s, next(self._order), seconds, metres, b, before))

    def _way(self, best: _Waiting, arrival: _Arrival) -> Way:
        points = [_on_road(arrival.spot)]
        at = arrival.before
        while not isinstance(at, Spot):
            points.append((at[1], at[0]))
            at = self._before[at]
        points.append(_on_road(at))
        points.reverse()
        line = LineString([(lon, lat) for lat, lon in points])
        simple = line.simplify(_STRAIGHTENED_DEG) if len(points) > 2 else line
        told = tuple((round(lat, 6), round(lon, 6)) for lon, lat in simple.coords)
        return Way(told, best.so_far_m, best.so_far_s, at.away_m + arrival.spot.away_m)


def _both_ways(spot: Spot) -> Iterator[tuple[Node, Node, float]]:
    yield spot.a, spot.b, spot.share
    yield spot.b, spot.a, 1 - spot.share


def _on_road(spot: Spot) -> Place:
    (lon, lat), (to_lon, to_lat) = spot.a, spot.b
    return lat + spot.share * (to_lat - lat), lon + spot.share * (to_lon - lon)
