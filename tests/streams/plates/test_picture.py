"""Pictures at the door."""

from __future__ import annotations

import io
import struct
import tracemalloc
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PICTURE_BYTES, PICTURE_SIDE_PX
from streams.plates.picture import check_picture, decode_picture


def encoded(kind: str, width: int = 64, height: int = 48) -> bytes:
    """A picture of noise, so that nothing in it compresses away."""
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return cv2.imencode(kind, noise)[1].tobytes()


def with_jpeg_size(data: bytes, width: int, height: int) -> bytes:
    """The same file with another size in its frame header."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_jpeg_and_png_become_bgr(kind: str) -> None:
    assert decode_picture(encoded(kind)).shape == (48, 64, 3)


def test_a_header_of_20000_pixels_is_refused_before_decoding() -> None:
    with pytest.raises(InvalidInputError, match="20000 x 20000"):
        decode_picture(with_jpeg_size(encoded(".jpg"), 20_000, 20_000))
    png = encoded(".png")
    with pytest.raises(InvalidInputError, match="20000 x 1"):
        decode_picture(png[:16] + struct.pack(">II", 20_000, 1) + png[24:])


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (8000, 8000), (1, 60_000)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    bombs = [with_jpeg_size(encoded(".jpg"), width, height)]
    png = encoded(".png")
    bombs.append(png[:16] + struct.pack(">II", width, height) + png[24:])
    for bomb in bombs:
        tracemalloc.start()
        with pytest.raises(InvalidInputError, match=f"{width} x {height}"):
            decode_picture(bomb)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_000_000


@pytest.mark.parametrize("part", [100, 1000, 9000])
def test_a_png_cut_short_is_refused(part: int) -> None:
    with pytest.raises(InvalidInputError):
        decode_picture(encoded(".png")[:part])


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG")]
)
def test_other_colour_models_become_bgr(mode: str, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 200, 200)).convert(mode).save(file, kind)
    picture = decode_picture(file.getvalue())
    check_picture(picture)
    assert picture.shape == (48, 64, 3)
    assert 180 < picture.mean() <= 255


def test_sixteen_bits_a_channel_become_eight() -> None:
    deep = np.full((48, 64, 3), 0x8000, np.uint16)
    picture = decode_picture(cv2.imencode(".png", deep)[1].tobytes())
    check_picture(picture)
    assert 126 <= picture.mean() <= 129


@pytest.mark.parametrize("part", [0, 1, 3, 20, 200, 2000])
def test_a_jpeg_cut_short_is_refused(part: int) -> None:
    with pytest.raises(InvalidInputError):
        decode_picture(encoded(".jpg")[:part])


def test_an_empty_size_and_an_oversized_file_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        decode_picture(with_jpeg_size(encoded(".jpg"), 0, 10))
    with pytest.raises(InvalidInputError, match="larger"):
        decode_picture(b"\xff\xd8\xff" + bytes(PICTURE_BYTES))


@given(st.binary(max_size=400), st.integers(0, 600))
def test_damaged_files_are_decoded_or_refused_and_nothing_else(damage: bytes, at: int) -> None:
    whole = encoded(".jpg")
    with warnings.catch_warnings():
        try:
            picture = decode_picture(whole[:at] + damage + whole[at + len(damage) :])
        except InvalidInputError:
            return
    check_picture(picture)


def test_arrays_that_are_no_picture_are_refused() -> None:
    wide = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (1, PICTURE_SIDE_PX + 1, 3))
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8), wide):
        with pytest.raises(InvalidInputError):
            check_picture(wrong)
