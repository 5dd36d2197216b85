"""Memory that nothing but itself holds is let go (SPEC R1149)."""

from __future__ import annotations

import asyncio
import mmap
import weakref

import pytest

from command.kernel import garbage
from command.kernel.clock import VirtualClock
from command.kernel.garbage import let_go_what_grew
from tests.garbage import by_counting_alone

GROWN = 16 * 1024 * 1024


class Ended:
    """Holds itself, and much else: pages of its own, since what Python allocates may be memory that was there."""

    def __init__(self, size: int) -> None:
        self.own = self
        self.much = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)


async def looked(clock: VirtualClock) -> None:
    """Let it look once."""
    while (wakes_ms := clock.next_wake_ms()) is None:
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time
    clock.advance(wakes_ms)
    while clock.next_wake_ms() is None:
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time


async def test_what_ended_and_holds_itself_is_let_go_once_memory_has_grown(  # R1149
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "GARBAGE_GROWN_BYTES", GROWN)
    clock = VirtualClock(1_000_000, speed=0)
    with by_counting_alone():
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(let_go_what_grew(clock))
            small = weakref.ref(Ended(mmap.PAGESIZE))
            await looked(clock)
            assert small() is not None  # little: Python's own turn comes

            large = weakref.ref(Ended(4 * GROWN))
            assert large() is not None
            await looked(clock)
            assert large() is None
            assert small() is None
            watching.cancel()
