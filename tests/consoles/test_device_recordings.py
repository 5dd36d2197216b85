"""What a device has recorded itself, over HTTP and the websocket of a running hub (SPEC R465–R469)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from command.actors import HUB, Role
from command.requests import EnrolCamera
from consoles.settings import Gb28181
from consoles.site import Site, running_site
from edge.limits import GB28181_PLAYBACKS_PER_DEVICE
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.street_video import Street, render, traffic
from tests.consoles.support import PASSWORD, Person, settings, signed_in
from tests.edge.gb28181.site import DEVICE, SERVER
from tests.ports import free_range

CHANNEL = "34020000001310000001"
FROM_MS = 1_700_000_000_000
RECORDED = [(FROM_MS, FROM_MS + 60_000), (FROM_MS + 120_000, FROM_MS + 125_000)]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    drawn = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return load_ps_clip(render(drawn, tmp_path_factory.mktemp("clips")))


@asynccontextmanager
async def recorder(tmp_path: Path, clip: PsClip) -> AsyncIterator[tuple[Site, Gb28181Camera, str]]:
    """A hub with a recorder that is the camera `gate`; `other` is no GB/T 28181 device."""
    first = free_range(20)
    own = Gb28181(server_id=SERVER, port=0, password="12345678", media_ports=(first, first + 19))
    configured = replace(settings(tmp_path), gb28181=own, cameras_kept_to={"gate": ["dispatcher", "administrator"]})
    async with running_site(configured) as site:
        roles: tuple[Role, ...] = ("administrator", "dispatcher", "commander")
        for role in roles:
            await site.context.accounts.create(role, role, frozenset({role}), "", PASSWORD)
        async with signed_in(site.http_url, "administrator") as admin:
            _, told = await admin.get("/api/v1/gb28181/devices")
        async with Gb28181Camera(
            clip, site.clock, platform=("127.0.0.1", told["port"]), server=SERVER, device=DEVICE, channel=CHANNEL,
            password="12345678", recorded=RECORDED,
        ) as device:  # fmt: skip
            await device.registered.wait()
            for camera, address in (("gate", f"gb28181://{DEVICE}/{CHANNEL}"), ("other", "rtsp://127.0.0.1:9/x")):
                await site.context.accounts.set_camera_address(camera, address)
                await site.hub.ask(EnrolCamera(camera=camera, name=camera, lat=29.0, lon=113.0), HUB)
            async with signed_in(site.http_url, "administrator") as admin:
                while {view["camera"] for view in (await admin.get("/api/v1/cameras/states"))[1]["cameras"]} != {
                    "gate",
                    "other",
                }:
                    await site.clock.sleep(20)
            yield site, device, site.http_url


class Viewer:
    """A player: the pictures that came, by what the page is told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.said: list[dict[str, Any]] = []
        self.fragments = 0

    async def until(self, *kinds: str) -> dict[str, Any]:
        """Take messages in until one of these kinds is said."""
        while True:
            message = await self._socket.receive(timeout=60)
            if message.type is aiohttp.WSMsgType.BINARY:
                self.fragments += b"moof" in message.data
                if "picture" in kinds and self.fragments:
                    return {}
            elif message.type is aiohttp.WSMsgType.TEXT:
                self.said.append(msgspec.json.decode(message.data))
                if self.said[-1]["type"] in kinds:
                    return self.said[-1]
            else:
                raise AssertionError(f"{message} instead of {kinds}")

    async def order(self, **what: object) -> None:
        await self._socket.send_json(what)


@asynccontextmanager
async def playing(person: Person, from_ms: int, *, to_ms: int = 0) -> AsyncIterator[Viewer]:
    until = f"&to_ms={to_ms}" if to_ms else ""
    async with person.http.ws_connect(f"/api/v1/cameras/gate/device-playback?from_ms={from_ms}{until}") as socket:
        yield Viewer(socket)


async def test_recordings_of_a_device_are_listed_for_who_may_see_the_camera(tmp_path: Path, street: PsClip) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        recorder(tmp_path, street) as (_, _, url),
        signed_in(url, "dispatcher") as person,
        signed_in(url, "commander") as kept_out,
    ):
        span = f"from_ms={FROM_MS + 5000}&to_ms={FROM_MS + 600_000}"
        status, found = await person.get(f"/api/v1/cameras/gate/device-recordings?{span}")
        assert (status, found["offered"], found["whole"]) == (200, True, True)
        assert found["spans"] == [
            {"from_ms": FROM_MS + 5000, "to_ms": FROM_MS + 60_000},
            {"from_ms": FROM_MS + 120_000, "to_ms": FROM_MS + 125_000},
        ]
        _, none = await person.get(f"/api/v1/cameras/other/device-recordings?{span}")
        assert none == {"offered": False, "spans": [], "whole": True}
        assert (await kept_out.get(f"/api/v1/cameras/gate/device-recordings?{span}"))[0] == 403
        assert (await kept_out.get(f"/api/v1/cameras/gate/device-playback?{span}"))[0] == 403
        for bad in ("from_ms=x&to_ms=5", "from_ms=5&to_ms=5", f"from_ms=0&to_ms={1 << 45}"):
            assert (await person.get(f"/api/v1/cameras/gate/device-recordings?{bad}"))[0] == 400
        assert (await person.get(f"/api/v1/cameras/gate/device-playback?from_ms={1 << 45}"))[0] == 400
        assert (await person.get(f"/api/v1/cameras/other/device-playback?from_ms={FROM_MS}"))[0] == 404


async def test_a_recording_is_played_steered_and_the_device_told_when_the_viewer_leaves(
    tmp_path: Path, street: PsClip
) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        recorder(tmp_path, street) as (site, device, url),
        signed_in(url, "dispatcher") as person,
    ):
        async with playing(person, FROM_MS + 10_000) as viewer:
            init = await viewer.until("init")
            assert (init["base_ms"], init["codec"][:4]) == (FROM_MS + 10_000, "avc1")
            await viewer.until("picture")
            for order, speed, held in (
                ({"speed": 4}, 4, False), ({"hold": True}, 4, True), ({"hold": False}, 4, False),
                ({"speed": 1}, 1, False),
            ):  # fmt: skip
                await viewer.order(**order)
                told = await viewer.until("plays")
                assert (told["speed"], told["held"]) == (speed, held)
            for wrong in ({"speed": 3}, {"speed": "x"}, {"faster": 1}):
                await viewer.order(**wrong)
                await viewer.until("refused")
        while device.streams:  # told BYE
            await site.clock.sleep(20)

        async with playing(person, FROM_MS + 120_000) as viewer:
            assert (await viewer.until("end"))["reason"] == ""
            assert viewer.fragments > 40  # of 5 s at 15 a second


async def test_no_more_play_at_once_than_a_recorder_carries(tmp_path: Path, street: PsClip) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        recorder(tmp_path, street) as (site, device, url),
        signed_in(url, "dispatcher") as person,
    ):
        async with asyncio.TaskGroup() as tasks:
            watching: list[asyncio.Event] = []
            leave = asyncio.Event()

            async def watch(seen: asyncio.Event) -> None:
                async with playing(person, FROM_MS) as viewer:
                    await viewer.until("picture")
                    seen.set()
                    await leave.wait()

            for _ in range(GB28181_PLAYBACKS_PER_DEVICE):
                watching.append(asyncio.Event())
                tasks.create_task(watch(watching[-1]))
            for seen in watching:
                await seen.wait()
            status, problem = await person.get(f"/api/v1/cameras/gate/device-playback?from_ms={FROM_MS}")
            assert (status, problem["code"]) == (429, "too_many")
            leave.set()
        while device.streams:
            await site.clock.sleep(20)
        async with playing(person, FROM_MS) as viewer:  # there is room again
            await viewer.until("picture")


async def test_a_device_that_refuses_is_told_in_its_words(tmp_path: Path, street: PsClip) -> None:
    async with asyncio.timeout(PATIENCE_S), recorder(tmp_path, street) as (site, _, url):
        await site.context.accounts.set_camera_address("gate", f"gb28181://{DEVICE[:-1]}9/{CHANNEL}")
        async with signed_in(url, "dispatcher") as person:
            while True:
                async with playing(person, FROM_MS) as viewer:
                    end = await viewer.until("end")
                if "not registered" in end["reason"]:
                    break
