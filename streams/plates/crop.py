"""The plate alone, cut out of the picture of the scene."""

from __future__ import annotations

import cv2

from command.kernel.errors import InvalidInputError
from streams.plates.picture import decode_picture

_MARGIN = 0.25
"""Of the plate's size is left around it, so that a person sees that it is one."""
_LEAST_WIDTH_PX = 240
"""A smaller plate is enlarged, for people."""
_JPEG_QUALITY = 90


def plate_jpeg(scene: bytes, box: tuple[int, int, int, int]) -> bytes:
    """Return the plate at `box` (x, y, width, height in pixels) of a JPEG or PNG, as a JPEG.

    Raises `InvalidInputError` for a picture that cannot be read, or a box that is not in it.
    """
    picture = decode_picture(scene)
    x, y, width, height = box
    left, right = max(0, int(x - width * _MARGIN)), min(picture.shape[1], int(x + width * (1 + _MARGIN)))
    top, bottom = max(0, int(y - height * _MARGIN)), min(picture.shape[0], int(y + height * (1 + _MARGIN)))
    if left >= right or top >= bottom:
        raise InvalidInputError("the plate is not in the picture")
    plate = picture[top:bottom, left:right]
    if plate.shape[1] < _LEAST_WIDTH_PX:
        times = _LEAST_WIDTH_PX / plate.shape[1]
        plate = cv2.resize(plate, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC).astype("uint8", copy=False)
    ok, jpeg = cv2.imencode(".jpg", plate, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not ok:
        raise InvalidInputError("the plate cannot be made a JPEG")
    return jpeg.tobytes()
