"""Pictures at the door."""

from __future__ import annotations

import base64
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
from streams.limits import PICTURE_BYTES, PICTURE_SIDE_PX
from streams.plates.picture import check_decodes, check_picture, decode_picture

ARITHMETIC = base64.b85decode(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV01yid4h#wq4h;?x5fBp?C>j_R78o%jB^@X_Gd(;xGdMRuNL)@pL{~*OI8bd-"
    "S6^ahXlFi6ad~iLcwA*?WB=O#Lje&I5*QU2FB%#zV?sDWV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`F1uV`Klx01"
    "*fPC;&JE0U`hb5di}c0sqVZ3IGrg1pyEd1^?Or3<CiG0ucid06zfDeX>ULm;~K&@aK%0nsIhe)>|KZPfJvV`!e}x1>eUaDcEkaMrrDOA1-"
    "xTPkClOvXxu*4i!09-SyH*kB8ESg@gHj{{SCq#|8W!Fn3(6{Z}-tme1UW4%YDeX}3f^wMcDUQFptQf$3-"
    "1Vj4h4jWVdbybLjq2^c_6P)bukVuAb#sr4cd5i8`nZ~#cz{{RR?YDs}J7^Kkta)~x}uq~yjcPEv_+MI`k{G^B?v{Id-rP#9N!KLkF_cDL);|dZQl"
    "Zh8L;Rva}@gh&z4qVQ!A<4g`$GO%W6wbunEz$|>l8<Y^a1@(c8v@am@Ck0lUn73-"
    "4GT`2i2~YH@bo&2p^Ewns(E;OKx5Dq;?K1gMVZuep}&&#$L>fv>39vbtyn6aC|j}WHejqo+F@IOI?Os9C&IgWLRsNxt9xA4ufjo#-"
    "^FN52Q~2A_4j`bgb|55nYEqeR6|(2%Xm^rNPm!3Y19<W!=a=`tyGQV8qb4^$W{SxrQje|zov()NGhAhD=-CUx*5yhO8?m"
)
"""A drawing of 56 x 40 pixels, arithmetic-coded by jpegtran; nothing on board writes such."""


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


def by_pillow(mode: str, **how: object) -> bytes:
    """A picture of noise in a colour model."""
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, "JPEG", **how)
    return file.getvalue()


JPEGS = {
    "baseline": encoded(".jpg"),
    "restarts": cv2.imencode(".jpg", np.eye(64, dtype=np.uint8) * 200, [cv2.IMWRITE_JPEG_RST_INTERVAL, 1])[1].tobytes(),
    "progressive": by_pillow("RGB", progressive=True),
    "grey": by_pillow("L"),
    "CMYK": by_pillow("CMYK"),
    "arithmetic": ARITHMETIC,
}


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_cut_short_is_refused_though_it_ends_with_an_end_marker(kind: str) -> None:  # R830
    whole = JPEGS[kind]
    check_picture(decode_picture(whole))
    check_decodes(whole)
    begin = whole.rindex(b"\xff\xda") + 14
    for part in range(1, 9):
        cut = whole[: begin + (len(whole) - begin) * part // 10] + b"\xff\xd9"
        for look in (decode_picture, check_decodes):
            with pytest.raises(InvalidInputError):
                look(cut)


@pytest.mark.parametrize("level", [0, 64, 65, 127, 128, 129, 255])
def test_a_whole_picture_that_is_as_grey_as_what_is_missing_is_taken(level: int) -> None:  # R830
    plain = np.full((40, 56, 3), level, np.uint8)
    plain[:8, :8] = 200
    jpeg = cv2.imencode(".jpg", plain)[1].tobytes()
    for data in (jpeg, jpeg + bytes(40), jpeg + jpeg):  # cameras put thumbnails and more behind it
        assert abs(int(decode_picture(data)[-1, -1, 0]) - level) <= 1
        check_decodes(data)


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
