"""Light set right before plates are looked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from streams.plates.light import brightened, evened
from streams.plates.picture import Picture
from streams.plates.reader import PlateReader
from tests.streams.plates import material


def half_in_shadow(picture: Picture, x: float, y: float) -> Picture:
    """Return it with everything left of a slanted line through a point in shadow."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    light = np.where(columns - x + 0.6 * (rows - y) < 0, 0.28, 1.0)
    return (picture * light[:, :, None]).astype(np.uint8)


def test_a_picture_by_night_is_brightened_and_one_by_day_left_alone() -> None:
    day = np.full((80, 120, 3), 170, np.uint8)
    assert brightened(day) is day
    assert brightened((day * 0.2).astype(np.uint8)).mean() > 150


@pytest.mark.parametrize("size", [(480, 640), (7, 5), (1, 1), (1, 900)])
def test_both_sides_of_a_shadow_become_as_bright(size: tuple[int, int]) -> None:
    plain = np.full((*size, 3), 150, np.uint8)
    even = evened(half_in_shadow(plain, size[1] / 2, size[0] / 2))
    assert even.shape == plain.shape
    assert even.dtype == np.uint8
    if size == (480, 640):
        left, right = float(even[:, :100].mean()), float(even[:, -100:].mean())
        assert left == pytest.approx(right, rel=0.1)
        assert left > 2 * 150 * 0.28


@pytest.mark.data
def test_a_plate_half_in_a_hard_shadow_is_read() -> None:  # R772
    cv2.setNumThreads(1)
    reader, plate = PlateReader(), "粤BZ89M9"
    photo = material.photo(plate)
    [read] = [read for read in reader.read(photo) if read.plate == plate]
    x, y, width, height = read.box
    shadowed = half_in_shadow(photo, x + width / 2, y + height / 2)
    assert plate in [read.plate for read in reader.read(shadowed)]
