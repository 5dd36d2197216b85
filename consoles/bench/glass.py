"""Camera to glass: Chromium shows a camera with a burnt-in clock, and its page reads the clock out of the picture."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable

from aiohttp import web

from consoles.bench import burnt_clock
from consoles.bench.relay_camera import Instant

_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]  # fmt: skip
_PATIENCE_MS = 20_000

_PAGE = f"""<!doctype html><video id="video" autoplay muted playsinline></video>
<script>
const bits = {burnt_clock.BITS}, block = {burnt_clock.BLOCK_PX};
const canvas = new OffscreenCanvas(bits * block, 2 * block);
const context = canvas.getContext("2d", {{willReadFrequently: true}});
window.seen = [];
function read() {{
  const at_ms = Date.now();
  context.drawImage(video, 0, 0, bits * block, 2 * block, 0, 0, bits * block, 2 * block);
  const pixels = context.getImageData(0, 0, bits * block, 2 * block).data;
  const lit = (x, y) => pixels[4 * ((y + 0.5) * block * bits * block + (x + 0.5) * block)] > 127;
  let number = 0, whole = true;
  for (let bit = 0; bit < bits; bit++) {{
    number |= lit(bit, 0) << bit;
    whole &&= lit(bit, 0) !== lit(bit, 1);
  }}
  if (whole) window.seen.push([number, at_ms]);
  video.requestVideoFrameCallback(read);
}}
async function watch(camera) {{
  const connection = window.connection = new RTCPeerConnection({{iceServers: []}});
  const {{receiver}} = connection.addTransceiver("video", {{direction: "recvonly"}});
  receiver.jitterBufferTarget = 0;
  connection.ontrack = (event) => {{ video.srcObject = event.streams[0]; }};
  video.requestVideoFrameCallback(read);
  await connection.setLocalDescription();
  const answer = await fetch(`/api/v1/cameras/${{camera}}/whep`, {{
    method: "POST", headers: {{"Content-Type": "application/sdp"}}, body: connection.localDescription.sdp}});
  await connection.setRemoteDescription({{type: "answer", sdp: await answer.text()}});
}}
</script>"""


async def _page(_request: web.Request) -> web.Response:
    return web.Response(text=_PAGE, content_type="text/html")


routes = [web.get("/", _page)]
"""The page that reads; to be served beside the relay's own routes."""


async def measure(url: str, camera: str, instant: Callable[[], Awaitable[Instant]], seconds: int) -> list[float]:
    """Return for each picture shown how many ms after it was due at the camera; none without Chromium."""
    chromium = shutil.which("chromium")
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415 - only measured with, no part of the product
    except ImportError:
        return []
    if chromium is None:
        return []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        try:
            page = await browser.new_page()
            await page.goto(url)
            await page.evaluate("camera => watch(camera)", camera)
            # Once it moves; what is shown before is a kept key frame, and older than its time.
            settled = 2 * burnt_clock.FPS
            wanted = settled + seconds * burnt_clock.FPS
            await page.wait_for_function(
                "wanted => seen.length >= wanted", arg=wanted, timeout=_PATIENCE_MS + seconds * 1000
            )
            seen: list[tuple[int, int]] = await page.evaluate("seen")
        finally:
            await browser.close()
    clock = await instant()
    return [
        float((at_ms - clock.began_ms - number * burnt_clock.FRAME_MS) % clock.round_ms)
        for number, at_ms in seen[settled:wanted]
    ]
