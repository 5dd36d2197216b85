"""A task that goes on after failures ends when it is told to."""

from __future__ import annotations

import asyncio

import pytest

from command.kernel.tasks import end_if_cancelled


async def test_who_is_told_to_end_while_something_fails_ends() -> None:
    tries = 0

    async def fails_when_told_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the other end is gone, too")

    async def keep_trying() -> None:
        nonlocal tries
        while True:
            tries += 1
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(fails_when_told_to_end())
            except* OSError:
                pass
            end_if_cancelled()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(keep_trying())
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the event loop: it has begun
        await asyncio.sleep(0)  # noqa: TID251 - and so has what it tries
        trying.cancel()
    assert trying.cancelled()
    assert tries == 1


async def test_who_was_not_told_to_end_goes_on() -> None:
    end_if_cancelled()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    end_if_cancelled()
