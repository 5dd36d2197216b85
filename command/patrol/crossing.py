"""Whether one unit keeps its fences: out only when clearly and for long enough, in again only when inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

from command.patrol.fences import Fence, FenceSet
from command.readings import Position

_FIXES = 2


@dataclass(slots=True)
class _Beyond:
    since_ms: int
    fixes: int = 1


class Crossing:
    """Follows one unit. `out` names the fences that it broke, with the instant of the first fix beyond each.

    Between the line and the margin nothing changes, so a unit that works along its line raises no alarms in turn.
    """

    __slots__ = ("_area", "_beyond", "_clear_m", "_fences", "_spot", "out")

    def __init__(self) -> None:
        self.out: dict[str, int] = {}
        self._beyond: dict[str, _Beyond] = {}
        self._fences: FenceSet | None = None
        self._area = ""
        self._spot = (0.0, 0.0)
        self._clear_m = -1.0  # within this of the spot no fence can be broken, so nothing needs to be looked at

    def observe(self, fences: FenceSet, area: str, fix: Position) -> None:
        """Take a fix newer than all before. `area` is the fence that the unit belongs in, "" for none."""
        x_m, y_m = spot = fences.plane(fix.lat, fix.lon)
        known = fences is self._fences and area == self._area
        if known and math.dist(spot, self._spot) < self._clear_m:
            return
        near, clear_m = fences.near(x_m, y_m, list({area: None} | self.out | self._beyond))
        near = [fence for fence in near if fence.id == area or fence.row.kind == "forbidden"]
        self._forget_others({fence.id for fence in near})
        for fence in near:
            breach_m = fence.breach_m(x_m, y_m)
            self._judge(fence, breach_m, fix)
            clear_m = min(clear_m, -breach_m)
        self._fences, self._area, self._spot = fences, area, spot
        self._clear_m = -1.0 if self.out or self._beyond else clear_m

    def _judge(self, fence: Fence, breach_m: float, fix: Position) -> None:
        accuracy_m = fix.accuracy_m or 0.0
        beyond = self._beyond.get(fence.id)
        if breach_m > fence.margin_m + accuracy_m:
            if beyond is None:
                beyond = self._beyond[fence.id] = _Beyond(fix.at_ms)
            else:
                beyond.fixes += 1
            if beyond.fixes >= _FIXES and fix.at_ms - beyond.since_ms >= fence.row.dwell_s * 1000:
                self.out.setdefault(fence.id, beyond.since_ms)
        elif breach_m <= fence.margin_m:  # past the margin but not past the accuracy: the fix tells nothing
            self._beyond.pop(fence.id, None)
        if -breach_m >= max(0.0, accuracy_m - fence.margin_m):  # a coarse fix has to be that much further inside
            self.out.pop(fence.id, None)

    def _forget_others(self, names: set[str]) -> None:
        """Let go of fences that no longer concern the unit."""
        for kept in (self.out, self._beyond):
            for name in [name for name in kept if name not in names]:
                del kept[name]
