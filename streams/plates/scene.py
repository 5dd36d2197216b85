"""The picture of the scene that goes with a passage, small enough to be kept of every vehicle."""

from __future__ import annotations

from typing import Final

import cv2

from streams.limits import SCENE_BYTES, SCENE_PIXELS
from streams.plates.picture import Picture

_QUALITIES: Final = (85, 75, 65, 50, 35, 20, 10)


def scene_jpeg(picture: Picture) -> bytes:
    """Return a BGR picture as JPEG of the same size in pixels, as good as fits into the limit or at all. Blocking."""
    limit = max(1.0, picture.shape[0] * picture.shape[1] / SCENE_PIXELS) * SCENE_BYTES
    jpeg = b""
    for quality in _QUALITIES:
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= limit:
            break
    return jpeg
