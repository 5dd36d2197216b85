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
        """Run `work` until the site stops."""
        self._started.append(self.group.create_task(work, name=name))

    async def stop(self) -> None:
        """End everything started here, before what it works with is closed."""
        for task in self._started:
            task.cancel()
        if self._started:
            await asyncio.wait(self._started)


@asynccontextmanager
async def background() -> AsyncIterator[Background]:
    """Hold tasks until the block is left."""
    async with asyncio.TaskGroup() as group:
        tasks = Background(group)
        try:
            yield tasks
        finally:
            await tasks.stop()
