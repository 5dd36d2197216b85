"""Watch: how soon it is known which entries a plate fits, a million of them in lists (库) and some of their own, all of
which mean look-alikes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from command.kernel import ga36
from command.kernel.limits import OPEN_WATCHES
from command.kernel.look_alikes import LOOK_ALIKES
from consoles.bench.measure import cpu_time, percentile, thread_us
from consoles.bench.report import Report, Step
from streams.watch_library import LibraryContent, LibraryIndex, written
from streams.watch_list import Wanted, WatchList

_SEED = 36_2018
_SERIAL = ga36.LETTERS + ga36.DIGITS * 3
_HITS_EVERY = 20
_LISTS = 3
_TIMES = 3
"""Each plate is asked so often; the least of these is what it takes where nothing else runs."""

_FLOOR_TIMES = 10


@dataclass(frozen=True)
class Sizes:
    """Entries of lists, of which some are patterns; entries of their own, which mean look-alikes; plates that pass.

    A 20th of the plates are on a list, another 20th look like a line of one, and another like an entry of its own.
    """

    entries: int = 1_000_000
    patterns: int = 10_000
    look_alikes: int = OPEN_WATCHES
    plates: int = 20_000


QUICK = Sizes(entries=2000, patterns=200, look_alikes=100, plates=200)


def bench(sizes: Sizes) -> Report:
    """Measure with a 16th, a quarter and all of the entries; the figures are of all, in CPU time."""
    steps: list[Step] = []
    for times in (1, 4, 16):
        chance = random.Random(_SEED)  # noqa: S311 - the same lists each time
        files, listed = _files(chance, sizes, times)
        own = [_plate(chance) for _ in range(sizes.look_alikes * times // 16)]
        before_mb = _resident_mb()
        with cpu_time() as building:
            watches = WatchList((f"w{number}", Wanted(plate, look_alike=True)) for number, plate in enumerate(own))
            contents = {f"b{number}": LibraryContent(data) for number, data in enumerate(files)}
            watches.libraries = LibraryIndex(contents, contents)
        held_mb = _resident_mb() - before_mb + sum(map(len, files)) / 1e6
        passing = [_passing(chance, listed, own, number) for number in range(sizes.plates)]
        with cpu_time() as spent:
            hits = sum(bool(watches.matching(plate)) for plate in passing)
        load = f"plates against {len(watches) + len(watches.libraries)} entries"
        steps.append(Step(times, load, len(passing), spent.s / len(passing) * 1e6))
    floor = _Floor(sizes.patterns, listed)
    taken_us: list[list[float]] = []
    floors_us: list[float] = []
    for plate in passing:  # in turns, so that what else runs is the same for both
        taken_us.append([_taken_us(watches, plate) for _ in range(_TIMES)])
        floors_us.append(min(floor.taken_us(plate) for _ in range(_TIMES)))
    first_us, least_us = [each[0] for each in taken_us], [min(each) for each in taken_us]
    undisturbed_us, floor_us = percentile(least_us, 0.95), percentile(floors_us, 0.95)
    return Report(
        "watch",
        {
            "entries": len(watches.libraries),
            "patterns": sum(len(content.patterns) for content in watches.libraries.contents.values()),
            "look_alikes": len(watches),
            "hits": hits,
            "build_s": round(building.s, 4),
            "held_mb": round(held_mb, 1),
            "p50_us": round(percentile(first_us, 0.5), 1),
            "p95_us": round(percentile(first_us, 0.95), 1),
            "undisturbed_p95_us": round(undisturbed_us, 1),
            "floor_p95_us": round(floor_us, 2),
            "ratio": round(undisturbed_us / floor_us, 2),
        },
        steps,
    )


def _files(chance: random.Random, sizes: Sizes, times: int) -> tuple[list[bytes], list[str]]:
    """Return the files of some lists, and plates that are on them."""
    plates = {_plate(chance): "" for _ in range((sizes.entries - sizes.patterns) * times // 16)}
    while len(plates) < (sizes.entries - sizes.patterns) * times // 16:
        plates[_plate(chance)] = ""
    patterns: dict[str, str] = {}
    while len(patterns) < sizes.patterns * times // 16:
        patterns[_pattern(chance)] = ""
    entries = [*plates, *patterns]
    return [written(dict.fromkeys(entries[at::_LISTS], "")) for at in range(_LISTS)], list(plates)[: sizes.plates]


def _resident_mb() -> float:
    """Return what this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def _passing(chance: random.Random, listed: list[str], own: list[str], number: int) -> str:
    """Return a plate that is on a list, one that looks like one there or an entry, or most often any other."""
    match number % _HITS_EVERY:
        case 0:
            return listed[number % len(listed)]
        case 1:
            return _looking_like(own[number % len(own)])
        case 2:
            return _looking_like(listed[number % len(listed)])
        case _:
            return _plate(chance)


def _looking_like(plate: str) -> str:
    at = next((at for at in range(2, len(plate)) if plate[at] in LOOK_ALIKES), 2)
    return plate[:at] + max(LOOK_ALIKES.get(plate[at], plate[at])) + plate[at + 1 :]


def _taken_us(watches: WatchList, plate: str) -> float:
    begun_us = thread_us()
    watches.matching(plate)
    return thread_us() - begun_us


class _Floor:
    """What nothing answers without: a plate looked for in one set, and for each of its characters a number with a bit
    for each pattern read from end to end."""

    def __init__(self, patterns: int, listed: Sequence[str]) -> None:
        chance = random.Random(_SEED)  # noqa: S311 - the same bits each time
        self._bits = {char: chance.getrandbits(max(1, patterns)) for char in ga36.ALPHABET}
        self._listed = frozenset(listed)

    def taken_us(self, plate: str) -> float:
        """Return what that takes, on average over so many times that the clock's own time counts little."""
        begun_us = thread_us()
        for _ in range(_FLOOR_TIMES):
            fits = int(plate in self._listed)
            for char in plate:
                fits |= self._bits[char]
        return (thread_us() - begun_us) / _FLOOR_TIMES


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
