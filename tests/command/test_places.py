"""What is at which hub: the newest arrival counts, whatever clocks say and whoever died (SPEC R651)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import Database
from command.places import SCHEMA, Places
from tests.databases import Databases

ONE, TWO = "https://hub-1.example", "https://hub-2.example"


class HubHere:
    """A hub's side of the table, and what is at it."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock(1_000_000, speed=0)
        self.places = Places(database, self.clock)
        self.agents: list[str] | None = []
        self.places.tell("agent", lambda: self.agents)

    async def looks(self) -> None:
        """Return once it has looked, and told all that is so now."""
        async with asyncio.timeout(20):
            while (wakes_ms := self.clock.next_wake_ms()) is None:
                await SystemClock().sleep(1)
            self.clock.advance(wakes_ms)
            while self.clock.next_wake_ms() in (None, wakes_ms):
                await SystemClock().sleep(1)


@asynccontextmanager
async def hub(database: Database, url: str) -> AsyncIterator[HubHere]:
    here = HubHere(database)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(here.places.run(url))
        await here.looks()
        yield here
        running.cancel()


async def test_what_moves_is_where_it_came_last_also_when_a_hub_dies(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as at_one, databases(SCHEMA, "places") as at_two, hub(at_two, TWO) as two:
        async with hub(at_one, ONE) as one:
            one.agents = ["gate", "yard"]
            await one.looks()
            found = await two.places.elsewhere("agent", "gate")
            assert found == one.places.own
            assert await one.places.elsewhere("agent", "gate") is None, "it is here"
            assert await two.places.elsewhere("camera", "gate") is None
            two.agents = ["gate"]  # it came here; the other one has not noticed yet
            await two.looks()
            await one.looks()
            assert await two.places.elsewhere("agent", "gate") is None
            assert await one.places.elsewhere("agent", "gate") == two.places.own
        # It is gone without a word: whom one misses is still known.
        gone = await two.places.elsewhere("agent", "yard")
        assert gone is not None
        assert gone.url == ONE
        async with hub(at_one, ONE) as again:
            assert again.places.own == gone, "it keeps its number"
            await again.looks()
            assert await two.places.elsewhere("agent", "yard") is None, "and knows what is at it no more"
            assert await again.places.hub(gone.number) == gone
            assert await again.places.hub(99) is None


async def test_what_is_not_known_now_stays_as_it_was_told(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database, hub(database, ONE) as one:
        one.agents = ["gate"]
        await one.looks()
        one.agents = None
        await one.looks()
        assert await one.places.at("agent", "gate") == [one.places.own]
        one.agents = []
        await one.looks()
        assert await one.places.at("agent", "gate") == []


async def test_hubs_that_come_at_once_are_told_apart(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database:
        many = [Places(database, SystemClock()) for _ in range(8)]
        owns = await asyncio.gather(*(each._join(f"https://hub-{n}.example") for n, each in enumerate(many)))
        assert len({own.number for own in owns}) == 8
