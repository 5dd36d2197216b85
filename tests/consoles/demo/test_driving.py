"""Simulated units keep to roads and to speeds that anybody believes, go where they are sent, and come back."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from shapely import LineString, MultiLineString, Point

from consoles.demo.county import County, LonLat, load_county
from consoles.demo.driving import Errand, Vehicle
from consoles.demo.roads import RoadNet, metres

STEP_S = 5.0


@pytest.fixture(scope="module")
def county() -> County:
    return load_county()


@pytest.fixture(scope="module")
def net(county: County) -> RoadNet:
    return RoadNet(county.roads)


def _vehicle(county: County, net: RoadNet, unit: str, seed: int = 1) -> Vehicle:
    row = next(u for u in county.units if u.id == unit)
    return Vehicle(row.kind, row.route, net, Random(seed))


def test_ways_run_from_end_to_end_along_roads_and_not_much_further_than_needed(county: County, net: RoadNet) -> None:
    rng = Random(3)
    lines = MultiLineString([LineString(road.line) for road in county.roads])
    for _ in range(50):
        start, end = rng.choice(net.points), rng.choice(net.points)
        way = net.way(start, end)
        assert (way[0], way[-1]) == (start, end)
        for a, b in pairwise(way):
            middle = Point((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            assert metres(start, end) < 400 or lines.distance(middle) < 1e-9, "no short cuts across fields"
        assert sum(metres(a, b) for a, b in pairwise(way)) < 4 * metres(start, end) + 3000


def test_a_place_beside_the_road_is_reached_straight(net: RoadNet) -> None:
    start = net.points[0]
    near: LonLat = (start[0] + 0.001, start[1] + 0.001)
    assert net.way(start, near) == (start, near)


def test_a_car_does_not_drive_back_to_set_out(county: County, net: RoadNet) -> None:
    road = next(road for road in county.roads if road.id == "g4")
    a, b = road.line[10], road.line[11]
    between: LonLat = (a[0] + (b[0] - a[0]) * 0.2, a[1] + (b[1] - a[1]) * 0.2)
    assert net.way(between, road.line[20])[1] == b
    assert net.way(between, road.line[2])[1] == a


@pytest.mark.parametrize(
    ("unit", "slowest_kmh", "fastest_kmh"), [("yue02", 15, 70), ("yue43", 25, 105), ("yue07", 3, 5)]
)
def test_an_hour_of_patrol_stays_on_the_round_at_plausible_speed(
    county: County, net: RoadNet, unit: str, slowest_kmh: float, fastest_kmh: float
) -> None:
    vehicle, route = _vehicle(county, net, unit), next(u for u in county.units if u.id == unit).route
    line, driven_m, stops = LineString(route), 0.0, 0
    for i in range(720):
        before = vehicle.at
        vehicle.step(STEP_S)
        way_m = metres(before, vehicle.at)
        driven_m += way_m
        stops += vehicle.speed_kmh == 0
        assert way_m / STEP_S * 3.6 <= fastest_kmh
        assert line.distance(Point(vehicle.at)) < 1e-9
        fix = vehicle.fix(i * 5000)
        assert 0 < metres(vehicle.at, (fix.lon, fix.lat)) < 25
        assert fix.speed_kmh <= fastest_kmh
    assert slowest_kmh < driven_m / 1000 < fastest_kmh
    assert stops, "it waited at no light in an hour"


def test_it_goes_where_it_is_sent_in_haste_waits_there_and_resumes_its_round(county: County, net: RoadNet) -> None:
    vehicle = _vehicle(county, net, "yue02")
    hospital = next(camera for camera in county.cameras if camera.id == "cam40")
    place = (hospital.lon, hospital.lat)
    vehicle.go(Errand("o1", place, urgent=True))
    minutes = 0.0
    while not vehicle.arrived:
        vehicle.step(STEP_S)
        minutes += STEP_S / 60
        assert minutes < 30
    assert vehicle.at == place
    vehicle.step(600)
    assert (vehicle.at, vehicle.speed_kmh) == (place, 0)
    vehicle.resume()
    assert vehicle.errand is None
    for _ in range(360):
        vehicle.step(STEP_S)
    assert vehicle.on_patrol
    route = next(u for u in county.units if u.id == "yue02").route
    assert LineString(route).distance(Point(vehicle.at)) < 1e-9


def test_a_vehicle_told_to_halt_stands_for_just_so_long(county: County, net: RoadNet) -> None:
    vehicle = _vehicle(county, net, "yue43")
    vehicle.halt(12)
    before = vehicle.at
    vehicle.step(10)
    assert vehicle.at == before
    vehicle.step(10)
    assert vehicle.at != before


def test_it_starts_again_where_it_was_last_seen(county: County, net: RoadNet) -> None:
    vehicle = _vehicle(county, net, "yue02")
    seen = county.units[30].route[0]
    vehicle.place(seen)
    assert vehicle.at == seen
    for _ in range(1440):
        vehicle.step(STEP_S)
    assert vehicle.on_patrol
