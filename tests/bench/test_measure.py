"""Percentiles, and the pace of what is asked."""

from __future__ import annotations

from command.kernel.clock import SystemClock
from consoles.bench.measure import paced, percentile, stopwatch_ms


def test_percentiles_are_of_the_values_themselves() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7


async def test_nothing_comes_before_it_is_due() -> None:
    begun_ms = stopwatch_ms()
    early = [n async for n in paced(SystemClock(), 5, 100) if stopwatch_ms() - begun_ms < n * 10]
    assert early == []
