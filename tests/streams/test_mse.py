"""fMP4 over a websocket: what Chromium plays by it, what a slow, silent or hostile reader does, and the messages."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp
import av
import msgspec
import pytest
from aiohttp import web

from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError, NoRightError
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.camera_spec import CameraSpec
from streams.h264 import annex_b
from streams.keeper import CameraKeeper
from streams.mse import GONE, NO_LONGER_ALLOWED, MseViewers, Muxer
from streams.packets import Packet, Subscription
from streams.relay.channel import Stream
from tests.streams.browser import chromium
from tests.streams.peers import PATIENCE_S, Statuses, until
from tests.streams.relay.site import problems

CLOCK = SystemClock()
PAGE = """<!doctype html><video id="video" muted></video>
<script>
const media = new MediaSource(), waiting = [];
let buffer;
window.heard = [];
video.src = URL.createObjectURL(media);
function next() { if (buffer && !buffer.updating && waiting.length) buffer.appendBuffer(waiting.shift()); }
function watch(camera) {
  const socket = new WebSocket(`ws://${location.host}/api/v1/cameras/${camera}/mse`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = async ({data}) => {
    if (typeof data === "string") {
      heard.push(JSON.parse(data));
      if (media.readyState !== "open") await new Promise((done) => { media.onsourceopen = done; });
      if (!buffer) { buffer = media.addSourceBuffer(heard[0].mime); buffer.onupdateend = next; }
      video.play();
    } else { waiting.push(data); }
    next();
  };
}
</script>"""


class Site:
    """A hub that shows camera "a" by websocket; who may is decided by `allowed`."""

    def __init__(self, url: str, viewers: MseViewers, simulators: RtspCameras, keeper: CameraKeeper) -> None:
        self.url = url
        self.viewers = viewers
        self.simulators = simulators
        self.keeper = keeper
        self.allowed = True


@asynccontextmanager
async def serve(clip: Clip, find: Callable[[str], Stream] | None = None) -> AsyncIterator[Site]:
    async def authorise(_request: web.Request, _camera: str) -> None:
        if not site.allowed:
            raise NoRightError("not for you")

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async with RtspCameras({"cam": clip}, CLOCK) as simulators, CameraKeeper(CLOCK, Statuses()) as keeper:
        port = await simulators.listen()
        await keeper.sync(
            {"a": CameraSpec("a", f"rtsp://127.0.0.1:{port}/cam"), "off": CameraSpec("off", "rtsp://127.0.0.1:1/x")}
        )
        viewers = MseViewers(CLOCK, find or keeper.camera, authorise)
        app = web.Application(middlewares=[problems])
        app.add_routes([web.get("/", show), *viewers.routes()])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site = Site(f"http://127.0.0.1:{runner.addresses[0][1]}", viewers, simulators, keeper)
        try:
            yield site
        finally:
            await runner.cleanup()


@pytest.mark.browser
async def test_chromium_plays_a_camera_without_udp(clip: Clip) -> None:
    async with serve(clip) as site, chromium() as browser:
        pages = [await browser.new_page() for _ in range(2)]
        for page in pages:
            await page.goto(site.url)
            await page.evaluate("watch('a')")
            await page.wait_for_function(
                "video.getVideoPlaybackQuality().totalVideoFrames > 20 && video.buffered.length", timeout=60_000
            )
            assert await page.evaluate("video.videoWidth") == 320
            assert (await page.evaluate("heard[0].codec")).startswith("avc1.")
        assert site.simulators.players("cam") == 1
        assert site.viewers.count == 2
        await pages[0].close()
        await until(lambda: site.viewers.count == 1)


# R364
async def test_what_is_sent_is_a_file_that_ffmpeg_reads_and_says_when_its_pictures_were_taken(clip: Clip) -> None:
    async with serve(clip) as site, aiohttp.ClientSession(site.url) as http, asyncio.timeout(PATIENCE_S):
        asked_ms = CLOCK.now_ms()
        async with http.ws_connect("/api/v1/cameras/a/mse") as viewer:
            said = json.loads(await viewer.receive_str())
            assert said["type"] == "init"
            assert said["mime"] == f'video/mp4; codecs="{said["codec"]}"'
            assert asked_ms <= said["now_ms"] <= CLOCK.now_ms()
            file = b"".join([await viewer.receive_bytes() for _ in range(31)])
        with av.open(io.BytesIO(file), mode="r") as container:
            pictures = list(container.decode(video=0))
        assert len(pictures) == 30
        assert all((picture.width, picture.height) == (320, 180) for picture in pictures)
        newest_ms = said["base_ms"] + round((pictures[-1].time or 0) * 1000)
        assert asked_ms < newest_ms < CLOCK.now_ms() + 500


async def test_who_may_not_see_it_or_no_more_is_let_go(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:  # R365
    monkeypatch.setattr("streams.mse.RELAY_RECHECK_MS", 100)
    async with serve(clip) as site, aiohttp.ClientSession(site.url) as http, asyncio.timeout(PATIENCE_S):
        async with http.ws_connect("/api/v1/cameras/a/mse") as viewer:
            await viewer.receive_str()
            site.allowed = False
            async for _ in viewer:
                pass
            assert viewer.close_code == NO_LONGER_ALLOWED
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect("/api/v1/cameras/a/mse")
        assert refused.value.status == 403
        site.allowed = True
        for camera, status in (("none", 404), ("off", 503)):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"/api/v1/cameras/{camera}/mse")
            assert refused.value.status == status
        monkeypatch.setattr("streams.mse.MSE_VIEWERS_PER_CAMERA", 1)
        async with http.ws_connect("/api/v1/cameras/a/mse") as viewer:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect("/api/v1/cameras/a/mse")
            assert refused.value.status == 429
            await site.keeper.sync({})
            async for _ in viewer:
                pass
            assert viewer.close_code == GONE
        await until(lambda: site.viewers.count == 0)


class Flood:
    """A camera of 40 Mb/s, so that nothing between it and a reader holds more than a moment of it."""

    id = "flood"

    def __init__(self, clip: Clip) -> None:
        self._key = Packet(annex_b([*clip.parameter_sets, b"\x65" + b"x" * 200_000]), 1, True, 0)

    def newest_still(self) -> Packet | None:
        return self._key

    def want_key(self) -> None:
        pass

    async def still(self) -> Packet:
        return self._key

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        async def send() -> None:
            while True:
                subscription.put(msgspec.structs.replace(self._key, pts_ms=CLOCK.now_ms()))
                await CLOCK.sleep(40)

        subscription = Subscription(8)
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(send())
            try:
                yield subscription
            finally:
                sending.cancel()


async def test_a_reader_that_never_reads_is_let_go_and_disturbs_nobody(  # R364
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.mse.MSE_UNREAD_MS", 300)
    flood = Flood(clip)
    async with serve(clip, lambda _camera: flood) as site, aiohttp.ClientSession(site.url) as http:
        host, _, port = site.url.removeprefix("http://").partition(":")
        silent = socket.create_connection((host, int(port)))
        silent.sendall(
            b"GET /api/v1/cameras/flood/mse HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await until(lambda: site.viewers.count == 1)
        async with http.ws_connect("/api/v1/cameras/flood/mse", max_msg_size=0) as viewer:
            pictures = 0
            while site.viewers.count > 1 or pictures < 20:
                message = await viewer.receive(PATIENCE_S)
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)
                pictures += message.type is aiohttp.WSMsgType.BINARY
        silent.close()


async def test_a_viewer_that_talks_is_heard_without_end_and_one_that_shouts_is_let_go(clip: Clip) -> None:  # R364
    async with serve(clip) as site, aiohttp.ClientSession(site.url) as http, asyncio.timeout(PATIENCE_S):
        async with http.ws_connect("/api/v1/cameras/a/mse") as viewer:
            for _ in range(1000):
                await viewer.send_str("x" * 100)
            await viewer.receive_str()
            await viewer.send_str("x" * 100_000)
            async for _ in viewer:
                pass
            assert viewer.closed
        await until(lambda: site.viewers.count == 0)


def _packets(clip: Clip, count: int) -> list[Packet]:
    """The clip as a camera sends it, without the fragmentation of RTP that its frames are kept in."""
    muxed: list[Packet] = []
    for i in range(count):
        key = i % 5 == 0
        slice_nal = b"\x65" if key else b"\x41"
        units = [*clip.parameter_sets, slice_nal + bytes([i + 1] * 50)] if key else [slice_nal + bytes([i + 1] * 50)]
        muxed.append(Packet(annex_b(units), 10_000 + i * 40, key, 0))
    return muxed


def _kinds(messages: Sequence[str | bytes]) -> list[str]:
    return ["text" if isinstance(x, str) else x[4:8].decode() for x in messages]


def test_each_picture_goes_out_at_once_and_a_new_format_begins_anew(clip: Clip) -> None:
    muxer = Muxer()
    packets = _packets(clip, 7)
    assert _kinds(muxer.feed(packets[1:2], 0)) == []
    assert _kinds(muxer.feed(packets[:1], 5)) == ["text", "ftyp", "moof"]
    for packet in packets[1:]:
        assert _kinds(muxer.feed([packet], 0)) == ["moof"]
    sets = [clip.parameter_sets[0][:3] + bytes([clip.parameter_sets[0][3] ^ 1]) + clip.parameter_sets[0][4:]]
    other = Packet(annex_b([*sets, *clip.parameter_sets[1:], b"\x65other"]), 10_400, True, 0)
    messages = muxer.feed([other], 9)
    assert _kinds(messages) == ["text", "ftyp", "moof"]
    assert isinstance(messages[0], str)
    assert json.loads(messages[0])["base_ms"] == 10_000
    with pytest.raises(InvalidInputError):
        muxer.feed([Packet(annex_b([b"\x65no sets"]), 10_440, True, 0)], 0)


def test_pictures_out_of_order_wait_for_those_that_are_shown_before(clip: Clip) -> None:
    muxer = Muxer()
    packets = _packets(clip, 1)
    order = [40, 160, 80, 120, 280, 200, 240]
    packets += [Packet(annex_b([b"\x41" + bytes([i + 1] * 9)]), 10_000 + at, False, 0) for i, at in enumerate(order)]
    kinds = [_kinds(muxer.feed([packet], 0)) for packet in packets]
    # Once it is seen that order and time differ, a run goes out when nothing that follows comes before it.
    assert kinds[:3] == [["text", "ftyp", "moof"], ["moof"], ["moof"]]
    assert [] in kinds[3:]
    assert sum(map(len, kinds)) < 3 + len(order)
