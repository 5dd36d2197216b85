"""What was kept long enough is forgotten: days of readings, their pictures, hours of counts, files of former lists.

All by the time that is known (`command.readings.known_time`), since a clock may be ahead and what is gone stays so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.readings.bounds import DAY_MS
from command.readings.hours import HOUR_MS
from command.sweeping import Sweep
from consoles.http import metrics
from consoles.limits import CLOCK_SET_BACK_MS
from consoles.parts.base import Base
from consoles.parts.stores import CAMERAS, Stores
from streams.limits import QUALITY_KEPT_DAYS

log = logging.getLogger(__name__)


class Forgetting:
    """Looks every hour, at each hub; of several one alone lets time go on, or it would go as many times faster."""

    def __init__(self, kept: Stores, clock: Clock, readings_days: int, lists_days: int) -> None:
        self._kept = kept
        self._clock = clock
        self._readings_ms = readings_days * DAY_MS
        self._lists_ms = max(lists_days, readings_days) * DAY_MS
        self.sweep = Sweep(kept.journal, kept.blobs)
        self.ahead_ms = 0
        """How far the clock was ahead of the time that is known, when it was looked last."""

    async def run(self) -> None:
        """Forget until cancelled; where a store is away, the next time."""
        ran_ms = 0
        while True:
            try:
                await self.forget(ran_ms)
            except TriuneError as error:
                log.warning("old readings cannot be forgotten now: %s", error.detail)
            await self._clock.sleep(HOUR_MS)
            ran_ms = HOUR_MS

    async def forget(self, ran_ms: int) -> None:
        """Forget once; the hub has run for so long since it did before. Raises `UnavailableError`."""
        kept, alone = self._kept, self._kept.leases.holds(CAMERAS)
        # Not the hub's own time: that goes on from where a clock was that has been set back meanwhile.
        now_ms = self._clock.now_ms() - self._clock.set_back_ms()
        known_ms = await kept.readings.look(now_ms, ran_ms if alone else 0, self._readings_ms)
        self._judge(now_ms - known_ms)
        before_ms = known_ms - self._readings_ms
        if count := await kept.readings.forget(before_ms):
            log.info("%d days of readings are forgotten", count)
        if alone:
            await kept.hours.forget((known_ms - QUALITY_KEPT_DAYS * DAY_MS) // HOUR_MS)
            if count := await self.sweep.sweep(before_ms, known_ms - self._lists_ms):
                log.info("%d pictures of forgotten readings and files of former lists are removed", count)

    def _judge(self, ahead_ms: int) -> None:
        if ahead_ms and not self.ahead_ms:
            told = "the clock is %.1f days ahead of the time that is known: if it is wrong, set it right: old "
            told += "readings are forgotten by it little by little; if it is right, nothing is to be done"
            log.warning(told, ahead_ms / DAY_MS)
        elif self.ahead_ms and not ahead_ms:
            log.info("the clock is no more ahead of the time that is known")
        self.ahead_ms = ahead_ms

    def check(self) -> Iterator[str]:
        """Name what is with the clock, for `/health/ready`."""
        if self.ahead_ms:
            yield f"clock: {self.ahead_ms / DAY_MS:.1f} days ahead of what is known, see the log"
        if (back_ms := self._clock.set_back_ms()) > CLOCK_SET_BACK_MS:
            yield f"clock: was set back by {back_ms / HOUR_MS:.1f} h, the hub dates ahead until it is started anew"


def forgetting(base: Base) -> None:
    """Forget what was kept long enough, from the start on."""
    settings, kept = base.settings, base.kept
    one = Forgetting(kept, base.hub.clock, settings.keep_readings_days, settings.keep_lists_days)
    base.tasks.start(one.run(), "retention")
    ahead = "How far the clock is ahead of the time that is known, by which readings are forgotten"
    old = "Readings of days that were forgotten already"
    base.measured.extend((
        metrics.gauge("clock_ahead_seconds", ahead, lambda: one.ahead_ms / 1000),
        metrics.gauge("readings_too_old", old, lambda: kept.readings.too_old),
        metrics.gauge("pictures_removed", "Pictures of forgotten readings", lambda: one.sweep.removed),
        metrics.gauge("list_files_removed", "Files of former lists", lambda: one.sweep.lists_removed),
    ))  # fmt: skip
    base.degraded.append(one.check)
