"""Which instant of a recording a picture shows, whatever the device does to its time stamps at other speeds."""

from __future__ import annotations

import math

from edge.limits import GB28181_STAMPS_BACK_MS, GB28181_STAMPS_MS, GB28181_STAMPS_ON_MS

_STEP_MS = 40


class RecordedTime:
    """Turns time stamps (ms, any scale) into UTC milliseconds from `from_ms` on.

    At a speed of 4 some devices send the stamps of the recording, four seconds of them in a second; others send stamps
    as pictures are to be shown, one second of them. Which it is shows after a moment, and holds for the whole playback.
    """

    def __init__(self, from_ms: int) -> None:
        self._speed = 1.0
        self._are_shown: bool | None = None  # whether stamps say when to show: None until it has been seen
        self._instant_ms = float(from_ms)
        self._pts_ms: int | None = None
        self._began: tuple[int, int] | None = None  # stamp and arrival of the first picture at this speed

    def at_speed(self, speed: float) -> None:
        """From the next picture on it is played at another speed, or goes on after it was held."""
        self._speed = speed
        self._began = None

    def instant_ms(self, pts_ms: int, at_ms: int) -> int:
        """Return the instant that a picture with this stamp shows, which arrived at `at_ms`."""
        if self._pts_ms is None:
            self._pts_ms = pts_ms
        if self._began is None:
            self._began = pts_ms, at_ms
        step_ms: float = pts_ms - self._pts_ms
        self._pts_ms = pts_ms
        if not -GB28181_STAMPS_BACK_MS <= step_ms <= GB28181_STAMPS_ON_MS * max(1.0, self._speed):
            step_ms = _STEP_MS
            self._began = pts_ms, at_ms
        elif self._judge(pts_ms, at_ms, step_ms):
            step_ms *= self._speed
        self._instant_ms += step_ms
        return round(self._instant_ms)

    def _judge(self, pts_ms: int, at_ms: int, step_ms: float) -> bool:
        """Say whether stamps are to be taken times the speed."""
        assert self._began is not None
        came_ms, went_ms = at_ms - self._began[1], pts_ms - self._began[0]
        if self._are_shown is None and self._speed != 1 and came_ms >= GB28181_STAMPS_MS and went_ms > 0:
            nearness = math.log(went_ms / came_ms) / math.log(self._speed)
            self._are_shown = nearness < 0.5
            if self._are_shown:  # what went by while it was not known; nothing goes back
                self._instant_ms += max(0.0, (went_ms - step_ms) * (self._speed - 1))
        return self._are_shown is True
