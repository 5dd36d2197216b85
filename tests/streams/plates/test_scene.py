"""The picture that goes with a passage (SPEC R528)."""

from __future__ import annotations

import numpy as np
import pytest

from streams.limits import SCENE_BYTES
from streams.plates.picture import Picture, decode_picture
from streams.plates.scene import scene_jpeg


def street(height: int, width: int, noise: float) -> Picture:
    """A picture with details, seen through a sensor with noise."""
    chance = np.random.default_rng(3)
    coarse = chance.integers(0, 256, (height // 40 + 1, width // 40 + 1, 3)).repeat(40, 0).repeat(40, 1)
    noisy = coarse[:height, :width] + chance.normal(0, noise, (height, width, 1))
    return noisy.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [2, 12, 30])
def test_a_picture_of_1080p_takes_at_most_300_kb_and_keeps_its_size(noise: float) -> None:
    picture = street(1080, 1920, noise)
    jpeg = scene_jpeg(picture)
    assert len(jpeg) <= SCENE_BYTES == 300_000
    assert decode_picture(jpeg).shape == picture.shape


def test_a_larger_one_takes_as_much_for_each_pixel() -> None:
    assert len(scene_jpeg(street(2160, 3840, 12))) <= 4 * SCENE_BYTES


@pytest.mark.parametrize("size", [(1, 1), (1, 8192), (90, 160)])
def test_pictures_of_any_size_are_kept(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert decode_picture(scene_jpeg(noise)).shape == noise.shape
