"""The way of a device line by line, for a file: every fix that is stored with what is known of it, and every gap."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import msgspec

from command.patrol.fixes import FixFilter
from command.patrol.sos import is_stand_in
from command.patrol.tracks import Gap, PatrolTrack
from command.readings import Position


class FixLine(msgspec.Struct, frozen=True):
    """A fix. `stop` is the number, from 1, of the stop that it belongs to; `doubtful` ones nobody believes."""

    fix: Position
    stop: int | None
    doubtful: bool


class GapLine(msgspec.Struct, frozen=True):
    """A gap and its number, from 1."""

    gap: Gap
    number: int


def lines_of(fixes: Sequence[Position], way: PatrolTrack) -> Iterator[FixLine | GapLine]:
    """Yield all fixes of a way, oldest first, and each gap after the fix that it begins with."""
    gaps = (GapLine(gap, number) for number, gap in enumerate(way.gaps, 1))
    return heapq.merge(_fix_lines(fixes, way), gaps, key=_place)


def _place(line: FixLine | GapLine) -> tuple[int, bool]:
    return (line.gap.from_ms, True) if isinstance(line, GapLine) else (line.fix.at_ms, False)


def _fix_lines(fixes: Sequence[Position], way: PatrolTrack) -> Iterator[FixLine]:
    believes = FixFilter()
    stops = iter(enumerate(way.stops, 1))
    number, stop = next(stops, (0, None))
    for fix in fixes:
        placed = not is_stand_in(fix)
        doubtful = placed and not believes.admit(fix)
        while stop and stop.to_ms < fix.at_ms:
            number, stop = next(stops, (0, None))
        inside = placed and not doubtful and stop is not None and stop.from_ms <= fix.at_ms
        yield FixLine(fix, number if inside else None, doubtful)
