"""Whether one unit stays in one place (久坐不动): a red light is too short for it, one stray fix does not end it."""

from __future__ import annotations

from command.kernel.geo import distance_m
from command.readings import Position
from command.settings import Limits


class Stay:
    """The place where a unit has been since `since_ms`; it is left with the second fix in turn outside the radius.

    `strayed` says that the last one was.
    """

    __slots__ = ("_last_ms", "lat", "lon", "since_ms", "strayed")

    def __init__(self, fix: Position) -> None:
        self.begin(fix)

    def begin(self, fix: Position) -> None:
        """Stay here from now on."""
        self.lat, self.lon = fix.lat, fix.lon
        self.since_ms = self._last_ms = fix.at_ms
        self.strayed = False

    def left(self, fix: Position, limits: Limits) -> bool:
        """Take a fix newer than all before; say whether the unit left, which begins a new stay."""
        self._last_ms = fix.at_ms
        reach_m = limits.still_radius_m + (fix.accuracy_m or 0.0)
        outside = distance_m(self.lat, self.lon, fix.lat, fix.lon) > reach_m
        if outside and self.strayed:
            self.begin(fix)
            return True
        self.strayed = outside
        return False

    def interrupted(self, fix: Position, limits: Limits) -> bool:
        """Say whether so long passed unseen before this fix that nobody knows where the unit was."""
        return fix.at_ms - self._last_ms > limits.silent_s * 1000

    def long_enough(self, fix: Position, limits: Limits) -> bool:
        """Say whether the stay is too long; a fix coarser than the radius does not prove it."""
        certain = not self.strayed and (fix.accuracy_m or 0.0) <= limits.still_radius_m
        return certain and fix.at_ms - self.since_ms >= limits.still_s * 1000
