"""An event loop on virtual time: nothing but the seed decides what runs when. No threads, no sockets, no real clock.

Callbacks belong to processes. Within one process they run in the order asyncio promises; between processes nothing is
promised, so whose turn it is is drawn. A process can be killed between any two of its callbacks, that is, at any await.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

_STEPS_AT_ONE_INSTANT = 200_000
_REAPING_ROUNDS = 5
_TASKS_BEFORE_PRUNING = 64


class SimulationError(Exception):
    """A check that failed, or a part of the world that broke. The seed brings it about again."""


def dice(seed: str) -> Random:
    """Return dice that fall the same way for the same seed, in any process."""
    return Random(seed)  # noqa: S311 - to be repeated is what they are for


class _Callback(asyncio.TimerHandle):
    """Something to call. asyncio's own handle does the same, and takes most of the time of a simulation."""

    __slots__ = ("call", "given", "of", "off", "within")

    def __init__(self, call: Callable[..., object], given: tuple[object, ...], within: Context, of: Process) -> None:
        self.call = call
        self.given = given
        self.within = within
        self.of = of
        self.off = False

    def cancel(self) -> None:
        self.off = True

    def cancelled(self) -> bool:
        return self.off


class Process:
    """One program on one machine: its callbacks run in order, and it dies as a whole."""

    def __init__(self, loop: VirtualLoop, name: str, seed: str) -> None:
        self.name = name
        self.alive = True
        self.random = dice(f"{seed}/{name}")
        self.ready: deque[_Callback] = deque()
        self.context: Context = copy_context()
        self.context.run(_PROCESS.set, self)
        self.fuse: int | None = None
        """After so many callbacks it dies."""
        self.on_death: Callable[[], None] = lambda: None
        self.number = loop.next_process_number()
        self._loop = loop
        self._tasks: list[asyncio.Task[Any]] = []
        self._prune_at = _TASKS_BEFORE_PRUNING
        self.timers = 0
        """How many were set: those of one instant come in that order."""

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as a task of this process; an exception that it does not catch ends the run."""
        task = self._loop.create_task(work, context=self.context.copy())
        task.add_done_callback(self._ended, context=self.context)
        return task

    def later(self, delay_s: float, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        """Call something in this process after a while; never, if it is dead by then."""
        return self._loop.call_later(delay_s, callback, *args, context=self.context)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and self.alive:
            self._loop.call_exception_handler({"message": f"a task of {self.name}", "exception": error})

    def own(self, task: asyncio.Task[Any]) -> None:
        """Remember a task, so that it can be killed."""
        self._tasks.append(task)
        if len(self._tasks) > self._prune_at:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._prune_at = 2 * len(self._tasks) + _TASKS_BEFORE_PRUNING

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that still run."""
        return [task for task in self._tasks if not task.done()]


_PROCESS: ContextVar[Process] = ContextVar("process")


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs processes. `time` is virtual: it moves to the next timer once nobody has anything left to do."""

    def __init__(self, seed: str) -> None:
        self.now_us = 0
        self.steps = 0
        self.failure: SimulationError | None = None
        self._seed = seed
        self._turns = dice(f"{seed}/turns")
        self._busy: list[Process] = []
        self._timers: list[tuple[int, int, int, _Callback]] = []
        self.processes: list[Process] = []
        """Those that live, and those that ended without being killed."""
        self._processes = 0
        self._running = False
        self._closed = False
        self._steps_before_this_instant = 0

    # what the simulation needs

    def process(self, name: str) -> Process:
        """Return a new process."""
        process = Process(self, name, self._seed)
        self.processes.append(process)
        return process

    def next_process_number(self) -> int:
        """Return a number that orders what processes do at the same instant."""
        self._processes += 1
        return self._processes

    def fail(self, reason: str) -> NoReturn:
        """End the run: whoever catches this exception on its way does not hide it."""
        if self.failure is None:
            self.failure = SimulationError(reason)
        raise self.failure

    async def pause(self, delay_s: float) -> None:
        """Return after a while of virtual time."""
        woken: asyncio.Future[None] = asyncio.Future(loop=self)
        context = copy_context()
        timer = self._set_timer(self.now_us + int(delay_s * 1_000_000), _wake, (woken,), context)
        try:
            await woken
        finally:
            timer.off = True

    def run_until_complete(self, work: Coroutine[Any, Any, T]) -> T:  # type: ignore[override]  # only coroutines
        """Run the coroutine in a process of its own; raise the first failure of the run."""
        main = self.process("world").start(work)
        self._running = True
        asyncio._set_running_loop(self)  # noqa: SLF001 - what every event loop has to call
        try:
            while not main.done():
                self._step()
                if self.failure is not None:
                    raise self.failure
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001
            self._running = False
        return main.result()

    def end(self) -> None:
        """Let every task of every process come to its end, cut off from everything."""
        failure = self.failure
        for process in self.processes:
            process.alive = False
        asyncio._set_running_loop(self)  # noqa: SLF001
        try:
            self._reap(self.processes)
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001
            self.failure = failure or self.failure
        self._closed = True

    def _step(self) -> None:
        busy = self._busy
        if not busy:
            self._pass_time()
        self.steps += 1
        at = int(self._turns.random() * len(busy)) if len(busy) > 1 else 0
        process = busy[at]
        ready = process.ready
        if process.fuse is not None:
            process.fuse -= 1
            if process.fuse <= 0:
                busy[at] = busy[-1]
                busy.pop()
                self._kill(process)
                return
        callback = ready.popleft()
        if not ready:
            busy[at] = busy[-1]
            busy.pop()
        if not callback.off:
            self._run(callback)

    def _run(self, callback: _Callback) -> None:
        try:
            callback.within.run(callback.call, *callback.given)
        except SimulationError:
            assert self.failure is not None
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the run and is told
            self.call_exception_handler({"message": f"a callback of {callback.of.name}", "exception": error})

    def _pass_time(self) -> None:
        if self.steps - self._steps_before_this_instant > _STEPS_AT_ONE_INSTANT:
            self.fail(f"more than {_STEPS_AT_ONE_INSTANT} steps at one instant: something turns without waiting")
        self._steps_before_this_instant = self.steps
        timers = self._timers
        while timers and not self._busy:
            self.now_us = max(self.now_us, timers[0][0])  # who moved it on had the whole machine stand still
            while timers and timers[0][0] <= self.now_us:
                callback = heapq.heappop(timers)[3]
                if not callback.off and callback.of.alive:
                    self._make_ready(callback)
        if not self._busy:
            self.fail("nobody has anything left to do, and the simulation is not over")

    def _make_ready(self, callback: _Callback) -> None:
        process = callback.of
        if not process.ready and process.alive:
            self._busy.append(process)
        process.ready.append(callback)

    def _set_timer(
        self, at_us: int, call: Callable[..., object], given: tuple[object, ...], context: Context
    ) -> _Callback:
        """Those of one instant come by process, whatever order they were set in."""
        process = context[_PROCESS]
        process.timers += 1
        callback = _Callback(call, given, context, process)
        heapq.heappush(self._timers, (max(at_us, self.now_us), process.number, process.timers, callback))
        return callback

    def _kill(self, process: Process) -> None:
        process.alive = False
        process.on_death()
        self._reap([process])
        self.processes.remove(process)

    def _reap(self, processes: list[Process]) -> None:
        """Cancel what the dead left, so that nothing lingers; being dead keeps it from having any effect."""
        for _ in range(_REAPING_ROUNDS):
            for process in processes:
                for task in process.unfinished():
                    task.cancel()
            while any(process.ready for process in processes):
                for process in processes:
                    while process.ready:
                        callback = process.ready.popleft()
                        if not callback.off:
                            self._run(callback)
        left = [task for process in processes for task in process.unfinished()]
        if left:
            self.fail(f"cannot be ended: {left[0].get_coro()!r}")

    # what asyncio needs

    def time(self) -> float:
        """Return virtual seconds since the beginning."""
        return self.now_us / 1_000_000

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        """Call in the turn of the process whose context it is."""
        context = context or copy_context()
        ready = _Callback(callback, args, context, context[_PROCESS])
        self._make_ready(ready)
        return ready

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call after a while."""
        return self._set_timer(self.now_us + int(delay * 1_000_000), callback, args, context or copy_context())

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call at an instant."""
        return self._set_timer(round(when * 1_000_000), callback, args, context or copy_context())

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, T], *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[T]:
        """Start a task in the process whose context it is."""
        context = context or copy_context()
        task = asyncio.Task(coro, loop=self, name=None if name is None else str(name), context=context)
        context[_PROCESS].own(task)
        return task

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future of this loop."""
        return asyncio.Future(loop=self)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """An exception that nobody caught ends the run."""
        error = context.get("exception")
        if self.failure is None:
            self.failure = SimulationError(f"nobody caught: {context.get('message')}: {error!r}")
            self.failure.__cause__ = error if isinstance(error, BaseException) else None

    def get_debug(self) -> bool:
        """No."""
        return False

    def is_running(self) -> bool:
        """Say whether it runs."""
        return self._running

    def is_closed(self) -> bool:
        """Say whether it was closed."""
        return self._closed

    def close(self) -> None:
        """Nothing runs on it any more."""
        self._closed = True


def virtual_loop(seed: str) -> VirtualLoop:
    """Return a loop that these dice rule."""
    return VirtualLoop(seed)  # type: ignore[abstract]  # what it leaves out raises NotImplementedError


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
