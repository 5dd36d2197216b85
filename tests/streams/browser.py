"""Chromium for tests of live pictures: WHEP, MSE and WHIP pages, on the loopback address."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

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
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


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


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """Run Chromium; skips the test where it is missing."""
    found = shutil.which("chromium")
    if found is None:
        reason = "Chromium is missing (Debian: chromium)"
        pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=[*FLAGS, *more])
        try:
            yield browser
        finally:
            await browser.close()


async def look_until(page: Page, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Look at a viewer's page until what is seen will do, and return that."""
    # Not `wait_for_function`: to it every promise is true, whatever comes of it.
    seen: dict[str, Any]
    async with asyncio.timeout(20):
        while not done(seen := await page.evaluate("look()")):
            await SystemClock().sleep(50)
    return seen
