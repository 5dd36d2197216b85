"""The way of a patrol out of its fixes (SPEC R912, R921, R1019, R1059): stops, gaps, calls, length, fewer fixes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import TooLargeError
from command.kernel.geo import distance_m
from command.kernel.limits import PATROL_THIN_M
from command.patrol.holders import Holding
from command.patrol.sos import stand_in
from command.patrol.tracks import Gap, HelpCall, PatrolTrack, way_of
from command.readings import CallForHelp, Position
from command.settings import Limits
from tests.command.patrol.ground import START_MS, fix, point

LIMITS = Limits()
HOUR_S = 3600


def way(fixes: list[Position], *, until_s: float | None = None, most: int = 1000) -> PatrolTrack:
    """Of what the unit's device did from the beginning until its last fix, or longer."""
    to_ms = fixes[-1].at_ms if until_s is None else START_MS + round(until_s * 1000)
    return way_of(fixes, Holding("d1", "u1", START_MS, to_ms), LIMITS, most)


def drive(from_s: int, to_s: int, x_m: float = 0.0, *, mps: float = 10.0, every_s: int = 5) -> list[Position]:
    """East from a place on."""
    return [fix(x_m + (at_s - from_s) * mps, 0, at_s) for at_s in range(from_s, to_s + 1, every_s)]


def test_a_straight_drive_is_told_by_its_ends() -> None:
    told = way(drive(0, 600))
    assert [one.at_ms - START_MS for one in told.fixes] == [0, 600_000]
    assert (told.read, told.doubtful, told.stops, told.gaps, told.calls) == (121, 0, [], [], [])
    assert told.length_m == pytest.approx(6000, rel=0.01)
    assert told.off_m <= PATROL_THIN_M


def test_a_corner_and_a_change_of_speed_are_kept() -> None:
    fixes = drive(0, 100)
    fixes += [fix(1000, (at_s - 100) * 10, at_s) for at_s in range(105, 201, 5)]
    fixes += [fix(1000, 1000 + (at_s - 200) * 2, at_s) for at_s in range(205, 301, 5)]
    told = way(fixes)
    assert [(one.at_ms - START_MS) // 1000 for one in told.fixes] == [0, 100, 200, 300]


def test_nothing_is_said_of_a_gap_and_its_ends_are_kept() -> None:
    after_s = 300 + LIMITS.silent_s + 60
    told = way(drive(0, 300) + drive(after_s, after_s + 300, 9000.0))
    [gap] = told.gaps
    assert (gap.from_ms - START_MS, gap.to_ms - START_MS) == (300_000, after_s * 1000)
    assert {gap.from_ms, gap.to_ms} <= {one.at_ms for one in told.fixes}
    assert told.length_m == pytest.approx(6000, rel=0.01), "not what lies between"


def test_silence_before_the_first_fix_and_after_the_last_is_a_gap_too() -> None:
    told = way(drive(HOUR_S, HOUR_S + 60), until_s=2 * HOUR_S)
    assert [((gap.from_ms - START_MS) // 1000, (gap.to_ms - START_MS) // 1000) for gap in told.gaps] == [
        (0, HOUR_S),
        (HOUR_S + 60, 2 * HOUR_S),
    ]
    silent = way_of([], Holding("d1", "u1", START_MS, START_MS + HOUR_S * 1000), LIMITS, 10)
    assert (silent.fixes, len(silent.gaps), silent.length_m) == ([], 1, 0.0)


def test_a_stop_has_a_place_and_a_time_and_adds_no_length() -> None:
    stay = [fix(3000 + 20 * math.sin(at_s), 20 * math.cos(at_s), at_s) for at_s in range(305, 905, 5)]
    told = way(drive(0, 300) + stay + drive(905, 1205, 3000.0))
    [stop] = told.stops
    assert 290 <= (stop.from_ms - START_MS) / 1000 <= 305
    assert 900 <= (stop.to_ms - START_MS) / 1000 <= 915
    assert distance_m(stop.lat, stop.lon, *point(3000, 0)) < 2 * LIMITS.still_radius_m
    assert {stop.from_ms, stop.to_ms} <= {one.at_ms for one in told.fixes}
    assert told.length_m == pytest.approx(6000, rel=0.05), "a receiver that lies still walks about"
    assert len(told.fixes) < 10, "what it walks about there is not told"


def test_the_time_is_that_with_fixes_and_that_without_and_the_longest_stop_is_told() -> None:  # R1059
    rests = [fix(3000, 0, at_s) for at_s in range(305, 905, 5)]
    longer = [fix(6000, 0, at_s) for at_s in range(5000, 6005, 5)]
    told = way(drive(0, 300) + rests + drive(905, 1205, 3000.0) + longer, until_s=2 * HOUR_S)
    assert told.unheard_ms == 1000 * ((5000 - 1205) + (7200 - 6000))
    assert told.heard_ms == 1000 * (1205 + 1000)
    assert told.longest == told.stops[1]
    assert told.longest.from_ms == START_MS + 5_000_000
    same = [fix(x_m, 0, from_s + at_s) for from_s, x_m in ((0, 0.0), (2000, 9000.0)) for at_s in range(0, 400, 5)]
    assert (told := way(same)).longest == told.stops[0], "the first of two that are as long"


def test_a_time_without_a_believed_fix_was_not_heard_however_short() -> None:  # R1059
    held = Holding("d1", "u1", START_MS, START_MS + LIMITS.silent_s * 1000 // 2)
    silent = way_of([], held, LIMITS, 10)
    assert (silent.heard_ms, silent.unheard_ms, silent.gaps, silent.longest) == (0, 150_000, [], None)


def test_a_red_light_is_no_stop() -> None:
    wait = [fix(1000, 0, at_s) for at_s in range(105, 205, 5)]
    assert way(drive(0, 100) + wait + drive(205, 305, 1000.0)).stops == []


def test_calls_for_help_stay_whatever_is_left_out() -> None:
    fixes = drive(0, 600)
    fixes[40:44] = [fix(200 * 10, 0, at_s, sos=True) for at_s in (200, 205, 210, 215)]
    far = fix(400_000, 0, 302, sos=True)  # nobody believes the place, and it is a call all the same
    told = way(sorted([*fixes, far], key=lambda one: one.at_ms))
    assert [((call.from_ms - START_MS) // 1000, (call.to_ms - START_MS) // 1000) for call in told.calls] == [
        (200, 215),
        (302, 302),
    ]
    assert START_MS + 200_000 in {one.at_ms for one in told.fixes}
    assert told.doubtful == 1
    assert told.length_m == pytest.approx(6000, rel=0.05), "the leap is none of its way"


def test_a_call_without_a_place_tells_nothing_of_the_way() -> None:  # R1019
    seen = fix(0, 0, 0)
    calls = [CallForHelp(device="d1", at_ms=START_MS + n * 10_000, source="jt808") for n in range(1, 45 * 6)]
    far = fix(15_000, 0, 45 * 60)
    told = way([seen, *(stand_in(call, seen) for call in calls), far])
    assert (told.stops, told.fixes, told.length_m, told.read, told.doubtful) == ([], [seen, far], 0.0, 2, 0)
    assert told.gaps == [Gap(seen.at_ms, far.at_ms)]
    assert told.calls == [HelpCall(calls[0].at_ms, calls[-1].at_ms, None, None)]
    found = fix(50, 0, 45 * 60 - 5, sos=True)
    [one] = way([seen, *(stand_in(call, seen) for call in calls), found, far]).calls
    assert (one.from_ms, one.lat) == (calls[0].at_ms, found.lat)


def test_where_there_is_no_room_the_answer_says_how_far_off_it_is() -> None:
    winding = [fix(at_s * 10, 300 * math.sin(at_s / 20), at_s) for at_s in range(0, 3600, 5)]
    whole, thin = way(winding), way(winding, most=20)
    assert whole.off_m <= PATROL_THIN_M < thin.off_m
    assert (len(thin.fixes), thin.read) == (20, len(winding))
    with pytest.raises(TooLargeError):
        way([fix(0, 0, n * (LIMITS.silent_s + 1)) for n in range(30)], most=20)


@given(
    st.lists(
        st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000), st.integers(1, 900), st.booleans()),
        min_size=1,
        max_size=60,
    ),
    st.integers(150, 400),
)
def test_what_is_kept_tells_where_it_was_at_any_instant(
    legs: list[tuple[float, float, int, bool]], most: int
) -> None:  # fmt: skip
    """No fix that is left out, outside of stops, lies further than said from the line between those kept."""
    at_s, fixes = 0, []
    for x_m, y_m, after_s, sos in legs:
        at_s += after_s
        fixes.append(fix(x_m, y_m, at_s, sos=sos, accuracy_m=3000.0))  # near enough to be believed at any speed
    told = way(fixes, most=most)
    assert told.heard_ms + told.unheard_ms == told.to_ms - told.from_ms
    assert min(told.heard_ms, told.unheard_ms) >= 0
    kept = {one.at_ms for one in told.fixes}
    assert {fixes[0].at_ms, fixes[-1].at_ms} <= kept
    assert {at_ms for gap in told.gaps for at_ms in (gap.from_ms, gap.to_ms)} <= kept | {START_MS}
    for a, b in zip(told.fixes, told.fixes[1:], strict=False):
        within = [gap for gap in told.gaps if a.at_ms < gap.to_ms and gap.from_ms < b.at_ms]
        assert all((gap.from_ms, gap.to_ms) == (a.at_ms, b.at_ms) for gap in within), "a line over a gap"
    for one in fixes:
        if one.at_ms in kept or any(stop.from_ms <= one.at_ms <= stop.to_ms for stop in told.stops):
            continue
        a = max((each for each in told.fixes if each.at_ms < one.at_ms), key=lambda each: each.at_ms)
        b = min((each for each in told.fixes if each.at_ms > one.at_ms), key=lambda each: each.at_ms)
        share = (one.at_ms - a.at_ms) / (b.at_ms - a.at_ms)
        lat, lon = a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon)
        assert distance_m(one.lat, one.lon, lat, lon) <= max(told.off_m, PATROL_THIN_M) * 1.02 + 0.5
