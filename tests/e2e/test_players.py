"""The consoles' own player in Chromium: WebRTC first, the websocket by itself where UDP is blocked, frozen marked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from command.kernel.clock import SystemClock
from edge.simulators.clips import Clip, load_clip
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render, traffic
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from streams.mse import MseViewers
from streams.relay.http import routes
from streams.relay.relay import Relay
from tests.streams.browser import NOTE_STANDSTILLS, chromium
from tests.streams.peers import Statuses, until
from tests.streams.relay.site import problems

CLOCK = SystemClock()
WEB = Path(__file__).parents[2] / "consoles" / "web"
BUNDLE = """
import {rolldown} from "rolldown";
const bundle = await rolldown({input: "src/media/player.ts"});
await bundle.write({file: process.argv[1], format: "esm"});
"""
PAGE = """<!doctype html><video id="video" muted autoplay playsinline></video>
<script type="module">
import {LivePlayer} from "/player.js";
const states = window.states = [];
const player = window.player = new LivePlayer("a", video, (state) => {
  states.push({...state, at_ms: performance.now(), age_ms: player.age_ms()});
});
window.began_ms = performance.now();
window.age_of_frozen_ms = () => {
  const {at_ms, age_ms} = states.find((x) => x.is === "frozen");
  return ran_ms(at_ms - age_ms, at_ms);
};
window.began_within_ms = () => ran_ms(began_ms, states.find((x) => x.is === "live").at_ms);
player.start();
</script>"""
# As where a firewall lets no UDP through: offer and answer go by HTTP, and neither side hears the other after them.
UDP_BLOCKED = """
const bare = (sdp) => sdp.replace(/a=candidate.*\\r\\n/g, "");
const set = RTCPeerConnection.prototype.setRemoteDescription, send = window.fetch;
RTCPeerConnection.prototype.setRemoteDescription = function ({type, sdp}) {
  return set.call(this, {type, sdp: bare(sdp)});
};
window.fetch = (url, said) => send(url, said.body ? {...said, body: bare(said.body)} : said);"""

_IS_OF_NOW = """() => {
    const [delay_ms, age_ms] = [player.delay_ms, player.age_ms()];
    return delay_ms !== null && delay_ms >= 0 && delay_ms < 1000 && age_ms >= 0 && age_ms < 1000;
}"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    street = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return load_clip(render(street, tmp_path_factory.mktemp("clips")))


@pytest.fixture(scope="module")
def player_js(tmp_path_factory: pytest.TempPathFactory) -> str:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "rolldown").is_dir():
        reason = "the front end's packages are missing (make)"
        pytest.skip(reason)
    out = tmp_path_factory.mktemp("player") / "player.js"

    async def bundle() -> int:
        command = (node, "--input-type=module", "-e", BUNDLE, str(out))
        return await (await asyncio.create_subprocess_exec(*command, cwd=WEB)).wait()

    assert asyncio.run(bundle()) == 0
    return out.read_text()


class Site:
    """What serves the player and one camera."""

    def __init__(self, url: str, relay: Relay, mse: MseViewers, simulators: RtspCameras) -> None:
        self.url = url
        self.relay = relay
        self.mse = mse
        self.simulators = simulators


@asynccontextmanager
async def serve(clip: Clip, player_js: str) -> AsyncIterator[Site]:
    async def anybody(_request: web.Request, _camera: str) -> None:
        pass

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def script(_request: web.Request) -> web.Response:
        return web.Response(text=player_js, content_type="text/javascript")

    async with (
        RtspCameras({"cam": clip}, CLOCK) as simulators,
        CameraKeeper(CLOCK, Statuses()) as keeper,
        Relay(CLOCK, ["127.0.0.1"]) as relay,
    ):
        port = await simulators.listen()
        await keeper.sync({"a": CameraSpec("a", f"rtsp://127.0.0.1:{port}/cam")})
        mse = MseViewers(CLOCK, keeper.camera, anybody)
        app = web.Application(middlewares=[problems])
        app.add_routes(
            [web.get("/", page), web.get("/player.js", script), *routes(relay, keeper, anybody), *mse.routes()]
        )
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield Site(f"http://127.0.0.1:{runner.addresses[0][1]}", relay, mse, simulators)
        finally:
            await runner.cleanup()


async def _is_live(page: Page) -> None:
    await page.wait_for_function(
        "states.at(-1).is === 'live' && video.getVideoPlaybackQuality().totalVideoFrames > 15", timeout=60_000
    )


@pytest.mark.browser
async def test_it_plays_by_webrtc_marks_a_frozen_picture_and_comes_back(clip: Clip, player_js: str) -> None:  # R369
    async with serve(clip, player_js) as site, chromium() as browser:
        page = await browser.new_page()
        await page.add_init_script(NOTE_STANDSTILLS)
        await page.goto(site.url)
        await _is_live(page)
        assert await page.evaluate("player.way") == "webrtc"
        assert site.mse.count == 0
        await page.wait_for_function(_IS_OF_NOW, timeout=60_000)

        site.simulators.set_up("cam", False)
        await page.wait_for_function("states.at(-1).is === 'frozen'", timeout=60_000)
        # Judged by the page's own clock: how long the picture stood when it was first called frozen.
        assert await page.evaluate("age_of_frozen_ms()") < 3000
        site.simulators.set_up("cam", True)
        await page.wait_for_function("states.at(-1).is === 'live'", timeout=60_000)
        await page.evaluate("player.stop()")
        await until(lambda: site.relay.viewers == 0)


async def _by_websocket(browser: Browser, site: Site, hindrance: str) -> Page:
    page = await browser.new_page()
    await page.add_init_script(NOTE_STANDSTILLS)
    await page.add_init_script(hindrance)
    await page.goto(site.url)
    await _is_live(page)
    assert await page.evaluate("player.way") == "websocket"
    assert site.mse.count == 1
    await until(lambda: site.relay.viewers == 0)
    return page


@pytest.mark.browser
@pytest.mark.parametrize("hindrance", [UDP_BLOCKED, "delete window.RTCPeerConnection;"], ids=["no-udp", "no-webrtc"])
async def test_it_takes_the_websocket_by_itself_where_udp_is_blocked(  # R369
    clip: Clip, player_js: str, hindrance: str
) -> None:
    async with serve(clip, player_js) as site, chromium() as browser:
        # Within about three seconds, not after ICE gave up; a busy machine is granted some more, and other tries.
        for _ in range(4):
            page = await _by_websocket(browser, site, hindrance)
            if (within_ms := await page.evaluate("began_within_ms()")) < 8000:
                break
            await page.close()
            await until(lambda: site.mse.count == 0)
        assert within_ms < 8000
        await page.wait_for_function("player.delay_ms !== null && player.delay_ms < 1500", timeout=60_000)

        site.simulators.set_up("cam", False)
        await page.wait_for_function("states.at(-1).is === 'frozen'", timeout=60_000)
        assert await page.evaluate("age_of_frozen_ms()") < 3000
        site.simulators.set_up("cam", True)
        await page.wait_for_function("states.at(-1).is === 'live'", timeout=60_000)
        await page.evaluate("player.stop()")
        await until(lambda: site.mse.count == 0)
