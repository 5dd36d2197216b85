"""Live pictures of a camera behind an agent: rules R425 to R429 of docs/SPEC.md."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import aiohttp
import av
import msgspec
import numpy as np
import pytest

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from consoles.site import Site
from edge.agent.agent import Agent
from edge.agent.live import Picture, packet_of
from edge.agent.protocol import PATH
from edge.simulators.clips import Clip, load_clip
from edge.simulators.rtsp_camera import RtspCameras
from tests.consoles.cameras import drawn
from tests.consoles.support import PASSWORD, Person, signed_in
from tests.edge.agent.support import NAME, Proxy, an_agent, hub_with_agent, port_of, sos_item, until
from tests.streams.peers import gstreamer_server

CLOCK = SystemClock()
SECRET = ("user", "p@ssword")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Noise of about 80 kB/s, a key frame of 7 to 16 kB each second."""
    path = tmp_path_factory.mktemp("clips") / "noise.mp4"
    noise = np.random.default_rng(1)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        rate = {"b": "600k", "maxrate": "600k", "bufsize": "150k"}
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "15", "keyint_min": "15", **rate}
        for n in range(30):
            pixels = noise.integers(0, 256, (48, 80, 3), np.uint8).repeat(4, 0).repeat(4, 1)
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            frame.pts, frame.time_base = n, Fraction(1, 15)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return load_clip(path)


class Far:
    """A hub, its agent, the link between them, and a camera behind the agent; a person who looks at it."""

    def __init__(self, site: Site, proxy: Proxy, agent: Agent, person: Person) -> None:
        self.site, self.proxy, self.agent, self.person = site, proxy, agent, person

    async def snapshot(self, camera: str = "k0") -> tuple[int, bytes]:
        async with self.person.http.get(f"/api/v1/cameras/{camera}/snapshot.jpg") as answer:
            return answer.status, await answer.read()

    async def is_shown(self) -> bool:
        return (await self.snapshot())[0] == 200

    async def reason(self, camera: str = "k0") -> tuple[str, str]:
        """What a technician reads after looking: words and hop; nothing where they changed between the two."""
        status, body = await self.snapshot(camera)
        assert status == 503, body
        view = (await self.person.get(f"/api/v1/cameras/{camera}/state"))[1]
        if view["reason"] not in msgspec.json.decode(body)["detail"]:
            return "", ""
        return view["reason"], view["failed_hop"]

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.person.http.ws_connect("/api/v1/cameras/k0/mse") as viewer:
            yield viewer


@asynccontextmanager
async def far(tmp_path: Path, address: str) -> AsyncIterator[Far]:
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        await site.context.accounts.set_camera_address("k0", f"edge://{NAME}/{address}")
        await site.context.accounts.create("watch", "watch", frozenset({"camera_watch"}), "", PASSWORD)
        async with signed_in(site.http_url, "watch") as person:
            there = Far(site, proxy, agent, person)
            await until(lambda: is_told(there, address))
            yield there


def is_told(there: Far, address: str) -> bool:
    """Whether everybody knows where the camera is."""
    keeper = there.agent.cameras.keeper
    return "k0" in keeper.running() and keeper.camera("k0").spec.url == address


@asynccontextmanager
async def far_camera(tmp_path: Path, clip: Clip) -> AsyncIterator[tuple[Far, RtspCameras]]:
    async with RtspCameras({"live": clip}, CLOCK, credentials=SECRET) as cameras:
        port = await cameras.listen()
        async with far(tmp_path, f"rtsp://user:p%40ssword@127.0.0.1:{port}/live") as there:
            await until(there.is_shown)
            yield there, cameras


async def next_picture(viewer: aiohttp.ClientWebSocketResponse) -> None:
    while (await viewer.receive(timeout=60)).type is not aiohttp.WSMsgType.BINARY:
        pass


async def test_everybody_at_the_hub_sees_it_over_one_pull_of_the_camera_and_one_errand(
    tmp_path: Path, clip: Clip
) -> None:
    async with far_camera(tmp_path, clip) as (there, cameras):
        asked = there.site.agents.errands.counters.asked
        async with there.watching() as one, there.watching() as other:
            for _ in range(10):
                await next_picture(one)
                await next_picture(other)
            assert (await there.snapshot())[1].startswith(b"\xff\xd8")
            assert cameras.players("live") == 1
            assert len(there.agent.errands._running) == 1
            assert there.site.agents.errands.counters.asked <= asked + 1
            view = (await there.person.get("/api/v1/cameras/k0/state"))[1]
            assert (view["state"], view["pulled"], view["codec"], view["width_px"]) == ("up", True, "h264", 320)
            assert CLOCK.now_ms() - view["picture_ms"] < 5000


async def test_only_while_somebody_looks(tmp_path: Path, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.camera.CAMERA_LINGER_MS", 100)
    monkeypatch.setattr("streams.camera.CAMERA_PROBE_MS", 200)
    async with far_camera(tmp_path, clip) as (there, _):
        async with there.watching() as viewer:
            await next_picture(viewer)
        await until(lambda: not there.agent.errands._running)
        asked, looks = there.site.agents.errands.counters.asked, there.agent.cameras.keeper.camera("k0")
        connections = looks.view().connections
        await until(lambda: looks.view().connections >= connections + 3)
        assert there.site.agents.errands.counters.asked == asked, "the agent looks at its camera, the hub does not"
        assert await there.site.hub.read(lambda t: t.cameras.need("k0").state) == "up", "and is told"


async def test_a_camera_that_fails_behind_its_agent_is_told_with_the_cameras_own_reason(
    tmp_path: Path, clip: Clip
) -> None:
    async with far_camera(tmp_path, clip) as (there, cameras), there.watching() as viewer:
        await next_picture(viewer)
        cameras.set_up("live", up=False)

        async def is_down() -> bool:
            view = (await there.person.get("/api/v1/cameras/k0/state"))[1]
            return bool(view["state"] == "down" and view["reason"].startswith(f"edge agent {NAME}: "))

        await until(is_down)
        await until(lambda: there.agent.cameras.keeper.camera("k0").status.reason == "404 no such stream")

        async def says_why() -> bool:
            return await there.reason() == (f"edge agent {NAME}: 404 no such stream", "packets")

        await until(says_why)
        cameras.set_up("live", up=True)
        await until(there.is_shown)

        async def is_well() -> bool:  # it is up once its picture was decoded, a moment after that is shown
            return not (await there.person.get("/api/v1/cameras/k0/state"))[1]["reason"]

        await until(is_well)


async def test_the_password_is_named_as_what_is_wrong_and_not_shown(tmp_path: Path, clip: Clip) -> None:
    async with RtspCameras({"live": clip}, CLOCK, credentials=SECRET) as cameras:
        port = await cameras.listen()
        async with far(tmp_path, f"rtsp://user:wr0ng@127.0.0.1:{port}/live") as there:

            async def says_why() -> bool:
                return await there.reason() == (f"edge agent {NAME}: 401 unauthorised", "packets")

            await until(says_why)
            diagnosis = (await there.person.get("/api/v1/cameras/k0/diagnosis"))[1]
            assert diagnosis["failed"] == "describe"
            assert "wr0ng" not in msgspec.json.encode(diagnosis).decode()


async def test_an_agent_that_is_away_or_too_old_is_what_the_technician_is_told_of(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        await site.context.accounts.create("watch", "watch", frozenset({"camera_watch"}), "", PASSWORD)
        async with signed_in(site.http_url, "watch") as person:

            async def told(words: str, *ok: bool) -> bool:
                status, answer = await person.get("/api/v1/cameras/k0/diagnosis")
                hops = [(hop["hop"], hop["ok"]) for hop in answer.get("hops", ())]
                return (
                    status == 200 and hops == [("agent", each) for each in ok] and words in answer["hops"][-1]["told"]
                )

            await until(lambda: told(f"edge agent {NAME} is not connected to this hub", False))
            headers = {"Authorization": f"Bearer {key}"}
            async with aiohttp.ClientSession(site.http_url) as http, http.ws_connect(PATH, headers=headers) as old:
                await old.send_json({"type": "hello", "versions": [1, 1], "release": "0.1.0", "box": "0" * 16})
                too_old = f"edge agent {NAME} of release 0.1.0 is too old for this (live): update it"
                await until(lambda: told(too_old, True, False))  # it cannot tell the way, nor send pictures


async def thinned(there: Far) -> None:
    """Make the link thin, and return once the agent has found out what it carries."""
    there.proxy.bytes_per_s = 20_000
    await until(lambda: there.agent.live.dropped > 0)
    await until(lambda: there.proxy.waiting_ms < 500)


async def test_over_a_thin_link_video_starves_and_alarms_do_not_wait(tmp_path: Path, heavy: Clip) -> None:
    async with far_camera(tmp_path, heavy) as (there, _):
        await enrol_device(there.site)
        async with there.watching() as viewer:
            await next_picture(viewer)
            await thinned(there)
            for n in range(5):
                assert there.proxy.waiting_ms < 1000, "so long would an alarm wait behind pictures"
                await there.agent.outbox.put([sos_item("13800000001", CLOCK.now_ms() + n)])
                await until(lambda: "alarm" not in there.agent.outbox.waiting)
                await next_picture(viewer)
            assert there.agent.link.counters.cut == 0
            assert await there.site.hub.read(lambda t: any(alarm.kind == "sos" for alarm in t.alarms))


async def test_a_link_too_thin_for_any_picture_is_named_as_that(tmp_path: Path, heavy: Clip) -> None:
    async with far_camera(tmp_path, heavy) as (there, _), there.watching() as viewer:
        await next_picture(viewer)
        await thinned(there)  # what is large on its way by then would come for as long as a picture is waited for
        there.proxy.bytes_per_s = 1500

        async def is_told() -> bool:
            return "too little for this camera" in (await there.person.get("/api/v1/cameras/k0/state"))[1]["reason"]

        await until(is_told, within_s=60)
        there.proxy.bytes_per_s = 0
        await until(there.is_shown)


async def test_pictures_come_back_when_the_link_does(tmp_path: Path, clip: Clip) -> None:
    async with far_camera(tmp_path, clip) as (there, cameras), there.watching() as viewer:
        await next_picture(viewer)
        there.proxy.cut()
        await until(lambda: there.agent.link.counters.connected == 2)
        await until(there.is_shown)
        assert cameras.players("live") == 1, "the agent held on to its camera"


async def test_a_real_rtsp_server_behind_the_agent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    launch = (
        "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! "
        "x264enc tune=zerolatency key-int-max=15 ! rtph264pay name=pay0 pt=96 )"
    )
    async with gstreamer_server(port, launch), far(tmp_path, f"rtsp://127.0.0.1:{port}/cam1") as there:
        await until(there.is_shown)
        async with there.watching() as viewer:
            for _ in range(20):
                await next_picture(viewer)


def test_pictures_go_and_come_as_they_were() -> None:
    sent = Picture("h265", True, 1_790_000_000_000, 120, b"\x00\x00\x00\x01\x26")
    packet = packet_of(msgspec.msgpack.encode(sent), 1_790_000_005_000)
    assert (packet.codec, packet.is_key, packet.pts_ms, packet.data) == ("h265", True, sent.pts_ms, sent.data)
    assert packet.at_ms == 1_790_000_004_880, "as long ago as it waited at the agent"
    for wrong in (b"", b"\xc1", msgspec.msgpack.encode(["vp8", True, 0, 0, b""]), msgspec.msgpack.encode([1])):
        with pytest.raises(InvalidInputError):
            packet_of(wrong, 0)


async def enrol_device(site: Site) -> None:
    await site.hub.ask(
        q.EnrolStation(station="st1", name="所", service="110", lat=29.0, lon=113.0, leader="李", leader_phone="1"), HUB
    )
    await site.hub.ask(
        q.EnrolUnit(unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[]), HUB
    )
    await site.hub.ask(q.EnrolDevice(device="13800000001", kind="jt808", unit="u1"), HUB)
