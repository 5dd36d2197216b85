"""Who may connect next."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from streams.turns import Turns


class LoopTurn:
    """`await LoopTurn()` lets everybody who can go on do so once."""

    def __await__(self) -> Generator[None]:
        yield


async def connect(turns: Turns, inside: asyncio.Event, leave: asyncio.Event) -> None:
    async with turns.take(asyncio.Event(), needed=False):
        inside.set()
        await leave.wait()


@pytest.mark.parametrize("after", range(8))
async def test_a_look_that_is_given_up_as_its_turn_comes_leaves_the_turn_to_others(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it waits, has its turn without having noticed, or has begun by then: in one of these loop turns each."""
    monkeypatch.setattr("streams.turns.CAMERA_PROBES", 1)
    turns, first, leave = Turns(), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(connect(turns, first, leave))
        await first.wait()
        waiting = tasks.create_task(connect(turns, asyncio.Event(), asyncio.Event()))
        for _ in range(5):
            await LoopTurn()
        leave.set()
        for _ in range(after):
            await LoopTurn()
        waiting.cancel()
        await asyncio.wait([waiting])
        async with asyncio.timeout(60), turns.take(asyncio.Event(), needed=False):
            pass
