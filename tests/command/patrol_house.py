"""A hub with one unit on duty and its uplink, over stores that can be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from command.actors import HUB
from command.hub import Hub
from command.journal import Journal, Turn
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.kernel.errors import UnavailableError
from command.readings import Position, Readings
from command.readings.memory import MemoryReadings
from command.requests import DrawFence, EnrolDevice, EnrolStation, EnrolUnit, StartShift
from command.rows import PositionRow, UnitRow
from command.settings import Limits
from command.uplink.hub_uplink import HubUplink
from tests.command.patrol.ground import LAT, LON, SHIFT_UNTIL_MS, START_MS, fence

SPACE = "live"
LIMITS = Limits(still_s=600, silent_s=300)


class Tokens:
    """Device tokens in memory."""

    def __init__(self) -> None:
        self.issued: dict[str, str] = {}
        self.revoked: set[str] = set()

    async def is_revoked(self, device: str) -> bool:
        return device in self.revoked

    async def register(self, device: str) -> str:
        self.issued[device] = f"{device}-{len(self.issued)}"
        return self.issued[device]

    async def check(self, device: str, token: str) -> bool:
        return self.issued.get(device) == token


class BrittleReadings(MemoryReadings):
    """A store whose disk can be taken away, and held while it writes."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.hold = asyncio.Event()
        self.hold.set()

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        await self.hold.wait()
        if self.away:
            raise UnavailableError("the disk is full")
        await super().add_positions(space, positions)


class BrittleJournal(MemoryJournal):
    """A journal that can be away."""

    away = False

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        if self.away:
            raise UnavailableError("the journal is away")
        async with super().turn(space) as turn:
            yield turn


class House:
    """A hub with one unit on duty and what its uplink needs."""

    def __init__(
        self, journal: Journal | None = None, readings: Readings | None = None, start_ms: int = START_MS
    ) -> None:
        self.clock = VirtualClock(start_ms)
        self.journal = journal or MemoryJournal()
        self.readings = readings or MemoryReadings()
        self.hub = Hub(SPACE, self.clock, self.journal, LIMITS)
        self.tokens = Tokens()
        self.uplink = HubUplink(self.hub, self.readings, self.tokens, self.clock)

    async def enrol(self) -> None:
        ring = list(fence("area", (0, 0), (2000, 1000)).ring)
        station = EnrolStation(
            station="s1", name="荣家湾派出所", service="110", lat=LAT, lon=LON, leader="李所长",
            leader_phone="13900000000",
        )  # fmt: skip
        unit = EnrolUnit(
            unit="u1", name="巡逻一组", kind="patrol_car", service="110", station="s1", phone="13800000000",
            officers=["张三"], area="area",
        )  # fmt: skip
        for request in (
            station,
            DrawFence(fence="area", name="一号辖区", kind="area", ring=ring, dwell_s=30, margin_m=30),
            unit,
            EnrolDevice(device="d1", kind="jt808", unit="u1"),
            EnrolDevice(device="pbx", kind="pbx"),
            StartShift(unit="u1", until_ms=SHIFT_UNTIL_MS),
        ):
            await self.hub.ask(request, HUB)

    async def send(self, *fixes: Position) -> None:
        """Let the clock come to the newest fix, then hand the fixes over."""
        self.clock.advance(max(one.at_ms for one in fixes))
        await self.uplink.positions(fixes)

    async def unit(self) -> UnitRow:
        return await self.hub.read(lambda t: t.units.need("u1"))

    async def place(self) -> PositionRow | None:
        await self.hub.read(lambda t: t.seq)  # one round, so that what waits for a batch is taken
        return await self.hub.read(lambda t: t.positions.get("u1"))

    async def alarms(self) -> list[str]:
        return await self.hub.read(lambda t: sorted(alarm.kind for alarm in t.alarms))

    async def stored(self) -> list[int]:
        track = await self.readings.track(SPACE, "d1", 0, SHIFT_UNTIL_MS, 1000)
        return [(one.at_ms - START_MS) // 1000 for one in track]


@asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(house.hub.run())
        yield house
        task.cancel()
