"""Plate-reading processes shared fairly by cameras: the newest frame of each, equal times, dead ones replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import NoReturn, Self, TypeVar

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from streams.limits import READER_CAMERAS, READER_FRAME_MS, READER_START_MS, READERS
from streams.plates.fair_shares import FairShares
from streams.plates.picture import Picture, check_picture
from streams.plates.read import Looked, Read
from streams.plates.worker import ModelError, Worker

# A reader that did not start is tried again after so long, then twice that, up to the longest; where a model's file has
# to be mended first, after the longest at once. After so many times in a row it is told that it does not.
_RESTART_FIRST_MS = 1_000
_RESTART_LONGEST_MS = 60_000
_STARTS = 3
Result = TypeVar("Result")


class FrameDroppedError(TooManyError):
    """A newer frame of the same camera took this one's place before a reader was free."""


class PoolCounters(msgspec.Struct):
    """How many frames ended how, and how many readers had to be replaced, since the pool was opened."""

    read: int = 0
    dropped: int = 0
    refused: int = 0
    failed: int = 0
    restarts: int = 0


class _Job(msgspec.Struct, frozen=True):
    frame: bytes | Picture
    answer: asyncio.Future[Looked]


class PlatePool:
    """`async with PlatePool(workers, clock) as pool: reads = await pool.read(camera, frame)`.

    A camera has at most one frame being read, so its answers come in order, and one waiting. That of the camera whose
    frames took the least of the readers' time comes first, so that a jam of cars before one costs the others nothing
    that is theirs. Leaving the block ends the processes; frames not yet read fail with `UnavailableError`.
    """

    def __init__(self, workers: int, clock: Clock) -> None:
        if not 1 <= workers <= READERS:
            raise InvalidInputError(f"{workers} plate readers; 1 to {READERS} can run")
        self.counters = PoolCounters()
        self._clock = clock
        self._slots: list[Worker | None] = [None] * workers
        # Threads only wait for processes, so that no pipe ever blocks the loop.
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="plate-reader")
        self._tasks = asyncio.TaskGroup()
        self._running: list[asyncio.Task[None]] = []
        self._waiting: dict[str, _Job] = {}
        self._busy: set[str] = set()
        self._shares = FairShares()
        self._work = asyncio.Event()
        self._is_open = False
        self._ready: set[int] = set()
        # Why the reader of a slot does not start, of those that do not.
        self._failing: dict[int, str] = {}
        self._up = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running = [self._tasks.create_task(self._run_slot(slot)) for slot in range(len(self._slots))]
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        for job in self._waiting.values():
            _fail(job, UnavailableError("the plate readers are closed"))
        self._waiting.clear()
        for task in self._running:
            task.cancel()
        try:
            # Not told of the block's own error, which is to leave it as it is and not in a group.
            await self._tasks.__aexit__(None, None, None)
        finally:
            self._threads.shutdown()

    @property
    def pids(self) -> list[int]:
        """The process ids of the readers that are up."""
        return [worker.pid for worker in self._slots if worker]

    @property
    def failing(self) -> str | None:
        """Why a reader does not start, None while all do."""
        return next(iter(self._failing.values()), None)

    @property
    def trouble(self) -> str | None:
        """Why none of the readers starts, so that no frame is read; None while one does."""
        return self.failing if len(self._failing) == len(self._slots) else None

    @property
    def busy(self) -> frozenset[str]:
        """The cameras a frame of which is being read."""
        return frozenset(self._busy)

    async def ready(self) -> None:
        """Return once every reader has opened its networks; `UnavailableError` when one cannot."""
        while len(self._ready) < len(self._slots):
            if self.failing:
                raise UnavailableError(self.failing)
            self._up.clear()
            await self._up.wait()

    async def read(self, camera: str, frame: bytes | Picture) -> list[Read]:
        """Return the plates in a JPEG, PNG or BGR frame, surest first; the errors of `look`."""
        return (await self.look(camera, frame)).reads

    async def look(self, camera: str, frame: bytes | Picture) -> Looked:
        """Return what a JPEG, PNG or BGR frame shows.

        Errors: `FrameDroppedError` when a newer frame came first, `InvalidInputError` for a malformed frame,
        `UnavailableError` when the reader died over it or none can start, `TooManyError` when too many cameras wait.
        """
        return await self._put(camera, frame)  # by no name: an error that this frame and the future held is a cycle

    def _put(self, camera: str, frame: bytes | Picture) -> asyncio.Future[Looked]:
        """Let a frame wait for a reader, in place of an older one of its camera; the errors of `look`."""
        if not self._is_open:
            raise UnavailableError("the plate readers are closed")
        if self.trouble:
            raise UnavailableError(self.trouble)
        if not isinstance(frame, bytes):
            check_picture(frame)
        if older := self._waiting.get(camera):
            self.counters.dropped += 1
            _fail(older, FrameDroppedError("a newer frame of this camera came first"))
        elif len(self._waiting) >= READER_CAMERAS:
            self.counters.dropped += 1
            raise TooManyError("too many cameras wait for a plate reader")
        else:
            self._shares.wait(camera)
        # Replacing the value keeps the camera's place in the row.
        job = self._waiting[camera] = _Job(frame, asyncio.get_running_loop().create_future())
        self._work.set()
        return job.answer

    async def _run_slot(self, slot: int) -> None:
        """Keep one process up, until cancelled."""
        failed = 0
        while True:
            error = await self._run_reader(slot)
            if error is None:
                failed = 0
                continue
            failed += 1
            is_model = isinstance(error, ModelError)
            if is_model or failed >= _STARTS:
                self._give_up(slot, error.detail if is_model else f"no plate reader starts: {error.detail}")
            # One that cannot even start, say for lack of memory, must not take the machine with it.
            pause_ms = _RESTART_LONGEST_MS if is_model else _RESTART_FIRST_MS * 2 ** min(failed - 1, 6)
            await self._clock.sleep(min(pause_ms, _RESTART_LONGEST_MS))

    async def _run_reader(self, slot: int) -> UnavailableError | None:
        """Hand frames to one process until it dies; return why where it never came to that."""
        worker: Worker | None = None
        try:
            worker = self._slots[slot] = Worker()
            await self._in_thread(worker, worker.wait_ready, READER_START_MS)
            self._failing.pop(slot, None)
            self._ready.add(slot)
            self._up.set()
            await self._serve(worker)
        except UnavailableError as error:
            if not isinstance(error, ModelError):
                self.counters.restarts += 1
            return None if slot in self._ready else error
        finally:
            self._slots[slot] = None
            self._ready.discard(slot)
            if worker is not None:
                await asyncio.get_running_loop().run_in_executor(self._threads, worker.close)

    def _give_up(self, slot: int, why: str) -> None:
        """Tell that a slot's reader does not start; where that is so of all, frames are not kept waiting for one."""
        self._failing[slot] = why
        self._up.set()
        if self.trouble:
            for job in self._waiting.values():
                _fail(job, UnavailableError(why))
            self._waiting.clear()

    async def _serve(self, worker: Worker) -> NoReturn:
        """Read frame after frame; `UnavailableError` once the process is of no more use."""
        while True:
            camera, job = await self._next_job()
            begun_ms = self._clock.now_ms()
            try:
                looked = await self._in_thread(worker, partial(worker.look, job.frame), READER_FRAME_MS)
            except InvalidInputError as error:
                self.counters.refused += 1
                _fail(job, error)
            except UnavailableError as error:
                self.counters.failed += 1
                _fail(job, error)
                raise
            else:
                self.counters.read += 1
                if not job.answer.done():
                    job.answer.set_result(looked)
            finally:
                _fail(job, UnavailableError("the plate readers are closed"))
                self._shares.took(camera, self._clock.now_ms() - begun_ms)
                self._busy.discard(camera)
                self._work.set()

    async def _next_job(self) -> tuple[str, _Job]:
        """Take the frame of the camera whose turn it is, of those that have none being read."""
        while (taken := self._take()) is None:
            self._work.clear()
            await self._work.wait()
        return taken

    def _take(self) -> tuple[str, _Job] | None:
        for camera in self._shares.in_turn([camera for camera in self._waiting if camera not in self._busy]):
            job = self._waiting.pop(camera)
            if not job.answer.done():  # else its caller gave up
                self._shares.begin(camera)
                self._busy.add(camera)
                return camera, job
        return None

    async def _in_thread(self, worker: Worker, call: Callable[[], Result], limit_ms: int) -> Result:
        """Wait for a blocking call on a worker; past the limit, or when cancelled, the worker is killed."""
        waiting = asyncio.get_running_loop().run_in_executor(self._threads, call)
        try:
            async with asyncio.timeout(limit_ms / 1000):
                return await asyncio.shield(waiting)
        except TimeoutError as error:
            raise UnavailableError(f"a plate reader took more than {limit_ms} ms") from error
        finally:
            if not waiting.done():
                worker.kill()  # which ends the call
                await asyncio.wait([waiting])
                waiting.exception()


def _fail(job: _Job, error: Exception) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
