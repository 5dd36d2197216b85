"""Which cameras a car passes next along a road net, and as the crow flies (SPEC R548, R549)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from command.kernel.geo import distance_m
from command.kernel.limits import CAMERAS_AHEAD
from command.kernel.roads import SPEED_KMH, RoadNet, ahead_by_bearing, read_roads

LAT = 29.1
STREET = {"class": "street"}


def net(*roads: tuple[list[tuple[float, float]], dict[str, Any]]) -> RoadNet:
    made = RoadNet()
    for line, properties in roads:
        made.add(line, properties)
    return made


MAIN = [(113.00, LAT), (113.05, LAT), (113.10, LAT)]
"""From west to east, with a junction in the middle."""
NORTH = [(113.05, LAT), (113.05, LAT + 0.05)]
CAMERAS = {
    "west": (LAT, 113.01), "before": (LAT, 113.04), "after": (LAT, 113.06), "east": (LAT, 113.09),
    "north": (LAT + 0.02, 113.05), "field": (LAT + 0.03, 113.02),
}  # fmt: skip


def test_a_car_passes_what_stands_ahead_of_it_and_does_not_turn_back() -> None:  # R548
    found = net((MAIN, STREET), (NORTH, STREET)).ahead(CAMERAS, "before", 90.0)
    assert found is not None
    assert [each.camera for each in found] == ["after", "north", "east"]
    back = net((MAIN, STREET), (NORTH, STREET)).ahead(CAMERAS, "before", 270.0)
    assert back is not None
    assert [each.camera for each in back] == ["west"]


def test_without_a_heading_it_may_have_gone_either_way() -> None:  # R548
    found = net((MAIN, STREET)).ahead(CAMERAS, "before", None)
    assert found is not None
    assert {each.camera for each in found} == {"west", "after", "east"}


def test_how_far_and_when_follow_the_road_and_its_speed() -> None:  # R548
    found = net((MAIN, {"class": "national"}), (NORTH, {"maxspeed": "36"})).ahead(CAMERAS, "before", 90.0)
    assert found is not None
    by = {each.camera: each for each in found}
    straight_m = distance_m(LAT, 113.04, LAT, 113.06)
    assert by["after"].distance_m == pytest.approx(straight_m, rel=0.01)
    assert by["after"].expected_s == pytest.approx(straight_m / (SPEED_KMH["national"] / 3.6), rel=0.01)
    branch_m = distance_m(LAT, 113.05, LAT + 0.02, 113.05)
    assert by["north"].expected_s == pytest.approx(by["after"].expected_s / 2 + branch_m / 10, rel=0.02)


def test_a_road_of_one_way_is_not_driven_against_it() -> None:  # R548
    one_way = net((MAIN, {"oneway": "yes"}))
    assert [each.camera for each in one_way.ahead(CAMERAS, "after", None) or ()] == ["east"]
    assert one_way.ahead(CAMERAS, "after", 270.0) == []


@pytest.mark.parametrize("said", ["-1", -1, -1.0, "reverse"])
def test_a_road_of_one_way_may_be_drawn_against_it(said: object) -> None:  # R1009
    backwards = net((MAIN[::-1], {"oneway": said}))
    assert [each.camera for each in backwards.ahead(CAMERAS, "after", None) or ()] == ["east"]
    assert backwards.ahead(CAMERAS, "after", 270.0) == []
    for other in ("no", "0", False, None):
        assert len(net((MAIN[::-1], {"oneway": other})).ahead(CAMERAS, "after", None) or ()) > 1


def test_a_camera_at_no_road_has_no_way_and_is_passed_by_nobody() -> None:  # R549
    found = net((MAIN, STREET)).ahead(CAMERAS, "west", 90.0)
    assert net((MAIN, STREET)).ahead(CAMERAS, "field", 90.0) is None
    assert found is not None
    assert "field" not in {each.camera for each in found}


def test_without_a_net_cameras_ahead_are_those_in_the_direction_nearest_first() -> None:  # R549
    assert [each.camera for each in ahead_by_bearing(CAMERAS, "before", 90.0)] == ["after", "east"]
    assert len(ahead_by_bearing(CAMERAS, "before", None)) == CAMERAS_AHEAD


def test_a_ring_road_is_gone_round_once() -> None:  # R548
    around = [(113.0, 29.0), (113.02, 29.0), (113.02, 29.02), (113.0, 29.02), (113.0, 29.0)]
    cameras = {"a": (29.0, 113.01), "b": (29.02, 113.01)}
    found = net((around, STREET)).ahead(cameras, "a", 90.0)
    assert found is not None
    [only] = found
    assert only.distance_m == pytest.approx(
        distance_m(29.0, 113.0, 29.0, 113.02) + distance_m(29.0, 113.0, 29.02, 113.0), rel=0.02
    )


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=5), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=8),
    st.none() | st.floats(0, 359.9),
)
def test_whatever_the_net_answers_come_in_order_and_name_other_cameras_once(
    lines: list[list[tuple[int, int]]], places: list[tuple[int, int]], heading: float | None
) -> None:
    made = net(*(([(113 + x / 100, 29 + y / 100) for x, y in line], STREET) for line in lines))
    cameras = {f"k{n}": (29 + y / 1000, 113 + x / 1000) for n, (x, y) in enumerate(places)}
    for found in (made.ahead(cameras, "k0", heading) or [], ahead_by_bearing(cameras, "k0", heading)):
        assert len(found) == len({each.camera for each in found}) <= CAMERAS_AHEAD
        assert "k0" not in {each.camera for each in found}
        assert [each.expected_s for each in found] == sorted(each.expected_s for each in found)
        assert all(each.distance_m >= 0 for each in found)


def collection(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def line(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def test_a_net_is_read_from_lines_and_what_is_none_is_passed_over() -> None:  # R548
    read = read_roads(
        collection(
            line("LineString", [[113.0, LAT, 12.0], [113.05, LAT, 12.0]]),
            line("MultiLineString", [[[113.05, LAT], [113.1, LAT]]], highway="primary"),
            line("Point", [113.0, LAT]),
            {"type": "Feature", "properties": None, "geometry": None},
        )
    )
    assert [each.camera for each in read.ahead(CAMERAS, "before", 90.0) or ()] == ["after", "east"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"\xff", collection(), collection(line("LineString", [[113.0]])), collection(line("LineString", "x")),
     collection(line("LineString", [[113.0, 95.0], [113.1, 95.0]])), b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_road_net_is_refused(data: bytes) -> None:  # R548
    with pytest.raises(InvalidInputError):
        read_roads(data)
