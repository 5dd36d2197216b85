"""Real peers of cameras: GStreamer's RTSP server, our simulator, and listeners that wait for what they should hear."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command.kernel.clock import SystemClock
from streams.camera_spec import CameraStatus
from tests.paths import shared

PATIENCE_S = 60


@asynccontextmanager
async def gstreamer_camera(port: int, credentials: str = "") -> AsyncIterator[None]:
    """Run GStreamer's RTSP server with `rtsp://127.0.0.1:<port>/cam1`; killed on leaving."""
    script = shared("tools/rtsp_cam.py")
    async with _served([str(script), str(port), *([credentials] if credentials else [])]):
        yield


@asynccontextmanager
async def gstreamer_server(
    port: int, launch: str, protocols: str = "any", auth: str = "none", credentials: str = ""
) -> AsyncIterator[None]:
    """The same with a pipeline of one's own; see `gst_camera.py` for what may be said."""
    script = Path(__file__).with_name("gst_camera.py")
    async with _served([str(script), str(port), launch, protocols, auth, *([credentials] if credentials else [])]):
        yield


@asynccontextmanager
async def _served(arguments: list[str]) -> AsyncIterator[None]:
    # The distribution's Python, which has GStreamer's bindings.
    python = shutil.which("python3", path=os.defpath)
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if python is None or await (await asyncio.create_subprocess_exec(python, "-c", probe, stderr=-3)).wait():
        reason = "GStreamer's RTSP server is missing (Debian: gir1.2-gst-rtsp-server-1.0 python3-gi and plugins)"
        pytest.skip(reason)
    process = await asyncio.create_subprocess_exec(python, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert await process.stdout.readline() == b"rtsp ready\n"
        yield
    finally:
        process.kill()
        await process.communicate()


class Statuses:
    """Hears what a camera reports."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, CameraStatus]] = []
        self._changed = asyncio.Condition()

    async def __call__(self, camera_id: str, status: CameraStatus) -> None:
        async with self._changed:
            self.heard.append((camera_id, status))
            self._changed.notify_all()

    async def next(self, camera_id: str, state: str) -> CameraStatus:
        """Wait for the next report of that state, and forget all reports up to it."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            while True:
                for i, (heard_id, status) in enumerate(self.heard):
                    if heard_id == camera_id and status.state == state:
                        del self.heard[: i + 1]
                        return status
                await self._changed.wait()


async def until(condition: object, patience_s: float = PATIENCE_S) -> None:
    """Wait until `condition()` is true."""
    assert callable(condition)
    clock = SystemClock()
    async with asyncio.timeout(patience_s):
        while not condition():
            await clock.sleep(10)
