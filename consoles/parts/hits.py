"""Plates that are on the watch list: which ones, and what readings and road net tell about the car that was seen."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from msgspec.structs import replace

from command.actors import HUB
from command.blobs import Blobs
from command.facts.watchlist import AheadBy, CameraAhead, LastSeen
from command.hub import Changes, Hub
from command.kernel.errors import InvalidInputError, TriuneError, UnknownIdError
from command.kernel.roads import RoadNet, ahead_by_bearing, read_roads
from command.readings import Readings, Sighting
from command.requests import ReportHit
from command.rows import WatchRow
from command.tables import Tables
from consoles.limits import HIT_LAST_SEEN_MS
from streams.plates.crop import plate_jpeg
from streams.watch_library import Found, LibraryIndex
from streams.watch_list import Match, Wanted, WatchList

log = logging.getLogger(__name__)


class Hits:
    """The watch list of a hub, as the tables have it, and hits of it as requests."""

    def __init__(self, hub: Hub, readings: Readings, blobs: Blobs, roads: RoadNet | None) -> None:
        self._hub = hub
        self._readings = readings
        self._blobs = blobs
        self._roads = roads
        self._watches = WatchList()
        self._is_old = True
        hub.listen(self._on_change)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        for (table, key), row in changes.items():
            if table == "watches" and self._watches.get(key) != _wanted(row):
                self._is_old = True

    def hold(self, index: LibraryIndex) -> None:
        """Look for these lists from now on."""
        self._watches.libraries = index

    def stands(self, library: str, line: str, seen_ms: int) -> Found | None:
        """Return an entry of a list as it is now.

        Raises `UnknownIdError` where the list holds it no more, or it was over when a car was seen; None where this hub
        does not hold the list.
        """
        index = self._watches.libraries
        if library not in index.contents:
            return None
        found = index.holds(library, line, seen_ms)
        if found is None:
            raise UnknownIdError(f"list {library} holds {line} no more")
        return found

    async def on(self, plate: str) -> list[Match]:
        """Return the entries in force that a plate fits, every character of it taken for certain."""
        await self._catch_up()
        return self._watches.matching(plate, at_ms=self._hub.clock.now_ms())

    async def matching(self, sighting: Sighting) -> list[Match]:
        """Return the entries in force that a sighting fits; those of before where the tables cannot be read."""
        await self._catch_up()
        return self._watches.matching(sighting.plate, sighting.char_confidences, sighting.first_ms)

    async def _catch_up(self) -> None:
        if self._is_old:
            self._is_old = False
            try:
                self._watches.update(await self._hub.read(_entries))
            except TriuneError as error:
                self._is_old = True
                log.warning("the watch list stays as it was for now: %s", error.detail)
            for watch, why in self._watches.impossible.items():
                log.warning("watch %s can never fire: %s", watch, why)

    async def report(self, sighting: Sighting, scene: bytes) -> None:
        """Record a hit for every entry that a sighting fits; `scene` is its picture, empty where there is none.

        Raises `TriuneError` where that cannot be done.
        """
        matches = await self.matching(sighting)
        if not matches:
            return
        about = await self.told_more(
            ReportHit(
                watch=matches[0].watch,
                plate=sighting.plate,
                camera=sighting.camera,
                seen_ms=sighting.first_ms,
                confidence=min(1.0, max(0.0, sighting.confidence)),
                picture=sighting.picture or "",
                plate_picture=await self._plate_picture(sighting, scene),
                direction=sighting.direction,
                heading_deg=sighting.heading_deg,
            )
        )
        for match in matches:
            key = f"hit/{match.watch}/{sighting.camera}/{sighting.plate}/{sighting.first_ms}"
            hit = replace(
                about, watch=match.watch, how=match.how, score=match.score, line=match.line, note=match.note
            )  # fmt: skip
            await self._hub.ask(hit, HUB, key)

    async def told_more(self, hit: ReportHit) -> ReportHit:
        """Return the hit with where the car was before and which cameras it will pass next, as far as that is known."""
        places = await self._hub.read(lambda t: {camera.id: (camera.lat, camera.lon) for camera in t.cameras})
        ahead, by = self._ahead(places, hit) if hit.camera in places else ((), "none")
        return replace(hit, last_seen=await self._last_seen(hit), ahead=ahead, ahead_by=by)

    async def _last_seen(self, hit: ReportHit) -> LastSeen | None:
        from_ms = max(0, hit.seen_ms - HIT_LAST_SEEN_MS)
        try:
            found = await self._readings.sightings(self._hub.space, hit.plate, from_ms, hit.seen_ms - 1, 1)
        except TriuneError as error:  # the hit is told all the same
            log.warning("where %s was before cannot be told: %s", hit.plate, error.detail)
            return None
        return LastSeen(camera=found[0].camera, at_ms=found[0].first_ms) if found else None

    def _ahead(self, places: dict[str, tuple[float, float]], hit: ReportHit) -> tuple[tuple[CameraAhead, ...], AheadBy]:
        found = self._roads.ahead(places, hit.camera, hit.heading_deg) if self._roads is not None else None
        by: AheadBy = "roads"
        if found is None:
            found, by = ahead_by_bearing(places, hit.camera, hit.heading_deg), "bearing"
        ahead = tuple(
            CameraAhead(camera=each.camera, distance_m=round(each.distance_m), expected_s=round(each.expected_s))
            for each in found
        )
        return ahead, by

    async def _plate_picture(self, sighting: Sighting, scene: bytes) -> str:
        if sighting.box is None or not scene:
            return ""
        try:
            return await self._blobs.add(await asyncio.to_thread(plate_jpeg, scene, sighting.box))
        except TriuneError as error:
            log.warning("no picture of plate %s: %s", sighting.plate, error.detail)
            return ""


def road_net(path: str, county: Path | None) -> RoadNet | None:
    """Return the road net of a file, else that of a demonstration's county, else none.

    Raises `InvalidInputError` for a file of the settings that cannot be used.
    """
    file = Path(path) if path else county / "roads.geojson" if county else None
    if file is None or (not path and not file.is_file()):
        return None
    try:
        return read_roads(file.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"the road net {file.name} cannot be read: {error.strerror}") from error


def _entries(t: Tables) -> dict[str, Wanted]:
    return {watch.id: wanted for watch in t.watches if (wanted := _wanted(watch)) is not None}


def _wanted(row: object) -> Wanted | None:
    """Return what a row asks for; None for one that is not in force."""
    return Wanted(row.pattern, row.look_alike) if isinstance(row, WatchRow) and row.state == "active" else None
