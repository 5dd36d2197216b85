"""The way of a device out of its fixes (轨迹回放): stops, gaps, calls for help, and fewer fixes that still tell it.

Between two fixes a straight line is a fair guess only where they are close in time; over a gap there is none.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from command.kernel.errors import TooLargeError
from command.kernel.geo import EARTH_RADIUS_M, distance_m
from command.kernel.limits import PATROL_STOP_MS, PATROL_THIN_M, SOS_GAP_MS
from command.patrol.fixes import FixFilter
from command.patrol.holders import Holding
from command.patrol.motion import Stay
from command.patrol.sos import is_stand_in
from command.readings import Position
from command.settings import Limits

Run = Sequence[Position]
"""Fixes none of which is further from the next one than a gap."""


class Stop(msgspec.Struct, frozen=True):
    """It stayed about one place (`still_radius_m`) for `PATROL_STOP_MS` or longer."""

    from_ms: int
    to_ms: int
    lat: float
    lon: float


class Gap(msgspec.Struct, frozen=True):
    """Nobody knows where it was: it said so for longer than `silent_s` of no instant."""

    from_ms: int
    to_ms: int


class HelpCall(msgspec.Struct, frozen=True):
    """The device called for help, first from there as far as it ever said from where."""

    from_ms: int
    to_ms: int
    lat: float | None
    lon: float | None


class PatrolTrack(msgspec.Struct, frozen=True, kw_only=True):
    """The way of one device within a time.

    `fixes` are the thinned ones, oldest first; what was left out of them lies at most `off_m` from where they say it
    was at that instant (m). `length_m` is what was driven or walked outside of stops, with nothing for gaps. `read` is
    how many fixes there are, `doubtful` how many of them nobody believes: nothing moves so fast. `heard_ms` and
    `unheard_ms` (the gaps) are together the time from `from_ms` to `to_ms`; `longest` is the first longest stop.
    """

    device: str
    unit: str
    from_ms: int
    to_ms: int
    fixes: list[Position]
    stops: list[Stop]
    gaps: list[Gap]
    calls: list[HelpCall]
    length_m: float
    read: int
    doubtful: int
    off_m: float
    heard_ms: int
    unheard_ms: int
    longest: Stop | None


def way_of(fixes: Run, held: Holding, limits: Limits, most: int) -> PatrolTrack:
    """Return the way of a device while a unit had it, of all its fixes then, oldest first, as at most `most` of them.

    Raises `TooLargeError` where the ends of its stops, gaps and calls alone are more.
    """
    believes = FixFilter()
    placed = [fix for fix in fixes if not is_stand_in(fix)]
    believed = [fix for fix in placed if believes.admit(fix)]
    gap_ms = limits.silent_s * 1000
    runs = list(_runs(believed, gap_ms))
    stops = [stop for run in runs for stop in _stops(run, limits)]
    calls = list(_calls(fixes))
    marked = {at_ms for stop in stops for at_ms in (stop.from_ms, stop.to_ms)}
    marked |= {at_ms for call in calls for at_ms in (call.from_ms, call.to_ms)}
    kept, off_m = _thinned(runs, stops, marked, most)
    gaps = list(_gaps(runs, gap_ms, held.from_ms, held.to_ms))
    whole_ms = held.to_ms - held.from_ms
    # A time too short for a gap, and not heard of once, was not heard all the same.
    unheard_ms = sum(gap.to_ms - gap.from_ms for gap in gaps) if runs else whole_ms
    return PatrolTrack(
        device=held.device, unit=held.unit, from_ms=held.from_ms, to_ms=held.to_ms, fixes=kept, stops=stops,
        gaps=gaps, calls=calls, length_m=_length_m(runs, stops), read=len(placed),
        doubtful=len(placed) - len(believed), off_m=off_m, heard_ms=whole_ms - unheard_ms, unheard_ms=unheard_ms,
        longest=max(stops, key=lambda stop: stop.to_ms - stop.from_ms, default=None),
    )  # fmt: skip


def _runs(fixes: Run, gap_ms: int) -> Iterator[Run]:
    begin = 0
    for number, (a, b) in enumerate(itertools.pairwise(fixes), 1):
        if b.at_ms - a.at_ms > gap_ms:
            yield fixes[begin:number]
            begin = number
    if fixes:
        yield fixes[begin:]


def _gaps(runs: Sequence[Run], gap_ms: int, from_ms: int, to_ms: int) -> Iterator[Gap]:
    """Yield what lies between runs, and before and after them where that is as long."""
    ends = [from_ms, *(at_ms for run in runs for at_ms in (run[0].at_ms, run[-1].at_ms)), to_ms]
    for a_ms, b_ms in zip(ends[::2], ends[1::2], strict=True):
        if b_ms - a_ms > gap_ms:
            yield Gap(a_ms, b_ms)


def _stops(run: Run, limits: Limits) -> Iterator[Stop]:
    stay, last_ms = Stay(run[0]), run[0].at_ms
    for fix in run[1:]:
        was = Stop(stay.since_ms, last_ms, stay.lat, stay.lon)
        if stay.left(fix, limits):
            yield from _long_enough(was)
        if not stay.strayed:
            last_ms = fix.at_ms
    yield from _long_enough(Stop(stay.since_ms, last_ms, stay.lat, stay.lon))


def _long_enough(stop: Stop) -> Iterator[Stop]:
    if stop.to_ms - stop.from_ms >= PATROL_STOP_MS:
        yield stop


def _calls(fixes: Run) -> Iterator[HelpCall]:
    """Yield the calls for help, also from where nobody believes that it was: a call is a call."""
    open_call: HelpCall | None = None
    for fix in fixes:
        if open_call and (not fix.sos or fix.at_ms - open_call.to_ms > SOS_GAP_MS):
            yield open_call
            open_call = None
        if fix.sos:
            call = open_call or HelpCall(fix.at_ms, fix.at_ms, None, None)
            if call.lat is None and not is_stand_in(fix):
                call = msgspec.structs.replace(call, lat=fix.lat, lon=fix.lon)
            open_call = msgspec.structs.replace(call, to_ms=fix.at_ms)
    if open_call:
        yield open_call


def _length_m(runs: Sequence[Run], stops: Sequence[Stop]) -> float:
    """Return the length outside of stops, where a receiver that lies still walks about all the same."""
    total_m, later = 0.0, iter(stops)
    stop = next(later, None)
    for run in runs:
        for a, b in itertools.pairwise(run):
            while stop and stop.to_ms <= a.at_ms:
                stop = next(later, None)
            if not (stop and stop.from_ms <= a.at_ms and b.at_ms <= stop.to_ms):
                total_m += distance_m(a.lat, a.lon, b.lat, b.lon)
    return total_m


def _thinned(
    runs: Sequence[Run], stops: Sequence[Stop], marked: set[int], most: int
) -> tuple[list[Position], float]:  # fmt: skip
    """Return the fixes kept, and how far from their way the others may lie (m).

    Always kept are the ends of runs, stops and calls. Then, one after the other, the fix that lies furthest from where
    those around it say that it was at that instant, until none is further than `PATROL_THIN_M` or there is no room
    (top-down time ratio; Meratnia and de By 2004, "Spatiotemporal compression techniques for moving point objects").
    """
    fixes = [fix for run in runs for fix in run]
    if not fixes:
        return [], 0.0
    kept, spans, begin = set[int](), list[tuple[int, int]](), 0
    for run in runs:
        end = begin + len(run) - 1
        inner = (n for n in range(begin + 1, end) if fixes[n].at_ms in marked)
        corners = [begin, *inner, end] if end > begin else [begin]
        kept.update(corners)
        spans += itertools.pairwise(corners)
        begin = end + 1
    if len(kept) > most:
        raise TooLargeError("more stops, gaps and calls than one answer tells; ask for less time", most=most)
    moving = [span for span in spans if not _within(fixes[span[0]].at_ms, fixes[span[1]].at_ms, stops)]
    plane = _Plane(fixes)
    furthest = [plane.furthest(a, b) for a, b in moving if b - a > 1]
    heapq.heapify(furthest)
    while furthest and -furthest[0][0] > PATROL_THIN_M and len(kept) < most:
        _, number, a, b = heapq.heappop(furthest)
        kept.add(number)
        for span in ((a, number), (number, b)):
            if span[1] - span[0] > 1:
                heapq.heappush(furthest, plane.furthest(*span))
    return [fixes[n] for n in sorted(kept)], -furthest[0][0] if furthest else 0.0


def _within(from_ms: int, to_ms: int, stops: Sequence[Stop]) -> bool:
    return any(stop.from_ms <= from_ms and to_ms <= stop.to_ms for stop in stops)


class _Plane:
    """The fixes on a plane in metres, which a county is."""

    def __init__(self, fixes: Run) -> None:
        lat = np.radians([fix.lat for fix in fixes])
        lon = np.radians([fix.lon for fix in fixes])
        self._y: npt.NDArray[np.float64] = EARTH_RADIUS_M * lat
        self._x: npt.NDArray[np.float64] = EARTH_RADIUS_M * math.cos(float(lat[0])) * lon
        self._at: npt.NDArray[np.float64] = np.array([fix.at_ms for fix in fixes], float)

    def furthest(self, a: int, b: int) -> tuple[float, int, int, int]:
        """Return how far off (negative) the furthest fix between two lies, its number, and the two."""
        share = (self._at[a + 1 : b] - self._at[a]) / (self._at[b] - self._at[a])
        off_x = self._x[a] + share * (self._x[b] - self._x[a]) - self._x[a + 1 : b]
        off_y = self._y[a] + share * (self._y[b] - self._y[a]) - self._y[a + 1 : b]
        off_m = np.hypot(off_x, off_y)
        number = int(off_m.argmax())
        return -float(off_m[number]), a + 1 + number, a, b
