"""Where a plate goes in the picture."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command.readings import Direction
from streams.plates.track import Box, Lane, Track, lane_of

WIDTH, HEIGHT = 1920, 1080
SIZE = (WIDTH, HEIGHT)
FOCAL_PX = 2000
PLATE_M = 0.44


def seen(x_m: float, height_m: float, z_m: float, pitch_deg: float = 12.0) -> Box:
    """The box of a plate that is right of, below and before a camera that looks down a little."""
    pitch = math.radians(pitch_deg)
    down = height_m * math.cos(pitch) - z_m * math.sin(pitch)
    far = z_m * math.cos(pitch) + height_m * math.sin(pitch)
    wide = FOCAL_PX * PLATE_M / far
    x, y = WIDTH / 2 + FOCAL_PX * x_m / far, HEIGHT / 2 + FOCAL_PX * down / far
    return int(x - wide / 2), int(y - wide / 6), int(wide), int(wide / 3)


WAYS: dict[Direction, Callable[[float], tuple[float, float, float]]] = {
    "towards": lambda at_s: (2.5, 4.0, 25 - 8 * at_s),
    "away": lambda at_s: (-3.0, 4.0, 12 + 8 * at_s),
    "left": lambda at_s: (5 - 8 * at_s, 3.0, 15),
    "right": lambda at_s: (-5 + 8 * at_s, 3.0, 15),
}


@pytest.mark.parametrize("way", WAYS)
@settings(deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1.0, 0.3]))
def test_the_way_of_a_car_is_told_from_half_a_second_whatever_its_speed(  # R527
    way: Direction, seed: int, speed: float
) -> None:
    chance, track = random.Random(seed), Track()
    for step in range(4 if speed == 1.0 else 8):
        x, y, wide, high = seen(*WAYS[way](step * 0.2 * speed))
        track.add(step * 200, (x + chance.randint(-1, 1), y, wide + chance.randint(-1, 1), high), SIZE)
    assert track.direction == way


def test_one_that_stands_goes_nowhere_though_its_corners_tremble() -> None:
    chance, track = random.Random(1), Track()
    x, y, wide, high = seen(2.5, 4.0, 14)
    for step in range(50):
        trembling = (x + chance.randint(-2, 2), y + chance.randint(-2, 2), wide + chance.randint(-2, 2), high)
        assert track.add(step * 200, trembling, SIZE) == (step == 0)
    assert track.direction is None


def test_a_car_that_reverses_goes_away() -> None:
    track = Track()
    for step in range(10):
        track.add(step * 200, seen(0.5, 4.0, 8 + 0.4 * step), SIZE)
    assert track.direction == "away"


def test_lanes_are_polygons_and_the_one_it_was_in_most_counts() -> None:  # R527
    lanes = (Lane(1, ((0, 0), (0.5, 0), (0.3, 1), (0, 1))), Lane(2, ((0.5, 0), (1, 0), (1, 1), (0.3, 1))))
    assert lane_of((0, 1000, 100, 40), SIZE, lanes) == 1
    assert lane_of((700, 1000, 100, 40), SIZE, lanes) == 2
    assert lane_of((700, 0, 100, 40), SIZE, lanes) == 1
    assert lane_of((350, 500, 50, 20), (960, 1080), ()) is None
    track = Track()
    assert track.lane is None
    for step, x in enumerate((0, 900, 1000, 1100)):
        track.add(step * 200, (x, 500, 100, 40), SIZE, lanes)
    assert track.lane == 2


def test_a_plate_is_expected_where_it_would_be_by_now() -> None:
    track = Track()
    track.add(0, (0, 500, 100, 30), SIZE)
    track.add(200, (300, 500, 100, 30), SIZE)
    assert track.away(400, (600, 500, 100, 30), SIZE) == pytest.approx(0)
    assert track.away(400, (320, 500, 100, 30), SIZE) == pytest.approx(0.2)
    assert track.away(5_000, (600, 500, 100, 30), SIZE) == pytest.approx(3)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9_999), *[st.integers(-5_000, 20_000)] * 4), max_size=6))
def test_boxes_of_any_kind_are_taken(boxes: list[tuple[int, int, int, int, int]]) -> None:
    track = Track()
    for at_ms, *box in boxes:
        track.add(at_ms, (box[0], box[1], box[2], box[3]), (1, 1))
        assert track.away(at_ms, (0, 0, 1, 1), SIZE) >= 0
    assert track.direction in (None, *WAYS)
