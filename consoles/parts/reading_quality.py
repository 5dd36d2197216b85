"""How well each camera's plates are read: counted up by the hour, judged against the days before, told when worse.

Every hub adds what passed it; the one that records what cameras show adds how long each was watched, and judges.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import get_args

import msgspec

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import InvalidInputError, TriuneError
from command.leases import Leases
from command.readings import Readings, Sighting, SightingQuery
from command.readings.hours import HOUR_MS
from command.requests import ReportReading
from command.tables import Tables
from consoles.parts.stores import CAMERAS
from edge.agent.items import Reading
from streams.limits import (
    QUALITY_JUDGE_MS,
    QUALITY_KEEP_MS,
    QUALITY_KEPT_DAYS,
    QUALITY_LOCAL,
    QUALITY_WAITING,
    QUALITY_WATCHED_MS,
)
from streams.plates.counting import Counting
from streams.plates.hours import ReadingHours, Total
from streams.plates.quality import Judgement, Measure, Usual, Why, judge, usual_of
from streams.plates.watcher import WatchCounters

_WHYS: tuple[Why, ...] = get_args(Why)
log = logging.getLogger(__name__)
_DAY_HOURS = 24
_LOCAL_MS = 24 * HOUR_MS

CountersOf = Callable[[str], WatchCounters]
Troubles = Callable[[], Awaitable[Mapping[str, str]]]
"""Says why before which cameras no plates can be read."""


class CameraQuality(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera's plates are read now, beside what is usual; `from_ms` is since when `now` counts.

    `no_plates` is why none are read before it at present, models that are missing or readers that do not start; empty
    while they are.
    """

    camera: str
    from_ms: int
    now: Measure
    usual: Usual | None
    judgement: Judgement
    no_plates: str = ""


class ReadingQuality:
    """Counts, keeps and judges. The caller runs `run`."""

    def __init__(self, hub: Hub, hours: ReadingHours, readings: Readings, leases: Leases) -> None:
        self.counters_of: CountersOf | None = None
        """Where plates are read in this process; what is read elsewhere is known by its passages alone."""
        self.troubles: Troubles | None = None
        self.dropped = 0
        """Hours of cameras that were not counted, because too many waited for the database."""
        self._hub = hub
        self._hours = hours
        self._readings = readings
        self._leases = leases
        self._waiting: dict[tuple[str, int], Measure] = {}
        self._counting = Counting()
        self._worse: dict[str, Why] = {}
        """Cameras that count as worse, and why: told once, whatever people do with the alarm."""
        self._provinces: deque[str] = deque(maxlen=QUALITY_LOCAL)
        self._looked_ms = hub.clock.now_ms()
        leases.listen(self._on_leases)

    def _on_leases(self) -> None:
        if not self._leases.holds(CAMERAS):  # whoever judges now may say otherwise than this hub did
            self._worse.clear()

    def note(self, sightings: Sequence[Sighting]) -> None:
        """Count passages that no hub had stored before, each in its own hour (SPEC R844)."""
        own = [seen for seen in sightings if seen.source != "viid"]  # the rest was read by another system
        self._provinces.extend(seen.plate[:1] for seen in own)
        local = self._local()
        for seen in own:
            stranger = bool(local) and seen.plate[:1] != local
            one = Measure(passages=1, confidence_sum=seen.confidence, strangers=int(stranger))
            self._add(seen.camera, seen.first_ms // HOUR_MS, one)

    async def told(self, readings: Sequence[Reading]) -> None:
        """Keep what agents counted. Raises `InvalidInputError` for an hour that cannot be, `UnavailableError`."""
        hour = self._hour()
        if not all(hour - QUALITY_KEPT_DAYS * _DAY_HOURS <= reading.hour <= hour + 1 for reading in readings):
            raise InvalidInputError(
                f"counts are of the {QUALITY_KEPT_DAYS} days up to now: is the agent's clock right?"
            )
        await self._hours.tell(
            [
                Total(each.camera, reading.hour, reading.run, each.found, each.unread, each.moving)
                for reading in readings
                for each in reading.cameras
            ]
        )

    async def run(self) -> None:
        """Keep each minute and judge every few until cancelled; what cannot be written waits."""
        clock = self._hub.clock
        await self._learn_local()
        judged_ms = -QUALITY_JUDGE_MS
        while True:
            await clock.sleep(QUALITY_KEEP_MS)
            try:
                await self.keep()
                if self._leases.holds(CAMERAS) and clock.now_ms() - judged_ms >= QUALITY_JUDGE_MS:
                    judged_ms = clock.now_ms()
                    await self.judge()
            except TriuneError as error:
                log.warning("how plates are read cannot be kept now: %s", error.detail)

    async def keep(self) -> None:
        """Add what was counted since the last time to the table. Raises `UnavailableError` where it is away."""
        await self._count()
        waiting, self._waiting = self._waiting, {}
        try:
            await self._hours.add(waiting)
        except TriuneError:
            for (camera, hour), measure in waiting.items():
                self._add(camera, hour, measure)
            raise

    async def cameras(self) -> list[CameraQuality]:
        """Return how the plates of every camera that reads them are read now, by camera."""
        wanted = await self._hub.read(lambda t: sorted(c.id for c in t.cameras if c.reads_plates))
        hour = self._hour()
        days = [hour - _DAY_HOURS * day for day in range(QUALITY_KEPT_DAYS)]
        kept = await self._hours.at([*days, *(each - 1 for each in days)])
        troubles = await self.troubles() if self.troubles else {}
        return [self._camera(camera, hour, kept.get(camera, {}), troubles.get(camera, "")) for camera in wanted]

    async def hours_of(self, camera: str, days: int) -> Mapping[int, Measure]:
        """Return a camera's hours of so many days, up to now."""
        return await self._hours.of(camera, self._hour() - days * _DAY_HOURS)

    def _camera(self, camera: str, hour: int, kept: Mapping[int, Measure], no_plates: str) -> CameraQuality:
        now, wide = kept.get(hour, Measure()), False
        if now.watched_ms < QUALITY_WATCHED_MS:
            now, wide = now + kept.get(hour - 1, Measure()), True
        days = []
        for day in range(1, QUALITY_KEPT_DAYS):
            then = kept.get(hour - day * _DAY_HOURS, Measure())
            days.append(then + kept.get(hour - day * _DAY_HOURS - 1, Measure()) if wide else then)
        usual = usual_of(days)
        enough = now if now.watched_ms >= QUALITY_WATCHED_MS else Measure()
        judgement = judge(enough, usual, standing=camera in self._worse)
        from_ms = (hour - wide) * HOUR_MS
        return CameraQuality(
            camera=camera, from_ms=from_ms, now=now, usual=usual, judgement=judgement, no_plates=no_plates
        )

    async def judge(self) -> None:
        """Tell of cameras that became worse or well. Raises as `Hub.ask`, and where the table is away."""
        for camera, stands in await self._hub.read(_standing):
            self._worse.setdefault(camera, stands)  # told before this hub started, or by the one that judged before it
        for quality in await self.cameras():
            camera, why = quality.camera, quality.judgement.why
            if why is None or why == self._worse.get(camera, ""):
                continue
            if not why or camera not in self._worse:
                report = ReportReading(camera=camera, why=why, percent=quality.judgement.percent)
                await self._hub.ask(report, HUB)
            if why:
                self._worse[camera] = why
            else:
                del self._worse[camera]

    async def _count(self) -> None:
        """Count what readers here met with, and for how long cameras were watched where this hub records that."""
        now_ms = self._hub.clock.now_ms()
        passed_ms, self._looked_ms = min(now_ms - self._looked_ms, 2 * QUALITY_KEEP_MS), now_ms
        up, enrolled = await self._hub.read(_reading)
        hour = self._hour()
        looked: dict[str, float] = {}
        self._counting.keep(enrolled)
        if self.counters_of is not None:
            for camera in enrolled:
                measure, looked[camera] = self._counting.since(camera, self.counters_of(camera))
                if measure.moving:
                    self._add(camera, hour, measure)
        if self._leases.holds(CAMERAS):
            for camera in up:  # what readers were too busy for was not watched: that few are read then is not the lens
                self._add(camera, hour, Measure(watched_ms=round(passed_ms * looked.get(camera, 1.0))))

    def _add(self, camera: str, hour: int, measure: Measure) -> None:
        at = (camera, hour)
        if at not in self._waiting and len(self._waiting) >= QUALITY_WAITING:
            self.dropped += 1
            return
        self._waiting[at] = self._waiting.get(at, Measure()) + measure

    def _hour(self) -> int:
        return self._hub.clock.now_ms() // HOUR_MS

    def _local(self) -> str:
        return Counter(self._provinces).most_common(1)[0][0] if self._provinces else ""

    async def _learn_local(self) -> None:
        """Look which province most plates of late are of."""
        now_ms = self._hub.clock.now_ms()
        query = SightingQuery(from_ms=now_ms - _LOCAL_MS, to_ms=now_ms, limit=QUALITY_LOCAL)
        try:
            self._provinces.extend(seen.plate[:1] for seen in await self._readings.search(self._hub.space, query))
        except TriuneError as error:
            log.warning("what passed of late cannot be read now: %s", error.detail)


def _reading(t: Tables) -> tuple[list[str], set[str]]:
    reading = [camera for camera in t.cameras if camera.reads_plates]
    return [camera.id for camera in reading if camera.state == "up"], {camera.id for camera in reading}


def _standing(t: Tables) -> list[tuple[str, Why]]:
    """Return the alarms that stand, each with its why: the first word of its detail."""
    told = [(alarm.subject, alarm.detail.partition(" ")[0]) for alarm in t.alarms if alarm.kind == "reading_worse"]
    return [(camera, why) for camera, word in told for why in _WHYS if why == word]
