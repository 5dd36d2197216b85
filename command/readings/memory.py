"""Readings in memory: for rehearsals, whose measurements end with them."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from msgspec.structs import replace

from command.kernel.errors import UnavailableError
from command.kernel.limits import READINGS_IN_MEMORY
from command.readings import Position, Sighting
from command.readings.bounds import rows_of, to_expression


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


class MemoryReadings:
    """Readings in lists; gone with the process. Holds `READINGS_IN_MEMORY`, then refuses."""

    def __init__(self) -> None:
        self._tracks: dict[str, dict[str, _Track]] = {}
        self._sightings: dict[str, dict[tuple[str, str, int], Sighting]] = {}
        self._held = 0

    async def add_positions(self, space: str, positions: Sequence[Position]) -> None:
        """Keep fixes; an SOS is added to the same fix, nothing else changes it."""
        self._check_room(len(positions))
        tracks = self._tracks.setdefault(space, {})
        for fix in positions:
            self._held += tracks.setdefault(fix.device, _Track()).add(fix)

    async def add_sightings(self, space: str, sightings: Sequence[Sighting]) -> None:
        """Keep passages."""
        self._check_room(len(sightings))
        kept = self._sightings.setdefault(space, {})
        before = len(kept)
        for sighting in sightings:
            kept.setdefault((sighting.camera, sighting.plate, sighting.first_ms), sighting)
        self._held += len(kept) - before

    def _check_room(self, count: int) -> None:
        if self._held + count > READINGS_IN_MEMORY:
            raise UnavailableError(f"memory holds {self._held} readings and takes no more than {READINGS_IN_MEMORY}")

    async def track(self, space: str, device: str, from_ms: int, to_ms: int, limit: int) -> list[Position]:
        """Return a device's fixes from one instant to another, both included, oldest first."""
        track = self._tracks.get(space, {}).get(device)
        if track is None:
            return []
        first = bisect.bisect_left(track.instants, from_ms)
        beyond = bisect.bisect_right(track.instants, to_ms)
        return [track.fixes[at_ms] for at_ms in track.instants[first:beyond][: rows_of(limit)]]

    async def latest_positions(self, space: str) -> list[Position]:
        """Return the newest fix of every device, by device."""
        tracks = sorted(self._tracks.get(space, {}).items())
        return [track.fixes[track.instants[-1]] for _, track in tracks]

    async def sightings(self, space: str, plate: str, from_ms: int, to_ms: int, limit: int) -> list[Sighting]:
        """Return passages that began from one instant to another, both included, newest first."""
        expression = to_expression(plate)
        found = [
            s
            for s in self._sightings.get(space, {}).values()
            if from_ms <= s.first_ms <= to_ms and expression.fullmatch(s.plate)
        ]
        found.sort(key=lambda s: (-s.first_ms, s.camera, s.plate))
        return found[: rows_of(limit)]

    async def close(self) -> None:
        """Nothing to release."""
