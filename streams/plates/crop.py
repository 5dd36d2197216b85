"""The plate alone, cut out of the picture of the scene."""

from __future__ import annotations

import cv2

from command.kernel.errors import InvalidInputError
from streams.plates.picture import decode_picture

_MARGIN = 0.25
"""Of the plate's size is left around it, so that a person sees that it is one."""
_LEAST_SIDE_PX = 240
"""The longer side of what a smaller plate is enlarged to, for people: a box a pixel wide costs no more than others."""
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
    longer_px = max(plate.shape[:2])
    if longer_px < _LEAST_SIDE_PX:
        times = _LEAST_SIDE_PX / longer_px
        plate = cv2.resize(plate, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC).astype("uint8", copy=False)
    ok, jpeg = cv2.imencode(".jpg", plate, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not ok:
        raise InvalidInputError("the plate cannot be made a JPEG")
    return jpeg.tobytes()
