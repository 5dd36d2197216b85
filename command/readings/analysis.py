"""What passages tell of cars: who goes with one, who is new, who is often there. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median_low
from typing import Literal

import msgspec
import numpy as np

from command.kernel.local_time import BEIJING
from command.readings import Pass

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_LOCAL_MS = round(BEIJING.utcoffset(None).total_seconds() * 1000)
_NIGHT_FROM_H, _NIGHT_TO_H = 22, 6

When = Literal["all", "day", "night"]


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """A plate that was near a car again and again.

    `times` of the car's passages had it near, at `cameras`, on `days` days; it was `lag_ms` behind (before: negative)
    in the middle. `expected` is how many times would be chance, had it passed each camera as often as it did, but at
    times as the traffic there has them; `chance` is how likely that gives so many times or more, and `by_chance` how
    many of the plates that were near at all would do so.
    """

    plate: str
    times: int
    cameras: tuple[str, ...]
    days: int
    lag_ms: int
    expected: float
    chance: float
    by_chance: float


class Visits(msgspec.Struct, frozen=True, kw_only=True):
    """How often a plate passed: in all, on how many days (nights count by their evening), at most on one of them."""

    plate: str
    passes: int
    days: int
    most_in_a_day: int
    first_ms: int
    last_ms: int


def meetings(near: Sequence[Iterable[Pass]], plate: str, at_least: int) -> dict[str, dict[int, Pass]]:
    """Return by plate which windows it was in, and its passage there, of those in windows of `at_least` cameras.

    `near` are the passages in the windows round each passage of the car `plate`, all of a window at one camera.
    """
    met: dict[str, dict[int, Pass]] = defaultdict(dict)
    for number, window in enumerate(near):
        for one in window:
            if one.plate != plate:
                met[one.plate].setdefault(number, one)
    return {other: there for other, there in met.items() if len({one.camera for one in there.values()}) >= at_least}


def companions(
    car: Sequence[Pass], near: Sequence[Collection[Pass]], met: Mapping[str, Mapping[int, Pass]],
    traffic: Mapping[str, int], own: Mapping[tuple[str, str], int], looked_at: int,
) -> list[Companion]:  # fmt: skip
    """Weigh what `meetings` found, most surprising first.

    `near` are the windows of `car`'s passages; `traffic` is how many passages each camera had in all the time, and
    `own` how many of them were of a plate, by plate and camera; `looked_at` plates were near the car at all.
    """
    share = [min(len(window) / traffic[one.camera], 1.0) for one, window in zip(car, near, strict=True)]
    found = []
    for plate, there in met.items():
        chances = [1 - (1 - part) ** own.get((plate, one.camera), 0) for part, one in zip(share, car, strict=True)]
        chance = chance_of_at_least(len(there), chances)
        companion = Companion(
            plate=plate, times=len(there), cameras=tuple(sorted({one.camera for one in there.values()})),
            days=len({_local_day(one.first_ms) for one in there.values()}),
            lag_ms=median_low(one.first_ms - car[number].first_ms for number, one in there.items()),
            expected=sum(chances), chance=chance, by_chance=chance * looked_at,
        )  # fmt: skip
        found.append(companion)
    return sorted(found, key=lambda one: (one.chance, -one.times, one.plate))


def chance_of_at_least(count: int, chances: Sequence[float]) -> float:
    """Return how likely `count` or more of independent events with these chances happen (Poisson binomial)."""
    if count == 0:
        return 1.0
    fewer = np.zeros(count)
    fewer[0] = 1.0
    enough = 0.0  # only ever added to, so that the smallest chances keep their digits
    for chance in chances:
        enough += fewer[-1] * chance
        fewer[1:] = fewer[1:] * (1 - chance) + fewer[:-1] * chance
        fewer[0] *= 1 - chance
    return float(enough)


def newcomers(passes: Iterable[Pass], known: Collection[str]) -> list[Pass]:
    """Return the first passage of each plate that is not known, in the order of the passages."""
    first: dict[str, Pass] = {}
    for one in passes:
        if one.plate not in known:
            first.setdefault(one.plate, one)
    return list(first.values())


def visits(passes: Iterable[Pass], at_least: int, when: When) -> list[Visits]:
    """Return the plates that passed so often by day or night (22 to 6 o'clock) or both, the most frequent first."""
    by_plate: dict[str, list[int]] = defaultdict(list)
    for one in passes:
        if when == "all" or (when == "night") == _is_night(one.first_ms):
            by_plate[one.plate].append(one.first_ms)
    found = []
    for plate, times in by_plate.items():
        if len(times) < at_least:
            continue
        days: dict[int, int] = defaultdict(int)
        for at_ms in times:
            days[_local_day(at_ms - (_NIGHT_TO_H * _HOUR_MS if when == "night" else 0))] += 1
        found.append(
            Visits(
                plate=plate, passes=len(times), days=len(days), most_in_a_day=max(days.values()), first_ms=min(times),
                last_ms=max(times),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.passes, -one.days, one.plate))


def _local_day(at_ms: int) -> int:
    return (at_ms + _LOCAL_MS) // _DAY_MS


def _is_night(at_ms: int) -> bool:
    hour = (at_ms + _LOCAL_MS) // _HOUR_MS % 24
    return hour >= _NIGHT_FROM_H or hour < _NIGHT_TO_H
