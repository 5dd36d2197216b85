"""Watch: how soon it is known which entries of a long watch list a plate fits, each plate by itself."""

from __future__ import annotations

import random
from dataclasses import dataclass

from command.kernel import ga36
from command.kernel.look_alikes import LOOK_ALIKES
from consoles.bench.measure import cpu_time, percentile, stopwatch_ms
from consoles.bench.report import Report, Step
from streams.watch_list import Wanted, WatchList

_SEED = 36_2018
_SERIAL = ga36.LETTERS + ga36.DIGITS * 3
_HITS_EVERY = 20


@dataclass(frozen=True)
class Sizes:
    """Entries, of which some are patterns and some also mean look-alikes, and plates that pass.

    A 20th of the plates are on the list, and another 20th look like one that means look-alikes.
    """

    entries: int = 1_000_000
    patterns: int = 10_000
    look_alikes: int = 5_000
    plates: int = 20_000


QUICK = Sizes(entries=2000, patterns=200, look_alikes=100, plates=200)


def bench(sizes: Sizes) -> Report:
    """Measure with a 16th, a quarter and all of the entries; the figures are of all."""
    steps: list[Step] = []
    for times in (1, 4, 16):
        chance = random.Random(_SEED)  # noqa: S311 - the same list each time
        exact = [_plate(chance) for _ in range((sizes.entries - sizes.patterns) * times // 16)]
        patterns = [_pattern(chance) for _ in range(sizes.patterns * times // 16)]
        every = max(1, sizes.entries // sizes.look_alikes)
        watches = WatchList(
            (f"w{number}", Wanted(text, number % every == 0)) for number, text in enumerate([*exact, *patterns])
        )
        passing = [_passing(chance, exact, every, number) for number in range(sizes.plates)]
        with cpu_time() as spent:
            hits = sum(bool(watches.matching(plate)) for plate in passing)
        steps.append(Step(times, f"plates against {len(watches)} entries", len(passing), spent.s / len(passing) * 1e6))
    taken_us = [_taken_us(watches, plate) for plate in passing]
    return Report(
        "watch",
        {
            "entries": len(watches),
            "patterns": len(patterns),
            "look_alikes": -(-len(watches) // every),
            "hits": hits,
            "p50_us": round(percentile(taken_us, 0.5), 1),
            "p95_us": round(percentile(taken_us, 0.95), 1),
        },
        steps,
    )


def _passing(chance: random.Random, exact: list[str], every: int, number: int) -> str:
    """Return a plate that is on the list, one that looks like an entry that means that, or most often any other."""
    if number % _HITS_EVERY == 0:
        return exact[number % len(exact)]
    if number % _HITS_EVERY == 1:
        plate = exact[number * every % len(exact) // every * every]
        at = next((at for at in range(2, len(plate)) if plate[at] in LOOK_ALIKES), 2)
        return plate[:at] + max(LOOK_ALIKES.get(plate[at], plate[at])) + plate[at + 1 :]
    return _plate(chance)


def _taken_us(watches: WatchList, plate: str) -> float:
    begun_ms = stopwatch_ms()
    watches.matching(plate)
    return (stopwatch_ms() - begun_ms) * 1e3


def _plate(chance: random.Random) -> str:
    """Return a plate of the usual kind: half of them are of one province, as on a county's roads."""
    province = "湘" if chance.random() < 0.5 else chance.choice(ga36.PROVINCES)
    return province + chance.choice(ga36.LETTERS) + "".join(chance.choices(_SERIAL, k=5))


def _pattern(chance: random.Random) -> str:
    """Return a plate as witnesses remember it: some characters unknown, or only how it began or ended."""
    plate = _plate(chance)
    match chance.randrange(4):
        case 0:
            return plate[: chance.randint(3, 5)] + "*"
        case 1:
            return "*" + plate[-chance.randint(3, 4) :]
        case _:
            unknown = chance.sample(range(1, len(plate)), chance.randint(1, 3))
            return "".join("?" if at in unknown else char for at, char in enumerate(plate))
