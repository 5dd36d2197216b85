"""The watch list judged at the edge: where, when and which plates not. Rules R670 and R671 of docs/SPEC.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.requests.watchlist import GivenArea, GivenHours
from consoles.site import Site
from edge.agent.agent import Agent
from tests.edge.agent.support import Proxy, an_agent, hub_with_agent, port_of, sighting, until
from tests.edge.agent.test_agent import dialogue, scripted

BEIJING_AHEAD_MIN = 480


async def watched(site: Site, **changes: Any) -> str:
    """An entry in force for cars 湘F0000?."""
    until_ms = SystemClock().now_ms() + 3_600_000
    asked = q.RequestWatch(pattern="湘F0000?", reason="查", level=2, until_ms=until_ms, **changes)
    watch = (await site.hub.ask(asked, HUB)).subject
    await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
    return watch


async def fired(agent: Agent) -> set[tuple[str, str]]:
    """Which entries fired before which cameras, as the agent is going to tell."""
    waiting = await agent.outbox.next(1, 0, 100)  # type: ignore[arg-type]  # hits
    bodies = [msgspec.json.decode(item.body) for item in waiting]
    return {(body["watch"], body["camera"]) for body in bodies}


async def test_without_the_hub_an_entry_fires_in_its_area_and_hours_alone(tmp_path: Path) -> None:
    at_ms = SystemClock().now_ms() - 60_000
    minute = (at_ms // 60_000 + BEIJING_AHEAD_MIN) % 1440

    def hours(begins: int, ends: int) -> GivenHours:
        return GivenHours(from_min=(minute + begins) % 1440, to_min=(minute + ends) % 1440)

    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        await site.hub.ask(q.EnrolCamera(camera="k1", name="路口1", lat=30.0, lon=114.0), HUB)
        everywhere = await watched(site)
        at_k1 = await watched(site, area=GivenArea(cameras=["k1"]))
        around_k0 = await watched(site, area=GivenArea(ring=[(112.9, 28.9), (113.1, 28.9), (113.0, 29.1)]))
        now = await watched(site, hours=hours(0, 10))
        later = await watched(site, hours=hours(20, 30))
        before = await watched(site, hours=hours(-10, 0))
        async with an_agent(tmp_path, proxy.port, key):
            await until((tmp_path / "edge" / "config.json").exists)

            def is_told() -> bool:
                return len(json.loads((tmp_path / "edge" / "config.json").read_bytes())["watches"]) == 6

            await until(is_told)
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:  # a restart while the hub is away
            for n, camera in enumerate(("k0", "k1")):
                await agent.cameras.on_passage(replace(sighting(n, camera), first_ms=at_ms), b"jpeg")
            rings = await fired(agent)
            assert rings == {
                (everywhere, "k0"), (everywhere, "k1"), (at_k1, "k1"), (around_k0, "k0"), (now, "k0"), (now, "k1"),
            }  # fmt: skip
            assert not {later, before} & {watch for watch, _ in rings}
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
        assert {(hit.watch, hit.camera) for hit in await site.hub.read(lambda t: list(t.hits))} == rings


async def test_a_plate_that_somebody_said_is_not_meant_does_not_fire_at_the_edge_either(tmp_path: Path) -> None:
    at_ms = SystemClock().now_ms() - 60_000
    async with hub_with_agent(tmp_path, 1) as (site, key), an_agent(tmp_path, port_of(site), key) as agent:
        await watched(site)
        await until(lambda: len(agent.cameras._entries) == 1)
        await agent.cameras.on_passage(replace(sighting(1), first_ms=at_ms), b"jpeg")

        async def is_there() -> bool:
            return len(await site.hub.read(lambda t: list(t.hits))) == 1

        await until(is_there)
        [hit] = await site.hub.read(lambda t: list(t.hits))
        await site.hub.ask(q.RejectHit(hit=hit.id, why="不是这辆", exclude=True), HUB)
        await until(lambda: next(iter(agent.cameras._entries.values())).not_plates == ["湘F00001"])
        await until(lambda: agent.outbox.items == 0)
        await agent.cameras.on_passage(replace(sighting(1), first_ms=at_ms + 1000), b"jpeg")
        assert await fired(agent) == set()


HOUR = {"from_min": 0, "to_min": 1440, "ahead_min": 480}


@pytest.mark.parametrize(
    ("told", "fires"),
    [
        ({}, True),  # a hub of before, which judges itself
        ({"cameras": ["k1"]}, False),
        ({"cameras": ["k0"], "hours": HOUR | {"days": [1, 2]}, "colour": "blue"}, True),  # a newer one, as well
        ({"hours": {"from_min": 0, "to_min": 0, "ahead_min": 0}}, True),  # all day
    ],
)
async def test_entries_of_hubs_of_other_releases_fire_too_often_rather_than_not(
    tmp_path: Path, told: dict[str, Any], *, fires: bool
) -> None:
    [welcome, config] = dialogue("older.jsonl")
    config["watches"] = [{"id": "w1", "pattern": "湘F0000?", "until_ms": 1_890_000_000_000, **told}]
    async with scripted(tmp_path, [welcome, config]) as (hub, agent):
        await until(lambda: agent.cameras.keeper.running() == ["k0"])
        await agent.cameras.on_passage(sighting(7), b"jpeg")
        await until(lambda: not {"hit", "sighting"} & agent.outbox.waiting.keys())
        assert ("hit" in [item["kind"] for items in hub.of("items") for item in items["items"]]) is fires
