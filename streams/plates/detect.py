"""Find plates in a picture: boxes with their four corners, by the anchors of a RetinaFace (arXiv:1905.00641)."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import msgspec
import numpy as np

from streams.plates.models import FINDER, open_session
from streams.plates.picture import Picture
from streams.plates.rectify import Floats

_STRIDES_PX = (8, 16, 32)
_ANCHOR_SIDES_PX = ((24, 48), (96, 192), (384, 768))
_CENTRE_VARIANCE, _SIZE_VARIANCE = 0.1, 0.2
_MEAN_BGR = (104.0, 117.0, 123.0)
# Small and dark plates score low; what is read in them decides.
_SCORE_AT_LEAST = 0.2
_OVERLAP_AT_MOST = 0.4
_PLATES_PER_PICTURE = 16


class Found(msgspec.Struct, frozen=True):
    """One plate: `score` 0…1, `corners` (4, 2) in pixels: top left, top right, bottom right, bottom left."""

    score: float
    corners: Floats


class Finder:
    """The network that finds plates. Not for use by several threads at once."""

    def __init__(self) -> None:
        self._session = open_session(FINDER)

    def find(self, picture: Picture, longest_px: int) -> list[Found]:
        """Return the plates in a BGR picture, best first, at most 16, looking at it scaled to `longest_px`."""
        height, width = picture.shape[:2]
        scale = longest_px / max(height, width)
        if scale != 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        batch = cv2.dnn.blobFromImage(picture, mean=_MEAN_BGR).astype(np.float32, copy=False)
        offsets, classes, landmarks = (output[0] for output in self._session.run(None, {"image": batch}))
        scores = classes[:, 1]
        likely = np.flatnonzero(scores > _SCORE_AT_LEAST)
        if not likely.size:
            return []
        anchors = _anchors(*picture.shape[:2])[likely]
        boxes = _boxes(offsets[likely], anchors)
        corners = _corners(landmarks[likely], anchors)
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores[likely].tolist(), _SCORE_AT_LEAST, _OVERLAP_AT_MOST)
        return [Found(float(scores[likely[i]]), corners[i] / scale) for i in kept[:_PLATES_PER_PICTURE]]


def _boxes(offsets: Floats, anchors: Floats) -> Floats:
    """Return (n, 4) of x, y, width, height."""
    centres = anchors[:, :2] + offsets[:, :2] * _CENTRE_VARIANCE * anchors[:, 2:]
    sizes = anchors[:, 2:] * np.exp(offsets[:, 2:] * _SIZE_VARIANCE)
    return np.concatenate([centres - sizes / 2, sizes], axis=1)


def _corners(landmarks: Floats, anchors: Floats) -> Floats:
    """Return (n, 4, 2) clockwise from the top left; the network gives them from the bottom right."""
    offsets = landmarks.reshape(-1, 4, 2) * _CENTRE_VARIANCE
    points = anchors[:, None, :2] + offsets * anchors[:, None, 2:]
    return points[:, [2, 3, 0, 1]]


@lru_cache(maxsize=32)
def _anchors(height: int, width: int) -> Floats:
    """Return (n, 3) of centre x, centre y and side in pixels, in the network's output order."""
    levels = []
    for stride, sides in zip(_STRIDES_PX, _ANCHOR_SIDES_PX, strict=True):
        rows, columns = np.mgrid[: math.ceil(height / stride), : math.ceil(width / stride)]
        centres = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) * stride
        pairs = np.repeat(centres, len(sides), axis=0)
        levels.append(np.column_stack([pairs, np.tile(sides, len(centres))]))
    return np.concatenate(levels).astype(np.float32)
