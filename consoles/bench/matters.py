"""The usual work of a night, as desks would ask for it: what records are filled with to be measured."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator

from command import requests as q
from command.actors import Actor
from command.hub import Hub

DISPATCHER = Actor(id="dispatcher", name="dispatcher", roles=frozenset({"dispatcher"}))
CALLERS = 256
FACTS_PER_MATTER = 9

Ask = Callable[[q.Request, str], Awaitable[str]]
"""Has a request recorded under an idempotency key, and returns its subject."""


async def record(hub: Hub, numbers: Iterable[int], after_each: Callable[[int], None] = lambda _: None) -> None:
    """Record a matter for each number, as many at once as there are callers."""
    left = iter(numbers)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CALLERS):
            tasks.create_task(_work(hub, left, after_each))


async def _work(hub: Hub, numbers: Iterator[int], after_each: Callable[[int], None]) -> None:
    async def ask(request: q.Request, key: str) -> str:
        return (await hub.ask(request, DISPATCHER, f"dispatcher/{key}")).subject

    for number in numbers:
        await matter(ask, number)
        after_each(number)


async def matter(ask: Ask, number: int) -> None:
    """A call comes in, becomes a situation, is noted and closed."""
    key = f"matter-{number}"
    place = q.GivenPlace(lat=29.0 + number % 97 / 1000, lon=113.1, text="荣新路与东风路口")
    call = await ask(q.ReportCall(dialled="110", caller=f"139{number:08}"), f"{key}-0")
    await ask(q.AnswerCall(call=call), f"{key}-1")
    await ask(q.LocateCall(call=call, place=place), f"{key}-2")
    await ask(q.ClassifyCall(call=call, form={"what": "打架", "persons": "3", "weapons": "无"}), f"{key}-3")
    opened = q.OpenSituation(title="路口打架", service="110", kind="public_security", level=4, call=call)
    situation = await ask(opened, f"{key}-4")
    await ask(q.NoteSituation(situation=situation, text="两人受伤，已通知急救"), f"{key}-5")
    await ask(q.EndCall(call=call, outcome="situation"), f"{key}-6")
    await ask(q.CloseSituation(situation=situation), f"{key}-7")
