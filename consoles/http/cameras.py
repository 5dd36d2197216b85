"""How cameras are: their lifecycles over HTTP, and in `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import msgspec
from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from command.kernel.clock import Clock
from command.kernel.errors import TooManyError
from consoles.http.metrics import Source
from streams.diagnosis import Ways, diagnose
from streams.keeper import CameraKeeper
from streams.limits import CAMERA_DIAGNOSES, CAMERAS_MEASURED
from streams.view import CameraView

Authorise = Callable[[web.Request, str], Awaitable[None]]


class CameraViews(msgspec.Struct, frozen=True):
    """All cameras that this hub keeps, as they are at `now_ms`."""

    now_ms: int
    cameras: list[CameraView]


def routes(keeper: CameraKeeper, clock: Clock, authorise: Authorise, ways: Ways) -> list[web.RouteDef]:
    """Return the routes; `authorise(request, camera_id)` raises unless whoever asks may see the camera."""

    diagnosing = asyncio.Semaphore(CAMERA_DIAGNOSES)

    async def states(request: web.Request) -> web.Response:
        await authorise(request, "")
        return _answer(CameraViews(clock.now_ms(), [keeper.camera(key).view() for key in keeper.running()]))

    async def state(request: web.Request) -> web.Response:
        camera_id = request.match_info["camera_id"]
        await authorise(request, camera_id)
        return _answer(keeper.camera(camera_id).view())

    async def diagnosis(request: web.Request) -> web.Response:
        camera_id = request.match_info["camera_id"]
        await authorise(request, camera_id)
        if diagnosing.locked():
            raise TooManyError(f"{CAMERA_DIAGNOSES} cameras are being looked into")
        async with diagnosing:
            return _answer(await diagnose(keeper.camera(camera_id), clock, ways))

    return [
        web.get("/api/v1/cameras/{camera_id}/diagnosis", diagnosis),
        web.get("/api/v1/cameras/states", states),
        web.get("/api/v1/cameras/{camera_id}/state", state),
    ]


def _answer(body: msgspec.Struct) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def measured(keeper: CameraKeeper, clock: Clock) -> Source:
    """Return a source of metrics: cameras being pulled, connections, how old the newest frame of each is; who is down.

    Ages are told of cameras that are being pulled, reasons of those that are down, of at most `CAMERAS_MEASURED` each:
    who has more looks at the states.
    """

    def read() -> Iterator[Metric]:
        views = [keeper.camera(key).view() for key in sorted(keeper.running())]
        pulled = [view for view in views if view.pulled]
        pulls = GaugeMetricFamily("triune_cameras_pulled", "Cameras whose packets arrive now", value=len(pulled))
        connections = CounterMetricFamily("triune_camera_connections", "Times that a camera's pictures began to arrive")
        connections.add_metric([], sum(view.connections for view in views))
        ages = GaugeMetricFamily(
            "triune_camera_frame_age_seconds", "Since the newest packet of a camera being pulled", labels=["camera"]
        )
        now_ms = clock.now_ms()
        for view in pulled[:CAMERAS_MEASURED]:
            ages.add_metric([view.camera], max(0, now_ms - (view.picture_ms or now_ms)) / 1000)
        down = GaugeMetricFamily(
            "triune_camera_down_seconds",
            "Since a camera shows no pictures, and why",
            labels=["camera", "hop", "reason"],
        )
        for view in [view for view in views if view.state == "down"][:CAMERAS_MEASURED]:
            down.add_metric([view.camera, view.failed_hop, view.reason], max(0, now_ms - view.since_ms) / 1000)
        yield from (pulls, connections, ages, down)

    return read
