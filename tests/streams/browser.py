"""Chromium for tests of live pictures: WHEP, MSE and WHIP pages, on the loopback address."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from command.kernel.clock import SystemClock

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
_TRIES = 4
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

# Playwright waits 5 s for what is expected where nothing else is said; a busy machine may stand still for half of that.
expect.set_options(timeout=30_000)


PAGE = """<!doctype html><video id="video" autoplay muted playsinline></video>
<script>
async function watch(camera) {
  const started = performance.now();
  const connection = window.connection = new RTCPeerConnection({iceServers: []});
  connection.addTransceiver("audio", {direction: "recvonly"});
  connection.addTransceiver("video", {direction: "recvonly"});
  connection.ontrack = (event) => { if (event.track.kind === "video") video.srcObject = event.streams[0]; };
  video.onloadeddata = () => { window.firstPictureMs = performance.now() - started; };
  await connection.setLocalDescription();
  const answer = await fetch(`/api/v1/cameras/${camera}/whep`, {
    method: "POST", headers: {"Content-Type": "application/sdp"}, body: connection.localDescription.sdp});
  await connection.setRemoteDescription({type: "answer", sdp: await answer.text()});
}
async function look() {
  const stats = [...(await connection.getStats()).values()];
  const stream = stats.find((x) => x.type === "inbound-rtp" && x.kind === "video") ?? {};
  const codec = stats.find((x) => x.id === stream.codecId) ?? {};
  return {seconds: video.currentTime, frames: stream.framesDecoded ?? 0, codec: codec.mimeType,
          lost: stream.packetsLost, width: video.videoWidth, firstPictureMs: window.firstPictureMs};
}
</script>"""
"""A viewer by WebRTC."""

NOTE_STANDSTILLS = """{
  const stood = [];
  const look = `const now = () => performance.timeOrigin + performance.now();
    let last_ms = now();
    setInterval(() => {
      const at_ms = now();
      if (at_ms - last_ms > 150) postMessage([last_ms, at_ms]);
      last_ms = at_ms;
    }, 50);`;
  new Worker(URL.createObjectURL(new Blob([look]))).onmessage = ({data}) => stood.push(data);
  const [wait, since_ms] = [window.setTimeout, performance.timeOrigin];
  window.ran_ms = async (from_ms, to_ms) => {
    await new Promise((done) => wait(done, 200));
    const first_ms = since_ms + from_ms, last_ms = since_ms + to_ms;
    const within = ([began, ended]) => Math.max(0, Math.min(ended, last_ms) - Math.max(began, first_ms));
    return to_ms - from_ms - stood.reduce((sum, each) => sum + within(each), 0);
  };
}"""
"""A script for the beginning of a page. `await ran_ms(from, to)` is how much of that time, by `performance.now()`, its
process could run: not while the machine gave it no processor, which another thread of it sees. What the page's own
script takes long for counts."""


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """Run Chromium; skips the test where it is missing."""
    found = shutil.which("chromium")
    if found is None:
        reason = "Chromium is missing (Debian: chromium)"
        pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=[*FLAGS, *more], timeout=60_000)
        try:
            yield browser
        finally:
            await browser.close()


async def look_until(page: Page, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Look at a viewer's page until what is seen will do, and return that."""
    # Not `wait_for_function`: to it every promise is true, whatever comes of it.
    seen: dict[str, Any]
    async with asyncio.timeout(60):
        while not done(seen := await page.evaluate("look()")):
            await SystemClock().sleep(50)
    return seen


async def watch_within(page: Page, camera: str, limit_ms: int) -> dict[str, Any]:
    """Watch a camera in a viewer's page until its picture moves; the first came within the limit, or the test fails.

    In one of some tries: a machine may stand still in each.
    """
    took_ms: list[float] = []
    while not took_ms or took_ms[-1] >= limit_ms:
        assert len(took_ms) < _TRIES, took_ms
        if took_ms:
            await page.evaluate("connection.close()")
            await page.reload()
        await page.evaluate("camera => watch(camera)", camera)
        seen = await look_until(page, lambda x: x["frames"] > 20 and x["seconds"] > 1)
        took_ms.append(seen["firstPictureMs"])
    return seen
