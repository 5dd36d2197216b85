"""One task for each thing that is kept at other systems: begun, ended and begun anew as what is kept changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Generic, TypeVar

from command.kernel.errors import TriuneError
from consoles.parts.viid.store import Turns
from edge.viid.faults import contained

log = logging.getLogger(__name__)
K = TypeVar("K")
S = TypeVar("S")


class Tended(Generic[K, S]):
    """Run `run`. `find` returns what is kept by name; `begin` its state and the work on it, until that returns.

    Work is begun anew where what is kept is no longer the same by `mark`.
    """

    def __init__(
        self, what: str, changed: Turns, find: Callable[[], Awaitable[Mapping[str, K]]],
        begin: Callable[[str, K], tuple[S, Coroutine[None, None, None]]], mark: Callable[[K], object],
    ) -> None:  # fmt: skip
        self._what = what
        self._changed = changed
        self._find = find
        self._begin = begin
        self._mark = mark
        self._running: dict[str, tuple[S, asyncio.Task[None], object]] = {}

    def states(self) -> dict[str, S]:
        """Return how each does."""
        return {name: state for name, (state, _, _) in self._running.items()}

    def again(self, name: str) -> bool:
        """Begin with one anew at once; say whether it is worked on here."""
        if name not in self._running:
            return False
        self._running.pop(name)[1].cancel()
        self._changed.next()
        return True

    async def run(self) -> None:
        """Work on all until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            try:
                while True:
                    changes = self._changed.count
                    try:
                        with contained(self._what):
                            await self._sync(tasks)
                    except TriuneError as error:
                        log.warning("%s stay as they were for now: %s", self._what, error.detail)
                    await self._changed.wait(changes)
            finally:
                for _, task, _ in self._running.values():
                    task.cancel()
                self._running.clear()

    async def _sync(self, tasks: asyncio.TaskGroup) -> None:
        wanted = await self._find()
        for name, (_, task, mark) in list(self._running.items()):
            if name not in wanted or self._mark(wanted[name]) != mark:
                task.cancel()
                del self._running[name]
        for name, kept in wanted.items():
            if name not in self._running:
                state, work = self._begin(name, kept)
                task = tasks.create_task(work, name=f"viid-{name}")
                self._running[name] = (state, task, self._mark(kept))
