"""The quickest way along a road net, against trying all ways (SPEC R720)."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from command.kernel.geo import distance_m
from command.kernel.roads import RoadNet
from command.kernel.ways import Way, quickest_way

LAT, LON, STEP = 29.1, 113.0, 0.01
Line = list[tuple[float, float]]


def net(*roads: tuple[Line, dict[str, Any]]) -> RoadNet:
    made = RoadNet()
    for line, properties in roads:
        made.add(line, properties)
    return made


def way(roads: RoadNet, start: tuple[float, float], end: tuple[float, float]) -> Way:
    found = quickest_way(roads, start, end).way
    assert isinstance(found, Way)
    return found


SLOW: Line = [(LON, LAT), (LON + 0.1, LAT)]
ROUND: Line = [(LON, LAT), (LON + 0.05, LAT + 0.02), (LON + 0.1, LAT)]
STREET, FAST = {"class": "street"}, {"class": "expressway"}


def test_the_way_is_the_quickest_and_not_the_shortest() -> None:  # R720
    found = way(net((SLOW, STREET), (ROUND, FAST)), (LAT, LON), (LAT, LON + 0.1))
    assert found.points == ((LAT, LON), (LAT + 0.02, LON + 0.05), (LAT, LON + 0.1))
    length_m = sum(distance_m(*a, *b) for a, b in pairwise(found.points))
    assert found.distance_m == pytest.approx(length_m)
    assert found.usual_s == pytest.approx(length_m / (90 / 3.6))
    straight = way(net((SLOW, STREET), (ROUND, STREET)), (LAT, LON), (LAT, LON + 0.1))
    assert straight.points == ((LAT, LON), (LAT, LON + 0.1))


def test_between_two_places_on_one_piece_it_follows_that_piece_alone() -> None:  # R720
    found = way(net((SLOW, STREET)), (LAT + 0.000_9, LON + 0.02), (LAT, LON + 0.03))
    assert found.distance_m == pytest.approx(distance_m(LAT, LON + 0.02, LAT, LON + 0.03), rel=0.001)
    assert [round(lon - LON, 4) for _, lon in found.points] == [0.02, 0.03]
    assert found.away_m == pytest.approx(100, abs=1)


def test_a_road_of_one_way_is_gone_round() -> None:  # R720
    roads = net((SLOW, {"oneway": "yes"}), (ROUND, STREET))
    assert way(roads, (LAT, LON), (LAT, LON + 0.1)).distance_m == pytest.approx(distance_m(LAT, LON, LAT, LON + 0.1))
    assert way(roads, (LAT, LON + 0.1), (LAT, LON)).points[1] == (LAT + 0.02, LON + 0.05)
    back = way(roads, (LAT, LON + 0.06), (LAT, LON + 0.04))
    assert back.distance_m > distance_m(LAT, LON, LAT, LON + 0.1)


def test_a_camera_between_two_carriageways_looks_at_both() -> None:  # R720
    east = [(LON, LAT), (LON + 0.1, LAT)]
    west = [(LON + 0.1, LAT + 0.000_2), (LON, LAT + 0.000_2)]
    roads = net((east, {"oneway": True}), (west, {"oneway": True}))
    # The camera stands nearer to the lanes eastwards; the car went west.
    found = way(roads, (LAT + 0.000_05, LON + 0.08), (LAT + 0.000_05, LON + 0.02))
    assert found.distance_m == pytest.approx(distance_m(LAT, LON + 0.08, LAT, LON + 0.02), rel=0.001)


def test_no_way_says_why() -> None:  # R721
    apart = net((SLOW, STREET), ([(LON, LAT + 0.5), (LON + 0.1, LAT + 0.5)], STREET))
    assert quickest_way(apart, (LAT, LON), (LAT + 0.01, LON)).way == "off_road"
    assert quickest_way(apart, (LAT, LON), (LAT + 0.5, LON)).way == "unconnected"
    assert quickest_way(grid(8, random.Random(1)), (LAT, LON), (LAT + 0.07, LON + 0.07), 5) == ("too_far", 5)
    # Points that only give a road its shape cost nothing; a ring that leads nowhere else ends.
    bends = [(LON + n * 0.000_1, LAT + n % 2 * 0.000_05) for n in range(1000)]
    assert quickest_way(net((bends, STREET)), bends[0][::-1], bends[-1][::-1]).steps <= 10
    ring = [(LON, LAT), (LON + STEP, LAT), (LON + STEP, LAT + STEP), (LON, LAT)]
    assert quickest_way(net((ring, {"oneway": True}), (SLOW[1:], STREET)), (LAT, LON), (LAT, LON + 5)).way == "off_road"
    assert quickest_way(net((ring, {"oneway": True})), (LAT, LON + STEP), (LAT, LON)).way != "unconnected"
    assert quickest_way(RoadNet(), (LAT, LON), (LAT, LON + 0.1)).way == "off_road"


def grid(size: int, rng: random.Random, pieces: int = 1) -> RoadNet:
    """Streets of any speed, some of one way, each of several pieces."""
    roads = []
    for x in range(size):
        for y in range(size):
            for dx, dy in ((1, 0), (0, 1)):
                along = [n / pieces for n in range(pieces + 1)]
                line = [(LON + (x + dx * share) * STEP, LAT + (y + dy * share) * STEP) for share in along]
                if rng.random() < 0.9:
                    about: dict[str, Any] = {"maxspeed": rng.randint(10, 120), "oneway": rng.random() < 0.3}
                    roads.append((line if rng.random() < 0.5 else line[::-1], about))
    return net(*roads)


@pytest.mark.parametrize("seed", range(18))
def test_it_is_as_quick_as_the_best_of_all_ways(seed: int) -> None:  # R720
    rng = random.Random(seed)
    pieces = 1 + seed % 3
    roads, places = grid(5, rng, pieces), 5 * pieces
    # At crossings, or with more pieces anywhere along the streets.
    corners = [(LAT + rng.randrange(places) / pieces * STEP, LON + rng.randrange(6) * STEP) for _ in range(2)]
    # Bellman and Ford: any piece may make any way quicker, as often as there are points.
    start, end = ((round(lon, 5), round(lat, 5)) for lat, lon in corners)
    best = {start: 0.0}
    for _ in range(40 * pieces):
        for (a, b), piece in roads.pieces.items():
            if a in best:
                best[b] = min(best.get(b, 1e9), best[a] + piece.length_m / piece.speed_ms)
    found = quickest_way(roads, corners[0], corners[1]).way
    if not isinstance(found, Way):
        at_road = all(any(node in piece for piece in roads.pieces) for node in (start, end))
        assert found == ("unconnected" if at_road else "off_road")
        assert end not in best or not at_road
        return
    assert found.usual_s == pytest.approx(best[end], abs=1e-6)
