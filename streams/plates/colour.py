"""The background colour of a plate, from its pixels (the colours of GA 36-2018)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from command.readings import PlateColour
from streams.plates.picture import Picture

# OpenCV hue is degrees / 2. The bounds hold under sodium light and blue sky.
_HUES: tuple[tuple[PlateColour, int, int], ...] = (("yellow", 11, 34), ("green", 35, 85), ("blue", 90, 138))
_SATURATION_AT_LEAST = 40
_VALUE_AT_LEAST = 25
_SHARE_AT_LEAST = 0.3
_HEAD_SHARE = 0.25
_WHITE_VALUE, _BLACK_VALUE = 150, 80


def _begins_yellow(hue: cv2.typing.MatLike, coloured: NDArray[np.bool_]) -> bool:
    """Large new energy plates are yellow behind province and authority and green behind the rest."""
    left = slice(0, round(hue.shape[1] * _HEAD_SHARE))
    _, low, high = _HUES[0]
    is_yellow = (hue >= low) & (hue <= high) & coloured
    return float(np.mean(is_yellow[:, left])) >= _SHARE_AT_LEAST > float(np.mean(is_yellow[:, left.stop :]))


def plate_colour(strip: Picture) -> PlateColour:
    """Return the background colour of a straightened plate, `unknown` when no colour holds enough of it."""
    height, width = strip.shape[:2]
    # The rim holds the frame and the bumper.
    inner = strip[height // 8 : max(1, height - height // 8), width // 16 : max(1, width - width // 16)]
    hsv = cv2.cvtColor(inner, cv2.COLOR_BGR2HSV)
    hue, saturation, value = hsv[..., 0], hsv[..., 1], hsv[..., 2]
    coloured = (saturation >= _SATURATION_AT_LEAST) & (value >= _VALUE_AT_LEAST)
    shares = {name: float(np.mean(coloured & (hue >= low) & (hue <= high))) for name, low, high in _HUES}
    name = max(shares, key=lambda colour: shares[colour])
    if shares[name] >= _SHARE_AT_LEAST:
        return "yellow_green" if name == "green" and _begins_yellow(hue, coloured) else name
    typical = float(np.median(value))
    if typical >= _WHITE_VALUE:
        return "white"
    return "black" if typical <= _BLACK_VALUE else "unknown"
