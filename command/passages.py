"""Passages of vehicles as they happen: stored first, then shown to consoles, the newest of them in a ring of rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from command.facts.watchlist import PlateHit
from command.hub import Hub
from command.kernel.errors import TriuneError
from command.kernel.limits import CLOCK_SKEW_MS, PASSAGES_FRESH_MS, PASSAGES_SHOWN, READINGS_ROWS
from command.readings import Readings, Sighting, SightingQuery
from command.rows import HitRow, PassageRow

log = logging.getLogger(__name__)
Stored = Callable[[Sequence[Sighting]], None]
PictureCame = Callable[[str], None]


class Passages:
    """What stores passages that came to this hub, and shows those of all hubs. Nothing here is the record."""

    def __init__(self, hub: Hub, readings: Readings, shows: Callable[[str], bool] = lambda _: True) -> None:
        """`shows` says of a camera whether its passages are for all who watch; others are stored and not shown."""
        self._hub = hub
        self._readings = readings
        self._shows = shows
        self._stored: list[Stored] = []
        self._new: list[Stored] = []
        self._came: list[PictureCame] = []
        self._ring: dict[tuple[str, str, int], str] = {}
        """The row of each passage shown, the oldest first."""

    def on_stored(self, listener: Stored) -> None:
        """Call `listener` with passages that came to this hub, once they are durable."""
        self._stored.append(listener)

    def on_new(self, listener: Stored) -> None:
        """Call `listener` with those of them that were not stored before: what is not answered is told again."""
        self._new.append(listener)

    def on_picture(self, listener: PictureCame) -> None:
        """Call `listener` with the name of a picture that came to this hub after its passage, once it is durable."""
        self._came.append(listener)

    def picture_came(self, name: str) -> None:
        """Tell of a picture that is durable now and that a passage may have named before."""
        for listener in self._came:
            listener(name)

    async def add(self, sightings: Sequence[Sighting]) -> None:
        """Store passages, then show and tell of them. Raises as `Readings.add_sightings`; then nothing is shown."""
        new = await self._readings.add_sightings(self._hub.space, sightings)
        self.follow(sightings)
        for listener in self._stored:
            listener(sightings)
        for listener in self._new:
            listener(new)

    def follow(self, sightings: Sequence[Sighting]) -> None:
        """Show passages that are durable. One shown already stays where it is; what came late is not shown as new."""
        since_ms = self._hub.clock.now_ms() - PASSAGES_FRESH_MS
        rows: list[PassageRow] = []
        for seen in sightings:
            passage = (seen.camera, seen.plate, seen.first_ms)
            if passage in self._ring or seen.last_ms < since_ms or not self._shows(seen.camera):
                continue
            if len(self._ring) < PASSAGES_SHOWN:
                place = f"p{len(self._ring)}"
            else:
                place = self._ring.pop(next(iter(self._ring)))
            self._ring[passage] = place
            rows.append(_row(place, seen))
        if rows:
            self._hub.passages_changed(rows)

    async def look(self) -> bool:
        """Show what this and other hubs stored of late: at the start, and while the hubs do not hear each other.

        Say whether that could be read.
        """
        now_ms = self._hub.clock.now_ms()
        query = SightingQuery(
            from_ms=now_ms - PASSAGES_FRESH_MS, to_ms=now_ms + CLOCK_SKEW_MS, limit=PASSAGES_SHOWN
        )  # fmt: skip
        try:
            newest = await self._readings.search(self._hub.space, query)
        except TriuneError as error:
            log.warning("what passed of late cannot be read now: %s", error.detail)
            return False
        self.follow(newest[::-1])
        return True


async def passage_of_hit(readings: Readings, space: str, hit: HitRow | PlateHit) -> Sighting | None:
    """Return the passage that a hit is of, where it is kept still.

    A hit says of a car that was seen ahead of our clock that it was seen just now, its passage what was told.
    """
    for from_ms, to_ms in ((hit.seen_ms, hit.seen_ms), (hit.seen_ms + 1, hit.seen_ms + CLOCK_SKEW_MS)):
        query = SightingQuery(
            plate=hit.plate, cameras=(hit.camera,), from_ms=from_ms, to_ms=to_ms, limit=READINGS_ROWS
        )  # fmt: skip
        if found := await readings.search(space, query):
            return found[-1]
    return None


def _row(place: str, seen: Sighting) -> PassageRow:
    return PassageRow(
        id=place, camera=seen.camera, plate=seen.plate, colour=seen.colour, kind=seen.kind, rows=seen.rows,
        first_ms=seen.first_ms, last_ms=seen.last_ms, confidence=seen.confidence,
        char_confidences=seen.char_confidences, picture=seen.picture or "", box=seen.box, direction=seen.direction,
        heading_deg=seen.heading_deg, lane=seen.lane, source=seen.source,
    )  # fmt: skip
