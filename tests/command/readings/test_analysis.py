"""What passages tell of cars, against going through everything by hand (SPEC R564-R567)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from command.kernel.errors import TooLargeError
from command.kernel.local_time import BEIJING
from command.readings import Pass, Sighting, inquiries
from command.readings.analysis import chance_of_at_least, newcomers, visits
from command.readings.bounds import DAY_MS
from command.readings.inquiries import Span, companions, first_time, track
from command.readings.memory import MemoryReadings

SPACE, CAR, MINUTE = "live", "湘F00000", 60_000
EVER = Span(None, 0, 10 * DAY_MS)
PLATES = [CAR, "湘F11111", "湘F22222", "湘F33333"]
AT_ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine makes examples slowly, which says nothing of what is tested."""
PASSES = st.lists(
    st.builds(Pass, st.integers(0, 400), st.sampled_from(["c1", "c2", "c3"]), st.sampled_from(PLATES)),
    max_size=30, unique=True,
)  # fmt: skip


def seen(one: Pass) -> Sighting:
    return Sighting(
        camera=one.camera, plate=one.plate, colour="blue", first_ms=one.first_ms, last_ms=one.first_ms + 900, reads=4,
        confidence=0.9,
    )  # fmt: skip


async def holding(*passes: Pass) -> MemoryReadings:
    readings = MemoryReadings()
    await readings.add_sightings(SPACE, [seen(one) for one in passes])
    return readings


async def test_of_a_long_way_the_newest_part_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiries, "TRACK_STOPS", 3)
    readings = await holding(*(Pass(n, "c1", CAR) for n in range(5)))
    stops, more = await track(readings, SPACE, CAR, EVER)
    assert ([stop.first_ms for stop in stops], more) == ([2, 3, 4], True)
    stops, more = await track(readings, SPACE, CAR, Span(("c1",), 2, 4))
    assert ([stop.first_ms for stop in stops], more) == ([2, 3, 4], False)


# companions


@AT_ANY_PACE
@given(st.lists(st.floats(0, 1), max_size=7), st.integers(0, 8))
def test_the_chance_is_the_sum_over_all_that_can_happen(chances: Sequence[float], count: int) -> None:
    happens = product((False, True), repeat=len(chances))
    oracle = sum(
        prod(c if yes else 1 - c for c, yes in zip(chances, case, strict=True))
        for case in happens
        if sum(case) >= count
    )
    assert chance_of_at_least(count, chances) == pytest.approx(oracle, abs=1e-12)


def test_the_smallest_chances_keep_their_digits() -> None:
    assert chance_of_at_least(20, [1e-6] * 20) == pytest.approx(1e-120)


@AT_ANY_PACE
@given(PASSES, st.integers(0, 60), st.integers(1, 3))
async def test_companions_are_those_that_going_through_all_pairs_finds(
    passes: list[Pass], within_ms: int, at_least: int
) -> None:
    readings = await holding(*passes)
    span = Span(None, 100, 300)
    found = await companions(readings, SPACE, CAR, span, at_least=at_least, within_ms=within_ms)
    car = sorted(one for one in passes if one.plate == CAR and 100 <= one.first_ms <= 300)
    counted = [one for one in passes if 100 - within_ms <= one.first_ms <= 300 + within_ms]

    def near(mine: Pass, other: Pass) -> bool:
        return mine.camera == other.camera and abs(mine.first_ms - other.first_ms) <= within_ms

    looked_at = {one.plate for mine in car for one in counted if near(mine, one)} - {CAR}
    oracle = {}
    for plate in PLATES[1:]:
        together = [mine for mine in car if any(near(mine, one) for one in counted if one.plate == plate)]
        cameras = sorted({mine.camera for mine in together})
        if len(cameras) < at_least:
            continue
        chances = []
        for mine in car:
            there = [one for one in counted if one.camera == mine.camera]
            share = sum(near(mine, one) for one in there) / len(there)
            chances.append(1 - (1 - share) ** sum(one.plate == plate for one in there))
        chance = sum(
            prod(c if yes else 1 - c for c, yes in zip(chances, case, strict=True))
            for case in product((False, True), repeat=len(chances))
            if sum(case) >= len(together)
        ) if len(car) <= 10 else None  # fmt: skip
        oracle[plate] = (len(together), tuple(cameras), sum(chances), chance)
    assert {one.plate for one in found} == set(oracle)
    for one in found:
        times, of_cameras, expected, chance = oracle[one.plate]
        assert (one.times, one.cameras) == (times, of_cameras)
        assert one.expected == pytest.approx(expected)
        assert abs(one.lag_ms) <= within_ms
        assert one.by_chance == pytest.approx(one.chance * len(looked_at))
        if chance is not None:
            assert one.chance == pytest.approx(chance, abs=1e-9)
    assert [one.chance for one in found] == sorted(one.chance for one in found)


def convoy() -> list[Pass]:
    """A car on five days at four cameras with one behind it; a bus that is at those cameras every few minutes."""
    passes = []
    for day in range(5):
        for n, camera in enumerate(("c1", "c2", "c3", "c4")):
            at_ms = day * DAY_MS + (300 + day * 37 + n * 10) * MINUTE
            passes += [Pass(at_ms, camera, CAR), Pass(at_ms + 8000, camera, "湘F11111")]
            passes += [Pass(day * DAY_MS + t * 5 * MINUTE, camera, "湘F22222") for t in range(288)]
            passes += [Pass(day * DAY_MS + t * MINUTE + 7, camera, f"赣B{day}{t:04}") for t in range(0, 1440, 3)]
    return passes


async def test_a_car_that_follows_is_more_surprising_than_a_bus_that_is_always_there() -> None:
    readings = await holding(*convoy())
    found = await companions(readings, SPACE, CAR, EVER, at_least=3, within_ms=2 * MINUTE)
    assert [one.plate for one in found] == ["湘F11111", "湘F22222"]
    follower, bus = found
    assert (follower.times, follower.cameras, follower.days, follower.lag_ms) == (20, ("c1", "c2", "c3", "c4"), 5, 8000)
    assert follower.expected < 0.2
    assert follower.by_chance < 1e-20
    assert bus.expected > bus.times / 2
    assert bus.by_chance > 0.01


@pytest.mark.parametrize("limit", ["COMPANION_STOPS", "COMPANION_PASSES", "COMPANION_PLATES"])
async def test_too_many_companions_are_refused(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiries, limit, 1)
    two = [one for one in convoy() if one.plate in (CAR, "湘F11111")]
    readings = await holding(*two, *(replace(one, plate="湘F33333") for one in two))
    with pytest.raises(TooLargeError):
        await companions(readings, SPACE, CAR, EVER, at_least=1, within_ms=10 * MINUTE)


async def test_who_was_never_seen_has_no_companions() -> None:
    readings = await holding(*convoy()[:300])
    assert await companions(readings, SPACE, "湘F99999", EVER, at_least=1, within_ms=MINUTE) == []


# new here, often here


@AT_ANY_PACE
@given(PASSES)
async def test_newcomers_are_those_not_seen_before(passes: list[Pass]) -> None:
    readings = await holding(*passes)
    span = Span(("c1", "c2"), 200, 300)
    found = await first_time(readings, SPACE, span, 50)
    there = sorted(one for one in passes if one.camera in ("c1", "c2"))
    oracle = []
    for one in there:
        before = [other for other in there if other.plate == one.plate and other.first_ms >= 50 and other < one]
        if 200 <= one.first_ms <= 300 and not before:
            oracle.append(one)
    assert found == oracle


def test_of_a_newcomer_the_first_passage_is_told() -> None:
    passes = [Pass(1, "c1", "a"), Pass(2, "c1", "b"), Pass(3, "c2", "a"), Pass(4, "c1", "c")]
    assert newcomers(passes, {"c"}) == passes[:2]


def local(day: int, hour: int, minute: int = 0) -> int:
    return round(
        (datetime(2026, 3, 1, tzinfo=BEIJING) + timedelta(days=day, hours=hour, minutes=minute)).timestamp() * 1000
    )


def test_passages_are_counted_by_day_and_by_night() -> None:
    hours = [(0, 5, 59), (0, 6, 0), (0, 21, 59), (0, 22, 0), (1, 3, 0), (1, 12, 0), (1, 12, 1), (1, 23, 0)]
    passes = [Pass(local(*at), "c1", CAR) for at in hours]
    (whole,) = visits(passes, 1, "all")
    assert (whole.passes, whole.days, whole.most_in_a_day) == (8, 2, 4)
    (by_day,) = visits(passes, 1, "day")
    assert (by_day.passes, by_day.days, by_day.most_in_a_day) == (4, 2, 2)
    (by_night,) = visits(passes, 1, "night")
    # The small hours belong to the evening before.
    assert (by_night.passes, by_night.days, by_night.most_in_a_day) == (4, 3, 2)
    assert (by_night.first_ms, by_night.last_ms) == (local(0, 5, 59), local(1, 23, 0))


@AT_ANY_PACE
@given(PASSES, st.integers(1, 5))
def test_the_most_frequent_come_first(passes: list[Pass], at_least: int) -> None:
    found = visits(passes, at_least, "all")
    counts = {plate: sum(one.plate == plate for one in passes) for plate in PLATES}
    assert {one.plate: one.passes for one in found} == {p: n for p, n in counts.items() if n >= at_least}
    assert [one.passes for one in found] == sorted((one.passes for one in found), reverse=True)
