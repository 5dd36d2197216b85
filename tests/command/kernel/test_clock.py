"""Clocks: the system's never goes back, the virtual one goes as it is told (SPEC R91-R92)."""

from __future__ import annotations

import asyncio
import time

import pytest

from command.kernel.clock import Onward, SystemClock, VirtualClock
from command.kernel.rate import RateLimit

START_MS = 1_700_000_000_000


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 - turns of the loop, no time


def test_the_system_clock_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:  # R91
    clock = SystemClock()
    before_ms = time.time_ns() // 1_000_000
    first = clock.now_ms()
    assert before_ms <= first <= time.time_ns() // 1_000_000
    steady_ns = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: steady_ns)
    monkeypatch.setattr(time, "time_ns", lambda: (first - 60_000) * 1_000_000)
    behind = clock.now_ms()
    assert first <= behind <= first + 1000
    assert clock.set_back_ms() == behind - (first - 60_000)
    assert clock.now_ms() == behind
    monkeypatch.setattr(time, "time_ns", lambda: (behind + 5) * 1_000_000)
    assert clock.now_ms() == behind + 5
    assert clock.set_back_ms() == 0


def test_a_clock_set_back_goes_on_at_half_its_pace_until_the_wall_has_caught_up() -> None:  # R91
    hour_ns = 3600 * 10**9
    wall_ns, steady_ns, onward = START_MS * 10**6, 5 * hour_ns, Onward()
    assert onward.now_ms(wall_ns, steady_ns) == START_MS
    said = [onward.now_ms(wall_ns - hour_ns + gone, steady_ns + gone) for gone in range(0, 3 * hour_ns, 10**9)]
    assert said[:4] == [START_MS, START_MS + 500, START_MS + 1000, START_MS + 1500]
    assert said == sorted(said)
    assert said[7200] == START_MS + 3_600_000  # two hours later
    assert said[7202] == START_MS + 3_602_000


async def test_a_rate_is_not_held_up_by_a_clock_that_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:  # R91
    clock = SystemClock()
    rate = RateLimit(1000, clock.now_ms())
    wall_ns = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: wall_ns - 3600 * 10**9)
    async with asyncio.timeout(60):
        for _ in range(1100):
            while wait_ms := rate.wait_ms(clock.now_ms()):
                await clock.sleep(wait_ms)


async def test_the_system_clock_sleeps_until_an_instant() -> None:  # R91
    clock = SystemClock()
    at_ms = clock.now_ms() + 20
    await clock.sleep_until(at_ms)
    assert clock.now_ms() >= at_ms
    await clock.sleep_until(at_ms - 1000)
    await clock.sleep(1)


async def test_a_stopped_clock_moves_only_when_moved() -> None:  # R92
    clock = VirtualClock(START_MS)
    assert clock.next_wake_ms() is None
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(clock.sleep(1000))
        early = tasks.create_task(clock.sleep_until(START_MS + 400))
        await settled()
        assert clock.now_ms() == START_MS
        assert clock.next_wake_ms() == START_MS + 400
        clock.advance(START_MS + 999)
        await settled()
        assert early.done()
        assert not sleeper.done()
        assert clock.next_wake_ms() == START_MS + 1000
        clock.advance(START_MS + 5)  # not back
        assert clock.now_ms() == START_MS + 999
        clock.advance(START_MS + 1000)
        await sleeper
    assert clock.next_wake_ms() is None
    await clock.sleep_until(START_MS)


async def test_a_fast_clock_runs_that_many_times_real_time() -> None:  # R92
    clock = VirtualClock(START_MS, speed=3600)
    real_s = time.perf_counter()
    await clock.sleep(60_000)
    real_s = time.perf_counter() - real_s
    assert clock.now_ms() >= START_MS + 60_000
    assert 0.015 < real_s < 2


async def test_another_speed_goes_on_from_the_present_instant() -> None:  # R92
    clock = VirtualClock(START_MS)
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(clock.sleep(50_000))
        await settled()
        clock.set_speed(5000)
        assert clock.speed == 5000
        await sleeper
        clock.set_speed(0)
        now_ms = clock.now_ms()
        assert now_ms >= START_MS + 50_000
        await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop
        assert clock.now_ms() == now_ms


async def test_a_sleeper_that_went_away_leaves_nothing_behind() -> None:  # R92
    """A hub waits for its next deadline anew with each one set; none of the old waits may pile up."""
    for speed in (0, 1):
        clock = VirtualClock(START_MS, speed)
        for _ in range(100):
            sleeper = asyncio.ensure_future(clock.sleep(3_600_000))
            await settled()
            sleeper.cancel()
            await asyncio.gather(sleeper, return_exceptions=True)
        assert clock.next_wake_ms() is None
        assert clock._sleepers == []
