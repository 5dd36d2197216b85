"""Hubs that die with what is connected to them, and publishers that reach any hub (SPEC R661 to R669, R743)."""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av.video.frame import VideoFrame
from msgspec.structs import replace

from command import places, roll, taken_out
from command.access.accounts import AGENT
from command.access.keys import SiteKey
from command.facts import decode
from command.facts.hubs import HubTakenOut
from command.facts.patrol import AlarmCleared, AlarmRaised
from command.facts.scene import CameraWentDown, LinkCameUp, LinkWentDown
from command.kernel.database import SqliteDatabase
from command.kernel.errors import InvalidInputError, UnavailableError, UnknownIdError
from command.leases import SoleHub
from consoles.cli import hubs as command
from consoles.parts.agents.registry import AgentState
from consoles.parts.background import background
from consoles.parts.hubs.listing import told_by_others
from consoles.parts.hubs.part import Hubs, be_found
from consoles.parts.hubs.publishers import PUBLISHER_KIND
from consoles.site import Site
from tests.consoles.cameras import CLOCK
from tests.consoles.hubs import enrol, moving, shows, two_hubs
from tests.consoles.support import Person, settings, signed_in
from tests.consoles.test_adoption import PLACE, post
from tests.consoles.test_agents import as_agent
from tests.consoles.test_publishing import _offered
from tests.edge.agent.support import NAME, until
from tests.streams.relay.viewers import stay_on_loopback

pytestmark = pytest.mark.timeout(300)
soon = partial(until, within_s=60)
AGENT_GONE = f"link edge.{NAME}: away"
CAME, MISSED = ["LinkCameUp"], ["LinkWentDown", "AlarmRaised", "CameraWentDown"]


async def agent_listed(person: Person) -> dict[str, Any]:
    [found] = (await person.get("/api/v1/agents"))[1]
    return dict(found)


async def said(site: Site) -> list[str]:
    """Return what the record says of the agent's link, of its alarm and of its camera, whichever hub said it."""
    about = (LinkCameUp, LinkWentDown, AlarmRaised, AlarmCleared, CameraWentDown)
    facts = [decode(stored.data, stored.seq) for stored in await site.hub.journal.read("live", 0, 1000)]
    return [type(fact).__name__ for fact in facts if isinstance(fact, about)]


async def taken_out_of(site: Site) -> list[HubTakenOut]:
    facts = [decode(stored.data, stored.seq) for stored in await site.hub.journal.read("live", 0, 1000)]
    return [fact for fact in facts if isinstance(fact, HubTakenOut)]


async def has_said(site: Site, facts: list[str]) -> bool:
    return await said(site) == facts


async def is_away(site: Site) -> bool:
    link, camera = await site.hub.read(lambda t: (t.links.get(f"edge.{NAME}"), t.cameras.need("k0")))
    return (link.state if link else "", camera.state, camera.reason) == ("down", "down", f"edge agent {NAME} is away")


async def delete(person: Person, path: str) -> int:
    async with person.http.delete(path, headers={"X-CSRF-Token": person.csrf}) as answer:
        return answer.status


async def lacks_no_hub(person: Person) -> bool:
    return bool((await person.get("/health/ready"))[1]["degraded"] == [AGENT_GONE])


def by_command(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["hubs", *words])
    arguments.run(arguments)
    return list(msgspec.json.decode(capsys.readouterr().out)["hubs"])


async def test_a_hub_that_others_cannot_reach_is_on_the_roll_all_the_same(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "places.sqlite3", places.SCHEMA + roll.SCHEMA + taken_out.SCHEMA, "places")
    one, other = (Hubs(places.Places(database, CLOCK), SiteKey(bytes(32)), CLOCK) for _ in range(2))
    one.places.tell("agent", lambda: [NAME])
    behind = replace(settings(tmp_path), host="10.1.2.3")

    async def is_at() -> list[str]:
        return [place.url for place in await other.places.at("agent", NAME)]

    async with background() as tasks:
        be_found(one, behind, "http://10.1.2.3:8443", SoleHub(), tasks)
        await soon(lambda: _holds(is_at))
        [place] = await other.places.at("agent", NAME)
        assert (place.url.startswith("unadvertised://"), place.url.endswith(":8443")) == (True, True)
        with pytest.raises(UnavailableError, match="does not answer"):
            async with other.peers.open(place, "live", "k0"):
                pass
        told = await told_by_others(other, "agents", AgentState)
        assert (told.by, told.away) == ([], [place.url])
    await database.close()


async def _holds(find: Callable[[], Awaitable[object]]) -> bool:
    return bool(await find())


def test_a_hub_that_is_alone_has_no_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInputError, match="alone"):
        by_command(capsys, "list")


async def test_an_agent_whose_hub_died_with_it_is_missed_once_and_that_hub_taken_out(
    tmp_path: Path,
    postgres_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And when both are back nothing is left of it; an agent that only goes on to another hub is never missed."""
    monkeypatch.setattr("consoles.parts.agents.away.AGENT_AWAY_MS", 1000)
    monkeypatch.setattr("consoles.parts.agents.away._TICK_MS", 100)
    monkeypatch.setattr("command.roll.HUB_AWAY_MS", 6000)
    async with (
        two_hubs(tmp_path, postgres_url, redis_url) as hubs,
        signed_in(hubs.sites[1].http_url, "admin2") as admin,
    ):
        here, there = hubs.sites
        await enrol(here, "k0", f"edge://{NAME}/rtsp://127.0.0.1:9/none")
        key = await here.context.accounts.issue(AGENT + NAME)

        async def is_listed(hub: str, *, up: bool, told: bool = True) -> bool:
            found = await agent_listed(admin)
            return (found["hub"], found["up"], found["told"]) == (hub, up, told)

        async def has_told(site: Site) -> bool:
            views = (await admin.get("/api/v1/hubs/states"))[1]["hubs"]
            return any(hub["url"] == site.http_url and hub["has"].get("agent") for hub in views)

        async with as_agent(here, key):
            await soon(lambda: is_listed(here.http_url, up=True))
            await soon(lambda: has_told(here))
            await hubs.end(0)
        await soon(lambda: is_away(there))
        assert await said(there) == [*CAME, *MISSED]
        assert await is_listed(here.http_url, up=False, told=False)

        assert (await admin.get("/health/ready"))[1]["degraded"] == ["hub 1: away", AGENT_GONE]
        one, two = (await admin.get("/api/v1/hubs/states"))[1]["hubs"]
        assert (one["url"], one["own"], one["away"], one["has"]["agent"]) == (here.http_url, False, True, 1)
        assert (two["url"], two["own"], two["away"]) == (there.http_url, True, False)
        assert await delete(admin, f"/api/v1/hubs/{two['number']}?why=test") == 409
        assert await delete(admin, "/api/v1/hubs/77?why=test") == 404
        for silent in ("", "?why=", "?why=%20", f"?why={'x' * 501}", "?why=%00"):
            assert await delete(admin, f"/api/v1/hubs/{one['number']}{silent}") == 400, "nobody says why"
        async with signed_in(there.http_url, "desk") as desk:
            assert (await desk.get("/api/v1/hubs/states"))[0] == 403
            assert await delete(desk, f"/api/v1/hubs/{one['number']}?why=test") == 403
        listed = await asyncio.to_thread(by_command, capsys, "list", "--journal", postgres_url)
        assert [hub["url"] for hub in listed] == [here.http_url, there.http_url]
        why = ("--why", "机器 报废")
        with pytest.raises(UnknownIdError):
            await asyncio.to_thread(
                by_command, capsys, "take-out", "https://x.example", *why, "--journal", postgres_url
            )
        monkeypatch.setenv("LOGNAME", "somebody-else")  # R1169
        words = ("take-out", here.http_url, *why, "--journal", postgres_url)
        assert [hub["url"] for hub in await asyncio.to_thread(by_command, capsys, *words)] == [there.http_url]
        assert await is_listed("", up=False)
        assert await delete(admin, f"/api/v1/hubs/{one['number']}?why=test") == 404
        await soon(lambda: _holds(partial(taken_out_of, there)))
        [taken] = await taken_out_of(there)
        assert (taken.hub, taken.url, taken.why) == (one["number"], here.http_url, "机器 报废")
        assert taken.who == f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
        assert taken.heard_ms < taken.taken_ms <= CLOCK.now_ms()
        [shown] = (await admin.get("/api/v1/hubs/states"))[1]["taken_out"]
        assert (shown["url"], shown["who"], shown["why"]) == (here.http_url, taken.who, "机器 报废")
        await soon(lambda: lacks_no_hub(admin))

        await hubs.begin(0)
        here = hubs.sites[0]
        async with AsyncExitStack() as later:
            async with as_agent(there, key):
                await soon(lambda: is_listed(there.http_url, up=True))
                back = [*CAME, *MISSED, *CAME, "AlarmCleared"]
                await soon(lambda: has_said(here, back))
                # On to the hub that came back, while the other one looks after who is away.
                await later.enter_async_context(as_agent(here, key))
                await soon(lambda: has_told(here))
            await soon(lambda: is_listed(here.http_url, up=True))
            [again, _] = (await admin.get("/api/v1/hubs/states"))[1]["hubs"]
            assert (again["number"], again["away"], again["has"]["agent"]) == (one["number"], False, 1)
            left_ms = there.agents.agents.states[NAME].since_ms
            await soon(lambda: CLOCK.now_ms() - left_ms > 4000)  # long enough for it to be missed
            assert await said(there) == back
        await soon(lambda: is_away(here))
        assert await said(here) == [*back, *MISSED[:2]], "the camera was down already"


class Drawn(MediaStreamTrack):
    """A small grey picture ten times a second: what it costs to code it is not what is tested."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    async def recv(self) -> VideoFrame:
        await CLOCK.sleep(100)
        self._number += 1
        frame = VideoFrame(160, 96, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._number % 256]) * plane.buffer_size)
        frame.pts, frame.time_base = self._number * 9000, Fraction(1, 90_000)
        return frame


class Phone:
    """Publishes by WHIP, as a peer that is not a browser."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sender = self.connection.addTransceiver(Drawn(), direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        sender.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])

    async def publish(self, url: str, camera: str, key: str) -> str:
        """Return the path of the session."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {key}"}
        async with (
            aiohttp.ClientSession(url, headers=headers) as http,
            http.post(f"/api/v1/cameras/{camera}/whip", data=self.connection.localDescription.sdp) as answer,
        ):
            assert answer.status == 201, await answer.text()
            await self.connection.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
            return answer.headers["Location"]


async def state_of(site: Site, camera: str) -> str:
    return await site.hub.read(lambda t: t.cameras.need(camera).state)


async def test_a_camera_that_publishes_is_one_whichever_hub_its_publisher_reached(
    tmp_path: Path, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay_on_loopback(monkeypatch)
    phones = [Phone() for _ in range(3)]
    async with (
        two_hubs(tmp_path, postgres_url, redis_url) as hubs,
        signed_in(hubs.sites[0].http_url, "admin2") as admin,
        signed_in(hubs.sites[0].http_url, "desk") as one,
        signed_in(hubs.sites[1].http_url, "desk") as other,
    ):
        here, there = hubs.sites
        status, adopted = await post(admin, "adopt", {"address": "whip:", **PLACE})
        assert status == 201, adopted
        camera, key, path = adopted["camera"], adopted["publishing"]["key"], adopted["publishing"]["path"]

        async def is_known(person: Person) -> bool:
            return await _offered(person, path, key) == 400

        async def publish_at() -> dict[str, int]:
            views = (await admin.get("/api/v1/hubs/states"))[1]["hubs"]
            return {view["url"]: view["has"][PUBLISHER_KIND] for view in views if PUBLISHER_KIND in view["has"]}

        async def is_at(*sites: Site) -> bool:
            return await publish_at() == {site.http_url: 1 for site in sites}

        await soon(lambda: is_known(one))
        await soon(lambda: is_known(other))
        assert await _offered(other, path, key[::-1]) == 401

        # To each the other is one of a release before, which is not told who came and looks at the turns by itself.
        monkeypatch.setattr("consoles.parts.hubs.publishers.NEWER", "unknown_there")
        await phones[0].publish(there.http_url, camera, key)
        await soon(lambda: shows(one, camera))
        await moving(one, camera)
        for site in hubs.sites:
            await soon(partial(_is, site, camera, "up"))

        # Another one of the same camera takes over, at whichever hub.
        await phones[1].publish(here.http_url, camera, key)
        await soon(lambda: is_at(here))
        await soon(lambda: phones[0].connection.connectionState == "closed")
        await soon(lambda: shows(other, camera))
        await moving(other, camera)
        again = await phones[2].publish(there.http_url, camera, key)
        await soon(lambda: is_at(there))
        await soon(lambda: phones[1].connection.connectionState == "closed")
        await soon(lambda: shows(one, camera))
        await moving(one, camera)

        # Its publisher may end it at any hub, as behind one name for all of them.
        async with one.http.delete(again, headers={"Authorization": f"Bearer {key[::-1]}"}) as refused:
            assert refused.status == 401
        async with one.http.delete(again, headers={"Authorization": f"Bearer {key}"}) as ended:
            assert ended.status == 200
        await soon(is_at)
        for site in hubs.sites:
            await soon(partial(_is, site, camera, "down"))
        async with one.http.delete(again, headers={"Authorization": f"Bearer {key}"}) as twice:
            assert twice.status == 404
    for phone in phones:
        await phone.connection.close()


async def _is(site: Site, camera: str, state: str) -> bool:
    return await state_of(site, camera) == state
