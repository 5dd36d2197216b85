"""Opening the folder of recordings on a disk that may not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from command.kernel.errors import UnavailableError
from streams.limits import RECORD_HUNG_MS
from streams.recorder.store import Store
from streams.recorder.threads import NO_ANSWER


async def opened(opening: Callable[[], Awaitable[Store]], say: Callable[[str], Awaitable[None]]) -> Store:
    """Wait for it as long as it takes, and say so where the disk does not answer. Raises `UnavailableError`."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(_tried(opening), name="recordings-open")
        while not (await asyncio.wait({task}, timeout=RECORD_HUNG_MS / 1000))[0]:
            await say(NO_ANSWER)
    store = task.result()
    if isinstance(store, UnavailableError):
        raise store
    return store


async def _tried(opening: Callable[[], Awaitable[Store]]) -> Store | UnavailableError:
    try:
        return await opening()
    except UnavailableError as error:
        return error
