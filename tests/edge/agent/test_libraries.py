"""Lists (库) at the edge: fetched by hash, kept, looked for without the hub; agents of before get none (SPEC R686)."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import msgspec

from command import requests as q
from command.actors import HUB
from command.facts.libraries import LibraryContent
from command.kernel.clock import SystemClock
from consoles.parts.agents.registry import AgentState
from consoles.site import Site
from edge.agent.protocol import LIBRARY_PATH
from streams.watch_library import written
from tests.consoles.test_agents import as_agent
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sighting, until

HOUR_MS = 3_600_000


async def file(site: Site, *plates: str) -> LibraryContent:
    data = written(dict.fromkeys(plates, "白色"))
    return LibraryContent(
        sha256=await site.context.blobs.add(data), entries=len(plates), patterns=0, size=len(data)
    )  # fmt: skip


async def in_force(site: Site, *plates: str) -> str:
    content = await file(site, *plates)
    until_ms = SystemClock().now_ms() + HOUR_MS
    asked = q.RequestLibrary(name="库", reason="盗抢", level=2, until_ms=until_ms, content=content)
    library = (await site.hub.ask(asked, HUB)).subject
    await site.hub.ask(q.ApproveLibrary(library=library, sha256=content.sha256), HUB)
    return library


async def replaced(site: Site, library: str, *plates: str) -> str:
    content, row = await file(site, *plates), await site.hub.read(lambda t: t.libraries.need(library))
    assert row.file
    offered = q.OfferLibraryFile(library=library, content=content, replaces=row.file.content.sha256, added=1, removed=1)
    await site.hub.ask(offered, HUB)
    await site.hub.ask(q.ApproveLibrary(library=library, sha256=content.sha256), HUB)
    return content.sha256


def files(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "edge" / "libraries").iterdir()}


def state(site: Site) -> AgentState:
    return site.agents.agents.states[NAME]


async def fetched(site: Site, token: str, sha256: str) -> int:
    """Return what is said to who fetches a file without opening a websocket: 400 where there is one."""
    headers = {"Authorization": f"Bearer {token}"}
    url = LIBRARY_PATH + sha256
    async with aiohttp.ClientSession(site.http_url, headers=headers) as http, http.get(url) as answer:
        return answer.status


async def held(site: Site, key: str, sha256: str) -> bool:
    return await fetched(site, key, sha256) == 400


async def test_a_list_is_looked_for_at_the_edge_without_the_hub_and_its_hit_told_later(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        library = await in_force(site, "湘F00007", "湘F00008")
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 2)
            await until(lambda: state(site).libraries == {library: next(iter(files(tmp_path)))})
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:  # a restart while the hub is away
            await until(lambda: len(agent.cameras._watches.libraries) == 2)
            now_ms = SystemClock().now_ms()
            for n, first_ms in ((7, now_ms), (9, now_ms), (8, now_ms + 2 * HOUR_MS)):
                await agent.cameras.on_passage(msgspec.structs.replace(sighting(n), first_ms=first_ms), b"jpeg")
            assert agent.outbox.waiting["hit"] == 1, "neither another plate nor one after the list is over"
            proxy.open = True
            await until(lambda: "hit" not in agent.outbox.waiting)
            [hit] = await site.hub.read(lambda t: list(t.hits))
            assert (hit.watch, hit.line, hit.note, hit.how) == (library, "湘F00007", "白色", "exact")


async def test_another_file_is_fetched_and_the_one_before_forgotten_and_late_hits_of_it_do_not_fire(
    tmp_path: Path,
) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        library = await in_force(site, "湘F00007")
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 1)
            proxy.open = False
            proxy.cut()
            await agent.cameras.on_passage(msgspec.structs.replace(sighting(7), first_ms=SystemClock().now_ms()), b"")
            assert agent.outbox.waiting["hit"] == 1
            sha256 = await replaced(site, library, "湘F00008")
            await until(lambda: held(site, key, sha256))
            proxy.open = True
            await until(lambda: files(tmp_path) == {sha256})
            await until(lambda: agent.outbox.items == 0)
            assert await site.hub.read(lambda t: list(t.hits)) == []


async def test_a_file_that_was_altered_on_the_disk_of_the_agent_is_fetched_again(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        await in_force(site, "湘F00007")
        async with an_agent(tmp_path, port_of(site), key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 1)
        [path] = (tmp_path / "edge" / "libraries").iterdir()
        assert path.stat().st_mode & 0o077 == 0
        path.write_bytes("湘F99999\n".encode())
        async with an_agent(tmp_path, port_of(site), key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 1)
            assert agent.cameras._watches.libraries.find("湘F99999") == []
        assert path.read_bytes().decode() == "湘F00007\t白色\n"


async def test_an_agent_of_before_lists_gets_none_and_the_hub_says_so(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        library = await in_force(site, "湘F00007")
        async with as_agent(site, key) as (socket, config):
            assert [each["id"] for each in config["libraries"]] == [library]
            await socket.send_json({"type": "standing", "now_ms": 1})
            await until(lambda: state(site).clock_ahead_ms < 0)
            assert state(site).libraries is None


async def test_only_an_agent_fetches_lists_and_only_those_in_force(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        await in_force(site, "湘F00007")
        [sha256] = await site.hub.read(lambda t: [row.file.content.sha256 for row in t.libraries if row.file])
        await until(lambda: held(site, key, sha256))
        statuses = [await fetched(site, *each) for each in (("wrong", sha256), ("", sha256), (key, "a" * 64))]
        assert statuses == [401, 401, 404]
