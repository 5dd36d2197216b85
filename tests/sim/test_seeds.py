"""Fixed seeds: whole hubs on virtual time with everything going wrong, and every check holds (SPEC R280, R281)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from consoles.sim.simulation import simulate

ROOT = Path(__file__).parents[2]
SEEDS = [(seed, 1 + seed % 3) for seed in range(1, 13)]


@pytest.mark.parametrize(("seed", "hubs"), SEEDS)
def test_everything_holds(seed: int, hubs: int) -> None:  # R280
    result = simulate(seed, 0.5, hubs)
    assert result.failure is None, "\n".join([*result.tail, result.failure, result.replay])
    assert result.facts > 300
    assert result.counts["agreed"] >= 3
    assert result.counts["killed"] > 0
    assert result.counts["fault"] > 20
    assert result.counts["resumed"] > 10  # R1240
    assert result.counts["chooses"] > 50  # R1240


def test_same_seed_same_trace() -> None:  # R281
    first, again, other = simulate(7, 0.2), simulate(7, 0.2), simulate(8, 0.2)
    assert (first.digest, first.step) == (again.digest, again.step)
    assert first.digest != other.digest


def test_same_trace_in_another_process_with_other_hashes() -> None:  # R281
    code = "from consoles.sim.simulation import simulate; print(simulate(7, 0.2).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hashes},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout.strip()
        for hashes in ("1", "4711")
    }  # fmt: skip
    assert digests == {simulate(7, 0.2).digest}
