"""Readings in memory: for rehearsals, whose measurements end with them."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from command.kernel.errors import UnavailableError
from command.kernel.limits import READINGS_IN_MEMORY
from command.readings import AreaQuery, Changes, Day, Pass, Position, Presence, Readings, Sighting, SightingQuery
from command.readings.area import NOWHERE, Area, cell_of_fix
from command.readings.bounds import (
    DAY_MS,
    check_cameras,
    check_devices,
    check_positions,
    check_query,
    check_sightings,
    check_space,
    day_of,
    room_for,
    rows_of,
)
from command.readings.group import newest_of
from command.readings.known_time import first_known_ms, known_ms
from command.readings.pattern import plate_pattern
from command.readings.rows import as_kept


class _Track:
    """The fixes of one device, by instant."""

    __slots__ = ("fixes", "instants")

    def __init__(self) -> None:
        self.instants: list[int] = []
        self.fixes: dict[int, Position] = {}

    def add(self, fix: Position) -> bool:
        """Say whether the fix is a new one."""
        known = self.fixes.get(fix.at_ms)
        if known is None:
            bisect.insort(self.instants, fix.at_ms)
            self.fixes[fix.at_ms] = fix
        elif fix.sos and not known.sos:
            self.fixes[fix.at_ms] = replace(known, sos=True)
        return known is None

    def between(self, from_ms: int, to_ms: int) -> Iterator[Position]:
        """Yield the fixes, oldest first, both ends included."""
        first, end = bisect.bisect_left(self.instants, from_ms), bisect.bisect_right(self.instants, to_ms)
        return (self.fixes[at_ms] for at_ms in self.instants[first:end])

    def forget(self, before_ms: int) -> int:
        """Drop the fixes before an instant and return how many there were."""
        gone = self.instants[: bisect.bisect_left(self.instants, before_ms)]
        del self.instants[: len(gone)]
        for at_ms in gone:
            del self.fixes[at_ms]
        return len(gone)


class _Space:
    """What one space holds."""

    def __init__(self) -> None:
        self.tracks: dict[str, _Track] = {}
        self.newest: dict[str, tuple[Position, int]] = {}
        self.sightings: dict[tuple[str, str, int], Sighting] = {}
        self.stamp = 0

    def days(self) -> set[int]:
        """Return the days that something is kept of."""
        fixes = {day_of(at_ms) for track in self.tracks.values() for at_ms in track.instants}
        return fixes | {day_of(seen.first_ms) for seen in self.sightings.values()}

    def note_newest(self, fix: Position) -> None:
        """Take a fix as the device's newest if it is, or the SOS of it."""
        known, _ = self.newest.get(fix.device, (None, 0))
        if known is None or fix.at_ms > known.at_ms:
            self.newest[fix.device] = (fix, self.stamp)
        elif fix.at_ms == known.at_ms and fix.sos and not known.sos:
            self.newest[fix.device] = (replace(known, sos=True), self.stamp)

    def forget(self, before_ms: int) -> int:
        """Drop everything before an instant and return how many readings that were."""
        gone = sum(track.forget(before_ms) for track in self.tracks.values())
        old = [key for key, seen in self.sightings.items() if seen.first_ms < before_ms]
        for key in old:
            del self.sightings[key]
        self.newest = {device: held for device, held in self.newest.items() if held[0].at_ms >= before_ms}
        self.tracks = {device: track for device, track in self.tracks.items() if track.instants}
        return gone + len(old)


class MemoryReadings(Readings):
    """Readings in lists; gone with the process. Holds `READINGS_IN_MEMORY`, then refuses."""

    def __init__(self) -> None:
        self._spaces: dict[str, _Space] = {}
        self._kept_from_ms: dict[str | None, int] = {}
        self._known_ms: int | None = None
        self._held = 0
        self.too_old = 0

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Keep fixes; an SOS is added to the same fix, nothing else changes it."""
        check_positions(space, positions)
        self._check_room(len(positions))
        kept, from_ms = self._space(space), self._from_ms(space)
        fresh = [fix for fix in positions if fix.at_ms >= from_ms]
        self.too_old += len(positions) - len(fresh)
        for fix in fresh:
            self._held += kept.tracks.setdefault(fix.device, _Track()).add(fix)
        kept.stamp += 1
        for fix in newest_of([(space, fix) for fix in fresh]).values():
            kept.note_newest(fix)

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Keep passages, and return those that were not kept before."""
        check_sightings(space, sightings)
        self._check_room(len(sightings))
        kept, from_ms = self._space(space).sightings, self._from_ms(space)
        new: list[Sighting] = []
        for seen in sightings:
            key = (seen.camera, seen.plate, seen.first_ms)
            if seen.first_ms < from_ms:
                self.too_old += 1
            elif key not in kept:
                kept[key] = as_kept(seen)
                new.append(seen)
        self._held += len(new)
        return new

    def _space(self, name: str) -> _Space:
        return self._spaces.setdefault(name, _Space())

    def _look(self, name: str) -> _Space:
        """Return what a space holds, for questions: asking about one does not make it."""
        return self._spaces.get(name) or _Space()

    def _from_ms(self, space: str) -> int:
        return max(self._kept_from_ms.get(space, 0), self._kept_from_ms.get(None, 0))

    def _check_room(self, count: int) -> None:
        if self._held + count > READINGS_IN_MEMORY:
            raise UnavailableError(f"memory holds {self._held} readings and takes no more than {READINGS_IN_MEMORY}")

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes from one instant to another, both included, oldest first."""
        check_devices(space, (device,))
        track = self._look(space).tracks.get(device)
        return list(track.between(from_ms, to_ms))[: rows_of(limit)] if track else []

    async def latest_positions(self, space: str, devices: Sequence[str] | None = None) -> list[Position]:
        """Return the newest fix of every device, or of those named, by device."""
        check_devices(space, devices)
        newest = self._look(space).newest
        names: Iterable[str] = newest if devices is None else set(devices) & newest.keys()
        return [newest[device][0] for device in sorted(names)]

    async def changed_positions(self, space: str, since: int) -> Changes:
        """Return the newest fixes that changed since an earlier answer's stamp."""
        check_space(space)
        kept = self._look(space)
        changed = sorted(device for device, (_, stamp) in kept.newest.items() if stamp > since)
        return Changes([kept.newest[device][0] for device in changed], kept.stamp)

    async def devices_in(self, space: str, query: AreaQuery) -> list[Presence]:
        """Return which devices reported from the area, by device."""
        check_space(space)
        area = Area(query)
        west, south, east, north = area.box
        for device, track in self._look(space).tracks.items():
            fixes = track.between(query.from_ms, query.to_ms)
            placed = (p for p in fixes if cell_of_fix(p) != NOWHERE)
            near = (p for p in placed if south <= p.lat <= north and west <= p.lon <= east)
            area.take([(device, p.at_ms, p.lat, p.lon) for p in near])
        return area.presences()

    async def search(self, space: str, query: SightingQuery) -> list[Sighting]:
        """Return the passages, newest first, then by camera and plate."""
        check_query(space, query)
        expression = plate_pattern(query.plate).expression
        cameras = None if query.cameras is None else set(query.cameras)
        found = [
            seen
            for seen in self._look(space).sightings.values()
            if query.from_ms <= seen.first_ms <= query.to_ms
            and (cameras is None or seen.camera in cameras)
            and query.colour in (None, seen.colour)
            and query.kind in (None, seen.kind)
            and query.direction in (None, seen.direction)
            and (query.headings is None or _heads(seen, *query.headings))
            and expression.fullmatch(seen.plate)
        ]
        found.sort(key=_order)
        if query.after is not None:
            after = (-query.after.first_ms, query.after.camera, query.after.plate)
            found = [seen for seen in found if _order(seen) > after]
        return found[: rows_of(query.limit)]

    async def passes(
        self, space: str, cameras: Sequence[str] | None, from_ms: int, to_ms: int, most: int,
        plates: Sequence[str] | None = None,
    ) -> list[Pass]:  # fmt: skip
        """Return all passages at the cameras, oldest first."""
        check_cameras(space, cameras, plates or ())
        wanted = None if plates is None else set(plates)
        all_there = self._passes(space, cameras, from_ms, to_ms)
        found = sorted(seen for seen in all_there if wanted is None or seen.plate in wanted)
        room_for(most, len(found))
        return found

    async def traffic(self, space: str, cameras: Sequence[str], from_ms: int, to_ms: int) -> dict[str, int]:
        """Return how many passages there were at each of the cameras."""
        check_cameras(space, cameras)
        return dict(Counter(seen.camera for seen in self._passes(space, cameras, from_ms, to_ms)))

    async def known_plates(
        self, space: str, plates: Sequence[str], from_ms: int, to_ms: int, cameras: Sequence[str] | None = None
    ) -> set[str]:
        """Return those of the plates that passed in the time."""
        check_cameras(space, cameras, plates)
        return {seen.plate for seen in self._passes(space, cameras, from_ms, to_ms)} & set(plates)

    def _passes(self, space: str, cameras: Sequence[str] | None, from_ms: int, to_ms: int) -> Iterator[Pass]:
        wanted = None if cameras is None else set(cameras)
        for seen in self._look(space).sightings.values():
            if from_ms <= seen.first_ms <= to_ms and (wanted is None or seen.camera in wanted):
                yield Pass(seen.first_ms, seen.camera, seen.plate)

    async def look(self, now_ms: int, ran_ms: int, keep_ms: int) -> int:
        """Return how far time is known to have come."""
        if self._known_ms is None:
            self._known_ms = first_known_ms(now_ms, (day for kept in self._spaces.values() for day in kept.days()))
        self._known_ms = known_ms(self._known_ms, now_ms, ran_ms, keep_ms)
        told_ms = min(now_ms, self._known_ms)
        self._kept_from_ms[None] = min(self._kept_from_ms.get(None, 0), day_of(told_ms - keep_ms) * DAY_MS)
        return told_ms

    async def forget(self, before_ms: int, space: str | None = None) -> int:
        """Drop the days that ended by an instant; a day of rehearsals is small, so this may take its time."""
        if space is not None:
            check_space(space)
        before_ms -= before_ms % DAY_MS
        self._kept_from_ms[space] = max(before_ms, self._kept_from_ms.get(space, 0))
        count = 0
        for kept in [self._look(space)] if space is not None else list(self._spaces.values()):
            count += sum(day < day_of(before_ms) for day in kept.days())
            self._held -= kept.forget(before_ms)
        return count

    async def days(self) -> list[Day]:
        """Return the days kept, by space and day."""
        return [
            Day(name, day * DAY_MS, 0) for name, kept in sorted(self._spaces.items()) for day in sorted(kept.days())
        ]

    async def close(self) -> None:
        """Nothing to release."""


def _heads(seen: Sighting, from_deg: float, to_deg: float) -> bool:
    if seen.heading_deg is None:
        return False
    after, before = seen.heading_deg >= from_deg, seen.heading_deg <= to_deg
    return (after and before) if from_deg <= to_deg else (after or before)


def _order(seen: Sighting) -> tuple[int, str, str]:
    return (-seen.first_ms, seen.camera, seen.plate)
