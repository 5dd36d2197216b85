"""Who goes on after failures ends when told to."""

from __future__ import annotations

import asyncio

import pytest

from command.kernel.tasks import apart, first_of


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)  # noqa: TID251 - turns of the event loop


async def test_who_is_told_to_end_while_something_fails_ends() -> None:
    tries = 0

    async def fails_when_told_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the other end is gone, too")

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails_when_told_to_end())

    async def keep_trying() -> None:
        nonlocal tries
        while tries < 3:
            tries += 1
            try:
                await apart(work())
            except* OSError:
                pass

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(keep_trying())
        await _turns(5)
        trying.cancel()
    assert trying.cancelled()
    assert tries == 1


async def test_a_failure_is_caught_and_the_next_try_goes_on() -> None:
    async def fails() -> None:
        await _turns(1)
        raise OSError("away")

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails())

    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            await apart(work())
        await _turns(1)


async def test_it_ends_no_sooner_than_its_work_however_often_it_is_told() -> None:
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()
            ended.set()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(apart(slow_to_end()))
        await _turns(3)
        running.cancel()
        await _turns(3)
        running.cancel()
        await _turns(3)
        assert not running.done()
        may_end.set()
    assert running.cancelled()
    assert ended.is_set()


async def test_what_it_returns_is_returned() -> None:
    async def work() -> int:
        await _turns(1)
        return 7

    assert await apart(work()) == 7


async def test_the_first_that_is_done_ends_the_others() -> None:
    ended = list[str]()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await _turns(3)
            ended.append("the other")

    async with asyncio.timeout(60):
        await first_of(_turns(2), waits())
        assert ended == ["the other"]
        with pytest.raises(ExceptionGroup):
            await first_of(waits(), _fail())
    assert ended == ["the other", "the other"]


async def _fail() -> None:
    raise OSError("away")
