"""Cameras, recordings and clips of one hub as people at another see them (SPEC R645 to R651, R663, R665, R666)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from command import facts
from command.access.accounts import AGENT
from command.access.keys import SiteKey
from command.actors import HUB
from command.facts.recording import ClipExported, RecordingPolicy
from command.requests import SetRecording
from consoles.parts.hubs.errands import PATH, PURPOSE, _signature
from consoles.settings import Gb28181
from consoles.site import Site
from edge.agent.agent import Agent, AgentSettings, running_agent
from edge.agent.gb28181 import Gb28181Door
from edge.simulators.clips import Clip
from edge.simulators.gb28181_camera import Gb28181Camera
from edge.simulators.onvif_camera import OnvifCamera
from edge.simulators.ps_clips import PsClip, load_ps_clip
from edge.simulators.street_video import Street, render
from tests.consoles.cameras import CLOCK, MODEL, drawn, onvif_camera
from tests.consoles.hubs import KEY, Hubs, agent_of, enrol, moving, shows, two_hubs
from tests.consoles.support import Person, signed_in
from tests.consoles.test_adoption import post
from tests.consoles.test_device_recordings import CHANNEL, FROM_MS, Viewer
from tests.consoles.test_recordings import fetch, listing, send, shown
from tests.edge.agent.support import NAME, until
from tests.edge.agent.test_gb28181 import platform_of
from tests.edge.gb28181.site import DEVICE, SERVER
from tests.ports import free_range

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


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
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(Street("SIM", (), seconds=1, width=320, height=180, fps=15), tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> PsClip:
    drawn = Street("TEST 01", (), seconds=3, width=320, height=180, fps=15)
    return load_ps_clip(render(drawn, tmp_path_factory.mktemp("clips")))


async def test_a_gb28181_device_at_another_hub(tmp_path: Path, street: PsClip, postgres_url: str) -> None:
    """Its pictures, movements, recordings and the way to it; only the first hub is anybody to devices."""
    first = free_range(20)
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
            found = (await admin.get("/api/v1/cameras/found"))[1]["found"]
            assert [each["adopted"] for each in found if each["address"] == address] == [[]], "offered for adoption"
            listed = (await admin.get("/api/v1/gb28181/devices"))[1]
            assert [(each["device"], each["online"], each["hub"]) for each in listed["devices"]] == [
                (DEVICE, True, here.http_url)
            ]
            assert (listed["server_id"], listed["away"]) == ("", [])
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
            listed = (await admin.get("/api/v1/gb28181/devices"))[1]
            assert (listed["devices"], listed["away"]) == ([], [here.http_url])


async def test_what_a_device_behind_an_agent_at_another_hub_has_recorded(
    tmp_path: Path, street: PsClip, postgres_url: str
) -> None:  # R674
    first = free_range(10)
    own = Gb28181(server_id=SERVER, port=0, password="12345678")
    async with two_hubs(tmp_path, postgres_url, gb28181=own) as hubs:
        here, there = hubs.sites
        await enrol(here, "g0", f"edge://{NAME}/gb28181://{DEVICE}/{CHANNEL}")
        told = AgentSettings(
            hubs=[here.http_url.replace("http", "ws")], key=await here.context.accounts.issue(AGENT + NAME),
            data=tmp_path / "edge", release="test", plate_workers=0, gb28181=Gb28181Door(0, (first, first + 9)),
        )  # fmt: skip
        async with running_agent(told, CLOCK) as agent, signed_in(there.http_url, "desk") as person:
            platform = await platform_of(agent)
            async with Gb28181Camera(
                street, CLOCK, platform=("127.0.0.1", platform.port), server=SERVER, device=DEVICE, channel=CHANNEL,
                password="12345678", recorded=[(FROM_MS, FROM_MS + 60_000)],
            ) as device:  # fmt: skip
                await device.registered.wait()
                path = f"/api/v1/cameras/g0/device-recordings?from_ms={FROM_MS}&to_ms={FROM_MS + 600_000}"

                async def is_listed() -> bool:
                    _, found = await person.get(path)
                    return bool(found.get("spans") == [{"from_ms": FROM_MS, "to_ms": FROM_MS + 60_000}])

                await until(is_listed, 60)
                path = f"/api/v1/cameras/g0/device-playback?from_ms={FROM_MS + 10_000}"
                async with asyncio.timeout(60), person.http.ws_connect(path) as socket:
                    viewer = Viewer(socket)
                    assert (await viewer.until("init"))["base_ms"] == FROM_MS + 10_000
                    await viewer.until("picture")
                    await viewer.order(speed=4)
                    assert (await viewer.until("plays"))["speed"] == 4
                await until(lambda: not device.streams)


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


async def whole(person: Person, camera: str, told: dict[str, Any]) -> int:
    """Return how many pictures the listed segments show, as a browser reads them."""
    pictures, base = 0, f"/api/v1/cameras/{camera}/recordings"
    for segment in told["segments"]:
        head, body = [
            await fetch(person, f"{base}/{name}") for name in (f"init/{segment['init']}.mp4", f"{segment['id']}.m4s")
        ]
        assert (head[0], body[0]) == (200, 200)
        pictures += len(shown(head[1] + body[1]))
    return pictures


async def until_recorded(person: Person, from_ms: int, enough_ms: int) -> dict[str, Any]:
    """Return the listing once the last span is long enough."""
    async with asyncio.timeout(60):
        while True:
            told = await listing(person, from_ms, from_ms + 600_000)
            if told["spans"] and told["spans"][-1]["to_ms"] - told["spans"][-1]["from_ms"] >= enough_ms:
                return told
            await CLOCK.sleep(100)


async def test_recordings_and_clips_of_all_hubs_are_one(
    tmp_path: Path, film: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed, watched, locked and exported at either, through the end and return of the one that recorded."""
    monkeypatch.setattr("command.roll.HUB_AWAY_MS", 6000)
    async with two_hubs(tmp_path, postgres_url) as hubs:
        await enrol(hubs.sites[0], "k1", f"file://{film}#play=loop")
        await hubs.sites[0].hub.ask(SetRecording(camera="k1", policy=RecordingPolicy(mode="continuous")), HUB)
        from_ms = CLOCK.now_ms() - 1000
        async with (
            signed_in(hubs.sites[0].http_url, "leader") as one,
            signed_in(hubs.sites[1].http_url, "leader") as other,
        ):
            await until_recorded(one, from_ms, 4000)
            told = await until_recorded(other, from_ms, 4000)
            assert len({segment["id"] // 10**12 for segment in told["segments"]}) == 1, "one of them records"
            assert await whole(one, "k1", told) >= 4 * 15 - 15
            assert await whole(other, "k1", told) >= 4 * 15 - 15, "the same ids mean the same at either hub"

            for site in hubs.sites:
                await rooms_are_told(site, [each.http_url for each in hubs.sites])

            # Whichever records: it is locked and exported at the other one.
            first = next(n for n in range(2) if has_recorded(hubs.sites[n]))
            there = (one, other)[1 - first]
            span = {"from_ms": told["spans"][0]["from_ms"], "to_ms": told["spans"][0]["to_ms"], "why": "案件"}
            status, lock = await send(there, "POST", "/api/v1/cameras/k1/locks", span)
            assert status == 200
            assert (await listing(one, from_ms, span["to_ms"]))["locks"][0]["id"] == lock["id"]
            assert (await listing(one, from_ms, span["to_ms"]))["spans"][0]["locked"]
            status, clip = await send(there, "POST", "/api/v1/cameras/k1/clips", span)
            assert status == 200
            assert clip["missing_ms"] == 0
            assert await clips_on_record(hubs.sites[first]) == {clip["id"]: hubs.sites[1 - first].http_url}  # R919
            for person in (one, other):
                while not (await person.get("/api/v1/clips"))[1]["clips"]:
                    await CLOCK.sleep(50)
                page = (await person.get("/api/v1/clips"))[1]
                assert ([each["id"] for each in page["clips"]], page.get("away")) == ([clip["id"]], None)
                status, file = await fetch(person, f"/api/v1/clips/{clip['id']}.mp4")
                assert (status, hashlib.sha256(file).hexdigest()) == (200, clip["sha256"])
                assert await fetch(person, f"/api/v1/clips/{clip['id']}.mp4", Range="bytes=10-19") == (206, file[10:20])
                assert (await fetch(person, f"/api/v1/clips/{clip['id']}.json"))[0] == 200
                assert (await fetch(person, "/api/v1/clips/0123456789abcdef.mp4"))[0] == 404
            assert len(shown(file)) >= 3 * 15

            # Its hub ends: the other one records on, and says whose recordings are not to be had.
            await hubs.end(first)
            ended_ms = CLOCK.now_ms()
            told = await until_recorded(there, ended_ms, 2000)
            told = await listing(there, from_ms, ended_ms + 600_000)
            assert (told["gaps"][0]["reason"], told["gaps"][0]["from_ms"]) == ("hub_away", from_ms)
            assert hubs.sites[first].http_url in told["gaps"][0]["detail"]
            status, problem = await send(there, "POST", "/api/v1/cameras/k1/locks", {**span, "why": "再锁"})
            assert (status, hubs.sites[first].http_url in problem["detail"]) == (503, True)
            assert (await fetch(there, f"/api/v1/clips/{clip['id']}.mp4"))[0] == 200, "it is kept where it was exported"

            # Taken out nobody waits for it any more: what it had recorded is known as lost, and no lock fails for it.
            await until(lambda: is_taken_out(hubs.sites[1 - first], hubs.sites[first].http_url), 60)
            told = await listing(there, from_ms, ended_ms + 600_000)
            middle_ms = (span["from_ms"] + span["to_ms"]) // 2
            [gap] = [gap for gap in told["gaps"] if gap["from_ms"] <= middle_ms < gap["to_ms"]]
            told_of = ("hub_gone", f"hub {hubs.sites[first].http_url} was taken out")
            assert (gap["reason"], gap.get("detail")) == told_of, told["gaps"]
            assert gap["to_ms"] < ended_ms + 5000, "and nothing that came later"
            status, last = await send(there, "POST", "/api/v1/cameras/k1/locks", {**span, "why": "再锁"})
            assert status == 200, last
            assert (await send(there, "DELETE", f"/api/v1/cameras/k1/locks/{last['id']}", {"why": "试"}))[0] == 204

            # It comes back and takes its place: one clip of what both have.
            await hubs.begin(first)

            async def is_there_again() -> bool:
                return (
                    len({each["id"] // 10**12 for each in (await listing(there, from_ms, ended_ms + 5000))["segments"]})
                    == 2
                )

            await until(is_there_again, 60)
            told = await listing(there, from_ms, ended_ms + 5000)
            reasons = {gap["reason"] for gap in told["gaps"] if gap["to_ms"] - gap["from_ms"] > 1500}
            assert reasons <= {"not_scheduled", "recorder_stopped", "camera_down"}, told["gaps"]
            span = {"from_ms": from_ms + 1000, "to_ms": told["spans"][-1]["to_ms"], "why": "前后两段"}
            status, clip = await send(there, "POST", "/api/v1/cameras/k1/clips", span)
            assert status == 200, clip
            status, file = await fetch(there, f"/api/v1/clips/{clip['id']}.mp4")
            assert hashlib.sha256(file).hexdigest() == clip["sha256"]
            assert len(shown(file)) >= 5 * 15, "of both"
            path = f"/api/v1/cameras/k1/locks/{lock['id']}"
            assert (await send(there, "DELETE", path, {"why": "结案"}))[0] == 204
            assert (await send(there, "DELETE", path, {"why": "结案"}))[0] == 404


async def clips_on_record(site: Site) -> dict[str, str]:
    """Return the clips that the record names, with the hub where each is."""
    stored = await site.hub.journal.read("live", 0, 1000)
    known = [facts.decode(each.data, each.seq) for each in stored]
    return {fact.clip: fact.hub for fact in known if isinstance(fact, ClipExported)}


async def is_taken_out(site: Site, gone: str) -> bool:
    """Try to take a hub out."""
    async with signed_in(site.http_url, "admin2") as admin:
        hubs = (await admin.get("/api/v1/hubs/states"))[1]["hubs"]
        number = next(hub["number"] for hub in hubs if hub["url"] == gone)
        headers = {"X-CSRF-Token": admin.csrf}
        async with admin.http.delete(f"/api/v1/hubs/{number}?why=gone", headers=headers) as answer:
            assert answer.status in (204, 409)
            return answer.status == 204


async def rooms_are_told(site: Site, urls: list[str]) -> None:
    """Return once each hub's disk stands by itself, and the one that records has what the camera takes."""
    async with signed_in(site.http_url, "admin2") as admin:

        async def is_so() -> bool:
            told = (await admin.get("/api/v1/recordings/room"))[1]
            assert (sorted(hub["hub"] for hub in told["hubs"]), told["away"]) == (sorted(urls), [])
            assert told["capacity_bytes"] == sum(hub["capacity_bytes"] for hub in told["hubs"])
            [recording] = [hub for hub in told["hubs"] if hub["records"]]
            return [[each["camera"] for each in of["cameras"]] for of in (recording, told)] == [["k1"], ["k1"]]

        await until(is_so, 60)


def has_recorded(site: Site) -> bool:
    return any((Path(site.settings.data) / "recordings").rglob("*-*.mp4"))
