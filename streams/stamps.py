"""Puts the time stamps of one camera on the scale of UTC, whatever its clock does, without going back."""

from __future__ import annotations

from typing import Final

from streams.packets import Packet

REORDERED_MS: Final = 500
"""Pictures that are shown before some that were sent earlier (B frames) are stamped less than this much earlier."""
# Stamps that are this much later than arrivals, even at best over a whole window, tell of a clock that was set.
_LATE_MS: Final = 1000
_WINDOW_MS: Final = 10_000
# What a network delays a little is not a clock that is slow.
_SLACK_MS: Final = 50


class Stamps:
    """Stamps follow the camera's own, which space pictures evenly, and are held to the instants of arrival.

    A key frame is stamped later than all before it. Other stamps go back by less than `REORDERED_MS`, and none is
    further ahead of its arrival, but by a millisecond for each picture of a burst. A clock that drifts is followed by
    a millisecond at each key frame; one that was set, at once when that shows in a stamp, else within two windows.
    """

    def __init__(self) -> None:
        self._offset_ms: int | None = None
        self._highest_ms: int | None = None
        self._least_late_ms: int | None = None
        self._window_from_ms = 0

    def begin(self) -> None:
        """Expect another scale from here on: a new connection."""
        self._offset_ms = None

    def stamp(self, packet: Packet) -> int:
        """Return the UTC milliseconds at which this packet, the next one in decoding order, is to be shown."""
        if self._offset_ms is not None and packet.is_key:
            self._offset_ms += self._correction_ms(packet.at_ms)
        stamp_ms = packet.at_ms if self._offset_ms is None else packet.pts_ms + self._offset_ms
        highest_ms = stamp_ms - 1 if self._highest_ms is None else self._highest_ms
        goes_back = stamp_ms <= (highest_ms if packet.is_key else highest_ms - REORDERED_MS)
        if self._offset_ms is None or goes_back or stamp_ms > packet.at_ms + REORDERED_MS:
            stamp_ms = max(packet.at_ms, highest_ms + 1)
            self._offset_ms = stamp_ms - packet.pts_ms
            self._open_window(packet.at_ms)
        self._highest_ms = max(highest_ms, stamp_ms)
        late_ms = packet.at_ms - stamp_ms
        self._least_late_ms = late_ms if self._least_late_ms is None else min(self._least_late_ms, late_ms)
        return stamp_ms

    def _open_window(self, at_ms: int) -> None:
        self._window_from_ms = at_ms
        self._least_late_ms = None

    def _correction_ms(self, at_ms: int) -> int:
        """Return by how much the stamps should be later from now on."""
        least_ms = self._least_late_ms
        if least_ms is None or at_ms - self._window_from_ms < _WINDOW_MS:
            return 0
        self._open_window(at_ms)
        if least_ms > _LATE_MS:
            return least_ms
        return 1 if least_ms > _SLACK_MS else -1 if least_ms < 0 else 0
