"""A short, fixed run of the crash harness; `make crash` runs the long one.

SPEC R170-R173, R190-R191, R799, R1253, R1254.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.ground import Kind
from tests.crash.rounds import Told, crash

SEED = 4962
"""Its first rounds hold nothing long, and do everything: kill, stop, freeze, full disk, limited files, servers away."""
ROUNDS = range(1, 5)


@pytest.mark.timeout(900)  # processes start again and again, on a machine that may be busy; each wait has a limit
@pytest.mark.parametrize("kind", ["sqlite", "hubs"])
async def test_what_was_answered_survives_crashes_and_nothing_happens_twice(kind: Kind, tmp_path: Path) -> None:
    told: list[Told] = []
    try:
        await crash(kind, tmp_path, SEED, ROUNDS, told.append)
    except BaseException as error:
        first = ROUNDS.start + len(told)
        error.add_note(f"again: python -m tests.crash --seed {SEED} --ground {kind} --first {first} --rounds 1")
        raise
    assert len(told) == len(ROUNDS)
    load = [min(each.answered, each.fixes, each.passages, each.told_by_lower) for each in told]
    assert min(load) > 10, "the load was no load"
    assert sum(each.hits for each in told) > 0, "nobody who is looked for passed"
    assert sum(sum(each.tried_again.values()) for each in told) > 0, "nobody noticed anything"
