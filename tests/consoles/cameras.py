"""Simulated cameras that hubs of tests adopt and move: ONVIF before a real RTSP server."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from command.kernel.clock import SystemClock
from edge.simulators.clips import Clip, load_clip
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render

CLOCK = SystemClock()
MODEL = CameraModel(rtsp="", name=f"dome {secrets.token_hex(4)}", user="admin", password="dome-p@ss/word")
"""Under a name of its own: others on this machine answer probes too."""


def drawn(folder: Path) -> Clip:
    """A second of a street."""
    return load_clip(render(Street("SIM", (), seconds=1, width=320, height=180, fps=15), folder))


@asynccontextmanager
async def onvif_camera(clip: Clip, model: CameraModel = MODEL) -> AsyncIterator[tuple[OnvifCamera, RtspCameras, int]]:
    """A dome with the ONVIF port that it answers at, and the server of its pictures, which wants the same password."""
    async with RtspCameras({"live": clip}, CLOCK, credentials=(model.user, model.password)) as rtsp:
        shown = msgspec.structs.replace(model, rtsp=f"rtsp://127.0.0.1:{await rtsp.listen()}/live")
        async with OnvifCamera(shown, CLOCK) as camera:
            yield camera, rtsp, await camera.listen()
