"""Whether a frame is worth reading: something moved since the last one looked at, and not too soon after it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.plates.picture import Picture
from streams.plates.vote import GAP_MS

LOOK_EVERY_MS = 200
# Where time stands still, say after the machine's clock was set back, one of so many is looked at.
_LOOK_EVERY_FRAMES = 25
# Pictures may be out of order by less than this.
_DISORDER_MS = 500
# After the last movement reading goes on for this long: a vehicle that stops is read sharp, one that left is missed
# long enough to be told.
_TAIL_MS = GAP_MS + LOOK_EVERY_MS
_THUMBNAIL_PX = (160, 90)
_CHANGED_BY = 18
_CHANGED_SHARE = 0.004


class MotionGate:
    """Judges the frames of one camera: `gate.is_due(at_ms) and gate.passes(picture, at_ms)`.

    The first frame and one after the clock went back always pass.
    """

    def __init__(self) -> None:
        self._last_look_ms: int | None = None
        self._last_motion_ms = 0
        self._frames = 0
        self._thumbnail: NDArray[np.uint8] | None = None

    def is_due(self, at_ms: int) -> bool:
        """Take note of a frame of this instant and say whether it would be looked at, were it a picture."""
        self._frames += 1
        last_ms = self._last_look_ms
        if last_ms is None or at_ms <= last_ms - _DISORDER_MS or at_ms - last_ms >= LOOK_EVERY_MS:
            return True
        return self._frames >= _LOOK_EVERY_FRAMES

    def is_moving(self, at_ms: int) -> bool:
        """Say whether something moved a moment before this instant, or as far as known still does."""
        return self._last_look_ms is not None and at_ms - self._last_motion_ms <= _TAIL_MS

    def passes(self, picture: Picture, at_ms: int) -> bool:
        """Say whether a frame that is due should be read; remembers it, for later frames to be compared with."""
        went_back = self._last_look_ms is not None and at_ms <= self._last_look_ms - _DISORDER_MS
        self._last_look_ms, self._frames = at_ms, 0
        before, self._thumbnail = self._thumbnail, _thumbnail(picture)
        if before is None or went_back or _share_changed(before, self._thumbnail) >= _CHANGED_SHARE:
            self._last_motion_ms = at_ms
        return self.is_moving(at_ms)


def _thumbnail(picture: Picture) -> NDArray[np.uint8]:
    """Return (90, 160) grey. Rows and columns are skipped first: averaging all pixels costs more than it tells."""
    step = max(1, min(picture.shape[0] // 180, picture.shape[1] // 320))
    small = cv2.resize(np.ascontiguousarray(picture[::step, ::step]), _THUMBNAIL_PX, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _share_changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    return float(np.mean(cv2.absdiff(before, after) > _CHANGED_BY))
