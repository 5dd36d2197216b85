"""Latency: from sending a request over HTTP to its row decoded in a console, both in another process than the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from consoles.bench.crowd import Ask
from consoles.bench.crowded_site import crowded_site
from consoles.bench.measure import cpu_time
from consoles.bench.report import Report, Step
from consoles.limits import PUSH_TICK_MS


@dataclass(frozen=True)
class Sizes:
    """How many consoles follow, and how many calls come in a second at most, for how long."""

    consoles: int = 500
    requests_per_s: float = 200.0
    seconds: float = 8.0


QUICK = Sizes(consoles=16, requests_per_s=160.0, seconds=0.5)


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Measure at a 16th, a quarter and all of the rate; the figures are of the last."""
    steps: list[Step] = []
    first = 0
    async with crowded_site(folder, "calls") as (_, crowd):
        await crowd.grow(sizes.consoles)
        for times in (1, 4, 16):
            per_s = sizes.requests_per_s * times / 16
            count = round(per_s * sizes.seconds)
            with cpu_time() as server:
                asked = await crowd.ask(Ask(first, count, per_s))
            first += count
            load = f"requests at {per_s:g} a second"
            steps.append(Step(times, load, count, server.s / count * 1e6))
    return Report(
        "latency",
        {
            "consoles": sizes.consoles,
            "rate": sizes.requests_per_s,
            "tick_ms": PUSH_TICK_MS,
            "p50_ms": round(asked.row_p50_ms, 2),
            "p99_ms": round(asked.row_p99_ms, 2),
            "answer_p50_ms": round(asked.answer_p50_ms, 2),
            "echo_p50_ms": round(asked.echo_p50_ms, 2),
            "echo_p99_ms": round(asked.echo_p99_ms, 2),
        },
        steps,
    )
