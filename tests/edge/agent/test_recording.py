"""Recordings at the edge: rules R430 to R434 of docs/SPEC.md."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from command.facts.recording import RecordingPolicy
from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from consoles.site import Site
from edge.agent.agent import Agent
from edge.agent.sealing import box_of
from edge.onvif.events import CameraEvent
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.recorder import disks
from streams.recorder.index import Span
from tests.consoles.cameras import drawn
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sighting, until
from tests.edge.agent.test_agent import KEY, scripted

CONTINUOUS = RecordingPolicy(mode="continuous")
ON_EVENT = RecordingPolicy(mode="event", pre_s=2, post_s=1)
FOR_EVER_MS = 32_000_000_000_000


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A second at 320 × 180, 15 pictures a second."""
    return drawn(tmp_path_factory.mktemp("street"))


@asynccontextmanager
async def street_camera(site: Site, street: Clip, policy: RecordingPolicy) -> AsyncIterator[RtspCameras]:
    """The agent's camera k0 is a real stream, recorded so."""
    async with RtspCameras({"k0": street}, SystemClock()) as cameras:
        address = f"edge://{NAME}/rtsp://127.0.0.1:{await cameras.listen()}/k0"
        await site.context.accounts.set_camera_address("k0", address)
        await site.hub.ask(q.SetRecording(camera="k0", policy=policy), HUB)
        yield cameras


async def spans(agent: Agent) -> list[Span]:
    """What the agent has recorded."""
    try:
        return (await agent.recorder.store().listing("k0", 0, FOR_EVER_MS)).spans
    except UnavailableError:
        return []


async def recorded_ms(agent: Agent) -> int:
    return sum(span.to_ms - span.from_ms for span in await spans(agent))


async def until_recorded(agent: Agent, enough_ms: int) -> None:
    """Of all that there is."""

    async def is_enough() -> bool:
        return await recorded_ms(agent) >= enough_ms

    await until(is_enough, within_s=60)


async def test_a_camera_is_recorded_as_the_hub_says_without_the_hub_and_after_a_restart(
    tmp_path: Path, street: Clip
) -> None:
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        street_camera(site, street, CONTINUOUS) as cameras,
    ):
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until_recorded(agent, 1000)
            async with agent.cameras.keeper.camera("k0").subscribe() as live:
                assert await live.take()
                assert cameras.players("k0") == 1, "one pull, whoever reads"
            proxy.open = False
            proxy.cut()
            await until(lambda: not agent.link.connected.is_set())
            await until_recorded(agent, await recorded_ms(agent) + 1500)
            before_ms = await recorded_ms(agent)
        async with an_agent(tmp_path, proxy.port, key) as agent:  # a restart, and the hub is away
            await until_recorded(agent, before_ms + 1000)
            assert len(await spans(agent)) <= 2, "what was recorded before is there, and goes on"
            proxy.open = True
            await agent.link.connected.wait()
            await site.hub.ask(q.SetRecording(camera="k0", policy=RecordingPolicy()), HUB)
            await until(lambda: agent.cameras.keeper.camera("k0").view().readers == 0)
        assert await site.hub.read(lambda t: [a for a in t.alarms if a.kind == "recording_failing"]) == []


@pytest.mark.parametrize("what", ["hit", "tampering", "motion"])
async def test_what_happens_before_a_camera_is_recorded_from_before_it_on(
    tmp_path: Path, street: Clip, what: str
) -> None:
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        street_camera(site, street, ON_EVENT),
    ):
        until_ms = SystemClock().now_ms() + 3_600_000
        asked = q.RequestWatch(pattern="湘F0000?", reason="查", level=2, until_ms=until_ms)
        await site.hub.ask(q.ApproveWatch(watch=(await site.hub.ask(asked, HUB)).subject), HUB)
        async with an_agent(tmp_path, proxy.port, key):
            await until((tmp_path / "edge" / "config.json").exists)

            def is_told() -> bool:
                kept = json.loads((tmp_path / "edge" / "config.json").read_bytes())
                return bool(kept["watches"]) and kept["cameras"][0]["recording"]["mode"] == "event"

            await until(is_told)
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:
            camera = agent.cameras.keeper.camera("k0")
            await until(lambda: camera.view().readers == 1 and camera.status.state == "up")
            up_ms = camera.status.since_ms
            await until(lambda: (camera.view().picture_ms or 0) >= up_ms + 2500)
            assert await spans(agent) == [], "nothing has happened yet"
            at_ms = SystemClock().now_ms()
            if what == "hit":
                seen = msgspec.structs.replace(sighting(7), first_ms=at_ms)
                await agent.cameras.on_passage(seen, b"jpeg")
            else:
                event = CameraEvent(kind=what, active=True, source="", at_ms=at_ms, is_state=False)  # type: ignore[arg-type]  # each is one of the kinds
                await agent.cameras.on_event("k0", event)

            async def is_over() -> bool:
                found = await spans(agent)
                return bool(found) and found[-1].to_ms > at_ms

            await until(is_over)
            [span] = await spans(agent)
            assert span.from_ms <= at_ms - 1000, "what came before is there too"


async def test_where_recordings_cannot_be_kept_is_an_alarm_until_they_can(
    tmp_path: Path, street: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "_FOLDER_AGAIN_MS", 100)
    folder = tmp_path / "edge" / "recordings"
    folder.parent.mkdir()
    folder.write_text("no folder")
    async with hub_with_agent(tmp_path) as (site, key), street_camera(site, street, CONTINUOUS):

        async def failing() -> list[str]:
            return await site.hub.read(lambda t: [a.subject for a in t.alarms if a.kind == "recording_failing"])

        async def is_raised() -> bool:
            return await failing() == [f"edge.{NAME}"]

        async def is_cleared() -> bool:
            return not await failing()

        async with an_agent(tmp_path, port_of(site), key) as agent:
            await until(is_raised)
            folder.unlink()
            await until(is_cleared)
            await until_recorded(agent, 500)


async def test_an_alarm_of_before_a_restart_ends_once_the_recorder_works(tmp_path: Path, street: Clip) -> None:
    folder = tmp_path / "edge" / "recordings"
    folder.parent.mkdir()
    folder.write_text("no folder")
    async with hub_with_agent(tmp_path) as (site, key), street_camera(site, street, CONTINUOUS):

        async def failing() -> int:
            return await site.hub.read(lambda t: sum(a.kind == "recording_failing" for a in t.alarms))

        async def is_raised() -> bool:
            return await failing() == 1

        async def is_cleared() -> bool:
            return await failing() == 0

        async with an_agent(tmp_path, port_of(site), key):
            await until(is_raised)
        folder.unlink()
        async with an_agent(tmp_path, port_of(site), key):
            await until(is_cleared)


WELCOME = {"type": "welcome", "version": 1, "release": "", "kinds": ["camera", "sighting"], "now_ms": 1}


@pytest.mark.parametrize(
    ("told", "is_recorded"),
    [
        ({}, False),  # a hub that does not know of recordings at the edge
        ({"recording": {"mode": "off"}}, False),
        ({"recording": {"mode": "continuous"}}, True),
        ({"recording": {"mode": "on-the-hour", "minutes": 5}}, True),  # a newer hub: rather too much than nothing
    ],
)
async def test_hubs_of_other_releases_have_what_they_want_recorded(
    tmp_path: Path, street: Clip, told: dict[str, Any], *, is_recorded: bool
) -> None:
    async with RtspCameras({"k0": street}, SystemClock()) as cameras:
        address = f"rtsp://127.0.0.1:{await cameras.listen()}/k0".encode()
        camera = {"id": "k0", "address": msgspec.to_builtins(box_of(KEY).seal(address, "k0")), **told}
        config = {"type": "config", "cameras": [camera], "watches": [], "restate": True}
        async with scripted(tmp_path, [WELCOME, config]) as (hub, agent):
            await until(lambda: agent.cameras.keeper.running() == ["k0"])
            if is_recorded:
                await until_recorded(agent, 500)
            else:
                await until(lambda: agent.cameras.keeper.camera("k0").status.state == "up")
                assert agent.recorder._policies["k0"].mode == "off"
                assert await spans(agent) == []
            kinds = {item["kind"] for items in hub.of("items") for item in items["items"]}
            assert told or "recorder" not in kinds, "a hub that does not know of it is not told"
