"""The relay's routes in a bare application, as the composition root mounts them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from command.kernel.clock import SystemClock
from command.kernel.errors import NoRightError, TriuneError
from edge.simulators.clips import Clip
from edge.simulators.rtsp_camera import RtspCameras
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from streams.relay.http import Authorise, routes
from streams.relay.relay import Relay
from tests.streams.peers import Statuses
from tests.streams.relay.viewers import LOOPBACK

CLOCK = SystemClock()


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except TriuneError as error:
        return web.json_response({"code": error.code, "detail": error.detail}, status=error.status)


async def _authorise(request: web.Request, camera_id: str) -> None:
    if camera_id == "secret":
        raise NoRightError("not for you")


class Site:
    """`url`, and what is behind it."""

    def __init__(self, url: str, relay: Relay, simulators: RtspCameras) -> None:
        self.url = url
        self.relay = relay
        self.simulators = simulators


@asynccontextmanager
async def serve(clip: Clip, page: str = "", authorise: Authorise = _authorise) -> AsyncIterator[Site]:
    """Serve camera "a" (up), "off" (down) and `page` at `/`."""
    statuses = Statuses()
    async with (
        RtspCameras({"cam": clip}, CLOCK) as simulators,
        CameraKeeper(CLOCK, statuses) as keeper,
        Relay(CLOCK, LOOPBACK) as relay,
    ):
        port = await simulators.listen()
        url = f"rtsp://127.0.0.1:{port}"
        await keeper.sync({"a": CameraSpec("a", f"{url}/cam"), "off": CameraSpec("off", f"{url}/none")})
        await statuses.next("a", "up")

        async def show(request: web.Request) -> web.Response:
            return web.Response(text=page, content_type="text/html")

        app = web.Application(middlewares=[problems])
        app.add_routes([web.get("/", show), *routes(relay, keeper, authorise)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield Site(f"http://127.0.0.1:{runner.addresses[0][1]}", relay, simulators)
        finally:
            await runner.cleanup()
