"""A dome camera that nobody has adopted yet: found on the page for adoption, tried, enrolled and moved by ONVIF."""

from __future__ import annotations

import asyncio
import logging

from command.kernel.clock import Clock
from edge.simulators.onvif_camera import CameraModel, OnvifCamera

log = logging.getLogger(__name__)

_VIEW = "cam05"
"""The county's camera whose pictures it shows."""
_USER, _PASSWORD = "admin", "dome-demo"


async def dome(rtsp_port: int, clock: Clock) -> None:
    """Serve it on the loopback until cancelled; where that cannot be, the demonstration goes on without it."""
    model = CameraModel(
        rtsp=f"rtsp://127.0.0.1:{rtsp_port}/{_VIEW}",
        name="新墙互通球机",
        location=f"{_USER} / {_PASSWORD}",  # as a label on its case would
        user=_USER,
        password=_PASSWORD,
        presets=("匝道口", "收费站", "服务区"),
    )
    try:
        async with OnvifCamera(model, clock) as camera:
            await camera.be_found("127.0.0.1", await camera.listen())
            await asyncio.Event().wait()
    except OSError as error:
        log.warning("the dome camera cannot be simulated: %s", error.strerror)
