"""How cameras are, over HTTP (SPEC R391, R392, R396)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from command.actors import HUB
from command.requests import EnrolCamera
from edge.simulators.clips import load_clip
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street, render, traffic
from tests.consoles.support import signed_in, site_with_people


async def test_a_camera_is_looked_at_let_go_and_pulled_again_for_a_snapshot(tmp_path: Path) -> None:
    street = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    async with (
        asyncio.timeout(60),
        site_with_people(tmp_path, "dispatcher") as site,
        RtspCameras({"cam": load_clip(render(street, tmp_path))}, site.clock) as simulated,
        signed_in(site.http_url, "dispatcher") as person,
    ):
        port = await simulated.listen()
        for camera, address in (("east", f"rtsp://127.0.0.1:{port}/cam"), ("west", f"rtsp://127.0.0.1:{port}/none")):
            await site.context.accounts.set_camera_address(camera, address)
            await site.hub.ask(EnrolCamera(camera=camera, name=camera, lat=29.0, lon=113.0), HUB)
        while {row.state for row in await site.hub.read(lambda t: list(t.cameras))} != {"up", "down"}:
            await site.clock.sleep(20)
        while simulated.players("cam"):
            await site.clock.sleep(20)

        async with person.http.get("/api/v1/cameras/states") as response:
            states = {view["camera"]: view for view in (await response.json())["cameras"]}
        assert (states["east"]["state"], states["east"]["pulled"]) == ("up", False)
        assert (states["east"]["codec"], states["east"]["width_px"]) == ("h264", 320)
        assert states["east"]["looked_ms"] >= states["east"]["picture_ms"] > 0
        assert states["west"]["reason"] == "404 no such stream"
        assert states["west"]["retry_at_ms"] > states["west"]["looked_ms"]

        async with person.http.get("/api/v1/cameras/west/diagnosis") as response:
            found = await response.json()
        assert (found["failed"], found["hops"][-1]["told"]) == (
            "describe",
            "404: the camera has no stream of that path",
        )

        asked_ms = site.clock.now_ms()
        async with person.http.get("/api/v1/cameras/east/snapshot.jpg") as response:
            assert response.status == 200
        async with person.http.get("/api/v1/cameras/east/state") as response:
            view = await response.json()
        assert view["pulled"]
        assert view["picture_ms"] >= asked_ms
        async with aiohttp.ClientSession() as collector, collector.get(f"{site.http_url}/metrics") as response:
            told = await response.text()
        assert "triune_cameras_pulled 1.0" in told
        assert 'triune_camera_frame_age_seconds{camera="east"}' in told
        west = 'triune_camera_down_seconds{camera="west",hop="packets",reason="404 no such stream"} '
        assert told.count("triune_camera_down_seconds{") == told.count(west) == 1
