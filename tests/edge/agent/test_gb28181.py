"""GB/T 28181 devices that come to an agent: rules R445 to R448 of docs/SPEC.md."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.facts.recording import RecordingPolicy
from command.kernel.clock import SystemClock
from consoles.settings import Gb28181, Settings
from consoles.site import Site, running_site
from edge.agent.agent import Agent, AgentSettings, running_agent
from edge.agent.gb28181 import Gb28181Door
from edge.gb28181.platform import Platform
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.ps_clips import PsClip, load_ps_clip
from tests.consoles.support import settings, signed_in
from tests.consoles.test_recordings import send
from tests.edge.agent.support import NAME, Proxy, port_of, until
from tests.edge.agent.test_recording import until_recorded
from tests.edge.gb28181.conftest import _code
from tests.edge.gb28181.device import answering, registration
from tests.edge.gb28181.site import DEVICE, SERVER, ends_well, sipp_at
from tests.paths import shared
from tests.ports import free_range

CHANNEL = "34020000001310000001"
ALARM_INPUT = "34020000001340000001"
PASSWORD = "12345678"
PASSWORD_OF_ADMIN = "right-horse-battery"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    """A second of H.264."""
    return load_ps_clip(_code("libx264", tmp_path_factory.mktemp("clips")))


def with_password(tmp_path: Path, password: str) -> Settings:
    """Of a hub that is a platform itself, to which the device has to know this."""
    own = Gb28181(server_id=SERVER, port=0, passwords={DEVICE: password})
    return replace(settings(tmp_path), gb28181=own)


@asynccontextmanager
async def hub_for_devices(tmp_path: Path) -> AsyncIterator[tuple[Site, str]]:
    """A hub that is a platform itself, whose camera k0 is a channel behind the agent; and the agent's key."""
    async with running_site(with_password(tmp_path, PASSWORD)) as site:
        await site.hub.ask(q.EnrolCamera(camera="k0", name="库区", lat=29.0, lon=113.0), HUB)
        address = f"edge://{NAME}/gb28181://{DEVICE}/{CHANNEL}?transport=tcp_passive"
        await site.context.accounts.set_camera_address("k0", address)
        yield site, await site.context.accounts.issue(AGENT + NAME)


@asynccontextmanager
async def agent_for_devices(tmp_path: Path, hub_port: int, key: str) -> AsyncIterator[Agent]:
    first = free_range(10)
    told = AgentSettings(
        hubs=[f"ws://127.0.0.1:{hub_port}"], key=key, data=tmp_path / "edge", release="test", plate_workers=0,
        gb28181=Gb28181Door(0, (first, first + 9)),
    )  # fmt: skip
    async with running_agent(told, SystemClock()) as agent:
        yield agent


async def platform_of(agent: Agent) -> Platform:
    """The platform, once the agent knows who it is."""
    gateway = agent.gb28181
    assert gateway is not None
    await until(lambda: gateway.platform is not None)
    assert gateway.platform is not None
    return gateway.platform


def has_told_all(platform: Platform) -> bool:
    """Whether a device is registered and has said what it is and has."""
    return not platform._learner._busy and any(state.online and state.name for state in platform.states())


def device_at(platform: Platform, clip: PsClip, password: str = PASSWORD) -> Gb28181Camera:
    return Gb28181Camera(
        clip, SystemClock(), platform=("127.0.0.1", platform.port), server=SERVER, device=DEVICE, channel=CHANNEL,
        password=password,
    )  # fmt: skip


async def test_a_device_at_the_edge_is_a_camera_with_the_hub_and_without_it(tmp_path: Path, clip: PsClip) -> None:
    async with hub_for_devices(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        await site.hub.ask(q.SetRecording(camera="k0", policy=RecordingPolicy(mode="continuous")), HUB)
        async with agent_for_devices(tmp_path, proxy.port, key) as agent:
            platform = await platform_of(agent)
            async with device_at(platform, clip) as device:
                await device.registered.wait()

                async def is_up() -> bool:
                    return (await site.hub.read(lambda t: t.cameras.need("k0"))).state == "up"

                await until(is_up, within_s=60)
                await until_recorded(agent, 500)
        kept = (tmp_path / "edge" / "config.json").read_bytes()
        assert PASSWORD.encode() not in kept, "passwords of devices stay sealed on the agent's disk"
        proxy.open = False
        async with agent_for_devices(tmp_path, proxy.port, key) as agent:  # a restart while the hub is away
            platform = await platform_of(agent)
            async with device_at(platform, clip) as device:
                await device.registered.wait()
                async with agent.cameras.keeper.camera("k0").subscribe() as pictures:
                    assert (await pictures.take())[0].is_key
                    assert len(device.streams) == 1, "one invitation, whoever looks and records"


async def test_a_wrong_password_is_refused_and_why_no_picture_comes_is_told(tmp_path: Path, clip: PsClip) -> None:
    async with hub_for_devices(tmp_path) as (site, key), agent_for_devices(tmp_path, port_of(site), key) as agent:
        await site.hub.ask(q.SetRecording(camera="k0", policy=RecordingPolicy(mode="continuous")), HUB)
        platform = await platform_of(agent)
        async with device_at(platform, clip, password="guessed"):
            await until(lambda: [each.why for each in platform.refused()] == ["wrong password"])

            async def is_told() -> bool:
                row = await site.hub.read(lambda t: t.cameras.need("k0"))
                return row.state == "down" and "wrong password" in row.reason

            await until(is_told, within_s=60)


async def test_a_password_changed_at_the_hub_counts_at_the_edge(tmp_path: Path, clip: PsClip) -> None:
    async with hub_for_devices(tmp_path) as (site, key):
        proxy = Proxy(port_of(site))
    async with proxy, agent_for_devices(tmp_path, proxy.port, key) as agent:
        async with running_site(with_password(tmp_path, PASSWORD)) as site:
            proxy._to = port_of(site)
            before = await platform_of(agent)
        async with running_site(with_password(tmp_path, "another-one")) as site:
            proxy._to = port_of(site)
            await until(lambda: agent.gb28181 is not None and agent.gb28181.platform not in (None, before))
            platform = await platform_of(agent)
            async with device_at(platform, clip, "another-one"):
                await until(lambda: has_told_all(platform))


@pytest.mark.data
async def test_an_alarm_of_a_device_at_the_edge_stands_at_its_camera_once_the_hub_is_back(tmp_path: Path) -> None:
    async with hub_for_devices(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        await site.hub.ask(q.EnrolCamera(camera="k7", name="门", lat=29.0, lon=113.0), HUB)
        await site.context.accounts.set_camera_address("k7", f"edge://{NAME}/gb28181://{DEVICE}/{ALARM_INPUT}")
        async with agent_for_devices(tmp_path, proxy.port, key) as agent:
            platform = await platform_of(agent)
            await until(lambda: "k7" in agent.cameras.keeper.running())
            proxy.open = False
            proxy.cut()
            await until(lambda: not agent.link.connected.is_set())
            async with sipp_at(platform.port, shared("data/gb28181/register_keepalive.xml")) as process:
                await ends_well(process)
            assert agent.outbox.waiting["alarm"] == 1
            proxy.open = True
            await until(lambda: "alarm" not in agent.outbox.waiting)
        alarms = await site.hub.read(lambda t: [a for a in t.alarms if a.kind == "device_alarm"])
        assert [(a.subject, a.level, a.detail) for a in alarms] == [("k7", 1, "设备报警")]


async def test_without_a_port_for_devices_an_agent_is_not_told_their_passwords(tmp_path: Path) -> None:
    async with hub_for_devices(tmp_path) as (site, key):
        told = AgentSettings(
            hubs=[f"ws://127.0.0.1:{port_of(site)}"], key=key, data=tmp_path / "edge", release="test", plate_workers=0
        )
        async with running_agent(told, SystemClock()) as agent:
            await until(lambda: agent.cameras.keeper.running() == ["k0"])
        assert json.loads((tmp_path / "edge" / "config.json").read_bytes()).get("gb28181") is None


async def test_channels_that_came_to_an_agent_are_offered_for_adoption_and_become_cameras(  # R449
    tmp_path: Path, clip: PsClip
) -> None:
    async with hub_for_devices(tmp_path) as (site, key), agent_for_devices(tmp_path, port_of(site), key) as agent:
        await site.context.accounts.create("admin2", "管理", frozenset({"administrator"}), "", PASSWORD_OF_ADMIN)
        await site.context.accounts.set_camera_address("k0", f"edge://{NAME}/rtsp://127.0.0.1:9/other")
        platform = await platform_of(agent)
        async with device_at(platform, clip), signed_in(site.http_url, "admin2", PASSWORD_OF_ADMIN) as admin:
            await until(lambda: has_told_all(platform))
            await agent.link.connected.wait()
            status, told = await admin.get("/api/v1/cameras/found")
            assert status == 200
            address = f"edge://{NAME}/gb28181://{DEVICE}/{CHANNEL}"
            [found] = [each for each in told["found"] if each["address"] == address]
            assert (found["kind"], found["name"], found["adopted"]) == ("gb28181", "模拟摄像机", [])
            _, listed = await admin.get("/api/v1/gb28181/devices")  # R751
            assert [(each["device"], each["agent"], each["online"]) for each in listed["devices"]] == [
                (DEVICE, NAME, True)
            ]
            assert {"address": address, "camera": ""} in listed["cameras"]
            assert listed["silent"] == []
            tried = (await send(admin, "POST", "/api/v1/cameras/try", {"address": address}))[1]
            assert [(step["hop"], step["ok"]) for step in tried["steps"]] == [("picture", True)], (
                "before it is a camera"
            )
            assert (tried["codec"], tried["picture"] is not None) == ("h264", True)
            tried = (
                await send(
                    admin, "POST", "/api/v1/cameras/try", {"address": address.replace(DEVICE, DEVICE[:-1] + "9")}
                )
            )[1]
            assert "nothing came from this device" in tried["steps"][-1]["told"]
            form = {"address": address, "name": "大门", "lat": 29.0, "lon": 113.0}
            status, adopted = await send(admin, "POST", "/api/v1/cameras/adopt", form)
            assert status == 201, adopted
            await until(lambda: adopted["camera"] in agent.cameras.keeper.running())
            _, told = await admin.get("/api/v1/cameras/found")
            assert [each["adopted"] for each in told["found"] if each["address"] == address] == [[adopted["camera"]]]
            _, listed = await admin.get("/api/v1/gb28181/devices")
            assert {"address": address, "camera": adopted["camera"]} in listed["cameras"]


async def test_the_way_behind_an_agent_is_told_hop_by_hop(tmp_path: Path, clip: PsClip) -> None:
    async with hub_for_devices(tmp_path) as (site, key), agent_for_devices(tmp_path, port_of(site), key) as agent:
        await site.context.accounts.create("watch", "值班", frozenset({"camera_watch"}), "", PASSWORD_OF_ADMIN)
        platform = await platform_of(agent)
        await until(lambda: agent.cameras.keeper.running() == ["k0"])
        async with signed_in(site.http_url, "watch", PASSWORD_OF_ADMIN) as watch:
            await until(lambda: site.agents.agents.is_here(NAME))
            told = (await watch.get("/api/v1/cameras/k0/diagnosis"))[1]
            assert told["failed"] == "registered"
            assert [hop["hop"] for hop in told["hops"]] == ["agent", "address", "registered"]
            assert "nothing came from this device" in told["hops"][-1]["told"]
            assert told["hops"][-1]["told_zh"]
            async with device_at(platform, clip):
                await until(lambda: has_told_all(platform))

                async def is_well() -> bool:
                    nonlocal told
                    told = (await watch.get("/api/v1/cameras/k0/diagnosis"))[1]
                    return told["failed"] is None

                await until(is_well, within_s=60)
            assert [hop["hop"] for hop in told["hops"]] == [
                "agent", "address", "registered", "keepalive", "catalogue", "invite", "packets", "ssrc", "ps", "codec",
                "key_frame", "picture", "arrival",
            ]  # fmt: skip
            assert told["hops"][0]["told"] == f"edge agent {NAME}"


@pytest.mark.data
async def test_sipp_as_a_dome_at_the_edge_is_moved_and_stopped(tmp_path: Path) -> None:
    """R653: the eight bytes of annex A.3, at another program."""
    log = tmp_path / "messages.log"
    async with hub_for_devices(tmp_path) as (site, key), agent_for_devices(tmp_path, port_of(site), key) as agent:
        await site.context.accounts.create("desk", "坐席", frozenset({"dispatcher"}), "", PASSWORD_OF_ADMIN)
        platform = await platform_of(agent)
        await until(lambda: agent.cameras.keeper.running() == ["k0"])
        device = sipp_at(
            platform.port, registration(tmp_path), "-oocsf", str(answering(tmp_path)), "-trace_msg", "-message_file",
            str(log),
        )  # fmt: skip
        async with device, signed_in(site.http_url, "desk", PASSWORD_OF_ADMIN) as desk:
            await until(lambda: platform.is_here(DEVICE))

            async def moves(**body: object) -> bool:
                return (await send(desk, "POST", "/api/v1/cameras/k0/ptz", body))[0] == 200

            await until(lambda: moves(pan=-0.5, tilt=1))
            await until(lambda: moves(preset=7))

            def said() -> list[str]:
                return re.findall(r"<PTZCmd>(\w+)</PTZCmd>", log.read_text("ascii", "replace"))

            move, stop = bytes.fromhex("A50F000A80FF00"), "A50F0000000000B4"
            first = next(order for order in said() if order != stop)  # as after one that was too slow on its way
            assert first == (move + bytes([sum(move) % 256])).hex().upper(), "left at half speed, up at full"
            preset = bytes.fromhex("A50F0082000700")
            await until(lambda: (preset + bytes([sum(preset) % 256])).hex().upper() in said())
            await until(lambda: moves(zoom=1))
            await until(lambda: said()[-1] == stop)  # nobody renews it
        assert "<DeviceID>34020000001310000001</DeviceID>" in log.read_text("ascii", "replace")
