"""What lies between the passages of one car: the least way, the likely one by road, and what no car does. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from command.kernel.geo import distance_m
from command.kernel.limits import TRACK_GAP_MS, TRACK_POINTS
from command.kernel.ways import NoWay, Place, Way
from command.readings import Pass, Sighting

_FASTEST_KMH = 250
"""Faster than this no car goes: the plate was misread, or two cars wear it."""
_HURRIED = 2.5
"""Nobody drives every road of a way so many times as fast as it is usually driven; own default."""
_HURRIED_FROM_KMH = 60
"""Along the straight line; slower than this a road that the net lacks explains more than a second car does."""
_REACH_M = 300
"""A car is read this far before its camera; so much of the way between two cameras may be missing at both together."""
_HOUR_MS = 3_600_000

Places = Mapping[str, Place]
"""Latitude and longitude by camera; one that is gone has none."""
Pair = tuple[Place, Place]
Ways = Mapping[Pair, Way | NoWay]
"""What was found between places; empty where there is no road net."""
NoRoad = NoWay | Literal["no_net", "same_place", "no_place"]
Suspect = Literal["straight", "roads"]


class Road(msgspec.Struct, frozen=True, kw_only=True):
    """The likely way along the road net: the quickest at usual speeds. A guess: nobody saw the car on it.

    `way` is the place of its points among those told, None where they are not; `speed_kmh` what the car averaged had
    it gone there.
    """

    way: int | None
    distance_m: float
    usual_s: float
    speed_kmh: float | None


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """From one passage of a car to its next. Between cameras nothing is known: the way is at least the straight line.

    `gap` says that much time went by. `road` is the likely way, `no_road` why there is none. `suspect` says that no
    car is so fast, even straight on or on any roads of the net: misread, a wrong clock, or two cars with one plate.
    """

    ms: int
    distance_m: float | None
    speed_kmh: float | None
    gap: bool
    road: Road | None = None
    no_road: NoRoad | None = None
    suspect: Suspect | None = None


class Drive(msgspec.Struct, frozen=True):
    """The legs of a track, one fewer than its passages, and the points (lat, lon) of ways that they name, each once."""

    legs: list[Leg]
    ways: list[tuple[Place, ...]]


def pairs_of(track: Sequence[Sighting], places: Places) -> list[Pair]:
    """Return the pairs of places between which a car went, each once, the latest first."""
    found: dict[Pair, None] = {}
    for before, after in pairwise(reversed(track)):
        here, there = places.get(after.camera), places.get(before.camera)
        if here is not None and there is not None and here != there:
            found[here, there] = None
    return list(found)


def drive(track: Sequence[Sighting], places: Places, ways: Ways) -> Drive:
    """Return what lies between the passages of one car, which are in order of time."""
    told: dict[Pair, int] = {}
    points: list[tuple[Place, ...]] = []
    room = TRACK_POINTS
    found = []
    for before, after in pairwise(track):
        pair = place_pair(before.camera, after.camera, places)
        way = ways.get(pair) if pair else None
        if pair and isinstance(way, Way) and pair not in told and len(way.points) <= room:
            room -= len(way.points)
            told[pair] = len(points)
            points.append(way.points)
        spent_ms = max(after.first_ms - before.last_ms, 0)
        found.append(leg(spent_ms, before.camera, after.camera, places, ways, told.get(pair) if pair else None))
    return Drive(found, points)


def leg(spent_ms: int, before: str, after: str, places: Places, ways: Ways, number: int | None = None) -> Leg:
    """Return what lies between two cameras, for which a car took so long; `number` is that of the way's points."""
    gap = spent_ms > TRACK_GAP_MS
    if before == after:
        return Leg(ms=spent_ms, distance_m=0.0, speed_kmh=None, gap=gap, no_road="same_place")
    pair = place_pair(before, after, places)
    if pair is None:
        return Leg(ms=spent_ms, distance_m=None, speed_kmh=None, gap=gap, no_road="no_place")
    way_m = distance_m(*pair[0], *pair[1])
    way: Way | NoRoad = ways.get(pair, "no_net")
    road = None
    if isinstance(way, Way):
        road = Road(
            way=number, distance_m=way.distance_m, usual_s=way.usual_s, speed_kmh=_kmh(way.distance_m, spent_ms)
        )
    return Leg(
        ms=spent_ms, distance_m=way_m, speed_kmh=_kmh(way_m, spent_ms), gap=gap, road=road,
        no_road=None if isinstance(way, Way) else way, suspect=_suspect(spent_ms, way_m, way),
    )  # fmt: skip


def place_pair(before: str, after: str, places: Places) -> Pair | None:
    """Return where two cameras stand; None where that is not known of both."""
    here, there = places.get(before), places.get(after)
    return (here, there) if here is not None and there is not None else None


def _kmh(way_m: float, spent_ms: int) -> float | None:
    return way_m / 1000 / (spent_ms / _HOUR_MS) if spent_ms else None


def _suspect(spent_ms: int, way_m: float, way: Way | NoRoad) -> Suspect | None:
    least_m = max(way_m - _REACH_M, 0)
    if least_m / 1000 > _FASTEST_KMH * spent_ms / _HOUR_MS:
        return "straight"
    if not isinstance(way, Way) or least_m / 1000 <= _HURRIED_FROM_KMH * spent_ms / _HOUR_MS:
        return None
    driven_m = max(way.distance_m - _REACH_M - way.away_m, 0)
    least_s = way.usual_s * driven_m / way.distance_m / _HURRIED if way.distance_m else 0
    return "roads" if spent_ms / 1000 < least_s else None


class Doubt(msgspec.Struct, frozen=True):
    """A plate that passed two cameras sooner than one car may."""

    before: Pass
    after: Pass


def doubts(passes: Iterable[Pass], places: Places) -> dict[str, list[Doubt]]:
    """Return by plate the passages, given in order of time, between which its car was faster than 60 km/h straight on.

    That is what may be suspect; whether it is, roads and the ends of the passages tell.
    """
    last: dict[str, Pass] = {}
    found: dict[str, list[Doubt]] = defaultdict(list)
    for one in passes:
        before, last[one.plate] = last.get(one.plate), one
        if before is None or before.camera == one.camera:
            continue
        pair = place_pair(before.camera, one.camera, places)
        least_m = max(distance_m(*pair[0], *pair[1]) - _REACH_M, 0) if pair else 0.0
        if least_m / 1000 > _HURRIED_FROM_KMH * (one.first_ms - before.first_ms) / _HOUR_MS:
            found[one.plate].append(Doubt(before, one))
    return dict(found)
