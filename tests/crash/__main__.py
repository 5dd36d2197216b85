"""`python -m tests.crash --rounds 100 --seed N`: crash real hubs, print what each round did, and keep what failed."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from typing import get_args

from tests.crash.ground import Kind
from tests.crash.rounds import Told, crash
from tests.crash.waiting import CLOCK

_HEAD = (
    f"{'round':>10} {'s':>5} {'well ms':>7} {'yes':>5} {'again':>5} {'fixes':>5} {'cars':>5} {'1400':>5} {'hits':>5} "
    f"{'moves':>5} {'facts':>7}  faults"
)


def main() -> int:
    """Run; 0 where everything was kept, 1 where something was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="in all, half on each ground (default: 100)")
    parser.add_argument("--seed", type=int, default=None, help="of the choice of faults (default: any)")
    parser.add_argument("--ground", choices=get_args(Kind), help="only this one")
    parser.add_argument("--first", type=int, default=1, help="begin with the faults of this round (default: 1)")
    arguments = parser.parse_args()
    seed = Random().randrange(1 << 32) if arguments.seed is None else arguments.seed
    kinds: tuple[Kind, ...] = (arguments.ground,) if arguments.ground else get_args(Kind)
    each = max(1, arguments.rounds // len(kinds))
    logging.getLogger("edge.agent").setLevel(logging.ERROR)  # that its hub is gone is no news here
    run = _Run(seed)
    _say(f"seed {seed}\n{_HEAD}")
    try:
        for kind in kinds:
            if not asyncio.run(run.crash(kind, range(arguments.first, arguments.first + each))):
                break
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 130
    _say(json.dumps(run.figures()))
    return 0 if run.fault is None else 1


class _Run:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._began_ms = CLOCK.now_ms()
        self._told: list[Told] = []
        self.fault: str | None = None

    async def crash(self, kind: Kind, rounds: range) -> bool:
        """Crash one ground; say whether everything was kept. The folder stays where it was not."""
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        folder = Path(tempfile.mkdtemp(prefix=f"triune-crash-{kind}-"))
        done = len(self._told)
        try:
            await crash(kind, folder, self._seed, rounds, self._tell)
        except asyncio.CancelledError:
            shutil.rmtree(folder)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was is told, with the way to see it again
            number = rounds.start + len(self._told) - done
            self.fault = f"{kind} round {number}: {_innermost(error)!r}"
            (folder / "fault.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            again = f"python -m tests.crash --seed {self._seed} --ground {kind} --first {number} --rounds 1"
            _say(f"{self.fault}\nagain: {again}\nlogs: {folder}")
            return False
        shutil.rmtree(folder)
        return True

    def _tell(self, told: Told) -> None:
        self._told.append(told)
        _say(
            f"{f'{told.ground} {told.number}':>10} {told.seconds:>5} {told.well_ms:>7} {told.answered:>5} "
            f"{sum(told.tried_again.values()):>5} {told.fixes:>5} {told.passages:>5} "
            f"{told.told_by_lower:>5} {told.hits:>5} {told.moves:>5} {told.facts:>7}  "
            f"{', '.join(f'{name} {hold_ms} ms' for name, hold_ms in told.faults.items())}"
        )

    def figures(self) -> dict[str, object]:
        """The last line."""
        told = self._told
        tried: Counter[str] = Counter()
        for each in told:
            tried.update(each.tried_again)
        return {
            "ok": self.fault is None,
            "seed": self._seed,
            "rounds": dict(Counter(each.ground for each in told)),
            "faults": dict(sorted(Counter(name for each in told for name in each.faults).items())),
            "answered": sum(each.answered for each in told),
            "tried_again": dict(tried),
            "fixes": sum(each.fixes for each in told),
            "passages": sum(each.passages for each in told),
            "told_by_lower": sum(each.told_by_lower for each in told),
            "hits": sum(each.hits for each in told),
            "consoles_moved": sum(each.moves for each in told),
            "well_ms_most": max((each.well_ms for each in told), default=0),
            "seconds": round((CLOCK.now_ms() - self._began_ms) / 1000),
            "fault": self.fault,
        }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _innermost(error: BaseException) -> BaseException:
    """Of what failed together, the first that says what was wrong."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
