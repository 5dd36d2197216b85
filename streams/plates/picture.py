"""Pictures at the door: the header is judged before anything is decoded, so that no file can fill the memory."""

from __future__ import annotations

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PICTURE_BYTES, PICTURE_SIDE_PX
from streams.limits import JPEG_SCANS, PICTURE_PIXELS

Picture = NDArray[np.uint8]
"""BGR, shape (height, width, 3)."""

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_JPEG_END, _SCAN = b"\xff\xd9", b"\xff\xda"
# Start-of-frame markers; C4, C8 and CC in their midst mean other things (ITU-T T.81, table B.1).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SEGMENTS = 1000
# What did not come of a frame in one scan of Huffman code decoders leave as grey as this, but for CMYK.
_ONE_SCAN, _MISSING, _CMYK = frozenset({0xC0, 0xC1}), 128, 4
# Any bytes but FF, which begins a marker; also behind each restart marker, whichever was to come next.
_ANY_BYTES = bytes(range(255))
_FURTHER_DATA = _ANY_BYTES + b"".join(bytes((0xFF, 0xD0 + number)) + _ANY_BYTES for number in range(8))


def decode_picture(data: bytes) -> Picture:
    """Return a JPEG or PNG as BGR, turned as its EXIF says.

    Raises `InvalidInputError` when it is broken, cut short or past a limit.
    """
    if len(data) > PICTURE_BYTES:
        raise InvalidInputError(f"picture of {len(data)} bytes is larger than {PICTURE_BYTES}")
    if data.startswith(_JPEG):
        width, height = jpeg_size(data)
    elif data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
    else:
        raise InvalidInputError("not a JPEG or PNG picture")
    check_size(width, height)
    picture = _decoded(data)
    if data.startswith(_JPEG):
        _check_whole(data, picture)
    return picture


def check_picture(picture: Picture) -> None:
    """Raise `InvalidInputError` unless this is an 8-bit BGR picture within the limits."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise InvalidInputError(f"not an 8-bit BGR picture: {picture.dtype} {picture.shape}")
    check_size(picture.shape[1], picture.shape[0])


def check_size(width: int, height: int) -> None:
    """Raise `InvalidInputError` unless both sides, and their product, are within the limits."""
    if not (1 <= width <= PICTURE_SIDE_PX and 1 <= height <= PICTURE_SIDE_PX):
        raise InvalidInputError(f"picture of {width} x {height} pixels; each side may be 1 to {PICTURE_SIDE_PX}")
    if width * height > PICTURE_PIXELS:
        raise InvalidInputError(f"picture of {width} x {height} pixels; {PICTURE_PIXELS} in all are the most")


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG, told by its frame header alone; nothing is decoded.

    Raises `InvalidInputError` for one that has none, was cut short, or comes in so many scans that it is made to take
    long: of a progressive one each is decoded over the whole picture.
    """
    at = _frame_at(data)
    if data.rfind(_JPEG_END, at) < 0:
        raise InvalidInputError("the JPEG picture is cut short")
    if (scans := data.count(_SCAN, at)) > JPEG_SCANS:
        raise InvalidInputError(f"a JPEG picture in {scans} scans; {JPEG_SCANS} are the most")
    height, width = struct.unpack_from(">HH", data, at + 5)
    return width, height


def _frame_at(data: bytes) -> int:
    """Return where the frame header of a JPEG begins; a thumbnail's, which is inside another segment, is passed by."""
    at = 2
    for _ in range(_JPEG_SEGMENTS):
        if at + 10 > len(data) or data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _FRAME_MARKERS:
            return at
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    raise InvalidInputError("the JPEG picture has no frame header")


def _check_whole(data: bytes, picture: Picture) -> None:
    """Raise `InvalidInputError` for a JPEG that ends with its end marker, but whose data ends before the picture does.

    Decoders make up the rest, as grey or out of nothing, and say so to nobody. Data that goes on where it ended would
    have been part of such a picture; behind a whole one it is passed over.
    """
    at = _frame_at(data)
    scan = data.find(_SCAN, at)
    is_plain = data[at + 1] in _ONE_SCAN and data[at + 9] < _CMYK and data.find(_SCAN, scan + 2) < 0
    if is_plain and not _has_missing_corner(picture):
        return
    end = data.find(_JPEG_END, scan)
    if not np.array_equal(_decoded(data[:end] + _FURTHER_DATA + data[end:]), picture):
        raise InvalidInputError("the JPEG picture is cut short")


def _has_missing_corner(picture: Picture) -> bool:
    """Say whether it may be that the picture's end, which EXIF may have turned into any corner, did not come."""
    corners = picture[:: max(1, picture.shape[0] - 1), :: max(1, picture.shape[1] - 1)]
    return bool((corners == _MISSING).all(axis=2).any())


def _decoded(data: bytes) -> Picture:
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise InvalidInputError("the picture cannot be decoded") from error
    if picture is None:
        raise InvalidInputError("the picture cannot be decoded")
    return picture.astype(np.uint8, copy=False)
