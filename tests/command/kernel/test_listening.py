"""Waiting by the time in which this process could hear (SPEC R1098)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from command.kernel.listening import Listening
from consoles.sim.loop import VirtualLoop, virtual_loop

Story = Callable[[VirtualLoop], Coroutine[Any, Any, None]]


def told(story: Story) -> None:
    loop = virtual_loop("listening")
    loop.run_until_complete(story(loop))
    loop.end()


async def silence_s(loop: VirtualLoop, limit_ms: int) -> float:
    """How long nothing is waited for."""
    began_s = loop.time()
    with pytest.raises(TimeoutError):
        async with Listening(limit_ms):
            await asyncio.Event().wait()
    return loop.time() - began_s


@pytest.mark.parametrize("limit_ms", [1, 300, 500, 3000, 13_000])
def test_a_silence_lasts_as_long_as_the_limit(limit_ms: int) -> None:
    async def story(loop: VirtualLoop) -> None:
        assert await silence_s(loop, limit_ms) == pytest.approx(limit_ms / 1000, abs=0.002)

    told(story)


@pytest.mark.parametrize("after_s", [0.1, 1.6, 2.6, 2.99])
@pytest.mark.parametrize("standing_s", [0.5, 2, 60])
def test_what_came_while_the_process_stood_still_is_heard(after_s: float, standing_s: float) -> None:
    async def story(loop: VirtualLoop) -> None:
        heard = asyncio.Event()

        def stand_still() -> None:
            loop.now_us += int(standing_s * 1_000_000)
            loop.call_later(0.1, heard.set)  # it takes a moment to be read

        loop.call_later(after_s, stand_still)
        async with Listening(3000):
            await heard.wait()

    told(story)


def test_a_process_that_stands_still_all_the_time_waits_no_longer_for_that() -> None:
    async def story(loop: VirtualLoop) -> None:
        def stand_still() -> None:
            loop.now_us += 2_000_000
            timer.append(loop.call_later(0.1, stand_still))

        timer = [loop.call_later(0.1, stand_still)]
        assert await silence_s(loop, 3000) < 16
        timer[-1].cancel()

    told(story)


def test_what_is_done_in_time_is_not_ended() -> None:
    async def story(_: VirtualLoop) -> None:
        async with Listening(20):
            pass
        with pytest.raises(ValueError, match="own"):
            async with Listening(20):
                raise ValueError("own")

    told(story)
