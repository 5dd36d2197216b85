"""Instruments: CPU time of this process, a stopwatch, percentiles.

They measure the product and decide nothing in it, so they read the machine's counters instead of a `Clock`.
"""

from __future__ import annotations

import gc
import math
import resource
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from command.kernel.clock import Clock


@dataclass
class CpuTime:
    """CPU seconds of this process with all its threads, once measured."""

    s: float = 0.0


@contextmanager
def cpu_time() -> Iterator[CpuTime]:
    """Measure the block; garbage from before it is collected first."""
    gc.collect()
    spent = CpuTime()
    start_s = cpu_s()
    try:
        yield spent
    finally:
        spent.s = cpu_s() - start_s


def cpu_s() -> float:
    """Return the CPU seconds of this process so far; only differences mean something."""
    return time.process_time()


def stopwatch_ms() -> float:
    """Return milliseconds of a steady counter; only differences mean something."""
    return time.perf_counter_ns() / 1e6


def thread_us() -> float:
    """Return CPU microseconds of this thread, which a busy machine leaves as they are; only differences say much."""
    return time.thread_time_ns() / 1e3


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0…1) of the values do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


async def paced(clock: Clock, count: int, per_s: float) -> AsyncIterator[int]:
    """Yield 0…count-1, each when it is due; those that are late at once."""
    begun_ms = stopwatch_ms()
    for number in range(count):
        early_ms = begun_ms + number * 1000 / per_s - stopwatch_ms()
        if early_ms > 0:
            await clock.sleep(math.ceil(early_ms))
        yield number


def allow_many_sockets() -> None:
    """Raise this process's limit of open files as far as it may itself."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
