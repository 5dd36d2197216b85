"""The bus between hubs, over a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from command.bus import RedisBus
from command.kernel.clock import SystemClock
from command.readings import Position
from tests.command.support import desk

STEPS = 40
"""More turns of the event loop than one message takes to be written and answered."""


async def test_it_ends_whenever_it_is_told_to(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("command.bus.BUS_TICK_MS", 0)

    async def followed(_fixes: Sequence[Position]) -> None:
        raise AssertionError("there is no other hub")

    async with desk() as d:
        for steps in range(STEPS):
            bus = RedisBus(redis_url, d.hub, "one", SystemClock(), followed)
            running = asyncio.create_task(bus.run())  # noqa: TID251 - ended below, whatever comes
            while bus.counters.sent < 2:
                await _turn(bus)
            for _ in range(steps):  # each round, the end comes at another step of telling something
                await _turn(bus)
            running.cancel()
            done, _ = await asyncio.wait({running}, timeout=5)
            assert done, f"told to end after {steps} steps it did not"


async def _turn(bus: RedisBus) -> None:
    """One turn of the event loop, with something to tell."""
    bus._something.set()
    await asyncio.sleep(0)  # noqa: TID251 - nothing is waited for
