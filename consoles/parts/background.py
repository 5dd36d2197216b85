"""The tasks that run as long as the site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


class Background:
    """Holds tasks: they end with the site, and one that fails takes the site down, visibly."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.group = group
        self._started: list[asyncio.Task[None]] = []

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run `work` until the site stops. What it raises carries its name as a note."""
        task = self.group.create_task(work, name=name)
        task.add_done_callback(_note_name)
        self._started.append(task)

    async def stop(self) -> None:
        """End everything started here, before what it works with is closed."""
        for task in self._started:
            task.cancel()
        if self._started:
            await asyncio.wait(self._started)


def _note_name(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        error.add_note(f"the task {task.get_name()!r} ended the hub")


@asynccontextmanager
async def background() -> AsyncIterator[Background]:
    """Hold tasks until the block is left."""
    async with asyncio.TaskGroup() as group:
        tasks = Background(group)
        try:
            yield tasks
        finally:
            await tasks.stop()
