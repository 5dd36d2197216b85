"""One person moves a camera, whichever hubs people are at (SPEC R495, R496)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.kernel.clock import Clock, SystemClock, VirtualClock
from command.kernel.errors import ConflictError, UnavailableError
from streams.holds import SCHEMA, SharedHolds
from streams.limits import PTZ_HOLD_MS, PTZ_LOOK_MS
from streams.ptz import STOP, Move, Operator, Ptz, PtzControl, PtzGateways
from tests.databases import Databases

WATCH, OTHER = Operator("w", "赵视频", 0), Operator("o", "钱视频", 0)
COMMANDER = Operator("c", "李指挥", 2)
LEFT, RIGHT = Move(-0.5, 0.0, 0.0), Move(0.5, 0.0, 0.0)


async def test_the_rule_is_the_same_over_hubs_as_at_one(databases: Databases) -> None:
    clock = VirtualClock(1_000_000)
    async with databases(SCHEMA, "holds") as at_one, databases(SCHEMA, "holds") as at_other:
        one, other = SharedHolds(at_one, "one", clock), SharedHolds(at_other, "other", clock)
        assert await one.of("k1") is None
        await one.take("k1", WATCH)
        with pytest.raises(ConflictError) as refused:
            await other.take("k1", OTHER)
        assert refused.value.extra == {"holder": "赵视频", "until_ms": 1_000_000 + PTZ_HOLD_MS}
        held = await other.of("k1")
        assert held is not None
        assert held.by == WATCH
        await other.take("k2", OTHER)  # another camera is another matter
        await other.take("k1", COMMANDER)
        assert await one.moved_on("k1")
        assert not await other.moved_on("k1")
        with pytest.raises(ConflictError):
            await one.take("k1", WATCH)
        clock.advance(1_000_000 + PTZ_HOLD_MS)
        assert await one.of("k1") is None
        await one.take("k1", WATCH)


async def test_a_hub_whose_clock_is_far_ahead_keeps_nobody_out(databases: Databases) -> None:
    async with databases(SCHEMA, "holds") as database:
        await SharedHolds(database, "ahead", VirtualClock(10_000_000)).take("k1", COMMANDER)
        own = SharedHolds(database, "own", VirtualClock(1_000_000))
        assert await own.of("k1") is None
        await own.take("k1", WATCH)


async def test_of_many_who_ask_at_once_at_two_hubs_one_has_it(databases: Databases) -> None:
    clock = VirtualClock(1_000_000)
    async with databases(SCHEMA, "holds") as at_one, databases(SCHEMA, "holds") as at_other:
        hubs = SharedHolds(at_one, "one", clock), SharedHolds(at_other, "other", clock)
        taken = await asyncio.gather(
            *(hubs[n % 2].take("k1", Operator(f"w{n}", "", 0)) for n in range(20)), return_exceptions=True
        )
        assert [one for one in taken if one is None] == [None]
        assert sum(isinstance(one, ConflictError) for one in taken) == 19


class Dome:
    """One camera that two hubs reach; it knows what it was told last."""

    def __init__(self) -> None:
        self.said: list[tuple[float, float, float]] = []

    async def move(self, pan: float, tilt: float, zoom: float) -> None:
        self.said.append((pan, tilt, zoom))

    async def preset(self, number: int) -> None:
        raise AssertionError(number)

    @asynccontextmanager
    async def open(self, _address: str, _clock: Clock) -> AsyncIterator[Ptz]:
        yield self


def control(dome: Dome, holds: SharedHolds, clock: Clock) -> PtzControl:
    gateways = PtzGateways()
    gateways.register("dome", dome.open)
    return PtzControl(gateways, lambda _: "dome://1", clock, holds)


async def test_who_takes_it_at_another_hub_is_not_stopped_by_the_first(databases: Databases) -> None:
    dome, clock = Dome(), VirtualClock(1_000_000)
    async with databases(SCHEMA, "holds") as at_one, databases(SCHEMA, "holds") as at_other:
        async with (
            control(dome, SharedHolds(at_one, "one", clock), clock) as one,
            control(dome, SharedHolds(at_other, "other", clock), clock) as other,
        ):
            await one.command("k1", WATCH, LEFT)
            with pytest.raises(ConflictError):
                await other.command("k1", OTHER, RIGHT)
            await other.command("k1", COMMANDER, RIGHT)
            held = await one.hold("k1")
            assert held is not None
            assert held.by == COMMANDER
            async with asyncio.timeout(60):
                while other.counters.dead_man_stops == 0:
                    clock.advance(clock.now_ms() + PTZ_LOOK_MS)
                    await SystemClock().sleep(5)  # the database answers
            with pytest.raises(ConflictError):
                await one.command("k1", WATCH, STOP)
        assert (one.counters.dead_man_stops, other.counters.dead_man_stops) == (0, 1)
    assert dome.said == [(-0.5, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.0, 0.0)]


class Away(SharedHolds):
    """Holds whose database is away."""

    def __init__(self) -> None:
        """It has none."""

    async def take(self, camera: str, who: Operator) -> None:
        raise UnavailableError("away")

    async def of(self, camera: str) -> None:
        raise UnavailableError("away")

    async def moved_on(self, camera: str) -> bool:
        raise UnavailableError("away")


async def test_without_the_database_each_hub_goes_by_its_own() -> None:
    dome = Dome()
    async with control(dome, Away(), VirtualClock(1_000_000)) as one:
        await one.command("k1", WATCH, LEFT)
        with pytest.raises(ConflictError):
            await one.command("k1", OTHER, RIGHT)
        held = await one.hold("k1")
        assert held is not None
        assert held.by == WATCH
        assert one.counters.alone == 2
