"""Light set right before plates are looked for: by night, and where a hard shadow or glare lies on a part."""

from __future__ import annotations

import cv2
import numpy as np

from streams.plates.picture import Picture

# A picture is dark when even its bright parts are.
_BRIGHTNESS_STEP_PX, _BRIGHT_PERCENTILE = 8, 98
_DARK_BELOW, _BRIGHT, _GAIN_AT_MOST = 140, 200, 6

# The light on each part is taken from around it, so far away (a share of the picture's width), at a lower resolution.
_AROUND = 0.02
_COARSER = 8
_EVEN, _DARKEST = 110, 4


def brightened(picture: Picture) -> Picture:
    """Return a BGR picture by night as bright as one by day, which the finder was taught with."""
    bright = float(np.percentile(picture[::_BRIGHTNESS_STEP_PX, ::_BRIGHTNESS_STEP_PX], _BRIGHT_PERCENTILE))
    if bright >= _DARK_BELOW:
        return picture
    gain = min(_GAIN_AT_MOST, _BRIGHT / max(bright, 1))
    return cv2.convertScaleAbs(picture, alpha=gain).astype(np.uint8, copy=False)


def evened(picture: Picture) -> Picture:
    """Return a BGR picture divided by the light on each of its parts: the finder takes a lit half for the plate."""
    height, width = picture.shape[:2]
    coarse_px = max(1, width // _COARSER), max(1, height // _COARSER)
    value = picture.max(axis=2).astype(np.float32) + _DARKEST
    logs = np.log(cv2.resize(value, coarse_px, interpolation=cv2.INTER_AREA))
    light = np.exp(cv2.GaussianBlur(logs, (0, 0), max(0.5, coarse_px[0] * _AROUND)))
    light = cv2.resize(light.clip(1, 255).astype(np.uint8), (width, height))
    return cv2.divide(picture, cv2.merge([light, light, light]), scale=_EVEN).astype(np.uint8, copy=False)
