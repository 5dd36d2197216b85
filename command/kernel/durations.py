"""How long something took, counted in classes: cheap enough for the hub's own loop."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the classes in seconds; what took longer is in one more."""


class Durations:
    """A histogram as Prometheus has it."""

    def __init__(self) -> None:
        self.total_s = 0.0
        self._counts = [0] * (len(BOUNDS_S) + 1)

    def note(self, duration_s: float) -> None:
        """Count one."""
        self._counts[bisect_left(BOUNDS_S, duration_s)] += 1
        self.total_s += duration_s

    def up_to(self) -> list[int]:
        """Return how many took at most each of the bounds, and last how many there were."""
        return list(accumulate(self._counts))
