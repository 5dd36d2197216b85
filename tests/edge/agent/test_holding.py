"""What an agent's disk refuses is held and tried again (R859)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import msgspec
import pytest

from command.access.keys import SiteKey
from command.kernel.clock import VirtualClock
from edge.agent import holding
from edge.agent.cameras import EdgeCameras
from edge.agent.items import Hit
from edge.agent.protocol import Watch
from edge.agent.recording import EdgeRecorder, RecordingRoom
from edge.limits import AGENT_PICTURE_BYTES
from edge.onvif.events import CameraEvent
from edge.outbox import NewItem, Outbox, Priority
from tests.command.support import START_MS
from tests.consoles.hits_hub import refuse
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sighting, sighting_item, until


@asynccontextmanager
async def cameras_of(tmp_path: Path) -> AsyncIterator[tuple[EdgeCameras, Outbox, VirtualClock]]:
    """Cameras of an agent that looks out for 湘F00001, while what is held is tried again."""
    outbox, clock = await Outbox.open(tmp_path / "outbox"), VirtualClock(START_MS)
    cameras = EdgeCameras(outbox, SiteKey(b"k" * 32).box("cameras"), clock)
    cameras.recorder = EdgeRecorder(RecordingRoom([tmp_path / "disk"]), outbox, clock, cameras.running)
    cameras._look_out([Watch(id="w1", pattern="湘F00001", until_ms=2_000_000_000_000)])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(cameras.held.run())
        yield cameras, outbox, clock
        running.cancel()
    await outbox.close()


async def until_none_waits(cameras: EdgeCameras, clock: VirtualClock) -> None:
    def is_so() -> bool:
        clock.advance(clock.now_ms() + 500)
        return not cameras.held.waiting.total()

    await until(is_so)


async def test_a_hit_that_the_disk_refuses_is_held_and_stored_before_what_came_later(tmp_path: Path) -> None:  # R859
    async with cameras_of(tmp_path) as (cameras, outbox, clock):
        await refuse(outbox._db, on=True)
        await cameras.on_passage(sighting(1), b"jpeg")
        clock.advance(START_MS + 5000)
        assert cameras.held.waiting == {"hit": 1, "sighting": 1, "picture": 1}
        await refuse(outbox._db, on=False)
        await cameras.on_passage(sighting(2), b"")
        await until_none_waits(cameras, clock)
        [hit] = await outbox.next(Priority.HIT, 0, 10)
        assert msgspec.json.decode(hit.body, type=Hit).plate == "湘F00001"
        stored = await outbox.next(Priority.SIGHTING, 0, 10)
        assert [msgspec.json.decode(item.body)["plate"] for item in stored] == ["湘F00001", "湘F00002"]
        assert (outbox.items, outbox.not_stored) == (4, 0)
        await cameras.on_passage(sighting(3), b"")
        assert outbox.items == 5, "nothing waits any more"


async def test_past_its_bounds_the_least_important_that_is_held_is_given_up_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R859
    monkeypatch.setattr(holding, "AGENT_HELD_ITEMS", 4)
    monkeypatch.setattr(holding, "AGENT_HELD_BYTES", 20_000)
    alarm = CameraEvent("tampering", is_state=False, active=True, at_ms=START_MS, source="")
    async with cameras_of(tmp_path) as (cameras, outbox, clock):
        await refuse(outbox._db, on=True)
        await cameras.on_event("k0", alarm)
        await cameras.on_passage(sighting(1), bytes(30_000))
        assert (cameras.held.waiting, outbox.not_stored) == ({"alarm": 1, "hit": 1, "sighting": 1, "picture": 0}, 1)
        for n in (2, 3, 4):
            await cameras.on_passage(sighting(n), b"")
        assert (cameras.held.waiting.total(), outbox.not_stored) == (4, 3)
        await refuse(outbox._db, on=False)
        await until_none_waits(cameras, clock)
        assert outbox.waiting == {"alarm": 1, "hit": 1, "sighting": 2}
        stored = await outbox.next(Priority.SIGHTING, 0, 10)
        assert [msgspec.json.decode(item.body)["plate"] for item in stored] == ["湘F00003", "湘F00004"]


async def test_what_was_seen_is_told_even_where_its_picture_cannot_be(tmp_path: Path) -> None:  # R859
    async with cameras_of(tmp_path) as (cameras, outbox, _):
        await cameras.on_passage(sighting(1), bytes(AGENT_PICTURE_BYTES + 1))
        assert outbox.waiting == {"hit": 1, "sighting": 1}
        await cameras.held.put([NewItem(Priority.PICTURE, "picture", b"{}", "k0", bytes(AGENT_PICTURE_BYTES + 1))])
        assert (cameras.held.waiting.total(), outbox.not_stored) == (0, 1)


async def test_what_the_disk_is_at_when_the_agent_ends_is_stored_once(tmp_path: Path) -> None:  # R859
    async with cameras_of(tmp_path) as (cameras, outbox, _), asyncio.TaskGroup() as tasks:
        await refuse(outbox._db, on=True)
        await cameras.on_passage(sighting(2), b"")
        await refuse(outbox._db, on=False)
        with closing(sqlite3.connect(tmp_path / "outbox", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # for which our disk waits
            ending = tasks.create_task(cameras.held.finish())
            await until(lambda: outbox._waiting > 0)
            await until(outbox._db._asked.empty)
            ending.cancel()
            other.execute("ROLLBACK")
        await asyncio.wait({ending})
        await cameras.held.finish()
        assert (outbox.waiting, cameras.held.waiting.total()) == ({"sighting": 1}, 0)


async def test_what_is_held_is_in_the_state_of_the_agent_and_stored_when_it_ends(tmp_path: Path) -> None:  # R859
    async with hub_with_agent(tmp_path, 0) as (site, key), Proxy(port_of(site)) as proxy:
        async with an_agent(tmp_path, proxy.port, key) as agent:
            states = site.agents.agents.states
            # The link stands, and no camera tells anything that would have to be settled.
            await until(lambda: NAME in states and states[NAME].libraries is not None)
            await refuse(agent.outbox._db, on=True)
            await agent.cameras.held.put([sighting_item(1)])
            await until(lambda: states[NAME].waiting == {"sighting": 1})
            proxy.open = False
            proxy.cut()
            await refuse(agent.outbox._db, on=False)
        outbox = await Outbox.open(tmp_path / "edge" / "outbox.sqlite3")
        assert len(await outbox.next(Priority.SIGHTING, 0, 10)) == 1
        await outbox.close()
