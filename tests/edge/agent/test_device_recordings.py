"""What devices behind an agent have recorded themselves, listed and played at the hub: rule R674 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from command.kernel.clock import SystemClock
from consoles.site import Site
from edge.agent.agent import Agent
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.street_video import Street, render, traffic
from tests.consoles.support import Person, signed_in
from tests.consoles.test_device_recordings import FROM_MS, RECORDED, Viewer
from tests.edge.agent.support import NAME, port_of, until
from tests.edge.agent.test_gb28181 import (
    CHANNEL,
    PASSWORD,
    PASSWORD_OF_ADMIN,
    agent_for_devices,
    hub_for_devices,
    platform_of,
)
from tests.edge.gb28181.device import recording, registration
from tests.edge.gb28181.site import DEVICE, SERVER, sipp_at

PATH = "/api/v1/cameras/k0"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    drawn = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return load_ps_clip(render(drawn, tmp_path_factory.mktemp("clips")))


@asynccontextmanager
async def recorder(platform_port: int, clip: PsClip) -> AsyncIterator[Gb28181Camera]:
    """A device with recordings of two times."""
    async with Gb28181Camera(
        clip, SystemClock(), platform=("127.0.0.1", platform_port), server=SERVER, device=DEVICE, channel=CHANNEL,
        password=PASSWORD, recorded=RECORDED,
    ) as device:  # fmt: skip
        await device.registered.wait()
        yield device


@asynccontextmanager
async def watched(tmp_path: Path) -> AsyncIterator[tuple[Site, Agent, Person]]:
    """A hub whose camera k0 is a channel behind a connected agent, and somebody who may see it."""
    async with hub_for_devices(tmp_path) as (site, key), agent_for_devices(tmp_path, port_of(site), key) as agent:
        await site.context.accounts.create("desk", "坐席", frozenset({"dispatcher"}), "", PASSWORD_OF_ADMIN)
        await until(lambda: agent.cameras.keeper.running() == ["k0"])
        async with signed_in(site.http_url, "desk", PASSWORD_OF_ADMIN) as desk:
            yield site, agent, desk


async def test_recordings_of_a_device_behind_an_agent_are_listed_played_and_steered(
    tmp_path: Path, street: PsClip
) -> None:
    async with asyncio.timeout(60), watched(tmp_path) as (_, agent, desk):
        platform = await platform_of(agent)
        status, problem = await desk.get(f"{PATH}/device-recordings?from_ms={FROM_MS}&to_ms={FROM_MS + 1}")
        assert (status, f"no GB/T 28181 device {DEVICE} is registered" in problem["detail"]) == (404, True)
        async with recorder(platform.port, street) as device:
            span = f"from_ms={FROM_MS + 5000}&to_ms={FROM_MS + 600_000}"
            status, found = await desk.get(f"{PATH}/device-recordings?{span}")
            assert (status, found["offered"], found["whole"]) == (200, True, True)
            assert found["spans"] == [
                {"from_ms": FROM_MS + 5000, "to_ms": FROM_MS + 60_000},
                {"from_ms": FROM_MS + 120_000, "to_ms": FROM_MS + 125_000},
            ]
            async with desk.http.ws_connect(f"{PATH}/device-playback?from_ms={FROM_MS + 10_000}") as socket:
                viewer = Viewer(socket)
                assert (await viewer.until("init"))["base_ms"] == FROM_MS + 10_000
                await viewer.until("picture")
                await viewer.order(speed=4)
                assert (await viewer.until("plays"))["speed"] == 4
                await viewer.order(hold=True)
                assert (await viewer.until("plays"))["held"]
            await until(lambda: not device.streams)  # told BYE, since nobody looks any more
            async with desk.http.ws_connect(f"{PATH}/device-playback?from_ms={FROM_MS + 120_000}") as socket:
                viewer = Viewer(socket)
                assert (await viewer.until("end"))["reason"] == ""
                assert viewer.fragments > 40  # of 5 s at 15 a second


async def ordered(viewer: Viewer, **what: object) -> dict[str, Any]:
    """What is said to an order: that it plays so, or not."""
    await viewer.order(**what)
    return await viewer.until("plays", "refused")


@pytest.mark.data
async def test_sipp_as_a_recorder_at_the_edge_tells_what_it_has_and_plays_it_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers only what its scenario wants to see: the words of RecordInfo, of the SDP and of MANSRTSP."""
    monkeypatch.setattr("edge.gb28181.media.CAMERA_OPEN_MS", 4000)
    begin_ms = FROM_MS - 1_500_000
    async with asyncio.timeout(60), watched(tmp_path) as (site, agent, desk):
        platform = await platform_of(agent)
        channel = f"gb28181://{DEVICE}/{DEVICE}"
        await site.context.accounts.set_camera_address("k0", f"edge://{NAME}/{channel}")
        await until(lambda: agent.cameras.addresses().get("k0") == channel)
        device = sipp_at(platform.port, registration(tmp_path), "-oocsf", str(recording(tmp_path)))
        async with device:
            await until(lambda: platform.is_here(DEVICE))
            span = f"from_ms={begin_ms}&to_ms={begin_ms + 7_200_000}"
            status, found = await desk.get(f"{PATH}/device-recordings?{span}")
            assert status == 200, found
            assert found["spans"] == [{"from_ms": begin_ms, "to_ms": begin_ms + 3_600_000}]
            span = f"from_ms={FROM_MS}&to_ms={FROM_MS + 60_000}"
            async with desk.http.ws_connect(f"{PATH}/device-playback?{span}") as socket:
                viewer = Viewer(socket)
                while (await ordered(viewer, speed=4))["type"] == "refused":
                    await SystemClock().sleep(20)  # it has not agreed yet
                assert viewer.said[-1]["speed"] == 4
                end = await viewer.until("end")
                assert end["reason"].startswith(f"edge agent {NAME}: INVITE answered 200, no packets on UDP port")
            assert platform.endpoint.counters.unanswered == 0


async def test_why_recordings_behind_an_agent_cannot_be_had_is_told(tmp_path: Path) -> None:
    async with asyncio.timeout(60), watched(tmp_path) as (site, agent, desk):
        await until(lambda: site.agents.agents.is_here(NAME))
        state = site.agents.agents.states[NAME]
        state.errands = [kind for kind in state.errands if not kind.startswith("device_")]  # as one of before says
        status, problem = await desk.get(f"{PATH}/device-recordings?from_ms={FROM_MS}&to_ms={FROM_MS + 1}")
        assert (status, "too old" in problem["detail"]) == (503, True)
        async with desk.http.ws_connect(f"{PATH}/device-playback?from_ms={FROM_MS}") as socket:
            assert "too old" in (await Viewer(socket).until("end"))["reason"]
        await site.context.accounts.set_camera_address("k0", f"edge://{NAME}/rtsp://127.0.0.1:9/x")
        await until(lambda: agent.cameras.addresses().get("k0") == "rtsp://127.0.0.1:9/x")

        async def offered() -> bool:
            _, told = await desk.get(f"{PATH}/device-recordings?from_ms={FROM_MS}&to_ms={FROM_MS + 1}")
            return bool(told.get("offered"))

        async def is_none() -> bool:
            return not await offered()

        await until(is_none)
        assert (await desk.get(f"{PATH}/device-playback?from_ms={FROM_MS}"))[0] == 404
