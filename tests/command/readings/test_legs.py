"""What lies between the passages of a car, straight on and by road; plates of two cars (SPEC R564, R720-R723)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from command.kernel.geo import distance_m
from command.kernel.limits import TRACK_GAP_MS
from command.kernel.roads import RoadNet
from command.kernel.ways import Way
from command.readings import Pass, Sighting, inquiries, legs, likely_ways
from command.readings.bounds import DAY_MS
from command.readings.inquiries import Span, clones
from command.readings.legs import Leg, doubts, drive, pairs_of
from command.readings.likely_ways import LikelyWays
from command.readings.memory import MemoryReadings

SPACE, CAR, MINUTE = "live", "湘F00000", 60_000
EVER = Span(None, 0, 10 * DAY_MS)
PLACES = {"c1": (29.0, 113.0), "c2": (29.0, 113.1), "c3": (29.0, 113.100_1), "far": (29.4, 113.0)}
BEND = (29.05, 113.05)
APART = (PLACES["c1"], PLACES["c2"])


def seen(one: Pass) -> Sighting:
    return Sighting(
        camera=one.camera, plate=one.plate, colour="blue", first_ms=one.first_ms, last_ms=one.first_ms + 900, reads=4,
        confidence=0.9,
    )  # fmt: skip


def between(camera: str, after_ms: int, ways: legs.Ways | None = None) -> Leg:
    track = [seen(Pass(0, "c1", CAR)), seen(Pass(900 + after_ms, camera, CAR))]
    (found,) = drive(track, PLACES, ways or {}).legs
    return found


def roads() -> RoadNet:
    """A road from the first camera to the second that goes round by a bend."""
    net = RoadNet()
    net.add([(113.0, 29.0), BEND[::-1], (113.1, 29.0)], {"maxspeed": 40})
    return net


def test_between_two_cameras_the_way_is_at_least_the_straight_line() -> None:  # R564
    way_m = distance_m(29.0, 113.0, 29.0, 113.1)
    leg = between("c2", 10 * MINUTE)
    assert (leg.ms, leg.gap, leg.suspect, leg.road, leg.no_road) == (10 * MINUTE, False, None, None, "no_net")
    assert leg.distance_m == pytest.approx(way_m)
    assert leg.speed_kmh == pytest.approx(way_m / 1000 * 6)


@pytest.mark.parametrize(
    ("camera", "after_ms", "distance", "gap", "suspect", "no_road"),
    [
        ("c2", 60_000, True, False, "straight", "no_net"),  # 9.7 km in a minute
        ("c2", 0, True, False, "straight", "no_net"),
        ("c2", TRACK_GAP_MS + 1, True, True, None, "no_net"),
        ("c1", 500, True, False, None, "same_place"),
        ("c9", 500, False, False, None, "no_place"),  # nobody knows where it stood
    ],
)
def test_a_way_that_no_car_goes_is_suspect(
    camera: str, after_ms: int, distance: bool, gap: bool, suspect: str | None, no_road: str
) -> None:  # R564
    leg = between(camera, after_ms)
    assert (leg.distance_m is not None, leg.gap, leg.suspect, leg.no_road) == (distance, gap, suspect, no_road)


def test_two_cameras_at_one_junction_may_see_a_car_at_once() -> None:  # R564
    (leg,) = drive([seen(Pass(0, "c2", CAR)), seen(Pass(100, "c3", CAR))], PLACES, {}).legs
    assert (leg.ms, leg.speed_kmh, leg.suspect) == (0, None, None)


async def test_the_likely_way_is_by_road_with_the_speed_that_it_would_take() -> None:  # R720
    ways = await LikelyWays(roads()).between([APART])
    leg = between("c2", 20 * MINUTE, ways)
    length_m = 2 * distance_m(*PLACES["c1"], *BEND)
    assert leg.road is not None
    assert leg.road.distance_m == pytest.approx(length_m, rel=0.01)
    assert leg.road.usual_s == pytest.approx(length_m / (40 / 3.6), rel=0.01)
    assert leg.road.speed_kmh == pytest.approx(length_m / 1000 * 3, rel=0.01)
    assert (leg.no_road, leg.suspect) == (None, None)


async def test_what_no_car_does_on_any_road_is_suspect_though_straight_on_it_might() -> None:  # R722
    ways = await LikelyWays(roads()).between([APART])
    way = ways[APART]
    assert isinstance(way, Way)
    least_ms = way.usual_s * (way.distance_m - 300) / way.distance_m / 2.5 * 1000
    assert between("c2", int(least_ms) - 100, ways).suspect == "roads"
    assert between("c2", int(least_ms) - 100).suspect is None
    assert between("c2", int(least_ms) + 100, ways).suspect is None
    # What goes past 250 km/h even straight on needs no road to say so.
    assert between("c2", MINUTE, ways).suspect == "straight"
    # However long the way by road is: below 60 km/h straight on, a road that the net lacks is likelier.
    endless = {APART: way._replace(usual_s=1e6)}
    assert between("c2", 9 * MINUTE, endless).suspect == "roads"
    assert between("c2", 10 * MINUTE, endless).suspect is None


async def test_each_way_is_told_once_and_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:  # R721
    track = [seen(Pass(n * 20 * MINUTE, camera, CAR)) for n, camera in enumerate(("c1", "c2", "c1", "c2", "far"))]
    likely = LikelyWays(roads())
    pairs = pairs_of(track, PLACES)
    assert pairs == [(PLACES["c2"], PLACES["far"]), APART, APART[::-1]]
    ways = await likely.between(pairs)
    told = drive(track, PLACES, ways)
    assert [leg.road and leg.road.way for leg in told.legs] == [0, 1, 0, None]
    assert told.legs[3].no_road == "off_road"
    assert told.ways[0] == (PLACES["c1"], BEND, PLACES["c2"])
    monkeypatch.setattr(legs, "TRACK_POINTS", 5)
    short = drive(track, PLACES, ways)
    assert ([leg.road and leg.road.way for leg in short.legs], len(short.ways)) == ([0, None, 0, None], 1)


async def test_one_question_has_so_much_searched_and_another_anew(monkeypatch: pytest.MonkeyPatch) -> None:  # R721
    monkeypatch.setattr(likely_ways, "TRACK_STEPS", 1)
    likely = LikelyWays(roads())
    pairs = [APART, APART[::-1]]
    assert [way == "too_far" for way in (await likely.between(pairs)).values()] == [False, True]
    assert [way == "too_far" for way in (await likely.between(pairs)).values()] == [False, False]
    assert await LikelyWays(None).between(pairs) == {}


def test_only_what_was_fast_is_doubted() -> None:  # R723
    fast, slow = Pass(0, "c1", "fast"), Pass(0, "c1", "slow")
    passes = [fast, slow, Pass(5 * MINUTE, "c2", "fast"), Pass(5 * MINUTE + 1, "c3", "fast"), Pass(HOUR, "c2", "slow"),
              Pass(HOUR, "c1", "once"), Pass(HOUR + 1, "gone", "once")]  # fmt: skip
    assert {plate: [(one.before, one.after) for one in of] for plate, of in doubts(passes, PLACES).items()} == {
        "fast": [(fast, passes[2])]
    }


HOUR = 60 * MINUTE


async def test_plates_that_two_cars_may_wear_are_told_with_both_passages() -> None:  # R723
    readings = MemoryReadings()
    twice = [Pass(n * HOUR + m * MINUTE, camera, "湘FTWICE") for n in range(2) for m, camera in ((0, "c1"), (1, "c2"))]
    by_road = [Pass(0, "c1", "湘FROADS"), Pass(6 * MINUTE, "c2", "湘FROADS")]
    honest = [Pass(0, "c1", "湘FHONES"), Pass(50 * MINUTE, "c2", "湘FHONES")]
    await readings.add_sightings(SPACE, [seen(one) for one in (*twice, *by_road, *honest)])
    found = await clones(readings, SPACE, EVER, PLACES, LikelyWays(roads()))
    assert [(one.plate, one.times, one.leg.suspect) for one in found.clones] == [
        ("湘FTWICE", 2, "straight"), ("湘FROADS", 1, "roads"),
    ]  # fmt: skip
    assert (found.clones[0].before, found.clones[0].after) == (seen(twice[2]), seen(twice[3]))
    assert [one.leg.road and one.leg.road.way for one in found.clones] == [0, 1]
    assert (found.ways[1], found.more) == ((PLACES["c1"], BEND, PLACES["c2"]), False)
    straight_on = await clones(readings, SPACE, EVER, PLACES, LikelyWays(None))
    assert [one.plate for one in straight_on.clones] == ["湘FTWICE"]


async def test_of_many_plates_the_most_often_found_are_told(monkeypatch: pytest.MonkeyPatch) -> None:  # R723
    monkeypatch.setattr(inquiries, "CLONES", 1)
    readings = MemoryReadings()
    passes = [Pass(n, camera, plate) for plate, times in (("湘F1", 1), ("湘F2", 2)) for n in range(times)
              for camera in ("c1", "c2")]  # fmt: skip
    await readings.add_sightings(SPACE, [replace(seen(one), last_ms=one.first_ms) for one in passes])
    found = await clones(readings, SPACE, EVER, PLACES, LikelyWays(None))
    assert ([one.plate for one in found.clones], found.more) == (["湘F2"], True)
