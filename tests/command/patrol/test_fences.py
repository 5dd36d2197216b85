"""How far beyond a line a point is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.geo import distance_m
from command.patrol.fences import FenceSet
from tests.command.patrol.ground import fence, point

AREA = fence("area", (0, 0), (2000, 1000))
YARD = fence("yard", (500, 500), (60, 60), kind="forbidden")
FAR = fence("far", (9000, 0), (100, 100), kind="forbidden")
FENCES = FenceSet([AREA, YARD, FAR])
METRES = st.floats(-500, 3000)


def breach_m(name: str, x_m: float, y_m: float) -> float:
    spot = FENCES.plane(*point(x_m, y_m))
    near, _ = FENCES.near(*spot, [name])
    return next(f for f in near if f.id == name).breach_m(*spot)


@pytest.mark.parametrize(
    ("name", "x_m", "y_m", "expected_m"),
    [
        ("area", 1000, 990, -10),
        ("area", 1000, 1010, 10),
        ("area", 2300, 1400, 500),
        ("yard", 530, 530, 30),
        ("yard", 570, 530, -10),
    ],
)
def test_breach_is_metres_to_the_line_signed_by_side(name: str, x_m: float, y_m: float, expected_m: float) -> None:
    assert breach_m(name, x_m, y_m) == pytest.approx(expected_m, rel=0.002, abs=0.05)


@given(METRES, METRES, METRES, METRES)
def test_the_plane_keeps_distances(x_a: float, y_a: float, x_b: float, y_b: float) -> None:
    (lat_a, lon_a), (lat_b, lon_b) = point(x_a, y_a), point(x_b, y_b)
    (east_a, north_a), (east_b, north_b) = FENCES.plane(lat_a, lon_a), FENCES.plane(lat_b, lon_b)
    on_plane_m = ((east_a - east_b) ** 2 + (north_a - north_b) ** 2) ** 0.5
    assert on_plane_m == pytest.approx(distance_m(lat_a, lon_a, lat_b, lon_b), rel=0.002, abs=0.01)


@given(METRES, METRES)
def test_whatever_is_not_near_is_at_least_as_far_as_said(x_m: float, y_m: float) -> None:
    spot = FENCES.plane(*point(x_m, y_m))
    near, others_m = FENCES.near(*spot, ["area"])
    every, _ = FENCES.near(*spot, ["area", "yard", "far"])
    assert {f.id for f in every} == {"area", "yard", "far"}
    for other in {f.id: f for f in every if f not in near}.values():
        assert -other.breach_m(*spot) >= others_m - 1e-6


def test_no_fence_is_near_where_none_is_drawn() -> None:
    assert FenceSet([]).near(0.0, 0.0, ["gone"]) == ([], float("inf"))


def test_a_yard_narrower_than_its_margins_can_still_be_entered() -> None:
    near, _ = FENCES.near(0, 0, ["yard", "far", "area"])
    margins = {f.id: f.margin_m for f in near}
    assert margins["yard"] == pytest.approx(15, abs=1)
    assert margins["far"] == pytest.approx(25, abs=1)
    assert margins["area"] == 30
