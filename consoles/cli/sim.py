"""`triune sim`: whole hubs on virtual time, with faults; what fails comes with the one command that replays it."""

from __future__ import annotations

import argparse
import json
import time

from command.kernel.errors import InvalidInputError
from consoles.limits import SIMULATED_HOURS, SIMULATED_HUBS, SIMULATED_SEEDS
from consoles.sim.simulation import Result, simulate


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("sim", help="simulate hubs, people and faults from a seed, and check everything")
    parser.add_argument("--seed", type=int, default=1, help="what decides everything (1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from that one on (1)")
    parser.add_argument("--hours", type=float, default=1.0, help="virtual hours (1)")
    parser.add_argument("--hubs", type=int, default=2, help="hubs on the one store (2)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Simulate and print what happened; 1 where a check failed. The last line is the result as JSON."""
    for value, most, name in (
        (arguments.seeds, SIMULATED_SEEDS, "seeds"),
        (arguments.hours, SIMULATED_HOURS, "hours"),
        (arguments.hubs, SIMULATED_HUBS, "hubs"),
    ):
        if not 0 < value <= most:
            raise InvalidInputError(f"--{name} is more than 0 and at most {most}")
    failed: list[str] = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        began_s = time.process_time()
        result = simulate(seed, arguments.hours, arguments.hubs)
        _print(result, time.process_time() - began_s)
        if result.failure is not None:
            failed.append(result.replay)
    print(json.dumps({"seeds": arguments.seeds, "hours": arguments.hours, "failed": failed}))
    return 1 if failed else 0


def _print(result: Result, cpu_s: float) -> None:
    counts = " ".join(f"{what}={count}" for what, count in result.counts.items())
    print(f"seed {result.seed}: {result.facts} facts, {result.step} steps, {cpu_s:.1f} s CPU, {counts}")
    print(f"  trace {result.digest}")
    if result.failure is not None:
        print("\n".join(f"  {line}" for line in result.tail))
        print(f"FAILED at step {result.step}: {result.failure}")
        print(f"replay: {result.replay}")
