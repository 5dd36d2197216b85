"""Questions about cars and patrols that take several looks at the readings; each does bounded work or refuses."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from command.kernel.errors import TooLargeError
from command.kernel.limits import (
    CLONE_PASSES,
    CLONES,
    COMPANION_PASSES,
    COMPANION_PLATES,
    COMPANION_STOPS,
    FIRST_TIME_PASSES,
    FREQUENT_PASSES,
    PATROL_FIXES_READ,
    READINGS_PASSES,
    READINGS_ROWS,
    TRACK_STOPS,
)
from command.kernel.ways import Place, Way
from command.readings import Pass, Position, Readings, Sighting, SightingQuery, analysis
from command.readings.legs import Doubt, Leg, Places, Ways, doubts, leg, place_pair
from command.readings.likely_ways import LikelyWays


class Span(msgspec.Struct, frozen=True):
    """Cameras, or None for all, and two instants, both included."""

    cameras: Sequence[str] | None
    from_ms: int
    to_ms: int


async def track(readings: Readings, space: str, plate: str, span: Span) -> tuple[list[Sighting], bool]:
    """Return the newest `TRACK_STOPS` passages of a plate, oldest first, and whether there are earlier ones."""
    query = SightingQuery(
        plate=plate, cameras=_tuple(span.cameras), from_ms=span.from_ms, to_ms=span.to_ms, limit=TRACK_STOPS + 1
    )
    found = await readings.search(space, query)
    return found[:TRACK_STOPS][::-1], len(found) > TRACK_STOPS


async def companions(
    readings: Readings, space: str, plate: str, span: Span, *, at_least: int, within_ms: int
) -> list[analysis.Companion]:
    """Return the plates that were within so long of a car at `at_least` of the same cameras, most surprising first.

    Raises `TooLargeError` where the car passed more often than `COMPANION_STOPS`, more than `COMPANION_PASSES` were
    near it, or more than `COMPANION_PLATES` fit.
    """
    car = await readings.passes(space, span.cameras, span.from_ms, span.to_ms, COMPANION_STOPS, (plate,))
    near: list[list[Pass]] = []
    looked_at = 0
    for one in car:
        from_ms, to_ms = one.first_ms - within_ms, one.first_ms + within_ms
        window = await readings.passes(space, (one.camera,), from_ms, to_ms, COMPANION_PASSES - looked_at)
        looked_at += len(window)
        near.append(window)
    met = analysis.meetings(near, plate, at_least)
    if len(met) > COMPANION_PLATES:
        raise TooLargeError(
            f"more than {COMPANION_PLATES} plates fit; ask for less time, more cameras in common or a shorter interval",
            most=COMPANION_PLATES,
        )
    if not met:
        return []
    cameras = sorted({one.camera for one in car})
    # The windows of the first and last passage reach beyond the time that was asked for.
    from_ms, to_ms = span.from_ms - within_ms, span.to_ms + within_ms
    traffic = await readings.traffic(space, cameras, from_ms, to_ms)
    theirs = await readings.passes(space, cameras, from_ms, to_ms, READINGS_PASSES, sorted(met))
    own = Counter((one.plate, one.camera) for one in theirs)
    plates_near = len({one.plate for window in near for one in window} - {plate})
    return await asyncio.to_thread(analysis.companions, car, near, met, traffic, own, plates_near)


async def first_time(readings: Readings, space: str, span: Span, since_ms: int) -> list[Pass]:
    """Return the first passage of each plate that was not seen there from `since_ms` until the time, oldest first.

    Raises `TooLargeError` past `FIRST_TIME_PASSES` in the time.
    """
    passes = await readings.passes(space, span.cameras, span.from_ms, span.to_ms, FIRST_TIME_PASSES)
    plates = sorted({one.plate for one in passes})
    known = await readings.known_plates(space, plates, since_ms, span.from_ms - 1, span.cameras)
    return analysis.newcomers(passes, known)


async def frequent(
    readings: Readings, space: str, span: Span, *, at_least: int, when: analysis.When
) -> list[analysis.Visits]:
    """Return the plates that passed so often, the most frequent first. `TooLargeError` past `FREQUENT_PASSES`."""
    passes = await readings.passes(space, span.cameras, span.from_ms, span.to_ms, FREQUENT_PASSES)
    return await asyncio.to_thread(analysis.visits, passes, at_least, when)


class Clone(msgspec.Struct, frozen=True, kw_only=True):
    """A plate that was at two places sooner than one car may be: `times` in all, the newest of them told."""

    plate: str
    times: int
    before: Sighting
    after: Sighting
    leg: Leg


class Clones(msgspec.Struct, frozen=True):
    """What was found, the most often first, and the points (lat, lon) of the ways that the legs name."""

    clones: list[Clone]
    ways: list[tuple[Place, ...]]
    more: bool


async def clones(readings: Readings, space: str, span: Span, places: Places, likely: LikelyWays) -> Clones:
    """Return the plates that two cars may wear, at most `CLONES`. `TooLargeError` past `CLONE_PASSES`."""
    passes = await readings.passes(space, span.cameras, span.from_ms, span.to_ms, CLONE_PASSES)
    doubted = await asyncio.to_thread(doubts, passes, places)
    pairs = {pair: None for of in doubted.values() for one in of if (pair := _pair(one, places))}
    ways = await likely.between(list(pairs))
    suspect = {plate: found for plate, of in doubted.items() if (found := _suspect(of, places, ways))}
    most = sorted(suspect, key=lambda plate: (-len(suspect[plate]), plate))
    told: list[Clone] = []
    points: list[tuple[Place, ...]] = []
    for plate in most[:CLONES]:
        one = suspect[plate][-1]
        before, after = await _sighting(readings, space, one.before), await _sighting(readings, space, one.after)
        if before is None or after is None:  # forgotten meanwhile
            continue
        pair = _pair(one, places)
        way, number = ways.get(pair) if pair else None, None
        if isinstance(way, Way):
            number = len(points)
            points.append(way.points)
        spent_ms = max(after.first_ms - before.last_ms, 0)
        between = leg(spent_ms, before.camera, after.camera, places, ways, number)
        told.append(Clone(plate=plate, times=len(suspect[plate]), before=before, after=after, leg=between))
    return Clones(told, points, len(most) > CLONES)


async def fixes(readings: Readings, space: str, device: str, from_ms: int, to_ms: int, read: int = 0) -> list[Position]:
    """Return all fixes of a device from one instant to another, both included, oldest first.

    Raises `TooLargeError` where they are, with `read` others, more than `PATROL_FIXES_READ`.
    """
    found: list[Position] = []
    while True:
        page = await readings.track(space, device, from_ms, to_ms, READINGS_ROWS)
        found += page
        if read + len(found) > PATROL_FIXES_READ:
            raise TooLargeError(f"more than {PATROL_FIXES_READ} fixes then; ask for less time", most=PATROL_FIXES_READ)
        if len(page) < READINGS_ROWS:
            return found
        from_ms = page[-1].at_ms + 1


def _pair(one: Doubt, places: Places) -> tuple[Place, Place] | None:
    return place_pair(one.before.camera, one.after.camera, places)


def _suspect(of: Sequence[Doubt], places: Places, ways: Ways) -> list[Doubt]:
    """Return those that no car does by the instants at which the passages began, which is in its favour."""
    return [
        one
        for one in of
        if leg(one.after.first_ms - one.before.first_ms, one.before.camera, one.after.camera, places, ways).suspect
    ]


async def _sighting(readings: Readings, space: str, one: Pass) -> Sighting | None:
    query = SightingQuery(
        plate=one.plate, cameras=(one.camera,), from_ms=one.first_ms, to_ms=one.first_ms, limit=1
    )  # fmt: skip
    return next(iter(await readings.search(space, query)), None)


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
