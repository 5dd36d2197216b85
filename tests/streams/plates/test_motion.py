"""The motion gate."""

from __future__ import annotations

import numpy as np

from streams.plates.motion import LOOK_EVERY_MS, MotionGate
from streams.plates.picture import Picture


def scene(x: int | None = None, noise: int = 0) -> Picture:
    """A grey road, with a white car of 100 pixels at `x`, through a sensor with noise."""
    picture = np.full((360, 640, 3), 100, np.int16)
    if x is not None:
        picture[200:260, x : x + 100] = 220
    picture += np.random.default_rng(noise).integers(-8, 8, picture.shape, dtype=np.int16) if noise else 0
    return picture.clip(0, 255).astype(np.uint8)


def passes(gate: MotionGate, picture: Picture, at_ms: int) -> bool:
    return gate.is_due(at_ms) and gate.passes(picture, at_ms)


def test_a_still_scene_is_looked_at_once_and_its_noise_is_no_motion() -> None:
    gate = MotionGate()
    passed = [at_ms for at_ms in range(0, 10_000, 40) if passes(gate, scene(noise=1 + at_ms), at_ms)]
    assert passed
    assert max(passed) < 2_000


def test_a_moving_car_is_read_five_times_a_second_and_a_while_after() -> None:  # R520
    gate = MotionGate()
    for at_ms in range(0, 4_000, 40):
        passes(gate, scene(), at_ms)
    passed = [at_ms for at_ms in range(4_000, 6_000, 40) if passes(gate, scene(x=at_ms // 10), at_ms)]
    assert passed[0] <= 4_000 + LOOK_EVERY_MS
    assert 9 <= len(passed) <= 10
    after = [at_ms for at_ms in range(6_000, 9_000, 40) if passes(gate, scene(), at_ms)]
    assert len(after) >= 3
    assert after[-1] < 8_000


def test_a_clock_that_goes_back_starts_anew() -> None:
    gate = MotionGate()
    assert passes(gate, scene(), 1_000_000)
    assert passes(gate, scene(), 5)
    assert not passes(gate, scene(), 6)


def test_frames_a_little_out_of_order_are_no_motion() -> None:
    gate = MotionGate()
    assert passes(gate, scene(), 1_000)
    assert not gate.is_due(920)
    assert not gate.is_due(1_080)


def test_where_time_stands_still_a_frame_is_looked_at_now_and_then() -> None:
    gate = MotionGate()
    looked = [frame for frame in range(250) if passes(gate, scene(x=frame), 1_000)]
    assert 9 <= len(looked) <= 11


def test_it_moves_until_a_while_after_the_last_motion() -> None:
    gate = MotionGate()
    assert not gate.is_moving(0)
    for at_ms in range(0, 3_000, 40):
        passes(gate, scene(x=at_ms // 10 if at_ms < 1_000 else 100), at_ms)
    assert gate.is_moving(1_000)
    assert not gate.is_moving(3_000)


def test_frames_of_any_size_are_judged() -> None:
    gate = MotionGate()
    sizes = ((1, 1), (8000, 2), (90, 160), (1080, 1920))
    for at_ms, (height, width) in enumerate(sizes):
        assert passes(gate, np.zeros((height, width, 3), np.uint8), at_ms * LOOK_EVERY_MS)
