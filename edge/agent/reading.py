"""How well plates are read before the agent's cameras: counts by the hour, told as totals so that none counts twice."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.readings.hours import HOUR_MS
from edge.agent.items import READING, CameraReading, Reading
from edge.limits import AGENT_READING_CAMERAS, AGENT_READING_MS
from edge.outbox import NewItem, Outbox, Priority
from streams.plates.counting import Counting
from streams.plates.quality import Measure
from streams.plates.watcher import WatchCounters

log = logging.getLogger(__name__)


class ReadingCounts:
    """Counts, and tells each minute; while the hub is away, each hour once it is over.

    `knows_kind` says whether the hub takes such counts, None while it is away. A hub that takes none is told none.
    """

    def __init__(
        self, outbox: Outbox, clock: Clock, cameras: Callable[[], Collection[str]],
        counters_of: Callable[[str], WatchCounters], knows_kind: Callable[[str], bool | None],
    ) -> None:  # fmt: skip
        self._outbox = outbox
        self._clock = clock
        self._cameras = cameras
        self._counters_of = counters_of
        self._knows_kind = knows_kind
        self._run = secrets.token_hex(8)
        self._counting = Counting()
        self._totals: dict[int, dict[str, Measure]] = {}
        self._untold: dict[int, set[str]] = {}

    async def run(self) -> None:
        """Count and tell until cancelled."""
        while True:
            await self._clock.sleep(AGENT_READING_MS)
            try:
                await self.tell()
            except TriuneError as error:
                log.warning("how plates are read cannot be told now: %s", error.detail)

    async def tell(self) -> None:
        """Count up to now and store what is to be told. Raises as `Outbox.put`."""
        hour = self._clock.now_ms() // HOUR_MS
        self._count(hour)
        known = self._knows_kind(READING)
        if known is False:
            self._totals.clear()
            self._untold.clear()
        for due in [each for each in self._untold if known or each != hour]:
            cameras = sorted(self._untold[due])
            for at in range(0, len(cameras), AGENT_READING_CAMERAS):
                await self._put(due, cameras[at : at + AGENT_READING_CAMERAS])
            del self._untold[due]
            if due != hour:
                del self._totals[due]

    def _count(self, hour: int) -> None:
        cameras = self._cameras()
        self._counting.keep(cameras)
        for camera in cameras:
            measure = self._counting.since(camera, self._counters_of(camera)).measure
            if measure.moving:
                totals = self._totals.setdefault(hour, {})
                totals[camera] = totals.get(camera, Measure()) + measure
                self._untold.setdefault(hour, set()).add(camera)
        for over in [each for each in self._totals if each != hour and each not in self._untold]:
            del self._totals[over]

    async def _put(self, hour: int, cameras: list[str]) -> None:
        totals = self._totals[hour]
        reading = Reading(
            run=self._run,
            hour=hour,
            cameras=[
                CameraReading(camera=each, found=totals[each].found, unread=totals[each].unread,
                              moving=totals[each].moving)
                for each in cameras
            ],
        )  # fmt: skip
        await self._outbox.put([NewItem(Priority.SIGHTING, READING, msgspec.json.encode(reading), READING)])
