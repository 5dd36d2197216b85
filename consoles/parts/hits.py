"""Plates that are on the watch list: which ones, and what readings and road net tell about the car that was seen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from command.actors import HUB
from command.blobs import Blobs
from command.facts.watchlist import AheadBy, CameraAhead, LastSeen
from command.hub import Changes, Hub
from command.kernel.errors import HubBusyError, InvalidInputError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.roads import RoadNet, ahead_by_bearing, read_roads
from command.passages import Passages
from command.readings import Readings, Sighting
from command.requests import ReportHit
from command.rows import WatchRow
from command.rules.hits import answer_without_news, in_force_ms, is_set_aside
from command.tables import Tables
from consoles.limits import HIT_CLOCKS_MS, HIT_LAST_SEEN_MS
from consoles.parts.judge import PassageJudge
from streams.plates.crop import plate_jpeg
from streams.watch_library import Found, LibraryIndex
from streams.watch_list import Match, Wanted, WatchList

log = logging.getLogger(__name__)


@dataclass
class HitCounters:
    """What became of hits that this hub found in passages, and of passages that it could not judge at once."""

    found: int = 0
    refused: int = 0
    failed: int = 0
    dropped: int = 0


class Hits:
    """The watch list of a hub, as the tables have it, and hits of it as requests."""

    def __init__(self, hub: Hub, readings: Readings, blobs: Blobs, roads: RoadNet | None) -> None:
        self.counters = HitCounters()
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

    async def first_of(self, fits: Sequence[ReportHit]) -> ReportHit:
        """Return of hits of one passage, by lines of one list, the first whose line nobody set aside, if any is."""
        if len(fits) == 1:
            return fits[0]
        return await self._hub.read(
            lambda t: next((hit for hit in fits if not is_set_aside(t, hit.watch, hit.line, hit.plate)), fits[0])
        )

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

    async def judge(self, sighting: Sighting, *, late: bool) -> None:
        """Record a hit for every entry, and of every list one, that a stored passage fits and that was in force when
        the car was seen.

        Each is tried by itself; those that are refused are counted. Raises `UnavailableError`, or `HubBusyError` where
        the hub has too much to do, when that cannot be done now: what is recorded by then is recorded once.
        """
        matches = await self.matching(sighting)
        if not matches:
            return
        now_ms = self._hub.clock.now_ms()
        found = [_hit(match, sighting, now_ms) for match in matches]
        by_ms = sighting.last_ms + (0 if late else HIT_CLOCKS_MS)
        news = await self._hub.read(lambda t: _one_of_each([hit for hit in found if _is_news(t, hit, by_ms, now_ms)]))
        if not news:  # as with most cars that fit a pattern which is looked for elsewhere
            return
        picture = await self._plate_picture(sighting)
        about = await self.told_more(news[0])
        for hit in news:
            told = replace(
                hit, plate_picture=picture, last_seen=about.last_seen, ahead=about.ahead, ahead_by=about.ahead_by
            )  # fmt: skip
            await self._record(told, key_of(hit.watch, hit.camera, hit.plate, sighting.first_ms))

    async def _record(self, hit: ReportHit, key: str) -> None:
        try:
            answer = await self._hub.ask(hit, HUB, key)
        except (UnavailableError, HubBusyError):
            raise
        except TriuneError as error:
            self.counters.refused += 1
            log.warning("a hit of %s on %s could not be recorded: %s", hit.plate, hit.watch, error.detail)
        else:
            self.counters.found += bool(answer.subject)

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

    async def _plate_picture(self, sighting: Sighting) -> str:
        if sighting.box is None or not sighting.picture:
            return ""
        try:
            scene = await self._blobs.get(sighting.picture)
            return await self._blobs.add(await asyncio.to_thread(plate_jpeg, scene, sighting.box))
        except UnknownIdError:  # an agent's, which comes later, or one that the store refused
            return ""
        except TriuneError as error:
            log.warning("no picture of plate %s: %s", sighting.plate, error.detail)
            return ""


class HitFinder(PassageJudge):
    """Asks the watch list about every passage that is stored, whichever way it came."""

    def __init__(self, hub: Hub, readings: Readings, passages: Passages, hits: Hits) -> None:
        super().__init__(hub, readings, passages, hits.counters, "the watch list")
        self._hits = hits

    async def judge(self, sighting: Sighting, *, late: bool) -> None:
        """Record its hits."""
        await self._hits.judge(sighting, late=late)


def key_of(watch: str, camera: str, plate: str, first_ms: int) -> str:
    """Return the idempotency key of a hit, by when the car was seen first as whoever saw it has it.

    Hub and agent may both find it: by this it is one.
    """
    return f"hit/{watch}/{camera}/{plate}/{first_ms}"


def _hit(match: Match, sighting: Sighting, now_ms: int) -> ReportHit:
    return ReportHit(
        watch=match.watch, plate=sighting.plate, camera=sighting.camera,
        seen_ms=min(sighting.first_ms, now_ms),  # whose clock runs ahead still has seen the car, by now at the latest
        confidence=min(1.0, max(0.0, sighting.confidence)), picture=sighting.picture or "", how=match.how,
        score=match.score, direction=sighting.direction, heading_deg=sighting.heading_deg, line=match.line,
        note=match.note,
    )  # fmt: skip


def _is_news(t: Tables, hit: ReportHit, by_ms: int, now_ms: int) -> bool:
    """Say whether a hit is to be recorded of a car that was seen until an instant."""
    try:
        return in_force_ms(t, hit.watch) <= by_ms and answer_without_news(t, hit, now_ms) is None
    except UnknownIdError:  # asked, the rule says which
        return True


def _one_of_each(hits: Sequence[ReportHit]) -> list[ReportHit]:
    """Return of each list the first hit: of lines that nobody set aside."""
    firsts: dict[str, ReportHit] = {}
    for hit in hits:
        firsts.setdefault(hit.watch, hit)
    return list(firsts.values())


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
