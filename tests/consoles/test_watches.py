"""A watch that can never fire does not take the hub with it, now or at the next start."""

from __future__ import annotations

from pathlib import Path

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from consoles.site import running_site
from tests.consoles.support import settings


async def test_an_impossible_pattern_harms_neither_the_running_hub_nor_the_next_start(tmp_path: Path) -> None:
    until_ms = SystemClock().now_ms() + 3_600_000
    for number in range(2):
        async with running_site(settings(tmp_path)) as site:
            asked = q.RequestWatch(pattern="湘FI*", reason="写错了", level=3, until_ms=until_ms)
            watch = (await site.hub.ask(asked, HUB)).subject
            await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
            # The part that runs the cameras looks again for each of these; the hub still answers after both.
            for camera in ("c1", "c2"):
                await site.hub.ask(q.EnrolCamera(camera=f"{camera}{number}", name="口", lat=29.1, lon=113.1), HUB)
                await site.context.accounts.set_camera_address(f"{camera}{number}", "rtsp://127.0.0.1:9/x")
                await site.context.accounts.camera_addresses()
            active = await site.hub.read(lambda t: sum(w.state == "active" for w in t.watches))
            assert active == number + 1
