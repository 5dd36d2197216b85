"""Alarms that this hub's own cameras raise by themselves (a panic button at an alarm input, tampering).

A camera says such a thing once. While the record refuses it waits, in memory, as what cameras behind an edge agent say
waits in the agent's outbox.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import TriuneError
from command.requests import ReportDeviceAlarm
from command.telling import NOBODY_CAN_TELL
from consoles.limits import OWN_ALARMS_AGAIN_MS, OWN_ALARMS_WAITING
from consoles.parts.cameras.alarms import alarm_of
from edge.onvif.events import CameraEvent

log = logging.getLogger(__name__)


@dataclass
class AlarmCounters:
    """What became of alarms. Dropped is what had no room to wait, refused what no rule takes."""

    recorded: int = 0
    refused: int = 0
    dropped: int = 0


class _Alarm(NamedTuple):
    """`key` is of this one telling, and of no instant: a camera's clock may stand still."""

    request: ReportDeviceAlarm
    key: str

    @property
    def what(self) -> tuple[str, str]:
        """What it is about: of two alike the second only counts up the alarm that stands."""
        return self.request.subject, self.request.detail


class OwnAlarms:
    """Give `take` what cameras notice, and run `run`."""

    def __init__(self, hub: Hub) -> None:
        self.counters = AlarmCounters()
        self._hub = hub
        self._waiting: list[_Alarm] = []
        self._came = asyncio.Event()
        self._box = secrets.token_hex(8)
        self._taken = 0
        self._is_late = False

    @property
    def waiting(self) -> int:
        """How many are not recorded yet."""
        return len(self._waiting)

    def degraded(self) -> Iterator[str]:
        """Name what waits, for `/health/ready`."""
        if self._waiting:
            yield f"alarms: {len(self._waiting)} of cameras wait for the record"

    def take(self, camera: str, event: CameraEvent) -> None:
        """Have an alarm input or tampering that begins recorded, now or as soon as that can be done."""
        assert event.kind != "motion"
        self._taken += 1
        key = f"camera-alarm/{self._box}/{self._taken}"
        self._waiting.append(_Alarm(alarm_of(camera, event.kind, event.source), key))
        while len(self._waiting) > OWN_ALARMS_WAITING:
            self._drop_one()
        self._came.set()

    def _drop_one(self) -> None:
        """Drop the oldest that was said again since; where none was, the oldest."""
        times = Counter(alarm.what for alarm in self._waiting)
        place = next((n for n, alarm in enumerate(self._waiting) if times[alarm.what] > 1), 0)
        dropped = self._waiting.pop(place)
        self.counters.dropped += 1
        log.error("an alarm of camera %s is lost, too many wait: %s", *dropped.what)

    async def run(self) -> None:
        """Record them in their order, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            while self._waiting:
                alarm = self._waiting[0]
                if not await self._is_settled(alarm):
                    await self._hub.clock.sleep(OWN_ALARMS_AGAIN_MS)
                elif self._waiting and self._waiting[0] is alarm:  # it may have been dropped meanwhile
                    self._waiting.pop(0)

    async def _is_settled(self, alarm: _Alarm) -> bool:
        """Record one, or say that it has to be tried again."""
        try:
            await self._hub.ask(alarm.request, HUB, alarm.key)
        except NOBODY_CAN_TELL as error:
            if not self._is_late:
                log.warning("alarms of cameras wait for the record: %s", error.detail)
            self._is_late = True
            return False
        except TriuneError as error:
            self.counters.refused += 1
            log.warning("an alarm of camera %s could not be recorded: %s", alarm.request.subject, error.detail)
        else:
            self.counters.recorded += 1
        self._is_late = False
        return True
