"""Tasks that end together: what asyncio has no word for, or gets wrong before Python 3.13."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def apart(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, run in a task of its own: for who catches its failures, and goes on.

    A `TaskGroup` one of whose tasks fails while the group is cancelled from outside raises the failure alone, and who
    caught that would never end. Here the cancellation is raised whatever became of the work, which has ended by then.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        while not task.done():
            with suppress(asyncio.CancelledError):  # once more: it has to end all the same
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # is of no interest any more
        raise
    return task.result()


async def first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Do all of it until one is done; the others are cancelled, and have ended on return.

    A failure is raised as of a `TaskGroup`.
    """
    async with asyncio.TaskGroup() as tasks:
        jobs = [tasks.create_task(work) for work in works]
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for job in jobs:
            job.cancel()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do `work`, which raises nothing, in a task beside the block; it is cancelled and has ended when that is left.

    What the block raises is raised as it is, where a `TaskGroup` would make a group of it.
    """
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        is_cancelled = False
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                is_cancelled = True
        if is_cancelled:
            raise asyncio.CancelledError
