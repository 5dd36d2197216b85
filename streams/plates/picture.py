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


def decode_picture(data: bytes) -> Picture:
    """Return a JPEG or PNG as BGR; `InvalidInputError` when it is broken, cut short or past a limit."""
    if len(data) > PICTURE_BYTES:
        raise InvalidInputError(f"picture of {len(data)} bytes is larger than {PICTURE_BYTES}")
    if data.startswith(_JPEG):
        width, height = jpeg_size(data)
    elif data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
    else:
        raise InvalidInputError("not a JPEG or PNG picture")
    check_size(width, height)
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise InvalidInputError("the picture cannot be decoded") from error
    if picture is None:
        raise InvalidInputError("the picture cannot be decoded")
    return picture.astype(np.uint8, copy=False)


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
    at = 2
    for _ in range(_JPEG_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _FRAME_MARKERS:
            if data.rfind(_JPEG_END, at) < 0:
                raise InvalidInputError("the JPEG picture is cut short")
            if (scans := data.count(_SCAN, at)) > JPEG_SCANS:
                raise InvalidInputError(f"a JPEG picture in {scans} scans; {JPEG_SCANS} are the most")
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    raise InvalidInputError("the JPEG picture has no frame header")
