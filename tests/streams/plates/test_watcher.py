"""A camera watched from its frames to its sightings."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from command.readings import Sighting
from streams.plates.picture import Picture, decode_picture
from streams.plates.pool import FrameDroppedError, PlatePool
from streams.plates.read import Looked
from streams.plates.reader import PlateReader
from streams.plates.watcher import PlateWatcher, WatchCounters
from tests.streams.plates import material

START_MS = 1_700_000_000_000


async def give(watcher: PlateWatcher, camera: str, picture: Picture, at_ms: int) -> None:
    """Give the watcher a frame as a feed does."""
    if watcher.is_due(camera, at_ms):
        await watcher.frame(camera, picture, at_ms)


class Told:
    """Keeps what the watcher tells."""

    def __init__(self) -> None:
        self.passages: list[tuple[Sighting, bytes]] = []

    async def __call__(self, sighting: Sighting, jpeg: bytes) -> None:
        self.passages.append((sighting, jpeg))


@pytest.mark.data
async def test_each_vehicle_is_told_once_with_a_picture_that_shows_its_plate() -> None:
    told, frames = Told(), material.passing()
    async with PlatePool(1, SystemClock()) as pool:
        watcher = PlateWatcher(pool, told)
        for number, picture in enumerate(frames):
            await give(watcher, "gate", picture, START_MS + number * 40)
    assert [sighting.plate for sighting, _ in told.passages] == list(material.PASSING)
    reader = PlateReader()
    for sighting, jpeg in told.passages:
        scene = decode_picture(jpeg)
        assert scene.shape == frames[0].shape
        boxes = {read.plate: read.box for read in reader.read_frame(scene)}
        assert sighting.plate in boxes
        assert sighting.box is not None
        assert boxes[sighting.plate] == pytest.approx(sighting.box, abs=3)
        assert sighting.confidence >= 0.9
        assert START_MS < sighting.first_ms <= sighting.last_ms
    counters = watcher.counters("gate")
    assert counters.passages == len(material.PASSING)
    assert counters.seen == len(frames)
    # Empty road costs nothing once it is still.
    assert counters.read < len(material.PASSING) * (material.PASSING_FRAMES + 40) / 5


class Unwilling:
    """A pool that has no time, then no process."""

    def __init__(self) -> None:
        self.errors: list[Exception] = [FrameDroppedError("newer"), UnavailableError("died")]

    async def look(self, camera: str, frame: Picture) -> Looked:
        raise self.errors.pop(0)


async def test_frames_that_were_not_read_are_counted_and_the_camera_goes_on() -> None:
    watcher = PlateWatcher(Unwilling(), Told())
    for at_ms, level in ((0, 0), (200, 200)):
        await give(watcher, "gate", np.full((90, 160, 3), level, np.uint8), at_ms)
    await give(watcher, "gate", np.zeros((90, 160, 3), np.uint8), 210)
    assert watcher.counters("gate") == WatchCounters(seen=3, still=1, dropped=1, failed=1)
    assert watcher.counters("other") == WatchCounters()


@pytest.mark.data
async def test_a_source_that_does_not_wait_loses_frames_but_no_vehicle() -> None:
    told, frames = Told(), material.passing(("川A88888",))
    async with PlatePool(1, SystemClock()) as pool:
        await pool.read("warm", frames[0])
        watcher = PlateWatcher(pool, told)
        async with asyncio.TaskGroup() as tasks:
            for number, picture in enumerate(frames[:50]):
                tasks.create_task(give(watcher, "gate", picture, START_MS + number * 40))
                if number % 10 == 9:
                    await pool.read("other", frames[0])
        assert watcher.counters("gate").dropped > 0
        await watcher.forget("gate")
    assert [sighting.plate for sighting, _ in told.passages] == ["川A88888"]
    assert watcher.counters("gate") == WatchCounters()
