"""Plate-reading processes: shared, killed, full and closed."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import uvloop

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from streams.limits import READER_CAMERAS, READERS
from streams.plates import pool as pool_module
from streams.plates.picture import Picture
from streams.plates.pool import FrameDroppedError, PlatePool
from streams.plates.read import Read
from tests.garbage import by_counting_alone
from tests.streams.plates import material

EMPTY = np.zeros((720, 1280, 3), np.uint8)


@pytest.fixture
async def pool() -> AsyncIterator[PlatePool]:
    async with PlatePool(1, SystemClock()) as opened:
        yield opened


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.data
async def test_raw_and_encoded_frames_read_the_same(pool: PlatePool) -> None:
    [(file, plate)] = [one for one in material.labelled("full") if one[1] == "川A88888"]
    encoded = await pool.read("gate", file.read_bytes())
    raw = await pool.read("gate", material.photo(plate))
    assert encoded == raw
    assert [read.plate for read in raw] == [plate]
    assert pool.counters.read == 2


async def test_a_broken_frame_is_refused_and_the_process_goes_on(pool: PlatePool) -> None:
    assert await pool.read("gate", EMPTY) == []
    pids = pool.pids
    with pytest.raises(InvalidInputError):
        await pool.read("gate", b"\xff\xd8\xff\xe0 nothing of a picture")
    with pytest.raises(InvalidInputError):
        await pool.read("gate", EMPTY[:, :, 0])
    assert await pool.read("gate", EMPTY) == []
    assert pool.pids == pids
    assert pool.counters.refused == 1


async def test_a_killed_process_fails_its_frame_and_is_replaced(pool: PlatePool) -> None:
    await pool.read("gate", EMPTY)
    [pid] = pool.pids
    os.kill(pid, signal.SIGSTOP)  # so that the frame is surely in work when it dies
    async with asyncio.TaskGroup() as tasks:
        failing = tasks.create_task(read_failing(pool))
        while pool.busy != {"gate"}:
            await SystemClock().sleep(0)  # lets the pool take the frame
        os.kill(pid, signal.SIGKILL)
    assert isinstance(failing.result(), UnavailableError)
    assert await pool.read("gate", EMPTY) == []
    assert pid not in pool.pids
    assert not is_alive(pid)
    assert (pool.counters.failed, pool.counters.restarts) == (1, 1)


async def read_failing(pool: PlatePool) -> Exception | None:
    try:
        await pool.read("gate", EMPTY)
    except UnavailableError as error:
        return error
    return None


async def test_a_process_that_hangs_is_replaced(pool: PlatePool, monkeypatch: pytest.MonkeyPatch) -> None:
    await pool.read("gate", EMPTY)
    [pid] = pool.pids
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(pool_module, "READER_FRAME_MS", 50)
    with pytest.raises(UnavailableError, match="more than 50 ms"):
        await pool.read("gate", EMPTY)
    monkeypatch.undo()
    assert await pool.read("gate", EMPTY) == []
    assert not is_alive(pid)


DYING = {
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
    "not loaded": ("raise ImportError('libgomp.so.1')", "ended with code 1; why is in the log"),
}


@pytest.mark.parametrize("how", DYING)
async def test_readers_that_die_as_they_start_say_so_until_one_does(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R848
    code, said = DYING[how]
    library = tmp_path / "onnxruntime.py"
    library.write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)  # the reader's process inherits it
    async with PlatePool(2, VirtualClock(0, speed=1000)) as pool:
        with pytest.raises(UnavailableError, match=f"no plate reader starts: a plate reader {said}"):
            await pool.read("gate", EMPTY)
        assert pool.counters.restarts >= 6
        assert said in (pool.trouble or "")
        with pytest.raises(UnavailableError, match=said):
            await pool.ready()
        library.unlink()
        while pool.trouble:
            await SystemClock().sleep(0)  # lets a reader start
        assert await pool.read("gate", EMPTY) == []


async def test_readers_for_which_there_are_no_files_left_are_tried_again() -> None:  # R847
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with PlatePool(1, VirtualClock(0, speed=1000)) as pool:
        await pool.read("gate", EMPTY)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))  # which are open
        try:
            os.kill(pool.pids[0], signal.SIGKILL)
            while not pool.trouble:
                await read_failing(pool)
            assert (
                pool.trouble == "no plate reader starts: no process for a plate reader can be had: Too many open files"
            )
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, most)
        while pool.trouble:
            await SystemClock().sleep(0)  # lets it start
        assert await pool.read("gate", EMPTY) == []


async def test_one_reader_that_does_not_start_is_told_and_the_others_read() -> None:  # R848
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with PlatePool(2, VirtualClock(0, speed=1000)) as pool:
        await pool.ready()
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))  # which are open
        try:
            os.kill(pool.pids[0], signal.SIGKILL)
            while not pool.failing:
                await read_failing(pool)
            assert pool.trouble is None
            assert await pool.read("gate", EMPTY) == []
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, most)
        while pool.failing:
            await SystemClock().sleep(0)  # lets it start
        assert len(pool.pids) == 2


async def test_the_newest_frame_of_a_camera_wins_and_no_camera_starves(pool: PlatePool) -> None:
    await pool.read("warm", EMPTY)
    answered: list[str] = []

    async def send(camera: str, number: int) -> list[Read] | TooManyError:
        try:
            reads = await pool.read(camera, EMPTY)
        except TooManyError as error:
            return error
        answered.append(f"{camera}{number}")
        return reads

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(send("busy", number))
        tasks.create_task(send("quiet", 0))
        tasks.create_task(send("calm", 0))
        dropped = tasks.create_task(send("busy", 5))
        newest = tasks.create_task(send("busy", 6))
    assert answered == ["busy6", "quiet0", "calm0"]
    assert isinstance(dropped.result(), FrameDroppedError)
    assert newest.result() == []
    assert pool.counters.dropped == 6


async def test_frames_that_are_dropped_are_let_go_at_once(pool: PlatePool) -> None:  # R1148
    left: list[weakref.ref[Picture]] = []

    async def send() -> None:
        frame = np.zeros((64, 64, 3), np.uint8)
        left.append(weakref.ref(frame))
        with suppress(TooManyError):
            await pool.read("gate", frame)

    with by_counting_alone():  # a frame is 3 to 25 MB
        for _ in range(3):
            async with asyncio.TaskGroup() as tasks:
                for _ in range(4):
                    tasks.create_task(send())
        await pool.read("other", EMPTY)  # what was read last, its reader still has
        assert pool.counters.dropped >= 9
        assert [frame() for frame in left if frame() is not None] == []


async def test_too_many_cameras_are_told_so(pool: PlatePool) -> None:
    async def send(camera: int) -> bool:
        try:
            await pool.read(f"camera {camera}", np.zeros((1, 1, 3), np.uint8))
        except TooManyError:
            return False
        return True

    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(send(number)) for number in range(READER_CAMERAS + 10)]
    assert sum(task.result() for task in sent) == READER_CAMERAS
    assert pool.counters.dropped == 10


async def test_leaving_ends_the_processes_and_fails_what_waits() -> None:
    async with asyncio.TaskGroup() as tasks, PlatePool(2, SystemClock()) as pool:
        await asyncio.gather(pool.read("a", EMPTY), pool.read("b", EMPTY))
        pids = pool.pids
        failing = tasks.create_task(read_failing(pool))
        while pool.busy != {"gate"}:
            await SystemClock().sleep(0)  # lets the pool take the frame
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)
    assert isinstance(failing.result(), UnavailableError)
    with pytest.raises(UnavailableError):
        await pool.read("a", EMPTY)


async def test_an_error_in_the_block_leaves_it_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with PlatePool(1, SystemClock()):
            raise ZeroDivisionError


def test_it_runs_on_uvloop() -> None:
    async def main() -> list[Read]:
        async with PlatePool(1, SystemClock()) as pool:
            return await pool.read("gate", EMPTY)

    assert uvloop.run(main()) == []


@pytest.mark.parametrize("workers", [0, -1, READERS + 1])
def test_numbers_of_readers_that_make_no_sense(workers: int) -> None:
    with pytest.raises(InvalidInputError):
        PlatePool(workers, SystemClock())
