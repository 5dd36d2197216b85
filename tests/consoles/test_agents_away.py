"""What two hubs say of one agent ends in one word (SPEC R1012)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from command.access.accounts import Accounts
from command.actors import HUB
from command.facts import decode
from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.limits import SAID_LOOK_MS
from command.leases import SoleHub
from command.places import Places
from command.requests import EnrolCamera, ReportLink
from consoles.parts.agents.away import AwayWatch
from consoles.parts.agents.registry import Agents, AgentState, Connected, Duties
from consoles.sim.clock import MachineClock
from consoles.sim.loop import virtual_loop
from edge.limits import AGENT_AWAY_MS

NAME = "gate"
LINK = f"edge.{NAME}"
ADDRESSES = {"k0": f"edge://{NAME}/rtsp://127.0.0.1:9/k0"}


class Connection:
    """The agent's link to the hub that it reached, which notes what it was told."""

    def __init__(self) -> None:
        self.restated = 0

    async def tell(self, duties: Duties, *, restate: bool) -> None:
        del duties
        self.restated += restate


class Place:
    """One record, a hub that says who is away by what it finds, and another that an agent is connected to."""

    def __init__(self, clock: MachineClock) -> None:
        self.clock = clock
        self.hub = Hub("live", clock, MemoryJournal())
        self.found: set[str] = set()
        self.is_on_roll = False
        self.watching, self.other = self._agents(lambda: True), self._agents(lambda: self.is_on_roll)
        places = cast("Places", SimpleNamespace(reached=self._reached))
        self.watch = AwayWatch(self.hub, self.watching, SoleHub(), places)
        self.connection = Connection()

    def _agents(self, is_found: Callable[[], bool]) -> Agents:
        async def addresses() -> dict[str, str]:
            return ADDRESSES

        async def agents() -> list[str]:
            return [NAME]

        accounts = SimpleNamespace(listen_addresses=lambda _: None, camera_addresses=addresses, agents=agents)
        return Agents(self.hub, cast("Accounts", accounts), is_found)

    async def _reached(self, _kind: str) -> set[str]:
        return self.found

    async def come(self) -> None:
        state = AgentState(id=NAME, up=True, since_ms=self.clock.now_ms())
        await self.other.join(NAME, cast("Connected", self.connection), state)

    async def said(self) -> list[str]:
        """Everything recorded of agents and their alarms, by kind."""
        stored = await self.hub.journal.read("live", 0, 10_000)
        kinds = [type(decode(each.data, each.seq)).__name__ for each in stored]
        return [kind for kind in kinds if kind.startswith(("Link", "Alarm"))]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self.hub.run())]
            await self.hub.ask(EnrolCamera(camera="k0", name="a", lat=29.0, lon=113.0), HUB)
            work = (self.watching.run(), self.other.run(), self.other.keep_said(), self.watch.run())
            running += [tasks.create_task(each) for each in work]
            yield
            for task in running:
                task.cancel()


def run(story: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
    loop = virtual_loop("agents away")

    async def told() -> None:
        place = Place(MachineClock(loop))
        async with place.open():
            await story(place)

    loop.run_until_complete(told())
    loop.end()


def test_a_hub_that_others_do_not_find_says_nothing_of_its_agents_until_they_do() -> None:  # R1012
    async def story(at: Place) -> None:
        await at.come()
        await at.clock.sleep(20 * AGENT_AWAY_MS)
        assert await at.said() == ["LinkWentDown", "AlarmRaised"]
        told = at.connection.restated
        at.is_on_roll = True
        at.found.add(NAME)
        await at.clock.sleep(3 * SAID_LOOK_MS)
        assert await at.said() == ["LinkWentDown", "AlarmRaised", "LinkCameUp", "AlarmCleared"]
        assert at.connection.restated == told + 1, "how its cameras are was said to be otherwise too"
        await at.clock.sleep(20 * AGENT_AWAY_MS)
        assert len(await at.said()) == 4

    run(story)


def test_an_agent_that_came_is_missed_from_then_on_and_not_from_before() -> None:  # R1012
    async def story(at: Place) -> None:
        await at.clock.sleep(2 * AGENT_AWAY_MS)
        assert await at.said() == ["LinkWentDown", "AlarmRaised"]
        await at.hub.ask(ReportLink(link=LINK, up=True), HUB)
        await at.clock.sleep(AGENT_AWAY_MS - 2000)
        assert await at.said() == ["LinkWentDown", "AlarmRaised", "LinkCameUp", "AlarmCleared"]
        await at.clock.sleep(5000)
        assert (await at.said())[4:] == ["LinkWentDown", "AlarmRaised"], "it was gone before anybody looked"

    run(story)
