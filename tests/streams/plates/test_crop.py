"""The plate alone (SPEC R854)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from command.kernel.errors import InvalidInputError
from streams.plates.crop import plate_jpeg

_SCENE = cv2.imencode(".png", np.full((2160, 3840, 3), 99, dtype=np.uint8))[1].tobytes()


def size_of(jpeg: bytes) -> tuple[int, int]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.shape[1], picture.shape[0]


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((100, 100, 80, 24), (240, 72)),  # small ones are enlarged
        ((100, 100, 400, 120), (600, 180)),
        ((100, 0, 1, 2160), (2, 2160)),  # and nothing a pixel wide to hundreds of megabytes
        ((100, 100, 2, 100), (5, 240)),
        ((3838, 2158, 40, 12), (240, 100)),
    ],
)
def test_no_box_costs_more_than_its_part_of_the_picture_or_a_small_picture(
    box: tuple[int, int, int, int], size: tuple[int, int]
) -> None:  # R854
    assert size_of(plate_jpeg(_SCENE, box)) == size


@pytest.mark.parametrize("box", [(5000, 0, 10, 10), (0, 0, 0, 0), (100, 100, -8, 20)])
def test_a_box_that_is_not_in_the_picture_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidInputError):
        plate_jpeg(_SCENE, box)
