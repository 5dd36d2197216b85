"""The usual work of a night, as desks would ask for it: what records are filled with to be measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from command import requests as q
from command.actors import Actor
from command.hub import Hub

DISPATCHER = Actor(id="dispatcher", name="dispatcher", roles=frozenset({"dispatcher"}))
CALLERS = 256
FACTS_PER_MATTER = 9


async def record(hub: Hub, numbers: Iterable[int], after_each: Callable[[int], None] = lambda _: None) -> None:
    """Record a matter for each number, as many at once as there are callers."""
    left = iter(numbers)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CALLERS):
            tasks.create_task(_work(hub, left, after_each))


async def _work(hub: Hub, numbers: Iterator[int], after_each: Callable[[int], None]) -> None:
    for number in numbers:
        await _matter(hub, number)
        after_each(number)


async def _matter(hub: Hub, number: int) -> None:
    """A call comes in, becomes a situation, is noted and closed."""

    async def ask(request: q.Request, step: int) -> str:
        return (await hub.ask(request, DISPATCHER, f"dispatcher/matter-{number}-{step}")).subject

    place = q.GivenPlace(lat=29.0 + number % 97 / 1000, lon=113.1, text="荣新路与东风路口")
    call = await ask(q.ReportCall(dialled="110", caller=f"139{number:08}"), 0)
    await ask(q.AnswerCall(call=call), 1)
    await ask(q.LocateCall(call=call, place=place), 2)
    await ask(q.ClassifyCall(call=call, form={"what": "打架", "persons": "3", "weapons": "无"}), 3)
    opened = q.OpenSituation(title="路口打架", service="110", kind="public_security", level=4, call=call)
    situation = await ask(opened, 4)
    await ask(q.NoteSituation(situation=situation, text="两人受伤，已通知急救"), 5)
    await ask(q.EndCall(call=call, outcome="situation"), 6)
    await ask(q.CloseSituation(situation=situation), 7)
