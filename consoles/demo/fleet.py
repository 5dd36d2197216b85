"""The sixty units on the road, each with a JT/T 808 terminal that tells the hub where it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from random import Random

from command.kernel.clock import Clock
from command.rows import PositionRow
from consoles.demo.county import County, LonLat, Unit
from consoles.demo.driving import Vehicle
from consoles.demo.roads import RoadNet
from edge.simulators.jt808_terminal import Fix, Jt808Terminal

REPORT_MS = 5000
_REVISION_2019 = 1


class Fleet:
    """Drives every unit of the county; `vehicles` are by unit. `seed` makes a run repeatable."""

    def __init__(self, county: County, seed: int, clock: Clock) -> None:
        self.net = RoadNet(county.roads)
        self._units = county.units
        self._clock = clock
        self.vehicles = {
            # The seed decides who waits at which light; nothing secret comes of it.
            unit.id: Vehicle(unit.kind, unit.route, self.net, Random(f"{seed}/{unit.id}"))  # noqa: S311
            for unit in county.units
        }

    def place(self, positions: Mapping[str, PositionRow]) -> None:
        """Put units where the hub saw them last, so that nobody leaps when the demonstration starts again."""
        for unit, vehicle in self.vehicles.items():
            if position := positions.get(unit):
                at: LonLat = (position.lon, position.lat)
                vehicle.place(at)

    async def run(self, host: str, port: int) -> None:
        """Report to the hub's gateway until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number, unit in enumerate(self._units):
                terminal = Jt808Terminal(
                    host, port, unit.terminal.phone,
                    self._fixes(unit, number * REPORT_MS // len(self._units)), self._clock,
                    revision=_REVISION_2019 if unit.terminal.version == "2019" else None,
                )  # fmt: skip
                tasks.create_task(terminal.run(), name=f"terminal-{unit.id}")

    async def _fixes(self, unit: Unit, offset_ms: int) -> AsyncIterator[Fix]:
        """Yield a fix every five seconds, each unit at its own moment, so that they spread evenly."""
        vehicle = self.vehicles[unit.id]
        driven_ms = self._clock.now_ms()
        due_ms = driven_ms + offset_ms
        while True:
            await self._clock.sleep_until(due_ms)
            now_ms = self._clock.now_ms()
            vehicle.step((now_ms - driven_ms) / 1000)
            driven_ms = now_ms
            yield vehicle.fix(now_ms)
            due_ms = max(due_ms + REPORT_MS, now_ms)
