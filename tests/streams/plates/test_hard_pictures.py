"""Real photos as bad cameras, bad links and other programs make them: read rightly, refused, or nothing read."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image

from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from streams.plates.picture import Picture, decode_picture
from streams.plates.pool import PlatePool
from streams.plates.reader import PlateReader
from tests.streams.plates import material

pytestmark = pytest.mark.data

_EVERY = 20
# Larger photos show several cars.
_SHOWS_ONE_CAR_PX = 1400
# Of what is read less surely than this nothing is ever told (R702).
_TOLD = 0.6
_JPEG_END = b"\xff\xd9"
_ORIENTATION = 0x0112
_TURNS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_CLOCKWISE}
"""How a picture lies in its file for each orientation that EXIF knows: the other way round."""


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    cv2.setNumThreads(1)
    return PlateReader()


@cache
def photos() -> list[tuple[bytes, str]]:
    """Some photos of one car each, as files, and their plates."""
    found = [(file.read_bytes(), plate) for file, plate in material.labelled("full")]
    return [one for one in found if max(decode_picture(one[0]).shape) <= _SHOWS_ONE_CAR_PX][::_EVERY]


def image(data: bytes) -> Image.Image:
    return Image.fromarray(decode_picture(data)[:, :, ::-1])


def saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def turned(data: bytes, orientation: int) -> bytes:
    """The same picture lying in its file as from a camera that was turned, with EXIF that says so."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    lying = cv2.rotate(decode_picture(data), _TURNS[orientation])
    return saved(Image.fromarray(lying[:, :, ::-1]), "JPEG", quality=95, exif=exif)


def deep(data: bytes) -> bytes:
    """The same picture with sixteen bits for each channel."""
    wide = decode_picture(data).astype(np.uint16) * 257
    return cv2.imencode(".png", wide)[1].tobytes()


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "progressive": lambda data: saved(image(data), "JPEG", quality=95, progressive=True),
    "CMYK": lambda data: saved(image(data).convert("CMYK"), "JPEG", quality=95),
    "16-bit PNG": deep,
    "PNG with alpha": lambda data: saved(image(data).convert("RGBA"), "PNG", compress_level=1),
    "EXIF 3": lambda data: turned(data, 3),
    "EXIF 6": lambda data: turned(data, 6),
    "EXIF 8": lambda data: turned(data, 8),
    "end marker and more behind it": lambda data: data + b"\x00" * 100 + data[-20:],
}


@pytest.mark.parametrize("how", WRITTEN)
def test_photos_are_read_however_they_were_written(reader: PlateReader, how: str) -> None:  # R506, R830
    for data, plate in photos()[::2]:
        assert plate in [read.plate for read in reader.read(decode_picture(WRITTEN[how](data)))]


@pytest.mark.parametrize("how", ["as it is", "progressive", "CMYK"])
def test_a_photo_cut_at_any_tenth_is_refused_whatever_it_ends_with(how: str) -> None:  # R830
    for data, _ in photos():
        whole = WRITTEN[how](data) if how in WRITTEN else data
        assert decode_picture(whole).size
        for tenth in range(10):
            cut = whole[: len(whole) * tenth // 10]
            for end in (b"", _JPEG_END):
                with pytest.raises(InvalidInputError):
                    decode_picture(cut + end)


def test_a_photo_of_which_a_part_was_lost_on_the_way_is_never_read_as_another_plate(reader: PlateReader) -> None:
    for data, plate in photos()[::2]:
        for tenth in (3, 5, 7):
            at = len(data) * tenth // 10
            try:
                picture = decode_picture(data[:at] + data[at + 500 :])
            except InvalidInputError:
                continue
            assert {read.plate for read in reader.read(picture)} <= {plate}


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "TIFF"])
def test_moving_and_other_pictures_are_refused_with_what_is_read(kind: str) -> None:  # R830
    pictures = [image(data).resize((320, 240)) for data, _ in photos()[:2]]
    more = {"save_all": True, "append_images": pictures[1:]} if kind in {"GIF", "WEBP"} else {}
    with pytest.raises(InvalidInputError, match="not a JPEG or PNG"):
        decode_picture(saved(pictures[0], kind, **more))


def overexposed(picture: Picture, times: float) -> Picture:
    """As of a shutter open for too long: what is bright runs over into what is beside it."""
    light = picture.astype(np.float32) * times
    halo = cv2.GaussianBlur((light - 255).clip(0), (0, 0), 3)
    return (light + halo).clip(0, 255).astype(np.uint8)


def underexposed(picture: Picture, share: float) -> Picture:
    """As by night without a lamp, with the noise of a sensor."""
    noise = np.random.default_rng(36).normal(0, 3, picture.shape)
    return (picture * share + noise).clip(0, 255).astype(np.uint8)


def blurred(picture: Picture, sigma_px: float) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), sigma_px).astype(np.uint8, copy=False)


def upside_down(picture: Picture) -> Picture:
    return cv2.rotate(picture, cv2.ROTATE_180).astype(np.uint8, copy=False)


HARD: dict[str, Callable[[Picture], Picture]] = {
    "overexposed twice": lambda picture: overexposed(picture, 2),
    "overexposed four times": lambda picture: overexposed(picture, 4),
    "underexposed to a fifth": lambda picture: underexposed(picture, 0.2),
    "underexposed to a 30th": lambda picture: underexposed(picture, 1 / 30),
    "blurred by 2 px": lambda picture: blurred(picture, 2),
    "blurred by 6 px": lambda picture: blurred(picture, 6),
    "upside down": upside_down,
}


@pytest.mark.parametrize("how", HARD)
def test_of_hard_photos_the_plate_is_told_or_none(reader: PlateReader, how: str) -> None:  # R702
    for data, plate in photos():
        reads = reader.read(HARD[how](decode_picture(data)))
        assert {read.plate for read in reads if read.confidence >= _TOLD} <= {plate}


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 480), (640, 1), (8, 8)])
def test_photos_that_are_next_to_nothing_show_no_plate(reader: PlateReader, width: int, height: int) -> None:
    for data, _ in photos()[:2]:
        tiny = cv2.resize(decode_picture(data), (width, height), interpolation=cv2.INTER_AREA)
        shown = decode_picture(cv2.imencode(".jpg", tiny)[1].tobytes())
        assert reader.read(shown) == []
        assert reader.read_crop(shown) is None


@pytest.mark.parametrize("size", [(20_000, 3), (3, 20_000)])
@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_a_photo_of_20000_pixels_is_refused(size: tuple[int, int], kind: str) -> None:  # R506
    wide = cv2.resize(decode_picture(photos()[0][0]), size)
    with pytest.raises(InvalidInputError, match="20000"):
        decode_picture(cv2.imencode(kind, wide)[1].tobytes())


async def test_other_cameras_do_not_notice_what_one_sends() -> None:
    data, plate = photos()[0]
    bad = [data[: len(data) // 2] + _JPEG_END, data[:100], b"", b"GIF89a", saved(image(data), "WEBP")]
    async with PlatePool(1, SystemClock()) as pool:
        for sent in bad:
            with pytest.raises(InvalidInputError):
                await pool.read("broken", sent)
            assert [read.plate for read in await pool.read("gate", data)] == [plate]
        assert (pool.counters.refused, pool.counters.restarts) == (len(bad), 0)
