"""A camera watched from its frames to its sightings."""

from __future__ import annotations

import asyncio
import os
import signal

import numpy as np
import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from command.readings import Sighting
from streams.plates.picture import Picture, decode_picture
from streams.plates.pool import FrameDroppedError, PlatePool
from streams.plates.read import Looked, Read
from streams.plates.reader import PlateReader
from streams.plates.track import Lane
from streams.plates.watcher import Aim, PlateWatcher, WatchCounters
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


class Scripted:
    """Reads in each picture what its upper left pixel says: of a car at that place, or nothing for 0."""

    async def look(self, camera: str, frame: Picture) -> Looked:
        at = int(frame[0, 0, 0])
        if at == 0:
            return Looked([], 1)
        width = frame.shape[1]
        wide, x = width / 16 + at * width / 640, width / 2 + at * width / 640
        corners = ((x, x / 2), (x + wide, x / 2), (x + wide, x / 2 + wide / 3), (x, x / 2 + wide / 3))
        return Looked([Read("湘F12345", "blue", 0.97, (0.97,) * 7, corners, "coach", 2)])


def car(at: int, size: tuple[int, int] = (360, 640)) -> Picture:
    """A picture that `Scripted` reads; all of it changes with `at`."""
    return np.full((*size, 3), at, np.uint8)


async def test_a_sighting_says_where_the_car_went_over_ground_and_in_which_lane() -> None:  # R527
    told = Told()
    watcher = PlateWatcher(Scripted(), told, "edge")
    lanes = (Lane(1, ((0, 0), (0.5, 0), (0.5, 1), (0, 1))), Lane(2, ((0.5, 0), (1, 0), (1, 1), (0.5, 1))))
    watcher.aim("gate", Aim(100.0, lanes))
    for step in range(5):
        await give(watcher, "gate", car(10 + 40 * step), START_MS + 200 * step)
    [(sighting, jpeg)] = told.passages
    assert (sighting.direction, sighting.heading_deg, sighting.lane) == ("towards", 280.0, 2)
    assert (sighting.kind, sighting.rows, sighting.source) == ("coach", 2, "edge")
    assert len(sighting.char_confidences) == len(sighting.plate)
    assert decode_picture(jpeg).shape == (360, 640, 3)


async def test_what_is_read_and_what_is_not_is_counted() -> None:  # R529
    watcher = PlateWatcher(Scripted(), told := Told())
    for step, at in enumerate((20, 60, 100, 140, 0, 0, 0, 0, 0, 0)):
        await give(watcher, "gate", car(at), START_MS + 200 * step)
    counters = watcher.counters("gate")
    assert (counters.reads, counters.unread, counters.passages, counters.unsure) == (4, 6, 1, 0)
    assert counters.confidence_sum == pytest.approx(told.passages[0][0].confidence)


async def test_a_change_of_resolution_in_a_passage_leaves_one_car_with_a_picture_that_fits_its_box() -> None:
    watcher = PlateWatcher(Scripted(), told := Told())
    for step, at in enumerate((20, 60, 100, 140, 180)):
        await give(watcher, "gate", car(at, (1080, 1920) if step >= 2 else (360, 640)), START_MS + 200 * step)
    await watcher.forget("gate")
    [(sighting, jpeg)] = told.passages
    assert sighting.box is not None
    width = decode_picture(jpeg).shape[1]
    assert sighting.box[2] == pytest.approx(
        width / 16 + width / 640 * decode_picture(jpeg)[0, 0, 0], abs=8 * width / 640
    )


@pytest.mark.parametrize("jump_ms", [-3_600_000, -400, 3_600_000])
async def test_a_clock_that_jumps_loses_no_car_before_nor_after(jump_ms: int) -> None:  # R523
    watcher = PlateWatcher(Scripted(), told := Told())
    at_ms = START_MS
    for step in range(30):
        at_ms += 200 + (jump_ms if step == 2 else 0)
        await give(watcher, "gate", car(20 + 30 * (step % 8) if step < 8 else 0), at_ms)
    assert {sighting.plate for sighting, _ in told.passages} == {"湘F12345"}
    before = len(told.passages)
    for step in range(8):
        at_ms += 200 if step else 60_000
        await give(watcher, "gate", car(20 + 30 * step), at_ms)
    assert len(told.passages) == before + 1


async def test_a_reader_that_hangs_or_dies_before_one_camera_is_nothing_to_the_others() -> None:
    told = Told()
    async with PlatePool(2, SystemClock()) as pool:
        watcher = PlateWatcher(pool, told)
        await pool.ready()
        stopped, _ = pool.pids
        os.kill(stopped, signal.SIGSTOP)  # whoever is given to it hangs
        async with asyncio.TaskGroup() as tasks:
            hanging = [tasks.create_task(give(watcher, name, car(9), START_MS)) for name in ("a", "b")]
            while len(pool.busy) < 2:
                await SystemClock().sleep(0)
            await asyncio.wait(hanging, return_when=asyncio.FIRST_COMPLETED)
            for step in range(1, 6):
                await give(watcher, "c", car(40 * step), START_MS + 200 * step)
            os.kill(stopped, signal.SIGKILL)
    assert watcher.counters("c").read == 5
    assert sorted(watcher.counters(name).failed for name in ("a", "b")) == [0, 1]
