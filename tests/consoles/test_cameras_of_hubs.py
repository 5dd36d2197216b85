"""Cameras, recordings and clips of one hub as people see them who are at another (SPEC R645 to R651)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from command.access.accounts import AGENT
from command.access.keys import SiteKey
from command.actors import HUB
from command.requests import EnrolCamera
from consoles.parts.hub_errands import PATH, PURPOSE, _signature
from consoles.settings import Gb28181, Recordings
from consoles.site import Site, running_site
from edge.agent.agent import Agent, AgentSettings, running_agent
from edge.simulators.clips import Clip
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.onvif_camera import OnvifCamera
from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.street_video import Street, render
from tests.consoles.cameras import CLOCK, MODEL, drawn, onvif_camera
from tests.consoles.support import PASSWORD, Person, settings, signed_in
from tests.consoles.test_adoption import post
from tests.consoles.test_device_recordings import CHANNEL, FROM_MS, Viewer
from tests.edge.agent.support import NAME, until
from tests.edge.gb28181.site import DEVICE, SERVER
from tests.ports import free_port

KEY = "5a" * 32
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


class Hubs:
    """Two hubs, each of which can be ended, and somebody at each."""

    def __init__(self, sites: list[Site], ends: list[AsyncExitStack]) -> None:
        self.sites, self._ends = sites, ends

    async def end(self, number: int) -> None:
        await self._ends[number].aclose()


@asynccontextmanager
async def two_hubs(
    tmp_path: Path, journal: str, bus: str = "", gb28181: Gb28181 | None = None
) -> AsyncIterator[Hubs]:  # fmt: skip
    """Hubs that share a key and a database; "desk" is a dispatcher at both. `gb28181` is the first one's."""
    async with AsyncExitStack() as stack:
        sites, ends = [], []
        for number in range(2):
            folder = tmp_path / f"hub{number}"
            (folder / "var").mkdir(parents=True)
            (folder / "var" / "site.key").write_text(KEY)
            chosen = replace(
                settings(folder), journal=journal, bus=bus, recordings=Recordings(keep_free_gib=0),
                gb28181=None if number else gb28181,
            )  # fmt: skip
            own = await stack.enter_async_context(AsyncExitStack())
            sites.append(await own.enter_async_context(running_site(chosen)))
            ends.append(own)
        for name, role in (("desk", "dispatcher"), ("admin2", "administrator")):
            await sites[0].context.accounts.create(name, name, frozenset({role}), "", PASSWORD)  # type: ignore[arg-type]
        yield Hubs(sites, ends)


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


class Far:
    """An agent with a dome, connected to the first of two hubs, and a dispatcher at the second."""

    def __init__(self, hubs: Hubs, agent: Agent, dome: OnvifCamera, person: Person) -> None:
        self.hubs, self.agent, self.dome, self.person = hubs, agent, dome, person
        self.here, self.there = hubs.sites


@asynccontextmanager
async def far_dome(tmp_path: Path, clip: Clip, journal: str, bus: str = "") -> AsyncIterator[Far]:
    async with onvif_camera(clip) as (dome, _, port), two_hubs(tmp_path, journal, bus) as hubs:
        here, there = hubs.sites
        await enrol(
            here,
            "k0",
            f"edge://{NAME}/onvif://{MODEL.user}:{MODEL.password}@127.0.0.1:{port}".replace("@ss/w", "%40ss%2Fw"),
        )
        key = await here.context.accounts.issue(AGENT + NAME)
        async with agent_of(tmp_path, key, here, there) as agent, signed_in(there.http_url, "desk") as person:
            await until(lambda: here.agents.agents.is_here(NAME))
            yield Far(hubs, agent, dome, person)


async def test_pictures_and_movements_of_an_agent_at_another_hub(
    tmp_path: Path, clip: Clip, postgres_url: str, redis_url: str
) -> None:
    """And when that hub dies the agent comes here, and the pictures by themselves."""
    async with far_dome(tmp_path, clip, postgres_url, redis_url) as far:
        await until(lambda: shows(far.person, "k0"), 60)
        assert not far.there.agents.agents.is_here(NAME)
        await moving(far.person, "k0")

        async def is_moved() -> bool:
            return (await post(far.person, "k0/ptz", {"pan": 0.5}))[0] == 200

        await until(is_moved)
        assert far.dome.movements[-1].pan == 0.5
        assert (await far.person.get("/api/v1/cameras/k0/ptz/presets"))[1]["presets"][0]["name"] == "gate"
        assert [task.get_name() for task in far.agent.errands._running].count("errand live k0") == 1, "for all hubs"
        async with far.person.http.ws_connect("/api/v1/cameras/k0/mse") as viewer, asyncio.timeout(90):
            while (await viewer.receive()).type is not aiohttp.WSMsgType.BINARY:
                pass
            await far.hubs.end(0)
            await until(lambda: far.there.agents.agents.is_here(NAME), 60)
            moved_ms = CLOCK.now_ms()

            async def is_fresh() -> bool:
                view = (await far.person.get("/api/v1/cameras/k0/state"))[1]
                return bool(view["pulled"] and view["picture_ms"] > moved_ms)

            await until(is_fresh, 60)
            for _ in range(20):
                assert (await viewer.receive()).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    drawn = Street("TEST 01", (), seconds=3, width=320, height=180, fps=15)
    return load_ps_clip(render(drawn, tmp_path_factory.mktemp("clips")))


async def test_a_gb28181_device_at_another_hub(tmp_path: Path, street: PsClip, postgres_url: str) -> None:
    """Its pictures, movements, recordings and the way to it; only the first hub is anybody to devices."""
    first = free_port() & ~1
    own = Gb28181(server_id=SERVER, port=0, password="12345678", media_ports=(first, first + 19))
    async with two_hubs(tmp_path, postgres_url, gb28181=own) as hubs:
        here, there = hubs.sites
        async with signed_in(here.http_url, "admin2") as admin:
            port = (await admin.get("/api/v1/gb28181/devices"))[1]["port"]
        async with (
            Gb28181Camera(
                street, CLOCK, platform=("127.0.0.1", port), server=SERVER, device=DEVICE, channel=CHANNEL,
                password="12345678", recorded=[(FROM_MS, FROM_MS + 60_000)],
            ) as device,
            signed_in(there.http_url, "desk") as person,
            signed_in(there.http_url, "admin2") as admin,
        ):  # fmt: skip
            await device.registered.wait()
            address = f"gb28181://{DEVICE}/{CHANNEL}"

            async def is_tried() -> bool:
                tried = (await post(admin, "try", {"address": address}))[1]
                return bool(tried["picture"])

            await until(is_tried, 60)
            await enrol(here, "g0", address)
            await until(lambda: shows(person, "g0"), 60)
            await moving(person, "g0")

            async def is_moved() -> bool:
                return (await post(person, "g0/ptz", {"pan": 1}))[0] == 200

            await until(is_moved)
            await until(lambda: "A50F0001FF0000B4" in device.controls)
            await until(lambda: device.controls[-1] == "A50F0000000000B4")

            span = f"from_ms={FROM_MS}&to_ms={FROM_MS + 600_000}"
            found = (await person.get(f"/api/v1/cameras/g0/device-recordings?{span}"))[1]
            assert found["spans"] == [{"from_ms": FROM_MS, "to_ms": FROM_MS + 60_000}]
            async with (
                asyncio.timeout(60),
                person.http.ws_connect(f"/api/v1/cameras/g0/device-playback?from_ms={FROM_MS + 10_000}") as socket,
            ):
                viewer = Viewer(socket)
                assert (await viewer.until("init"))["base_ms"] == FROM_MS + 10_000
                await viewer.until("picture")
                for order, speed, held in (
                    ({"speed": 4}, 4, False),
                    ({"hold": True}, 4, True),
                    ({"hold": False}, 4, False),
                ):
                    await viewer.order(**order)
                    told = await viewer.until("plays")
                    assert (told["speed"], told["held"]) == (speed, held)
            hops = (await person.get("/api/v1/cameras/g0/diagnosis"))[1]
            assert hops["failed"] is None, hops
            names = [hop["hop"] for hop in hops["hops"]]
            assert (names[0], names[-1]) == ("hub", "arrival")
            assert {"registered", "keepalive", "invite", "picture"} < set(names)
            assert len(names) == len(set(names)), "no hop twice"

            await hubs.end(0)

            async def is_named() -> bool:
                async with person.http.get("/api/v1/cameras/g0/snapshot.jpg") as answer:
                    return f"it is at hub {here.http_url}, which does not answer" in await answer.text()

            await until(is_named, 60)


async def test_nobody_but_a_hub_of_the_site_is_served(tmp_path: Path, postgres_url: str) -> None:
    async with two_hubs(tmp_path, postgres_url) as hubs, aiohttp.ClientSession() as http:
        url = hubs.sites[0].http_url + PATH
        wanted = b'{"kind":"live","camera":"k0"}'
        for said in ("", "x", "0" * 64 + wanted.decode(), "é" * 80):
            async with http.ws_connect(url) as socket:
                await socket.receive_str()
                await socket.send_str(said)
                assert (await socket.receive()).data == 1008
        key = SiteKey(bytes.fromhex(KEY)).derive(PURPOSE)
        async with http.ws_connect(url) as socket:  # a word from another connection, or meant for another hub, is none
            nonce = await socket.receive_str()
            await socket.send_str(_signature(key, hubs.sites[1].http_url, nonce, wanted) + wanted.decode())
            assert (await socket.receive()).data == 1008
        async with http.get(url, headers={"Origin": hubs.sites[0].http_url}) as page:
            assert page.status == 400
