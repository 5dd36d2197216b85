"""Straighten a plate: its four corners become an upright strip of the recogniser's height."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.plates.picture import Picture

Floats = NDArray[np.float32]

STRIP_HEIGHT_PX = 48
_STRIP_WIDTH_PX = 168
# The finder's corners cut into the outer characters: how far out from the middle they are moved. The first was measured
# best; the second is for plates of which the finder saw the middle only.
OUTWARDS, FAR_OUTWARDS = 1.12, 1.3

# Of two lines (GA 36-2018, 440 x 220 mm): the finder knows plates of one line, so its corners lie lower than the
# upper rim, by how much differs. Shares of the plate's height and width.
ABOVE_CORNERS = (0.05, 0.15)
_BELOW_CORNERS, _BESIDE_CORNERS = 0.05, 0.035
_WHOLE_PX = (440, 220)
_UPPER_LINE, _LOWER_LINE = (slice(8, 84), slice(88, 352)), (slice(79, 213), slice(0, 440))
UPPER_WIDTH_PX = 56
_LOWER_WIDTH_PX = 140


def rectify(picture: Picture, corners: Floats, outwards: float) -> Picture:
    """Return the plate as BGR (48, 168, 3); corners are (4, 2) pixels, clockwise from the top left.

    They are taken `outwards` from their middle by this factor first.
    """
    middle = corners.mean(axis=0)
    return _straighten(picture, middle + (corners - middle) * outwards, (_STRIP_WIDTH_PX, STRIP_HEIGHT_PX))


def rectify_two_lines(picture: Picture, corners: Floats, above: float) -> Picture:
    """Return a plate of two lines as BGR (48, 196, 3), the upper line squeezed into the first 56 columns.

    `above` is how much of the height between the corners the upper rim lies above them.
    """
    top_left, top_right, bottom_right, bottom_left = corners
    left, right = bottom_left - top_left, bottom_right - top_right
    top_left, top_right = top_left - left * above, top_right - right * above
    bottom_left, bottom_right = bottom_left + left * _BELOW_CORNERS, bottom_right + right * _BELOW_CORNERS
    top, bottom = (top_right - top_left) * _BESIDE_CORNERS, (bottom_right - bottom_left) * _BESIDE_CORNERS
    rims = np.array([top_left - top, top_right + top, bottom_right + bottom, bottom_left - bottom])
    whole = _straighten(picture, rims, _WHOLE_PX)
    upper = cv2.resize(whole[_UPPER_LINE], (UPPER_WIDTH_PX, STRIP_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    lower = cv2.resize(whole[_LOWER_LINE], (_LOWER_WIDTH_PX, STRIP_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.hstack([upper, lower]).astype(np.uint8, copy=False)


def _straighten(picture: Picture, corners: Floats, size_px: tuple[int, int]) -> Picture:
    right, bottom = size_px
    target = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    strip = cv2.warpPerspective(picture, matrix, size_px, borderMode=cv2.BORDER_REPLICATE)
    return strip.astype(np.uint8, copy=False)
