"""Which instant of a recording a picture shows, whatever the device does to its time stamps at other speeds."""

from __future__ import annotations

import math

from edge.limits import (
    GB28181_STAMPS_BACK_MS,
    GB28181_STAMPS_LATE_MS,
    GB28181_STAMPS_LONGEST_MS,
    GB28181_STAMPS_MS,
    GB28181_STAMPS_ON_MS,
)

_STEP_MS = 40


class RecordedTime:
    """Turns time stamps (ms, any scale) into UTC milliseconds from `from_ms` on.

    At a speed of 4 some devices send the stamps of the recording, four seconds of them in a second; others send stamps
    as pictures are to be shown, one second of them. Which it is shows after a moment, and holds for the whole playback;
    so only a moment counts in which no picture was kept waiting on its way.
    """

    def __init__(self, from_ms: int) -> None:
        self._speed = 1.0
        self._are_shown: bool | None = None  # whether stamps say when to show: None until it has been seen
        self._instant_ms = float(from_ms)
        self._pts_ms: int | None = None
        self._first: tuple[int, int] | None = None  # stamp and arrival of the first picture at this speed
        self._began = self._newest = (0, 0)  # of that which a moment without delays began with, and of the latest stamp
        self._unjudged_ms = 0.0  # of stamps, since the first picture at this speed

    def at_speed(self, speed: float) -> None:
        """From the next picture on it is played at another speed, or goes on after it was held."""
        self._speed = speed
        self._first = None

    def instant_ms(self, pts_ms: int, at_ms: int) -> int:
        """Return the instant that a picture with this stamp shows, which arrived at `at_ms`."""
        if self._pts_ms is None:
            self._pts_ms = pts_ms
        step_ms: float = pts_ms - self._pts_ms
        self._unjudged_ms += step_ms
        if self._first is None:
            self._begin(pts_ms, at_ms)
        self._pts_ms = pts_ms
        if not -GB28181_STAMPS_BACK_MS <= step_ms <= GB28181_STAMPS_ON_MS * max(1.0, self._speed):
            step_ms = _STEP_MS
            self._begin(pts_ms, at_ms)
        elif self._are_shown_now(pts_ms, at_ms, step_ms):
            step_ms *= self._speed
        self._instant_ms += step_ms
        return round(self._instant_ms)

    def _begin(self, pts_ms: int, at_ms: int) -> None:
        self._first = self._began = self._newest = pts_ms, at_ms
        self._unjudged_ms = 0.0

    def _are_shown_now(self, pts_ms: int, at_ms: int, step_ms: float) -> bool:
        """Say whether stamps are to be taken times the speed."""
        # Pictures that are shown before some that were sent earlier (B frames) tell nothing.
        if self._are_shown is None and self._speed != 1 and pts_ms > self._newest[0]:
            self._are_shown = self._judge(pts_ms, at_ms)
            if self._are_shown:  # what went by while it was not known; nothing goes back
                self._instant_ms += max(0.0, (self._unjudged_ms - step_ms) * (self._speed - 1))
        return self._are_shown is True

    def _judge(self, pts_ms: int, at_ms: int) -> bool | None:
        """Judge by a moment without delays, or, where there is none for long, by all since the first picture."""
        assert self._first is not None
        step_ms, went_ms = pts_ms - self._newest[0], pts_ms - self._began[0]
        is_late = at_ms - self._newest[1] > max(step_ms, step_ms / self._speed) + GB28181_STAMPS_LATE_MS
        was_late = at_ms - self._began[1] < min(went_ms, went_ms / self._speed) - GB28181_STAMPS_LATE_MS
        self._newest = pts_ms, at_ms
        if is_late or was_late:
            self._began = pts_ms, at_ms
        for (from_pts_ms, from_ms), least_ms in (
            (self._began, GB28181_STAMPS_MS), (self._first, GB28181_STAMPS_LONGEST_MS)
        ):  # fmt: skip
            if at_ms - from_ms >= least_ms:
                nearness = math.log((pts_ms - from_pts_ms) / (at_ms - from_ms)) / math.log(self._speed)
                return nearness < 0.5
        return None
