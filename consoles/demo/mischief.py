"""What goes wrong on patrol: now and then one unit leaves its area for a while, and another stands still too long."""

from __future__ import annotations

import asyncio
from random import Random

from shapely import Point, Polygon, prepare

from command.kernel.clock import Clock
from consoles.demo.county import County, LonLat
from consoles.demo.driving import Errand, Vehicle
from consoles.demo.fleet import Fleet
from consoles.demo.roads import metres

_STRAY_EVERY_S = (240, 600)
_STRAY_FIRST_S = 45
_OUTSIDE_S = (60, 110)
_STRAY_WITHIN_M = 3000.0
_BEYOND_DEG = 0.002
"""About 200 m: far enough out that no receiver's noise puts the unit back in."""
_STILL_EVERY_S = (1800, 3600)
_STILL_S = 25 * 60.0
"""Longer than the twenty minutes after which the hub speaks of it."""
_LOOK_MS = 1000


class Mischief:
    """Chooses, by `seed`, who strays and who rests. Units on an order are left alone."""

    def __init__(self, county: County, fleet: Fleet, seed: int, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock
        self._rng = Random(f"{seed}/mischief")  # noqa: S311 - a demonstration that can be repeated, not a secret
        rings = {fence.id: Polygon(fence.ring) for fence in county.fences}
        forbidden = [rings[fence.id] for fence in county.fences if fence.kind == "forbidden"]
        self._outside: dict[str, tuple[LonLat, ...]] = {}
        for area in {unit.area for unit in county.units}:
            beyond = rings[area].buffer(_BEYOND_DEG)
            prepare(beyond)
            self._outside[area] = tuple(
                at
                for at in fleet.net.points
                if not beyond.contains(Point(at)) and all(ring.distance(Point(at)) > _BEYOND_DEG for ring in forbidden)
            )
        self._drivers = tuple(unit for unit in county.units if unit.kind in ("patrol_car", "traffic_police"))

    async def run(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stray(), name="stray")
            tasks.create_task(self._stand_still(), name="stand-still")

    async def _stray(self) -> None:
        await self._clock.sleep(_STRAY_FIRST_S * 1000)
        while True:
            if chosen := self._near_the_edge():
                vehicle, to = chosen
                errand = Errand("stray", to, urgent=False)
                vehicle.go(errand)
                while vehicle.errand is errand and not vehicle.arrived:
                    await self._clock.sleep(_LOOK_MS)
                await self._pause(_OUTSIDE_S)
                if vehicle.errand is errand:  # else an order came
                    vehicle.resume()
            await self._pause(_STRAY_EVERY_S)

    def _near_the_edge(self) -> tuple[Vehicle, LonLat] | None:
        """Return a unit on patrol with a place outside its area that is not far, and that place."""
        options: list[tuple[Vehicle, LonLat]] = []
        for unit in self._drivers:
            vehicle = self._fleet.vehicles[unit.id]
            near = min(self._outside[unit.area], key=lambda at: metres(vehicle.at, at), default=None)
            if near and vehicle.on_patrol and metres(vehicle.at, near) < _STRAY_WITHIN_M:
                options.append((vehicle, near))
        return self._rng.choice(options) if options else None

    async def _stand_still(self) -> None:
        while True:
            resting = [v for unit in self._drivers if (v := self._fleet.vehicles[unit.id]).on_patrol]
            if resting:
                self._rng.choice(resting).halt(_STILL_S)
            await self._pause(_STILL_EVERY_S)

    async def _pause(self, between_s: tuple[int, int]) -> None:
        await self._clock.sleep(self._rng.randint(*between_s) * 1000)
