"""Interval speed: never against a car that kept to the limit, whatever errors are within their bounds (SPEC R602)."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from command.facts.violations import Finding
from streams.violations.plates import Unfounded
from streams.violations.speed import judge_speed, pairs, window_ms
from tests.streams.violations.support import START_MS, section, seen, version


@given(
    length_m=st.floats(200, 30_000), length_error_m=st.floats(0, 150), limit_kmh=st.integers(20, 120),
    clocks_ms=st.tuples(st.integers(0, 3000), st.integers(0, 3000)),
    frames_ms=st.tuples(st.integers(0, 500), st.integers(0, 500)),
    offs=st.tuples(*[st.floats(-1, 1)] * 4), way=st.floats(-1, 1),
    speed_share=st.floats(0.05, 1.0), stopped_s=st.floats(0, 600),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_a_car_within_the_limit_is_never_found(  # R602
    length_m: float, length_error_m: float, limit_kmh: int, clocks_ms: tuple[int, int], frames_ms: tuple[int, int],
    offs: tuple[float, float, float, float], way: float, speed_share: float, stopped_s: float,
) -> None:  # fmt: skip
    """The true drive is made first; what the cameras say of it errs as far as the register allows, either way."""
    definition = section(
        length_m=length_m, length_error_m=length_error_m, limit_small_kmh=limit_kmh, limit_large_kmh=limit_kmh
    )
    start, end = (
        replace(point, clock_error_ms=clock_ms, frame_error_ms=frame_ms)
        for point, clock_ms, frame_ms in zip((definition.start, definition.end), clocks_ms, frames_ms, strict=True)
    )
    definition = replace(definition, start=start, end=end)
    driven_m = length_m + way * length_error_m
    true_ms = math.ceil(driven_m / (limit_kmh * speed_share / 3.6) * 1000 + stopped_s * 1000)
    out_ms = int(offs[0] * clocks_ms[0]) + int(offs[1] * frames_ms[0])
    back_ms = int(offs[2] * clocks_ms[1]) + int(offs[3] * frames_ms[1])
    first_ms, last_ms = START_MS + 10_000 + out_ms, START_MS + 10_000 + true_ms + back_ms
    entered = replace(seen("k1", 0), first_ms=first_ms, last_ms=first_ms)
    left = replace(seen("k2", 0), first_ms=last_ms, last_ms=last_ms)
    verdict = judge_speed("sec1", version(definition), entered, left, tolerance_percent=0)
    assert not isinstance(verdict, Finding)


def test_what_is_found_is_worked_out_step_by_step() -> None:  # R602
    found = judge_speed("sec1", version(), seen("k1", 10), seen("k2", 90), 10)
    assert isinstance(found, Finding)
    # 2000 m less 20 m, in 81 s from the first read here to the last read there and 280 ms of errors: 87.69 km/h.
    assert (found.speed_kmh, found.limit_kmh, found.version) == (87.6, 60, 7)
    assert [step.step for step in found.steps] == ["length", "time", "speed", "limit", "calibration"]
    assert found.steps[1].args == {
        "from_ms": START_MS + 10_000, "to_ms": START_MS + 91_000, "error_ms": 280, "longest_ms": 81_280,
    }  # fmt: skip
    assert [passage.device for passage in found.passages] == ["GD-001", "GD-002"]
    assert [passage.clock_error_ms for passage in found.passages] == [140, 140]


_UNFOUNDED: list[tuple[Unfounded, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("slower", {}, {}, {"limit_small_kmh": 80}),  # 87.7 is not more than a tenth above 80
    ("slower", {}, {"first_ms": START_MS + 500_000, "last_ms": START_MS + 501_000}, {}),  # it stopped on the way
    ("misread", {}, {"plate": "京A12346"}, {}),
    ("misread", {}, {"colour": "green"}, {}),
    ("misread", {"kind": "police"}, {}, {}),
    ("unsure", {"confidence": 0.85}, {}, {}),
    ("unsure", {}, {"char_confidences": (0.99, 0.99, 0.99, 0.99, 0.99, 0.99, 0.7)}, {}),
    ("no_picture", {"picture": None}, {}, {}),
    ("no_picture", {}, {"box": None}, {}),
    ("implausible", {}, {"first_ms": START_MS + 5_000, "last_ms": START_MS + 6_000}, {}),  # a clock went back
    ("implausible", {}, {"first_ms": START_MS + 20_000, "last_ms": START_MS + 21_000}, {}),  # 640 km/h: two cars
    ("not_in_force", {"first_ms": START_MS - 1}, {}, {}),
    ("calibration_expired", {}, {}, {"certificate_until_ms": START_MS + 60_000}),
]


@pytest.mark.parametrize(("why", "start", "end", "changes"), _UNFOUNDED)
def test_in_doubt_nothing_is_found(  # R602, R603
    why: Unfounded, start: dict[str, Any], end: dict[str, Any], changes: dict[str, Any]
) -> None:
    entered, left = seen("k1", 10, **start), seen("k2", 90, **end)
    assert judge_speed("sec1", version(section(**changes)), entered, left, 10) == why


@pytest.mark.parametrize(
    ("changes", "limit_kmh"),
    [
        ({"colour": "blue"}, 60),
        ({"colour": "green", "kind": "new_energy_small"}, 60),
        ({"colour": "yellow"}, 50),
        ({"colour": "yellow", "kind": "trailer"}, 50),
        ({"colour": "yellow_green", "kind": "new_energy_large"}, 50),
        ({"colour": "yellow", "kind": "coach"}, 60),  # a learner's car has a yellow plate and may be small
        ({"colour": "unknown"}, 60),
    ],
)
def test_the_limit_is_that_of_the_vehicle_and_the_higher_one_in_doubt(changes: dict[str, Any], limit_kmh: int) -> None:
    found = judge_speed("sec1", version(), seen("k1", 10, **changes), seen("k2", 80, **changes), 10)
    assert isinstance(found, Finding)
    assert found.limit_kmh == limit_kmh


def test_a_version_that_was_replaced_on_the_way_finds_nothing() -> None:
    assert judge_speed("sec1", version(until_ms=START_MS + 50_000), seen("k1", 10), seen("k2", 90), 10) == (
        "not_in_force"
    )


def test_each_drive_through_is_a_pair_of_its_own() -> None:  # R604
    """Twice through, once turned back, and the first camera once told one passage twice."""
    sightings = [
        seen("k2", 700), seen("k1", 600), seen("k1", 10), seen("k1", 14), seen("k2", 90), seen("k2", 95),
        seen("k3", 50), seen("k2", 300), seen("k1", 400),
    ]  # fmt: skip
    found = [(a.first_ms - START_MS, b.first_ms - START_MS) for a, b in pairs(section(), sightings)]
    assert found == [(14_000, 90_000), (600_000, 700_000)]


def test_the_window_holds_every_drive_that_could_be_too_fast() -> None:
    """2000 m at 50 km/h and the errors: a drive of longer is slower than either limit."""
    assert window_ms(section()) == 144_280
