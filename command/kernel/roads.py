"""A road net as a graph: which cameras a car that passed one will pass next, and in how many seconds. Pure.

It is made of GeoJSON lines (WGS-84) that meet where they share a point. Of each line's properties `class` or `highway`
gives the usual speed, `maxspeed` (km/h) one of its own, and `oneway` that it is driven as it is drawn (true or
"yes") or only the other way (-1).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, pairwise
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta
from shapely import LineString, Point, STRtree

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.geo import bearing_deg, distance_m
from command.kernel.limits import CAMERAS_AHEAD, CAMERAS_AHEAD_M, ROADS_BYTES

SPEED_KMH: Mapping[str, float] = {
    "expressway": 90, "motorway": 90, "trunk": 70, "national": 60, "primary": 60, "provincial": 55, "secondary": 50,
    "county": 45, "tertiary": 40, "street": 30, "residential": 25,
}  # fmt: skip
"""Usual speeds by the class of a road, in words of ours and of OpenStreetMap; own defaults."""
_OTHER_KMH = 35.0
_ONE_WAY: Mapping[str, tuple[int, ...]] = dict.fromkeys(("true", "yes", "1", "1.0"), (1,)) | dict.fromkeys(
    ("-1", "-1.0", "reverse"), (-1,)
)
"""What OpenStreetMap and other makers write."""
_BESIDE_M = 300.0
"""A camera further from any road stands on none."""
_PLACES = 5
"""Decimals of a degree by which points are the same, about a metre."""
_CROW_KMH = 45.0
_DETOUR = 1.35
_AHEAD_DEG = 60.0
_SPOTS_KEPT = 20_000

Node = tuple[float, float]
"""Longitude and latitude, degrees."""


class Ahead(NamedTuple):
    """A camera that will be passed, how far it is along the way, and in how many seconds."""

    camera: str
    distance_m: float
    expected_s: float


class Spot(NamedTuple):
    """A place on a piece of road, `share` of the way from `a` to `b`, `away_m` from what stands there."""

    a: Node
    b: Node
    share: float
    away_m: float


class Piece(NamedTuple):
    """The road from one point of a line to the next, and how fast it is usually driven."""

    length_m: float
    speed_ms: float


class _Geometry(msgspec.Struct, frozen=True):
    type: str
    coordinates: Any = ()


class _Feature(msgspec.Struct, frozen=True):
    geometry: _Geometry | None = None
    properties: dict[str, Any] | None = None


class _Features(msgspec.Struct, frozen=True):
    type: Literal["FeatureCollection"]
    features: list[_Feature]


_Position = Annotated[list[float], Meta(min_length=2, max_length=4)]


def read_roads(data: bytes) -> RoadNet:
    """Return the net of a GeoJSON file; `InvalidInputError` for one that is none, or holds no line."""
    if len(data) > ROADS_BYTES:
        raise TooLargeError(f"a road net has at most {ROADS_BYTES} bytes")
    net = RoadNet()
    try:
        for feature in msgspec.json.decode(data, type=_Features).features:
            match feature.geometry:
                case _Geometry(type="LineString", coordinates=line):
                    net.add(msgspec.convert(line, list[_Position]), feature.properties or {})
                case _Geometry(type="MultiLineString", coordinates=lines):
                    for line in msgspec.convert(lines, list[list[_Position]]):
                        net.add(line, feature.properties or {})
                case _:
                    pass
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"not a road net in GeoJSON: {error}") from error
    if not len(net):
        raise InvalidInputError("the road net holds no line")
    return net


class RoadNet:
    """All roads. A piece is what lies between two points of a line, by the way it may be driven."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[Node, Node], Piece] = {}
        """By the points that they go from and to."""
        self.beside: dict[Node, list[Node]] = {}
        """Where one can go from a point."""
        self.fastest_ms = 0.0
        """The highest usual speed of all."""
        self._tree: tuple[STRtree, list[tuple[Node, Node]]] | None = None
        self._spots: dict[tuple[float, float], Spot | None] = {}

    def __len__(self) -> int:
        return len(self.pieces)

    def add(self, line: Iterable[Sequence[float]], properties: Mapping[str, Any]) -> None:
        """Add a line of (lon, lat) points."""
        nodes = [(round(point[0], _PLACES), round(point[1], _PLACES)) for point in line]
        if not all(abs(lat) <= 90 and abs(lon) <= 180 for lon, lat in nodes):
            raise InvalidInputError("a road leaves the globe")
        speed_ms = _speed_kmh(properties) / 3.6
        self.fastest_ms = max(self.fastest_ms, speed_ms)
        ways = _ONE_WAY.get(str(properties.get("oneway")).strip().lower(), (1, -1))
        for pair in pairwise(nodes):
            if pair[0] == pair[1]:
                continue
            length_m = distance_m(pair[0][1], pair[0][0], pair[1][1], pair[1][0])
            for way in ways:
                a, b = pair[::way]
                if (a, b) not in self.pieces:
                    self.beside.setdefault(a, []).append(b)
                self.pieces[a, b] = Piece(length_m, speed_ms)
        self._tree = None
        self._spots = {}

    def ahead(
        self, cameras: Mapping[str, tuple[float, float]], camera: str, heading_deg: float | None
    ) -> list[Ahead] | None:
        """Return the cameras, given as (lat, lon), that a car which passed `camera` will pass next, the next one first.

        It does not turn back. Without a heading it may have gone either way. None where the camera is at no road.
        """
        start = self._spot(*cameras[camera])
        if start is None:
            return None
        standing: dict[tuple[Node, Node], list[tuple[float, str]]] = {}
        for other, place in cameras.items():
            spot = self._spot(*place)
            if other != camera and spot is not None:
                standing.setdefault((spot.a, spot.b), []).append((spot.share, other))
                standing.setdefault((spot.b, spot.a), []).append((1 - spot.share, other))
        found: dict[str, Ahead] = {}
        order = count()  # settles ties without comparing points
        waiting: list[tuple[float, int, float, Node, Node]] = []
        for a, b, share in ((start.a, start.b, start.share), (start.b, start.a, 1 - start.share)):
            piece = self.pieces.get((a, b))
            if piece is None or not _is_along(a, b, heading_deg):
                continue
            for at, other in standing.get((a, b), ()):
                if at >= share:
                    _note(found, other, (at - share) * piece.length_m, (at - share) * piece.length_m / piece.speed_ms)
            rest_m = (1 - share) * piece.length_m
            heapq.heappush(waiting, (rest_m / piece.speed_ms, next(order), rest_m, b, a))
        self._follow(waiting, standing, found, order)
        return sorted(found.values(), key=lambda each: each.expected_s)[:CAMERAS_AHEAD]

    def _follow(
        self,
        waiting: list[tuple[float, int, float, Node, Node]],
        standing: Mapping[tuple[Node, Node], list[tuple[float, str]]],
        found: dict[str, Ahead],
        order: count[int],
    ) -> None:
        """Go on from where the first pieces end, the quickest way to each point (Dijkstra)."""
        done: set[Node] = set()
        while waiting:
            so_far_s, _, so_far_m, here, before = heapq.heappop(waiting)
            if here in done or so_far_m > CAMERAS_AHEAD_M:
                continue
            done.add(here)
            for there in self.beside.get(here, ()):
                if there == before:
                    continue
                piece = self.pieces[here, there]
                for share, other in standing.get((here, there), ()):
                    part_m = share * piece.length_m
                    _note(found, other, so_far_m + part_m, so_far_s + part_m / piece.speed_ms)
                if there not in done:
                    seconds = so_far_s + piece.length_m / piece.speed_ms
                    heapq.heappush(waiting, (seconds, next(order), so_far_m + piece.length_m, there, here))

    def spots(self, lat: float, lon: float) -> list[Spot]:
        """Return the places on roads within 300 m of a point, the nearest first, each road by one way of it."""
        narrow = math.cos(math.radians(lat))  # degrees of longitude are shorter; near enough within a county
        tree, listed = self._index()
        near = tree.query(Point(lon, lat).buffer(_BESIDE_M / 111_000 / max(narrow, 0.01)))
        found: list[Spot] = []
        for number in near:
            a, b = listed[int(number)]
            dx, dy = (b[0] - a[0]) * narrow, b[1] - a[1]
            along = ((lon - a[0]) * narrow * dx + (lat - a[1]) * dy) / (dx * dx + dy * dy)
            share = min(1.0, max(0.0, along))
            away_m = distance_m(lat, lon, a[1] + share * (b[1] - a[1]), a[0] + share * (b[0] - a[0]))
            if away_m <= _BESIDE_M and (a < b or (b, a) not in self.pieces):
                found.append(Spot(a, b, share, away_m))
        return sorted(found, key=lambda spot: spot.away_m)

    def _spot(self, lat: float, lon: float) -> Spot | None:
        """Return the nearest of them, remembered: every hit asks it of all cameras."""
        spots = self._spots
        if (lat, lon) not in spots:
            if len(spots) >= _SPOTS_KEPT:
                spots = self._spots = {}
            spots[lat, lon] = next(iter(self.spots(lat, lon)), None)
        return spots[lat, lon]

    def _index(self) -> tuple[STRtree, list[tuple[Node, Node]]]:
        """Return what finds pieces by place; several threads may ask."""
        if (tree := self._tree) is None:
            listed = list(self.pieces)
            tree = self._tree = STRtree([LineString(piece) for piece in listed]), listed
        return tree


def ahead_by_bearing(cameras: Mapping[str, tuple[float, float]], camera: str, heading_deg: float | None) -> list[Ahead]:
    """Return the cameras, given as (lat, lon), that lie ahead as the crow flies, the nearest first."""
    lat, lon = cameras[camera]
    found = []
    for other, place in cameras.items():
        away_m = distance_m(lat, lon, *place)
        if other == camera or away_m > CAMERAS_AHEAD_M:
            continue
        if heading_deg is None or _turn_deg(bearing_deg(lat, lon, *place), heading_deg) <= _AHEAD_DEG:
            found.append(Ahead(other, away_m, away_m * _DETOUR / (_CROW_KMH / 3.6)))
    return sorted(found, key=lambda each: each.distance_m)[:CAMERAS_AHEAD]


def _is_along(a: Node, b: Node, heading_deg: float | None) -> bool:
    return heading_deg is None or _turn_deg(bearing_deg(a[1], a[0], b[1], b[0]), heading_deg) <= 90


def _turn_deg(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def _note(found: dict[str, Ahead], camera: str, distance: float, seconds: float) -> None:
    if distance <= CAMERAS_AHEAD_M and (camera not in found or seconds < found[camera].expected_s):
        found[camera] = Ahead(camera, distance, seconds)


def _speed_kmh(properties: Mapping[str, Any]) -> float:
    own = properties.get("maxspeed")
    if isinstance(own, str) and own.isdecimal():
        own = int(own)
    if isinstance(own, int | float) and not isinstance(own, bool) and 5 <= own <= 200:
        return float(own)
    kind = properties.get("class", properties.get("highway"))
    return SPEED_KMH.get(kind, _OTHER_KMH) if isinstance(kind, str) else _OTHER_KMH
