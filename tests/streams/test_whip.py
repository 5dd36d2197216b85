"""Chromium publishes its (fake) camera by WHIP; what comes out is watched, decoded, cut off and taken over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from command.kernel.clock import SystemClock
from command.kernel.errors import TriuneError
from streams.camera_spec import CameraSpec
from streams.diagnosis import Hops, WayEndedError
from streams.keeper import CameraKeeper
from streams.limits import SDP_BYTES
from streams.relay.http import routes
from streams.relay.relay import Relay
from streams.source import standard_sources
from streams.sources import SourceError
from streams.whip import WhipIngest, new_address
from tests.streams.browser import FAKE_CAMERA, PAGE, chromium, look_until, watch_within
from tests.streams.peers import PATIENCE_S, Statuses, until
from tests.streams.relay.test_sdp import OFFER
from tests.streams.relay.viewers import LOOPBACK, stay_on_loopback

CLOCK = SystemClock()
PUBLISHING = OFFER.replace("a=recvonly", "a=sendonly")

PUBLISH = """
async function publish(key) {
  const camera = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}, audio: true});
  const connection = window.publishing = new RTCPeerConnection({iceServers: []});
  for (const track of camera.getTracks()) connection.addTransceiver(track, {direction: "sendonly"});
  await connection.setLocalDescription();
  const answer = await fetch("/api/v1/cameras/phone/whip", {
    method: "POST", body: connection.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": `Bearer ${key}`}});
  if (answer.status !== 201) throw new Error(`${answer.status}`);
  await connection.setRemoteDescription({type: "answer", sdp: await answer.text()});
  return answer.headers.get("Location");
}"""


class Site:
    """A hub with one camera that publishes."""

    def __init__(self, url: str, key: str, ingest: WhipIngest, keeper: CameraKeeper, statuses: Statuses) -> None:
        self.url = url
        self.key = key
        self.ingest = ingest
        self.keeper = keeper
        self.statuses = statuses
        self.headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {key}"}


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except TriuneError as error:
        return web.json_response({"code": error.code, "detail": error.detail}, status=error.status)


@asynccontextmanager
async def serve(on_arrival: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[Site]:
    address = new_address()
    statuses, sources = Statuses(), standard_sources()

    def address_of(camera_id: str) -> str | None:
        return {"phone": address, "other": address, "wired": "rtsp://127.0.0.1:1/x"}.get(camera_id)

    async def arrived(camera_id: str) -> None:
        await (on_arrival() if on_arrival else keeper.camera(camera_id).still())

    async def anybody(_request: web.Request, _camera: str) -> None:
        pass

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE.replace("</script>", PUBLISH + "</script>"), content_type="text/html")

    async with (
        WhipIngest(CLOCK, LOOPBACK, address_of, arrived) as ingest,
        CameraKeeper(CLOCK, statuses, sources=sources) as keeper,
        Relay(CLOCK, LOOPBACK) as relay,
    ):
        sources.register("whip", ingest.open)
        await keeper.sync({"phone": CameraSpec("phone", address)})
        app = web.Application(middlewares=[_problems])
        app.add_routes([web.get("/", show), *routes(relay, keeper, anybody), *ingest.routes()])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield Site(url, address.removeprefix("whip:"), ingest, keeper, statuses)
        finally:
            await runner.cleanup()


@pytest.mark.browser
async def test_a_browser_publishes_its_camera_and_another_page_watches_it() -> None:
    async with serve() as site, chromium(*FAKE_CAMERA) as browser:
        assert (await site.statuses.next("phone", "down")).reason == "nobody publishes to this camera now"
        phone, desk = await browser.new_page(), await browser.new_page()
        await phone.goto(site.url)
        location = await phone.evaluate("key => publish(key)", site.key)
        # Nobody watches; that it publishes is known all the same, at once and not at the next look.
        await site.statuses.next("phone", "up")

        await desk.goto(site.url)
        # A publisher can be asked for a key frame: nobody waits for its next one, which may be minutes away.
        seen = await watch_within(desk, "phone", 3000)
        assert seen["codec"] == "video/H264"
        assert seen["width"] >= 160

        async with aiohttp.ClientSession(site.url, headers=site.headers) as http, http.delete(location) as ended:
            assert ended.status == 200
        await until(lambda: site.ingest.publishers == 0)
        assert (await site.statuses.next("phone", "down")).reason == "the publisher left"

        # It comes back by publishing again, with the viewer still there.
        frames = (await desk.evaluate("look()"))["frames"]
        await phone.evaluate("key => publish(key)", site.key)
        await look_until(desk, lambda x: x["frames"] > frames + 15)
        # A second publisher of the same camera, as after a lost network, takes over.
        again = await browser.new_page()
        await again.goto(site.url)
        await again.evaluate("key => publish(key)", site.key)
        await until(lambda: site.ingest.publishers == 1)
        frames = (await desk.evaluate("look()"))["frames"]
        await look_until(desk, lambda x: x["frames"] > frames + 15)


@pytest.mark.parametrize(
    ("camera_id", "key", "body", "kind", "status"),
    [
        ("phone", "wrong-key-of-many-letters", PUBLISHING, "application/sdp", 401),
        ("phone", "", PUBLISHING, "application/sdp", 401),
        ("wired", "own", PUBLISHING, "application/sdp", 401),
        ("none", "own", PUBLISHING, "application/sdp", 401),
        ("phone", "own", OFFER, "application/sdp", 400),
        ("phone", "own", "v=0", "application/sdp", 400),
        ("phone", "own", PUBLISHING, "application/json", 400),
        ("phone", "own", PUBLISHING.replace("H264", "VP9"), "application/sdp", 406),
        ("phone", "own", "v=0\r\n" + "a=x\r\n" * SDP_BYTES, "application/sdp", 413),
    ],
)
async def test_what_cannot_be_taken_is_refused_and_leaves_nothing_open(
    camera_id: str, key: str, body: str, kind: str, status: int
) -> None:
    async with serve() as site, aiohttp.ClientSession(site.url) as http:
        headers = {"Content-Type": kind, "Authorization": f"Bearer {site.key if key == 'own' else key}"}
        url = f"/api/v1/cameras/{camera_id}/whip"
        async with http.post(url, data=body.encode(), headers=headers) as answer:
            assert answer.status == status
        assert site.ingest.publishers == 0


async def test_publishers_are_bounded_and_one_that_never_connects_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve() as site, aiohttp.ClientSession(site.url, headers=site.headers) as http:
        async with http.post("/api/v1/cameras/phone/whip", data=PUBLISHING) as answer, asyncio.timeout(PATIENCE_S):
            assert answer.status == 201
            assert "a=recvonly" in await answer.text()
        assert site.ingest.publishers == 1
        monkeypatch.setattr("streams.whip.WHIP_PUBLISHERS", 1)
        async with http.post("/api/v1/cameras/other/whip", data=PUBLISHING) as refused:
            assert refused.status == 429
        # The same camera's next offer takes the place of the one before.
        async with http.post("/api/v1/cameras/phone/whip", data=PUBLISHING) as again:
            assert again.status == 201
        await until(lambda: site.ingest.publishers == 1)
        monkeypatch.setattr("streams.whip.RELAY_CONNECT_MS", 500)
        await until(lambda: site.ingest.publishers == 0)


async def test_the_way_to_a_publisher_says_who_tried_last_and_what_became_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # R745
    stay_on_loopback(monkeypatch)

    async def told(site: Site) -> tuple[bool, str, str]:
        hops = Hops(CLOCK)
        with suppress(WayEndedError):
            await site.ingest.way.go(f"whip:{site.key}", CLOCK, hops)
        [hop] = hops.gone
        assert hop.hop == "publisher"
        return hop.ok, hop.told, hop.told_zh

    async def tells(site: Site, words: str) -> bool:
        ok, said, _ = await told(site)
        return not ok and said.endswith(f" from 127.0.0.1: {words}")

    phone = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    phone.addTransceiver("video", direction="sendonly")
    async with serve() as site, aiohttp.ClientSession(site.url) as http:
        path = "/api/v1/cameras/phone/whip"

        async def offers(sdp: str, key: str = site.key) -> str:
            headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {key}"}
            async with http.post(path, data=sdp.encode(), headers=headers) as answer:
                return await answer.text()

        assert await told(site) == (
            False, "nobody publishes to this camera now", "现在无人向该摄像机推流：推流端开了吗？地址和密钥对吗？",
        )  # fmt: skip
        await offers(PUBLISHING, "wrong-key-of-many-letters")
        assert await tells(site, "its key was wrong")
        assert "来自 127.0.0.1：密钥不对" in (await told(site))[2]
        await offers(PUBLISHING.replace("H264", "VP9"))
        assert "its offer was refused: " in (await told(site))[1]
        await offers(PUBLISHING)
        with monkeypatch.context() as meanwhile:  # who does connect takes as long on a busy machine
            meanwhile.setattr("streams.whip.RELAY_CONNECT_MS", 500)
            await until(lambda: site.ingest.publishers == 0)
        assert await tells(site, "it never connected: is UDP let through, is there NAT?")
        await phone.setLocalDescription(await phone.createOffer())
        answer = await offers(phone.localDescription.sdp)
        await phone.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await until(lambda: site.ingest.has(f"whip:{site.key}"))
        ok, said, _ = await told(site)
        assert (ok, said.endswith(" s ago from 127.0.0.1")) == (True, True)
        await phone.close()
        await until(lambda: site.ingest.publishers == 0)
        assert await tells(site, "it left")
        assert site.key not in str(await told(site))


async def test_a_site_that_ends_waits_for_no_picture_of_a_publisher_that_has_just_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stay_on_loopback(monkeypatch)
    told = asyncio.Event()

    async def wait_for_ever() -> None:
        told.set()
        await asyncio.Event().wait()

    phone = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    phone.addTransceiver("video", direction="sendonly")
    async with asyncio.timeout(PATIENCE_S):
        async with serve(wait_for_ever) as site, aiohttp.ClientSession(site.url, headers=site.headers) as http:
            await phone.setLocalDescription(await phone.createOffer())
            async with http.post("/api/v1/cameras/phone/whip", data=phone.localDescription.sdp) as answer:
                await phone.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
            await told.wait()
    assert site.ingest.publishers == 0
    await phone.close()


async def test_an_address_without_a_key_worth_the_name_is_refused() -> None:
    async with serve() as site:
        for address in ("whip:", "whip:short", "whip:with space and many letters", "whip:" + "x" * 200):
            with pytest.raises(SourceError, match="key"):
                site.ingest.open(address, CLOCK)
