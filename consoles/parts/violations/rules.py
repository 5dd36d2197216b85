"""The rules by the cameras that they concern, kept: only what a change touches is worked out again (SPEC R842)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from command.hub import Changes, Hub
from command.rows import CameraRow, RegionsVersion, RestrictionVersion, SectionVersion
from command.tables import Tables
from consoles.limits import VIOLATION_RULES_LATE_MS
from streams.violations.area import Extent, Position, Ring, Stands

_RULES = ("sections", "restrictions", "regions")


@dataclass(frozen=True)
class Rules:
    """The rules of each camera. Of areas those versions that a passage may still come for."""

    sections: Mapping[str, list[tuple[str, tuple[SectionVersion, ...]]]] = field(default_factory=dict)
    areas: Mapping[str, list[tuple[str, RestrictionVersion]]] = field(default_factory=dict)
    regions: Mapping[str, tuple[RegionsVersion, ...]] = field(default_factory=dict)

    def concern(self, camera: str) -> bool:
        """Say whether anything can be judged before a camera."""
        return camera in self.sections or camera in self.areas or camera in self.regions


@dataclass(frozen=True)
class _Read:
    """What is read of the tables, which takes next to no time: the hub does nothing else meanwhile."""

    sections: list[tuple[str, tuple[SectionVersion, ...]]]
    areas: list[tuple[str, RestrictionVersion]]
    regions: dict[str, tuple[RegionsVersion, ...]]
    stand: dict[str, Position]


class KeptRules:
    """The rules as the tables have them. One task asks for them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rules = Rules()
        self._is_old = True
        self._stand: Mapping[str, Position] = {}
        """Where the cameras stand by what was read last."""
        self._known_at: Mapping[str, Position] = {}
        """Where they stood when `_extents` was worked out."""
        self._extents: Mapping[Ring, Extent] = {}

    def on_change(self, changes: Changes) -> None:
        """Take note of rows that changed. A camera that goes up or down stands where it stood."""
        for (table, identity), row in changes.items():
            if table in _RULES:
                self._is_old = True
            elif table == "cameras":
                stands = (row.lon, row.lat) if isinstance(row, CameraRow) else None
                self._is_old |= stands != self._stand.get(identity)

    async def now(self) -> Rules:
        """Return the rules. Raises as `Hub.read`."""
        while self._is_old:
            self._is_old = False
            try:
                read = await self._hub.read(self._read)
                self._extents = await asyncio.to_thread(_extents, read, self._extents, self._known_at)
                self._rules, self._known_at = await asyncio.to_thread(_by_camera, read, self._extents), read.stand
            except BaseException:
                self._is_old = True
                raise
        return self._rules

    def _read(self, t: Tables) -> _Read:
        since_ms = self._hub.clock.now_ms() - VIOLATION_RULES_LATE_MS
        read = _Read(
            sections=[(row.id, row.versions) for row in t.sections],
            areas=[(row.id, version) for row in t.restrictions for version in _of_late(row.versions, since_ms)],
            regions={row.id: row.versions for row in t.regions},
            stand={row.id: (row.lon, row.lat) for row in t.cameras},
        )
        self._stand = read.stand  # at once: what changes from here on is compared with it
        return read


def _of_late(versions: Iterable[RestrictionVersion], since_ms: int) -> Iterable[RestrictionVersion]:
    return (version for version in versions if version.until_ms is None or version.until_ms > since_ms)


def _extents(read: _Read, known: Mapping[Ring, Extent], known_at: Mapping[str, Position]) -> dict[Ring, Extent]:
    """Return which cameras stand in each ring: in one that is known only those are looked for that moved."""
    stand, moved = Stands(read.stand), {camera for camera, at in read.stand.items() if known_at.get(camera) != at}
    gone, those_moved = known_at.keys() - read.stand.keys(), Stands({camera: read.stand[camera] for camera in moved})
    found: dict[Ring, Extent] = {}
    for _, version in read.areas:
        ring = version.definition.ring
        if ring and ring not in found:
            extent = known.get(ring)
            found[ring] = extent.after(those_moved, gone) if extent else Extent.of(ring, stand)
    return found


def _by_camera(read: _Read, extents: Mapping[Ring, Extent]) -> Rules:
    sections: dict[str, list[tuple[str, tuple[SectionVersion, ...]]]] = {}
    for section, versions in read.sections:
        cameras = {point.camera for one in versions for point in (one.definition.start, one.definition.end)}
        for camera in cameras:
            sections.setdefault(camera, []).append((section, versions))
    areas: dict[str, list[tuple[str, RestrictionVersion]]] = {}
    for restriction, version in read.areas:
        named = read.stand.keys() & version.definition.cameras
        inside = extents[version.definition.ring].cameras if version.definition.ring else frozenset()
        for camera in named | inside:
            areas.setdefault(camera, []).append((restriction, version))
    return Rules(sections, areas, read.regions)
