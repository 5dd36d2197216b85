"""Two hubs of one site for tests: a key and a database in common, an agent, and what people at one see of the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from msgspec.structs import replace

from command.actors import HUB, Role
from command.requests import EnrolCamera
from consoles.settings import Gb28181, Recordings, Settings
from consoles.site import Site, running_site
from edge.agent.agent import Agent, AgentSettings, running_agent
from tests.consoles.cameras import CLOCK
from tests.consoles.support import PASSWORD, Person, settings

KEY = "5a" * 32


class Hubs:
    """Two hubs, each of which can be ended and begun again where it was, and somebody at each."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.sites: list[Site] = []
        self._stack = stack
        self._chosen: list[Settings] = []
        self._ends: list[AsyncExitStack] = []

    async def add(self, chosen: Settings) -> None:
        own = await self._stack.enter_async_context(AsyncExitStack())
        self.sites.append(await own.enter_async_context(running_site(chosen)))
        self._ends.append(own)
        self._chosen.append(replace(chosen, http_port=int(self.sites[-1].http_url.rpartition(":")[2])))

    async def end(self, number: int) -> None:
        await self._ends[number].aclose()

    async def begin(self, number: int) -> None:
        self.sites[number] = await self._ends[number].enter_async_context(running_site(self._chosen[number]))


@asynccontextmanager
async def two_hubs(
    tmp_path: Path, journal: str, bus: str = "", gb28181: Gb28181 | None = None
) -> AsyncIterator[Hubs]:  # fmt: skip
    """Hubs that share a key and a database; "desk" is a dispatcher at both. `gb28181` is the first one's."""
    async with AsyncExitStack() as stack:
        hubs = Hubs(stack)
        for number in range(2):
            folder = tmp_path / f"hub{number}"
            (folder / "var").mkdir(parents=True)
            (folder / "var" / "site.key").write_text(KEY)
            chosen = replace(settings(folder), journal=journal, bus=bus, recordings=Recordings(keep_free_gib=0))
            await hubs.add(replace(chosen, gb28181=None if number else gb28181))
        people: tuple[tuple[str, Role], ...] = (
            ("desk", "dispatcher"),
            ("leader", "commander"),
            ("admin2", "administrator"),
        )
        for name, role in people:
            await hubs.sites[0].context.accounts.create(name, name, frozenset({role}), "", PASSWORD)
        yield hubs


async def enrol(site: Site, camera: str, address: str) -> None:
    await site.hub.ask(EnrolCamera(camera=camera, name="路口", lat=29.0, lon=113.0), HUB)
    await site.context.accounts.set_camera_address(camera, address)


@asynccontextmanager
async def agent_of(tmp_path: Path, key: str, *sites: Site) -> AsyncIterator[Agent]:
    told = AgentSettings(
        hubs=[site.http_url.replace("http", "ws") for site in sites], key=key, data=tmp_path / "edge", release="test",
        plate_workers=0,
    )  # fmt: skip
    async with running_agent(told, CLOCK) as agent:
        yield agent


async def shows(person: Person, camera: str) -> bool:
    async with person.http.get(f"/api/v1/cameras/{camera}/snapshot.jpg") as answer:
        return answer.status == 200 and (await answer.read()).startswith(b"\xff\xd8")


async def moving(person: Person, camera: str, pictures: int = 10) -> None:
    """Return once so many pictures came over the websocket."""
    async with person.http.ws_connect(f"/api/v1/cameras/{camera}/mse") as viewer, asyncio.timeout(60):
        while pictures:
            pictures -= (await viewer.receive()).type is aiohttp.WSMsgType.BINARY
