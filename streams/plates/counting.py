"""What plate readers met with before each camera since it was last asked, out of counters that only grow."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from streams.plates.quality import Measure
from streams.plates.watcher import WatchCounters


class Counted(NamedTuple):
    """What was met with, and of the pictures worth a look the share that got one, 0…1: less where readers are busy."""

    measure: Measure
    looked: float


class Counting:
    """Remembers how far each camera was counted."""

    def __init__(self) -> None:
        self._before: dict[str, WatchCounters] = {}

    def keep(self, cameras: Collection[str]) -> None:
        """Forget all other cameras."""
        self._before = {camera: before for camera, before in self._before.items() if camera in cameras}

    def since(self, camera: str, counters: WatchCounters) -> Counted:
        """Return plates found, those not read, and pictures looked at since the last time."""
        before = self._before.get(camera, WatchCounters())
        if counters.seen < before.seen:
            before = WatchCounters()  # it was forgotten meanwhile and began anew
        self._before[camera] = msgspec.structs.replace(counters)
        unread = counters.unread - before.unread
        looked, dropped = counters.read - before.read, counters.dropped - before.dropped
        measure = Measure(found=counters.reads - before.reads + unread, unread=unread, moving=looked)
        return Counted(measure, looked / (looked + dropped) if looked + dropped else 1.0)
