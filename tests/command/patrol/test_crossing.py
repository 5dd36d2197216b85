"""Out only when clearly and for long enough, in again only when inside."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from command.patrol.crossing import Crossing
from command.patrol.fences import FenceSet
from command.readings import Position
from tests.command.patrol.ground import START_MS, fence, fix

AREA = fence("area", (0, 0), (2000, 1000))
YARD = fence("yard", (500, 400), (200, 200), kind="forbidden", dwell_s=10)
ROWS = (AREA, YARD)
FENCES = FenceSet(ROWS)
EDGE_M = 2000.0  # of the area, in the east


def after(*fixes: Position, area: str = "area") -> Crossing:
    crossing = Crossing()
    for one in fixes:
        crossing.observe(FENCES, area, one)
    return crossing


def test_out_after_the_dwell_since_the_first_fix_beyond() -> None:
    fixes = [fix(1900, 500, 0), fix(2100, 500, 10), fix(2120, 500, 25)]
    assert after(*fixes).out == {}
    assert after(*fixes, fix(2150, 500, 40)).out == {"area": START_MS + 10_000}


def test_one_fix_beyond_is_not_out_however_late_the_next() -> None:
    assert after(fix(2100, 500, 0)).out == {}
    assert after(fix(2100, 500, 0), fix(1990, 500, 3600)).out == {}
    assert after(fix(2100, 500, 0), fix(1990, 500, 60), fix(2100, 500, 70)).out == {}


def test_without_dwell_it_still_takes_two_fixes() -> None:
    fences = FenceSet([fence("area", (0, 0), (2000, 1000), dwell_s=0)])
    crossing = Crossing()
    crossing.observe(fences, "area", fix(2100, 500, 0))
    assert crossing.out == {}
    crossing.observe(fences, "area", fix(2100, 500, 1))
    assert crossing.out == {"area": START_MS}


def test_between_line_and_margin_is_neither_out_nor_back() -> None:
    along = [fix(2025, 500, t) for t in range(0, 600, 10)]
    assert after(*along).out == {}
    gone = [fix(2100, 500, 0), fix(2100, 500, 31)]
    later = [fix(2025, 500, 700 + t) for t in range(0, 600, 10)]
    assert after(*gone, *later).out == {"area": START_MS}
    assert after(*gone, *later, fix(1999, 500, 2000)).out == {}


def test_a_coarse_fix_tells_nothing() -> None:
    coarse = [fix(2300, 500, t, accuracy_m=500) for t in range(0, 300, 30)]
    assert after(*coarse).out == {}
    gone = [fix(2100, 500, 0, accuracy_m=5), fix(2300, 500, 10, accuracy_m=500), fix(2100, 500, 31, accuracy_m=5)]
    assert after(*gone).out == {"area": START_MS}
    assert after(*gone, fix(1950, 500, 60, accuracy_m=500)).out == {"area": START_MS}
    assert after(*gone, fix(1950, 500, 60, accuracy_m=5)).out == {}


def test_a_forbidden_yard_is_broken_inside_and_kept_outside() -> None:
    entered = [fix(450, 500, 0), fix(600, 500, 10), fix(610, 500, 25)]
    assert after(*entered).out == {"yard": START_MS + 10_000}
    assert after(*entered, fix(520, 500, 40)).out == {"yard": START_MS + 10_000}
    assert after(*entered, fix(450, 500, 50)).out == {}
    assert after(*entered, fix(450, 900, 50), fix(5000, 500, 60), fix(5000, 500, 120)).out == {
        "area": START_MS + 60_000
    }


def test_a_unit_without_area_only_keeps_out_of_forbidden_fences() -> None:
    far = [fix(9000, 0, 0), fix(9000, 0, 60)]
    assert after(*far, area="").out == {}
    assert after(*far, area="removed").out == {}
    assert after(*far, fix(600, 500, 900), fix(600, 500, 960), area="").out == {"yard": START_MS + 900_000}


def test_a_fence_that_is_removed_or_no_longer_the_units_is_let_go() -> None:
    crossing = after(fix(2100, 500, 0), fix(2100, 500, 31))
    crossing.observe(FenceSet([YARD]), "area", fix(2100, 500, 40))
    assert crossing.out == {}
    crossing = after(fix(2100, 500, 0), fix(2100, 500, 31))
    crossing.observe(FENCES, "", fix(2100, 500, 40))
    assert crossing.out == {}


def test_a_fence_drawn_anew_counts_at_once() -> None:
    crossing = after(fix(1000, 500, 0))
    smaller = FenceSet([fence("area", (0, 0), (500, 1000))])
    for at_s in (10, 50):
        crossing.observe(smaller, "area", fix(1001, 500, at_s))
    assert crossing.out == {"area": START_MS + 10_000}


ANGLE = st.floats(0, 2 * math.pi)
SHARE = st.floats(0, 1)


@given(
    st.lists(st.tuples(st.floats(0, EDGE_M), ANGLE, SHARE, st.integers(1, 120)), max_size=40),
    st.floats(0, 300),
    st.floats(0, 1000),
)
def test_noise_within_the_accuracy_never_alarms(
    walk: list[tuple[float, float, float, int]], accuracy_m: float, y_m: float
) -> None:
    crossing, at_s = Crossing(), 0
    for x_m, angle, share, pause_s in walk:
        at_s += pause_s
        noise_m = share * accuracy_m
        seen = fix(x_m + noise_m * math.cos(angle), y_m + noise_m * math.sin(angle), at_s, accuracy_m=accuracy_m)
        crossing.observe(FenceSet([AREA]), "area", seen)
        assert not crossing.out


@given(
    st.lists(st.tuples(st.floats(0, 3000), st.integers(1, 60)), max_size=20),
    st.lists(st.tuples(st.floats(1, 900), ANGLE, SHARE, st.integers(1, 60)), min_size=2, max_size=20),
    st.floats(0, 100),
)
def test_a_clear_exit_always_alarms_and_coming_home_always_ends_it(
    before: list[tuple[float, int]], beyond: list[tuple[float, float, float, int]], accuracy_m: float
) -> None:
    crossing, at_s, fences = Crossing(), 0, FenceSet([AREA])
    for x_m, pause_s in before:
        at_s += pause_s
        crossing.observe(fences, "area", fix(x_m, 500, at_s, accuracy_m=accuracy_m))
    first_s = at_s + beyond[0][3]
    for further_m, angle, share, pause_s in beyond:
        at_s += pause_s
        noise_m = share * accuracy_m
        x_m = EDGE_M + 31 + 2 * accuracy_m + further_m + noise_m * math.cos(angle)
        crossing.observe(fences, "area", fix(x_m, 500 + noise_m * math.sin(angle), at_s, accuracy_m=accuracy_m))
    if at_s - first_s >= AREA.dwell_s:
        assert "area" in crossing.out
    crossing.observe(fences, "area", fix(EDGE_M - accuracy_m - 1, 500, at_s + 1, accuracy_m=accuracy_m))
    assert not crossing.out


@given(
    st.lists(
        st.tuples(st.floats(-300, 2600), st.floats(-300, 1300), st.sampled_from([None, 5.0, 60.0]), st.integers(1, 60)),
        max_size=60,
    )
)
def test_not_looking_while_nothing_can_be_broken_changes_nothing(
    walk: list[tuple[float, float, float | None, int]],
) -> None:
    lazy, careful, at_s = Crossing(), Crossing(), 0
    for x_m, y_m, accuracy_m, pause_s in walk:
        at_s += pause_s
        seen = fix(x_m, y_m, at_s, accuracy_m=accuracy_m)
        lazy.observe(FENCES, "area", seen)
        careful.observe(FenceSet(ROWS), "area", seen)  # another set, so nothing known of the last fix holds
        assert lazy.out == careful.out
