"""Callers, officers, mischief and streets of the demonstration, one by one."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from shapely import LineString, MultiLineString, Point, Polygon

from command.facts.base import Service
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import SqliteDatabase
from command.readings import hours
from command.requests import FeedBack, Request, StepOrder
from command.rows import OrderRow, PositionRow
from consoles.demo.clips import SOILED, streets, views
from consoles.demo.county import County, load_county
from consoles.demo.crews import habits_of, next_step
from consoles.demo.enrol import enrol
from consoles.demo.exchange import Callers, Exchange
from consoles.demo.fleet import Fleet
from consoles.demo.mischief import Mischief
from consoles.demo.read_before import read_before
from consoles.demo.roads import metres
from consoles.site import running_site
from streams.plates.hours import ReadingHours
from streams.plates.quality import judge, usual_of
from streams.watch_list import Wanted, WatchList
from tests.consoles.demo.support import until
from tests.consoles.support import settings


@pytest.fixture(scope="module")
def county() -> County:
    return load_county()


def test_callers_are_near_roads_in_the_county_and_name_the_place(county: County) -> None:
    callers, boundary = Callers(county, 1), Polygon(county.boundary).buffer(0.001)
    roads = MultiLineString([LineString(road.line) for road in county.roads])
    dialled: dict[Service, int] = {"110": 0, "119": 0, "122": 0}
    for _ in range(300):
        call = callers.call()
        dialled[call.dialled] += 1
        assert call.place is not None
        here = Point(call.place.lon, call.place.lat)
        assert boundary.contains(here)
        assert roads.distance(here) < 0.0005
        assert re.fullmatch(r"000\d{8}", call.caller)
        assert any(road.name.zh in call.place.text for road in county.roads)
        second = callers.another(call)
        assert second.place is not None
        assert (second.dialled, second.place.text) == (call.dialled, call.place.text)
        assert second.call != call.call
        assert metres((call.place.lon, call.place.lat), (second.place.lon, second.place.lat)) < 125
    assert dialled["110"] > dialled["122"] > dialled["119"] > 15


async def test_lines_ring_and_give_up_and_those_answered_are_left_to_the_desk(tmp_path: Path, county: County) -> None:
    clock = VirtualClock(SystemClock().now_ms(), speed=60)
    async with running_site(settings(tmp_path)) as site, asyncio.TaskGroup() as tasks:
        enrolled = await enrol(site.hub, site.context.accounts, county, 9)
        exchange = Exchange(site.http_url, enrolled.pbx_token, county, 1, clock)
        ringing = tasks.create_task(exchange.run())
        calls = await until(site.hub, lambda t: [c for c in t.calls if c.state == "abandoned"])
        assert calls[0].answered_ms is None
        assert await site.hub.read(lambda t: sum(c.state == "ringing" for c in t.calls)) <= 4
        ringing.cancel()


def _order(state: str, **at: int) -> OrderRow:
    return OrderRow(
        id="o7", situation="s1", unit="yue02", text="", state=state, issued_ms=1000, issued_by="diaodu",  # type: ignore[arg-type]
        sign_by_ms=61_000, signed_ms=at.get("signed_ms"), arrived_ms=at.get("arrived_ms"),
    )  # fmt: skip


def test_an_officer_signs_departs_arrives_works_and_reports_each_at_its_time() -> None:
    habits = habits_of("o7", 1)
    assert habits == habits_of("o7", 1)

    def step(order: OrderRow, now_ms: int, *, arrived: bool = False) -> Request | None:
        return next_step(order, habits, now_ms, arrived=arrived)

    signs_ms = 1000 + habits.sign_after_ms
    assert step(_order("issued"), signs_ms - 1) is None
    assert step(_order("issued"), signs_ms) == StepOrder(order="o7", step="signed")
    departs_ms = signs_ms + habits.depart_after_ms
    assert step(_order("signed", signed_ms=signs_ms), departs_ms - 1) is None
    assert step(_order("signed", signed_ms=signs_ms), departs_ms) == StepOrder(order="o7", step="departed")
    assert step(_order("departed"), departs_ms + 10**9) is None
    assert step(_order("departed"), departs_ms, arrived=True) == StepOrder(order="o7", step="arrived")
    arrived = _order("arrived", arrived_ms=departs_ms)
    assert step(arrived, departs_ms + habits.work_ms - 1, arrived=True) is None
    assert isinstance(step(arrived, departs_ms + habits.work_ms, arrived=True), FeedBack)


def test_about_one_officer_in_eight_signs_after_the_minute_that_is_allowed() -> None:
    after_ms = [habits_of(f"o{i}", 1).sign_after_ms for i in range(1000)]
    assert 80 < sum(ms > 60_000 for ms in after_ms) < 160
    assert max(ms for ms in after_ms if ms <= 60_000) <= 15_000


async def test_a_unit_leaves_its_area_for_a_minute_or_two_and_returns_while_another_stands_still(
    county: County,
) -> None:
    clock, real = VirtualClock(0), SystemClock()
    fleet = Fleet(county, 1, clock)
    rings = {fence.id: Polygon(fence.ring) for fence in county.fences}
    areas = {unit.id: rings[unit.area].buffer(0.0003) for unit in county.units}
    outside_s, still_s = dict.fromkeys(areas, 0), dict.fromkeys(areas, 0)
    async with asyncio.TaskGroup() as tasks:
        going = tasks.create_task(Mischief(county, fleet, 1, clock).run())
        for second in range(0, 1200, 2):
            clock.advance(second * 1000)
            for _ in range(3):
                await real.sleep(0)
            for unit, vehicle in fleet.vehicles.items():
                before = vehicle.at
                vehicle.step(2)
                outside_s[unit] += 0 if areas[unit].contains(Point(vehicle.at)) else 2
                still_s[unit] = still_s[unit] + 2 if vehicle.at == before else 0
        going.cancel()
    left = {unit: seconds for unit, seconds in outside_s.items() if seconds}
    assert 1 <= len(left) <= 4
    assert all(50 < seconds < 400 for seconds in left.values()), left
    assert sum(seconds > 1100 for seconds in still_s.values()) == 1


def test_each_camera_that_reads_has_a_car_of_its_own_and_some_are_on_the_watch_list(county: County) -> None:
    seen = views(county)
    assert set(seen) == {camera.id for camera in county.cameras}
    readers = [camera.id for camera in county.cameras if camera.reads_plates]
    usual = [vehicle.plate for camera in readers for vehicle in seen[camera].usual.vehicles]
    assert len(set(usual)) == len(usual) == len(readers)
    watches = WatchList([(w.id, Wanted(w.pattern, w.look_alike)) for w in county.watches if w.approved_by])
    assert not any(watches.matching(plate) for plate in usual)
    watched = {camera: view.watched for camera, view in seen.items() if view.watched}
    assert len(watched) == 3
    fits = set()
    for camera, street in watched.items():
        more = set(street.vehicles) - set(seen[camera].usual.vehicles)
        [match] = [match for vehicle in more for match in watches.matching(vehicle.plate)]
        fits.add(match.how)
        assert street.seconds == seen[camera].usual.seconds, "or the stream would jump when one follows the other"
        assert street.seconds - max(vehicle.enters_s for vehicle in street.vehicles) > 7.5
    assert fits == {"pattern", "look_alike"}
    [soiled] = [view for view in seen.values() if view.soiled]
    assert soiled.watched is None
    assert len(streets(seen)) == 3 + 5 + 1 + 3


async def test_a_week_was_read_before_once_and_the_camera_with_the_dirty_lens_reads_worse(
    county: County, tmp_path: Path
) -> None:
    kept = ReadingHours(SqliteDatabase(tmp_path / "hours.sqlite3", hours.SCHEMA, "reading hours"))
    now_ms = 1_800_000_000_000
    for _ in range(2):
        await read_before(kept, county, now_ms)
    last = now_ms // hours.HOUR_MS - 1
    for camera in [camera.id for camera in county.cameras if camera.reads_plates]:
        found = await kept.of(camera, 0)
        assert len(found) == 7 * 24 - 1
        usual = usual_of([found[last - day * 24] for day in range(1, 7)])
        assert (judge(found[last], usual, standing=False).why in ("fewer", "unread")) is (camera == SOILED)
    await kept.close()


def test_a_fleet_starts_where_the_hub_saw_it_last(county: County) -> None:
    fleet = Fleet(county, 1, VirtualClock(0))
    other = county.units[30].route[0]
    seen = PositionRow(id="yue02", device="904306210002", at_ms=0, lat=other[1], lon=other[0], source="jt808")
    fleet.place({"yue02": seen})
    assert fleet.vehicles["yue02"].at == other
