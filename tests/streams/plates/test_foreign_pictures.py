"""Files that lie about their pictures fill no memory and end no process (R845, R846)."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from streams.limits import PICTURE_HELD_PIXELS, PICTURE_PIXELS
from tests.streams.plates.foreign_pictures import (
    decoded_apart,
    disagreements,
    is_frame,
    jpeg_segments,
    png_chunk,
    png_chunks,
    saved,
    with_size,
)

SIDE = 16_000


def hidden(alone: bytes, progressive: bool = False) -> bytes:
    """A bomb of 16,000 pixels a side whose frame header stands where whoever takes `alone` for a segment jumps.

    Its length would be FF E0: so far behind it, inside a comment, stands a small one.
    """
    whole = saved(progressive=progressive)
    start, applications, *tables, rest = jpeg_segments(whole)
    frame = next(table for table in tables if is_frame(table))
    before = start + alone + applications
    large = b"".join(with_size(table, SIDE, SIDE) if is_frame(table) else table for table in tables)
    there = len(start) + len(alone) + 0xFFE0
    pad = there - len(before) - len(large) - 4
    comment = b"\xff\xfe" + struct.pack(">H", 2 + pad + len(frame)) + bytes(pad) + frame
    return before + large + comment + rest


def put_before(whole: bytes, put: bytes) -> bytes:
    """Put something between the last table and the first scan."""
    *segments, scan = jpeg_segments(whole)
    return b"".join(segments) + put + scan


BOMBS = {
    "TEM": hidden(b"\xff\x01"),
    "RST0": hidden(b"\xff\xd0"),
    "RST7": hidden(b"\xff\xd7"),
    "stuffed zero": hidden(b"\xff\x00"),
    "progressive": hidden(b"\xff\x01", progressive=True),
    "two frames": put_before(saved(), b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, SIDE, SIDE, 1) + b"\x01\x11\x00"),
    "no length": put_before(saved(), b"\xff\xe5\x00\x00"),
    "hierarchical": put_before(saved(), b"\xff\xde" + struct.pack(">HBHHB", 11, 8, SIDE, SIDE, 1) + b"\x01\x11\x00"),
}


def test_no_lying_header_gets_past_the_limits() -> None:  # R845
    for name, outcome in zip(BOMBS, decoded_apart(list(BOMBS.values())), strict=True):
        assert outcome.said == "the JPEG picture has no frame header", name
        assert outcome.grown_mib < 8, name


def test_header_and_decoder_tell_one_size_whatever_is_altered() -> None:  # R845
    assert disagreements(20_000) == []


def test_a_damaged_png_that_moves_ends_no_process() -> None:  # R846
    control = struct.pack(">IIIIIHHBB", 1, 56, 40, 0, 0, 1, 10, 0, 0)
    signature, header, *data, end = png_chunks(saved(kind="PNG"))
    moves = png_chunk(b"acTL", struct.pack(">II", 2, 0))
    next_one = png_chunk(b"fcTL", control)
    damaged = [signature, header, moves, *data, next_one, header, png_chunk(b"fdAT", bytes(4)), end]
    for chunks in (damaged, [signature, header, moves, *data, end]):
        [outcome] = decoded_apart([b"".join(chunks)])
        assert outcome.said == "a PNG picture that moves; only still ones are read"


def plain(width: int, height: int, *how: int) -> bytes:
    """A picture of one colour."""
    return cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8), how)[1].tobytes()


def test_what_is_read_takes_250_mb_at_most() -> None:  # R845
    progressive = [
        cv2.IMWRITE_JPEG_PROGRESSIVE,
        1,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    [most] = decoded_apart([plain(8192, 4800)])
    assert (most.said, most.grown_mib <= 250) == ("(4800, 8192, 3)", True)
    [held, too_large] = decoded_apart([plain(5000, 4000, *progressive), plain(5000, 4001, *progressive)])
    assert (held.said, held.grown_mib <= 250) == ("(4000, 5000, 3)", True)
    assert too_large.said == f"picture of 5000 x 4001 pixels; {PICTURE_HELD_PIXELS} in all are the most for its kind"
    assert too_large.grown_mib < 8


@pytest.mark.parametrize("entry", ["consoles.cli.serve", "consoles.cli.edge", "streams.plates.worker"])
def test_the_decoder_has_a_limit_of_its_own_wherever_pictures_come_in(entry: str) -> None:  # R845
    size = struct.pack(">IIBBBBB", 8192, PICTURE_PIXELS // 8192 + 1, 8, 0, 0, 0, 0)
    lines = zlib.compress(bytes((8192 + 1) * (PICTURE_PIXELS // 8192 + 1)))
    chunks = [png_chunk(b"IHDR", size), png_chunk(b"IDAT", lines), png_chunk(b"IEND", b"")]
    asked = (
        f"import sys, {entry}, cv2, numpy\n"
        "try: cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), cv2.IMREAD_COLOR)\n"
        "except cv2.error as error: print(error)"
    )
    picture = png_chunks(saved(kind="PNG"))[0] + b"".join(chunks)
    done = subprocess.run([sys.executable, "-c", asked], input=picture, capture_output=True, check=True)
    assert b"CV_IO_MAX_IMAGE_PIXELS" in done.stdout
