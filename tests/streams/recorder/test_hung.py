"""A disk that does not answer: told within the limit, memory is bounded, and it ends by itself (SPEC R452, R453).

The writer really hangs, in the kernel: where it wants to write the name of a camera there is a pipe that nobody reads.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import FrameType

import pytest

from command.kernel.errors import UnavailableError
from streams.limits import RECORD_HUNG_MS, RECORD_QUEUE_FRAMES
from streams.recorder import recorder, threads
from streams.recorder.files import camera_folder
from streams.recorder.store import Store
from streams.recorder.threads import NO_ANSWER
from tests.streams.recorder.support import CONTINUOUS, Feed, Rig, rig
from tests.streams.recorder.test_gaps import gaps
from tests.streams.recorder.test_recorder import a_lock
from tests.streams.test_fmp4 import AT_MS


def block(folder: Path, camera: str) -> Path:
    """Have whoever begins to record this camera hang, until `release`."""
    pipe = folder / camera_folder(camera) / "camera"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    return pipe


def release(pipe: Path) -> None:
    """Let it go on, and leave what it wanted to write."""
    name = pipe.read_bytes()  # waits for the writer to come there
    pipe.unlink()
    pipe.write_bytes(name)


@asynccontextmanager
async def hung(one: Rig, folder: Path) -> AsyncIterator[Path]:
    """A recorder whose writer hangs at the beginning of a camera's recording, which is known by now."""
    one.cameras["k2"] = Feed()
    await one.run(5)
    pipe = block(folder, "k2")
    one.recorder.set_policies({"k1": CONTINUOUS, "k2": CONTINUOUS})
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(one.run(3))
        while not is_in("new_path"):
            assert not writing.done()
            await asyncio.to_thread(int)
        while not one.recorder.hangs:
            await a_second_in_vain(one)
        yield pipe


def is_in(function: str) -> bool:
    """Say whether some thread is in this function now."""
    frames: list[FrameType | None] = list(sys._current_frames().values())
    while frames:
        if (frame := frames.pop()) is not None:
            if frame.f_code.co_name == function:
                return True
            frames.append(frame.f_back)
    return False


async def a_second_in_vain(one: Rig) -> None:
    """Cameras go on, nobody writes, and the recorder looks at the time."""
    now_ms = one.clock.now_ms()
    for feed in one.cameras.values():
        feed.bring(now_ms)
    one.clock.advance(now_ms + 1000)
    await one.recorder.watch()


async def test_it_is_told_bounded_and_over_by_itself(tmp_path: Path) -> None:
    async with rig(tmp_path) as one, asyncio.timeout(60):
        async with hung(one, tmp_path) as pipe:
            assert one.clock.now_ms() - AT_MS <= 5000 + 3000 + RECORD_HUNG_MS + 1000
            assert one.told[-1] == NO_ANSWER
            for _ in range(60):
                await a_second_in_vain(one)
            queues = [len(reader.queue) for feed in one.cameras.values() for reader in feed.readers]
            assert len(queues) == 2
            assert max(queues) <= RECORD_QUEUE_FRAMES
            assert one.told.count(NO_ANSWER) == 1
            assert (await one.spans())[0][0] == 0  # what there was is still to be seen
            await asyncio.to_thread(release, pipe)
        assert (one.recorder.hangs, one.told[-1]) == (False, "")
        free_at = (one.clock.now_ms() - AT_MS) // 1000
        await one.run(10)
        assert (await one.spans())[-1][1] >= free_at + 9
        assert (await one.spans("k2"))[-1][1] >= free_at + 9
        (gap,) = [gap for gap in await gaps(one) if gap[1] > 6]
        assert gap[2] == "disk_hung"


async def test_others_are_refused_within_the_limit_and_then_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as one, asyncio.timeout(60):
        async with hung(one, tmp_path) as pipe:
            with monkeypatch.context() as meanwhile:  # a disk that answers may take longer on a busy machine
                meanwhile.setattr(threads, "RECORD_HUNG_MS", 500)
                for _ in range(3):
                    with pytest.raises(UnavailableError, match="does not answer"):
                        await one.store.lock(a_lock(0, 1))
            await asyncio.to_thread(release, pipe)
        await one.store.lock(a_lock(1, 2, "l2"))
        assert [lock.id for lock in one.store.locks("k1")] == ["l2"]


async def test_a_hub_that_ends_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "RECORD_HUNG_MS", 200)
    monkeypatch.setattr(recorder, "RECORD_HUNG_MS", 200)
    store = await Store.open(tmp_path)
    one = Rig(store)
    one.recorder.set_policies({"k1": CONTINUOUS})
    pipe = block(tmp_path, "k1")
    async with asyncio.timeout(60):
        running = asyncio.get_running_loop().create_task(one.recorder.run())
        while not is_in("new_path"):
            one.cameras["k1"].bring(one.clock.now_ms())
            one.clock.advance(one.clock.now_ms() + 1000)
            await asyncio.to_thread(int)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await store.close()
        assert is_in("new_path")  # left behind
        await asyncio.to_thread(release, pipe)


async def test_reads_that_hang_keep_their_places_and_take_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "RECORD_HUNG_MS", 200)
    monkeypatch.setattr(threads, "RECORD_READS", 2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    readers = threads.Readers()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="does not answer"):
            await readers.run(pipe.read_bytes)
    with pytest.raises(UnavailableError, match="too many"):
        await readers.run(pipe.read_bytes)
    writer = os.open(pipe, os.O_WRONLY)
    os.close(writer)
    async with asyncio.timeout(60):
        while True:
            with suppress(UnavailableError):
                assert await readers.run(lambda: 7) == 7
                break
            await asyncio.to_thread(int)
