"""How a simulated unit moves: round its patrol, to where it is sent and back; lights, haste, noise of the receiver."""

from __future__ import annotations

import math
from random import Random

import msgspec

from command.facts.patrol import UnitKind
from command.kernel.geo import bearing_deg
from consoles.demo.county import Line, LonLat
from consoles.demo.roads import SPEED_KMH, RoadNet, metres
from edge.simulators.jt808_terminal import Fix

_WALK_KMH = 4.5
_HURRY = 1.45
"""How much faster one drives, or walks, to an order; lights then are not waited for."""
_PACE: dict[UnitKind, float] = {
    "patrol_car": 1.0, "traffic_police": 1.1, "fire_engine": 0.85, "ambulance": 1.0, "foot_patrol": 1.0,
}  # fmt: skip
_RED_SHARE = 0.35
_RED_S = (8.0, 40.0)
_NOISE_M = 3.0
_ALTITUDE_M = 40.0
_METRES_PER_DEGREE = 111_195.0
# A machine that slept is not caught up with: the vehicle stood meanwhile.
_LONGEST_STEP_S = 60.0


class Errand(msgspec.Struct, frozen=True):
    """Somewhere to go that is not the patrol."""

    purpose: str
    """The order's id, or what else sends it."""
    to: LonLat
    urgent: bool


class Vehicle:
    """A unit on its way. `step` moves it on; nothing here reads a clock."""

    def __init__(self, kind: UnitKind, route: Line, net: RoadNet, rng: Random) -> None:
        """`route` is a ring: it ends where it begins. The unit starts at a point of it that `rng` chooses."""
        self.errand: Errand | None = None
        self.speed_kmh = 0.0
        self.heading_deg = 0.0
        self._kind = kind
        self._route = route
        self._net = net
        self._rng = rng
        self._halt_s = 0.0
        self._mood = 1.0
        start = rng.randrange(len(route) - 1)
        self.at = route[start]
        self._line, self._next = route, start + 1
        self._resume_at: int | None = None

    @property
    def on_patrol(self) -> bool:
        """Say whether it is on its round, and not going to or coming back from anywhere."""
        return self.errand is None and self._resume_at is None

    @property
    def arrived(self) -> bool:
        """Say whether it is where its errand leads."""
        return self.errand is not None and self._next >= len(self._line)

    def place(self, at: LonLat) -> None:
        """Put it where it was last seen; it drives back to its round from there."""
        self.at = at
        self.resume()

    def go(self, errand: Errand) -> None:
        """Leave for a place, whatever it did before."""
        self.errand, self._resume_at, self._halt_s = errand, None, 0.0
        self._line, self._next = self._net.way(self.at, errand.to), 1

    def halt(self, duration_s: float) -> None:
        """Stand where it is for so long."""
        self._halt_s = max(self._halt_s, duration_s)

    def resume(self) -> None:
        """Go back to the nearest point of the round, and on along it."""
        nearest = min(range(len(self._route) - 1), key=lambda i: metres(self.at, self._route[i]))
        self.errand, self._resume_at = None, nearest + 1
        self._line, self._next = self._net.way(self.at, self._route[nearest]), 1

    def step(self, duration_s: float) -> None:
        """Move on by so much time."""
        left_s = min(duration_s, _LONGEST_STEP_S)
        self.speed_kmh = 0.0
        while left_s > 0 and not self.arrived:
            if self._halt_s > 0:
                waited_s = min(self._halt_s, left_s)
                self._halt_s -= waited_s
                left_s -= waited_s
                continue
            if self._next >= len(self._line):
                self._go_round()
            left_s -= self._drive(left_s)

    def fix(self, at_ms: int) -> Fix:
        """Return what its receiver says, a few metres off."""
        lon, lat = self.at
        north_m, east_m = self._rng.gauss(0, _NOISE_M), self._rng.gauss(0, _NOISE_M)
        return Fix(
            at_ms=at_ms,
            lat=lat + north_m / _METRES_PER_DEGREE,
            lon=lon + east_m / (_METRES_PER_DEGREE * math.cos(math.radians(lat))),
            speed_kmh=self.speed_kmh,
            heading_deg=self.heading_deg,
            altitude_m=_ALTITUDE_M,
        )

    def _go_round(self) -> None:
        """At the end of a line: go on along the round, from where it was joined or from its beginning."""
        self._line, self._next = self._route, self._resume_at or 1
        self._resume_at = None
        if self._next >= len(self._route):
            self._next = 1

    def _drive(self, left_s: float) -> float:
        """Drive towards the next point, at most to it; return the seconds used."""
        target = self._line[self._next]
        way_m = metres(self.at, target)
        self.speed_kmh = self._allowed_kmh(target) * self._mood
        needed_s = way_m / self.speed_kmh * 3.6
        if way_m > 1:
            self.heading_deg = bearing_deg(self.at[1], self.at[0], target[1], target[0])
        if needed_s > left_s:
            share = left_s / needed_s
            self.at = tuple(a + (b - a) * share for a, b in zip(self.at, target, strict=True))  # type: ignore[assignment]  # of two
            return left_s
        self.at = target
        self._next += 1
        self._mood = self._rng.uniform(0.85, 1.1)
        if self.on_patrol and target in self._net.junctions and self._rng.random() < _RED_SHARE:
            self._halt_s = self._rng.uniform(*_RED_S)
        return needed_s

    def _allowed_kmh(self, target: LonLat) -> float:
        haste = _HURRY if self.errand and self.errand.urgent else 1.0
        if self._kind == "foot_patrol":
            return _WALK_KMH * haste
        before = self._line[self._next - 1]
        return SPEED_KMH[self._net.class_of(before, target)] * _PACE[self._kind] * haste
