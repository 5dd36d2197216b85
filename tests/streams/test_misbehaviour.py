"""A day of cameras that do whatever cameras do, in virtual time (SPEC R390, R391, R393, R395, R397)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from consoles.sim.clock import MachineClock
from consoles.sim.loop import VirtualLoop, dice, virtual_loop
from streams.limits import CAMERA_RETRY_FIRST_MS
from streams.turns import Turns
from tests.streams.misbehaving import BAD, CLOCK_STEP_MS, Watch

_HOUR_MS = 3600 * 1000


async def _day(loop: VirtualLoop, seed: str) -> list[Watch]:
    """Live through a day of three cameras: one pulled always, one for its viewers, one that nobody ever watches."""
    clock, true = MachineClock(loop), MachineClock(loop)
    turns = Turns()
    watches = [Watch.of(clock, true, dice(f"{seed}/{i}"), turns, f"camera-{i}", always=i == 0) for i in range(3)]
    running: list[asyncio.Task[None]] = []
    most_tasks = 0
    async with asyncio.TaskGroup() as tasks:
        for i, watch in enumerate(watches):
            viewers = (2, 3, 0)[i]
            works: list[Coroutine[Any, Any, None]] = [
                watch.peer.change_moods(),
                watch.camera.run(),
                watch.check_state(),
                *(watch.read(dice(f"{seed}/{i}/{j}")) for j in range(viewers)),
            ]
            running += [tasks.create_task(work) for work in works]
        for hour in range(24):
            await true.sleep(_HOUR_MS)
            clock.jump(CLOCK_STEP_MS if hour % 2 else -CLOCK_STEP_MS // 3)
            most_tasks = max(most_tasks, len(_unfinished(loop)))
        for task in running:
            task.cancel()
    # Beside those counted above: this one, and of each camera either the present attempt and what asks it for key
    # frames, or the two waits of a rest.
    assert most_tasks <= len(running) + 1 + 2 * len(watches)
    assert len(_unfinished(loop)) == 1
    return watches


def _unfinished(loop: VirtualLoop) -> list[asyncio.Task[Any]]:
    return [task for process in loop.processes for task in process.unfinished()]


# R655
@pytest.mark.parametrize("seed", ["1"])
def test_a_day_of_misbehaviour(seed: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("streams.turns.secrets", SimpleNamespace(randbelow=dice(seed).randrange))
    caplog.set_level(logging.CRITICAL, "streams.camera")
    loop = virtual_loop(seed)

    watches = loop.run_until_complete(_day(loop, seed))

    loop.end()
    always, watched, alone = watches
    for watch in watches:
        assert watch.peer.moods_seen > BAD
        assert watch.peer.open == 0
        assert watch.peer.most_open == 1
        view = watch.camera.view()
        assert (view.readers, view.pulled) == (0, False)
        assert view.connections > 50
        reasons = {status.reason for _, status in watch.statuses if status.state == "down"}
        assert {"connection refused", "what it sends does not decode as H.264"} < reasons
        assert "internal error: RuntimeError" in reasons
        # A state is told when it changes, and never the same twice but for when it is tried again.
        told = [status.state for _, status in watch.statuses]
        assert all(a != b or a == "down" for a, b in pairwise(told))
    # Nobody lets this one go, so it never connects in a hurry.
    assert min(b - a for a, b in pairwise(always.peer.attempts)) >= CAMERA_RETRY_FIRST_MS // 4
    assert watched.packets > 1000
    assert len(alone.peer.attempts) < len(always.peer.attempts)
