"""What a JPEG says of itself before any of it is decoded, read no more trustingly than its decoder reads it.

A decoder passes over much between segments: bytes that belong to nothing, FF 00, markers that stand alone. Who passes
over other things than it does finds another frame header than it does, and so another size (ITU-T T.81, annex B). Here
whatever no encoder writes is refused, so that what is left has one meaning.
"""

from __future__ import annotations

import struct

import msgspec

from command.kernel.errors import InvalidInputError
from streams.limits import JPEG_SCANS

JPEG = b"\xff\xd8\xff"
"""How each begins."""
JPEG_END, JPEG_SCAN = b"\xff\xd9", b"\xff\xda"
_SEGMENTS = 1000
_START_OF_SCAN = 0xDA
# Start-of-frame markers (T.81, table B.1): baseline and extended, progressive, and both arithmetic-coded. What is
# lossless or hierarchical no camera sends.
_SEQUENTIAL, _PROGRESSIVE = frozenset({0xC0, 0xC1, 0xC9}), frozenset({0xC2, 0xCA})
_FRAMES = _SEQUENTIAL | _PROGRESSIVE
# Tables, restart interval, number of lines, applications' and comments: all have a length.
_OTHERS = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_BITS = 8


class JpegHead(msgspec.Struct, frozen=True):
    """Width and height in pixels, components, marker of the frame, and where its first scan begins in the file."""

    width: int
    height: int
    components: int
    marker: int
    scan_at: int
    is_held: bool
    """Of several scans: the decoder holds all of it, twice or more as large as the picture, until the last came."""


def jpeg_head(data: bytes) -> JpegHead:
    """Return what a JPEG's segments up to its first scan say; nothing is decoded.

    Raises `InvalidInputError` for one that has no frame header or two, was cut short, has what no encoder writes, or
    comes in so many scans that it is made to take long: of a progressive one each is decoded over the whole picture.
    """
    frame_at, scan_at = _parts_of(data)
    if data.rfind(JPEG_END, scan_at) < 0:
        raise InvalidInputError("the JPEG picture is cut short")
    if (scans := data.count(JPEG_SCAN, scan_at)) > JPEG_SCANS:
        raise InvalidInputError(f"a JPEG picture in {scans} scans; {JPEG_SCANS} are the most")
    marker, length, bits, height, width, components = struct.unpack_from(">xBHBHHB", data, frame_at)
    if bits != _BITS or length != 8 + 3 * components:
        raise InvalidInputError("the JPEG picture has a frame header that cannot be read")
    is_held = marker in _PROGRESSIVE or data[scan_at + 4] < components
    return JpegHead(width, height, components, marker, scan_at, is_held)


def _parts_of(data: bytes) -> tuple[int, int]:
    """Return where the frame header and the first scan's begin; a thumbnail's, in another segment, are passed by."""
    frame_at, at = 0, 2
    for _ in range(_SEGMENTS):
        if at + 10 > len(data) or data[at] != 0xFF:
            break
        marker, length = struct.unpack_from(">BH", data, at + 1)
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == _START_OF_SCAN and frame_at:
            return frame_at, at
        if length < 2 or marker not in _FRAMES | _OTHERS or (marker in _FRAMES and frame_at):
            break
        if marker in _FRAMES:
            frame_at = at
        at += 2 + length
    raise InvalidInputError("the JPEG picture has no frame header")
