"""Lists (库) at the edge: fetched by hash, kept, looked for without the hub; agents of before get none (R686, R762,
R825-R829)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen

from command import requests as q
from command.actors import HUB
from command.facts.libraries import LibraryContent
from command.kernel.clock import SystemClock
from command.readings import Sighting
from command.requests.watchlist import GivenArea, GivenHours
from consoles.parts.agents.registry import AgentState
from consoles.site import Site
from edge.agent.agent import Agent
from edge.agent.libraries import EdgeLibraries
from edge.agent.protocol import LIBRARY_PATH, Library
from edge.outbox import Priority
from streams.watch_edits import edited
from streams.watch_library import LibraryContent as Content
from streams.watch_library import LibraryIndex, written
from tests.consoles.test_agents import as_agent
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sighting, until

HOUR_MS = 3_600_000


async def file(site: Site, *plates: str, ends: dict[str, int] | None = None) -> LibraryContent:
    data = written(dict.fromkeys(plates, "白色"), ends)
    return LibraryContent(
        sha256=await site.context.blobs.add(data), entries=len(plates), patterns=0, size=len(data)
    )  # fmt: skip


async def in_force(site: Site, *plates: str, ends: dict[str, int] | None = None, **terms: Any) -> str:
    content = await file(site, *plates, ends=ends)
    until_ms = SystemClock().now_ms() + HOUR_MS
    asked = q.RequestLibrary(name="库", reason="盗抢", level=2, until_ms=until_ms, content=content, **terms)
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


async def terms(site: Site, library: str, **terms: Any) -> None:
    offered = (await site.hub.ask(q.OfferLibraryTerms(library=library, **terms), HUB)).subject
    await site.hub.ask(q.ApproveLibraryTerms(library=library, terms=offered), HUB)


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


async def test_a_hit_of_an_agent_is_by_the_first_line_of_its_list_that_was_not_set_aside(  # R858
    tmp_path: Path,
) -> None:
    now_ms = SystemClock().now_ms()
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        library = await in_force(site, "湘F00007", "湘F0000?")
        asked = q.ReportHit(
            watch=library, plate="湘F00007", camera="k0", seen_ms=now_ms, confidence=0.9, line="湘F00007"
        )  # fmt: skip
        first = (await site.hub.ask(asked, HUB)).subject
        await site.hub.ask(q.RejectHit(hit=first, why="已解除", kind="out_of_date", exclude=True), HUB)
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 2)
            proxy.open = False
            proxy.cut()
            await agent.cameras.on_passage(msgspec.structs.replace(sighting(7), first_ms=now_ms + 1), b"")
            [passed] = await agent.outbox.next(Priority.SIGHTING, 0, 10)
            await agent.outbox.settle([passed.number])  # in which the hub would find the hit itself
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
            second = await site.hub.read(lambda t: list(t.hits)[-1])
            assert (second.line, second.how, second.note) == ("湘F0000?", "pattern", "白色")


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


PLATES = [f"湘F{number:05}" for number in range(1000)]


async def told(site: Site, key: str, what: str) -> tuple[list[str], bytes]:
    """Return the words and the unpacked bytes that the hub answers an agent with."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(site.http_url, headers=headers) as http,
        http.ws_connect(LIBRARY_PATH + what) as socket,
    ):
        messages = [message.data async for message in socket]
    words = [data for data in messages if isinstance(data, str)]
    return words, zlib.decompress(b"".join(data for data in messages if isinstance(data, bytes)))


async def test_of_a_file_that_the_agent_has_another_the_hub_tells_what_came_and_went_alone(  # R762
    tmp_path: Path,
) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        library = await in_force(site, *PLATES)
        async with an_agent(tmp_path, port_of(site), key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 1000)
            [first] = files(tmp_path)
            second = await replaced(site, library, *PLATES[1:], "湘A00001")
            await until(lambda: files(tmp_path) == {second})
            assert agent.cameras._watches.libraries.find("湘A00001") != []
            assert agent.cameras._watches.libraries.find(PLATES[0]) == []
        whole = await site.context.blobs.get(second)
        words, edits = await told(site, key, f"{second}?since={first}")
        assert (words, edited(await site.context.blobs.get(first), edits)) == ([first], whole)
        assert len(edits) < 100 < 10_000 < len(whole)
        # An agent of before asks for no edits; what the hub does not have, or is no list, it tells none of.
        picture = await site.context.blobs.add(b"\xff\xd8 no list")
        for what in (second, f"{second}?since={'a' * 64}", f"{second}?since={picture}", f"{second}?since=no%20name"):
            assert await told(site, key, what) == ([], whole)


@asynccontextmanager
async def another_hub(answer: Callable[[str], list[str | bytes]]) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve what `answer` says of a path; return the address and the paths that were asked for."""
    asked: list[str] = []

    async def serve(socket: ServerConnection) -> None:
        assert socket.request
        asked.append(socket.request.path)
        for message in answer(socket.request.path):
            await socket.send(message)

    async with listen(serve, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def test_a_hub_of_before_tells_the_file_whole_and_edits_that_do_not_fit_are_not_trusted(  # R762
    tmp_path: Path,
) -> None:
    contents = [Content(written(dict.fromkeys(plates, ""))) for plates in (PLATES, PLATES[1:], PLATES[2:])]
    first, second, third = [Library(id="b1", sha256=each.sha256(), until_ms=2**40) for each in contents]

    def answer(path: str) -> list[str | bytes]:
        if path.endswith(f"{third.sha256}?since={second.sha256}"):  # edits of quite another file
            return [second.sha256, zlib.compress(msgspec.msgpack.encode([(0, b"", 99_999_999)]))]
        [content] = [each for each in contents if each.sha256() in path.partition("?")[0]]
        return [zlib.compress(content.data)]

    indexes: list[LibraryIndex] = []
    async with another_hub(answer) as (url, asked), asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        libraries = EdgeLibraries(tmp_path / "libraries", "key", SystemClock(), lambda: url, indexes.append)
        running = tasks.create_task(libraries.run())
        for number, wanted in enumerate((first, second, third), start=1):
            libraries.apply([wanted])
            while len(indexes) < number:
                await SystemClock().sleep(10)
            assert libraries.held == {"b1": wanted.sha256}
        running.cancel()
    assert [len(index) for index in indexes] == [1000, 999, 998]
    assert [path.removeprefix(LIBRARY_PATH) for path in asked] == [
        first.sha256, f"{second.sha256}?since={first.sha256}", f"{third.sha256}?since={second.sha256}", third.sha256,
    ]  # fmt: skip


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


def passing(plate: str, camera: str = "k0", at_ms: int = 0) -> Sighting:
    first_ms = at_ms or SystemClock().now_ms()
    return msgspec.structs.replace(sighting(7, camera), plate=plate, first_ms=first_ms, last_ms=first_ms)


async def found(agent: Agent, *passages: Sighting) -> list[int]:
    """Return how many hits each passage is at the agent, which cannot reach its hub."""
    counts = []
    for passage in passages:
        before = agent.outbox.waiting.get("hit", 0)
        await agent.cameras.on_passage(passage, b"jpeg")
        counts.append(agent.outbox.waiting.get("hit", 0) - before)
    return counts


async def test_where_when_and_for_what_a_list_fires_is_judged_at_the_edge_without_the_hub(  # R825, R827, R828
    tmp_path: Path,
) -> None:
    now_ms = SystemClock().now_ms()
    minute = now_ms // 60_000 + 480  # in Beijing
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        library = await in_force(
            site, "湘F80007", "湘F00008", "湘F8001?", ends={"湘F00008": now_ms + 60_000}, look_alike=True,
            area=GivenArea(cameras=["k1"]), hours=GivenHours(from_min=minute % 1440, to_min=(minute + 30) % 1440),
        )  # fmt: skip
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until(lambda: agent.cameras._watches.libraries.look_alike == {library})
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:  # a restart while the hub is away
            await until(lambda: len(agent.cameras._watches.libraries) == 3)
            first_ms, last_ms = now_ms // 60_000 * 60_000, now_ms // 60_000 * 60_000 + 30 * 60_000
            assert await found(
                agent, passing("湘F80007", "k0"), passing("湘F80007", "k1", first_ms - 1),
                passing("湘F80007", "k1", last_ms), passing("湘F90007", "k1"), passing("湘FB0011", "k1"),
                passing("湘F00008", "k1", now_ms + 60_000),
            ) == [0] * 6  # fmt: skip
            assert await found(
                agent, passing("湘F80007", "k1", first_ms), passing("湘FB0007", "k1"), passing("湘F80012", "k1"),
                passing("湘F00008", "k1", now_ms + 59_999),
            ) == [1] * 4  # fmt: skip
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
            hits = {hit.plate: hit for hit in await site.hub.read(lambda t: list(t.hits))}
            assert {plate: (hit.how, hit.line) for plate, hit in hits.items()} == {
                "湘F80007": ("exact", "湘F80007"), "湘FB0007": ("look_alike", "湘F80007"),
                "湘F80012": ("pattern", "湘F8001?"), "湘F00008": ("exact", "湘F00008"),
            }  # fmt: skip
            assert hits["湘FB0007"].score == 0.22


async def test_changed_terms_reach_the_edge_without_another_file_and_late_hits_are_judged_by_them(  # R825, R826
    tmp_path: Path,
) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        library = await in_force(site, "湘F80007")
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until(lambda: len(agent.cameras._watches.libraries) == 1)
            [path] = (tmp_path / "edge" / "libraries").iterdir()
            fetched_ns = path.stat().st_mtime_ns
            await terms(site, library, look_alike=True)
            await until(lambda: agent.cameras._watches.libraries.look_alike == {library})
            assert path.stat().st_mtime_ns == fetched_ns
            proxy.open = False
            proxy.cut()
            passages = [passing("湘F80007", "k0"), passing("湘F80007", "k1"), passing("湘FB0007", "k1")]
            assert await found(agent, *passages) == [1, 1, 1]
            await terms(site, library, area=GivenArea(cameras=["k1"]))
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
            hits = await site.hub.read(lambda t: list(t.hits))
            assert [(hit.camera, hit.plate) for hit in hits] == [("k1", "湘F80007")]


async def test_a_list_that_can_fire_before_none_of_its_cameras_an_agent_is_not_told(tmp_path: Path) -> None:  # R829
    async with hub_with_agent(tmp_path) as (site, key):
        await site.hub.ask(q.EnrolCamera(camera="far", name="远处", lat=29.5, lon=113.0), HUB)
        library = await in_force(site, "湘F00007", area=GivenArea(cameras=["far"]))
        async with an_agent(tmp_path, port_of(site), key) as agent:
            await until(lambda: state(site).libraries == {})
            assert state(site).lists == []
            await terms(site, library, area=GivenArea(cameras=["k1", "far"]))
            await until(lambda: len(agent.cameras._watches.libraries) == 1)
            assert state(site).lists == [library]
            assert await found(agent, passing("湘F00007", "k0")) == [0]
            await terms(site, library, area=GivenArea(cameras=["far"]))
            await until(lambda: len(agent.cameras._watches.libraries) == 0)
            await until(lambda: files(tmp_path) == set())
