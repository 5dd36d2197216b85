"""Seeds until one of them finds the fault that a test put in."""

from __future__ import annotations

from consoles.sim.node import Parts
from consoles.sim.simulation import Result, simulate

HOURS = 0.5


def found(parts: Parts | None = None, hubs: int = 2, first: int = 1) -> Result:
    """Return the first failure among a few seeds, and see that its replay fails in the same way."""
    for seed in range(first, first + 5):
        result = simulate(seed, HOURS, hubs, parts)
        if result.failure is not None:
            again = simulate(seed, HOURS, hubs, parts)
            assert (again.failure, again.step, again.digest) == (result.failure, result.step, result.digest)
            assert result.replay == f"triune sim --seed {seed} --hours 0.5 --hubs {hubs}"
            assert result.tail
            return result
    raise AssertionError("nothing was found")
