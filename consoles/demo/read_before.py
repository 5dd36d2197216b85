"""What the demonstration is said to have read on the days before, so that there is something to compare with."""

from __future__ import annotations

from random import Random

from command.readings.hours import HOUR_MS
from consoles.demo.clips import SOILED
from consoles.demo.county import County
from streams.plates.hours import ReadingHours
from streams.plates.quality import Measure

_DAYS = 7
_DAY_HOURS = 24
_USUALLY = (80, 100)
_SOILED_HOURS = 2


async def read_before(hours: ReadingHours, county: County, now_ms: int) -> None:
    """Make up the hours of a week up to this one, once; the camera with the dirty lens has read little of late."""
    hour = now_ms // HOUR_MS
    made: dict[tuple[str, int], Measure] = {}
    for camera in county.cameras:
        if not camera.reads_plates or await hours.of(camera.id, hour - _DAYS * _DAY_HOURS):
            continue
        rng = Random(camera.id)  # noqa: S311 - a demonstration that can be repeated, not a secret
        for back in range(1, _DAYS * _DAY_HOURS):
            soiled = camera.id == SOILED and back < _SOILED_HOURS
            passages = rng.randint(*_USUALLY) // (8 if soiled else 1)
            found = 12 * passages
            made[camera.id, hour - back] = Measure(
                watched_ms=HOUR_MS,
                passages=passages,
                confidence_sum=passages * rng.uniform(0.955, 0.985),
                found=found,
                unread=int(found * (0.62 if soiled else rng.uniform(0.02, 0.05))),
                strangers=passages // 9,
            )
    await hours.add(made)
