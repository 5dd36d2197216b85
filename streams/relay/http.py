"""WHEP (WebRTC-HTTP Egress Protocol) and still pictures over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

from command.kernel.errors import InvalidInputError, UnknownIdError
from command.services.bodies import read_body
from streams.camera import Camera
from streams.limits import SDP_BYTES
from streams.relay.elsewhere import ElsewhereSessions, elsewhere
from streams.relay.relay import Relay

Authorise = Callable[[web.Request, str], Awaitable[None]]
"""`authorise(request, camera_id)` raises unless whoever asks may see this camera, now."""


class Cameras(Protocol):
    """Where cameras are found."""

    def camera(self, camera_id: str) -> Camera:
        """Return a running camera. Raises `UnknownIdError`."""
        ...


def routes(relay: Relay, cameras: Cameras, authorise: Authorise) -> list[web.RouteDef]:
    """Return the routes; their errors are `TriuneError`s for the application's middleware to answer."""
    others = ElsewhereSessions()

    async def watch(request: web.Request) -> web.Response:
        camera_id = request.match_info["camera_id"]
        await authorise(request, camera_id)
        if request.content_type != "application/sdp":
            raise InvalidInputError("the offer must be application/sdp")

        async def still_may() -> None:
            await authorise(request, camera_id)

        camera, offer = cameras.camera(camera_id), await read_sdp(request)
        if (where := elsewhere(camera.spec.url)) is not None:
            session_id, answer = await others.answer(camera_id, where, offer)
        else:
            session_id, answer = await relay.answer(camera, offer, still_may)
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={"Location": f"{request.rel_url.raw_path}/{session_id}"},
        )

    async def leave(request: web.Request) -> web.Response:
        camera_id, session_id = request.match_info["camera_id"], request.match_info["session_id"]
        await authorise(request, camera_id)
        if session_id in others:
            await others.leave(camera_id, session_id)
            return web.Response()
        try:
            of = relay.camera_of(session_id)
        except UnknownIdError:
            # Ended by itself already, as it does when the viewer's page closes first: what is asked for is so.
            return web.Response()
        if of != camera_id:
            raise UnknownIdError("no such viewing session")
        relay.close(session_id)
        return web.Response()

    async def snapshot(request: web.Request) -> web.Response:
        camera_id = request.match_info["camera_id"]
        await authorise(request, camera_id)
        picture = await cameras.camera(camera_id).snapshot()
        return web.Response(body=picture, content_type="image/jpeg", headers={"Cache-Control": "no-store"})

    return [
        web.post("/api/v1/cameras/{camera_id}/whep", watch),
        web.delete("/api/v1/cameras/{camera_id}/whep/{session_id}", leave),
        web.get("/api/v1/cameras/{camera_id}/snapshot.jpg", snapshot),
    ]


async def read_sdp(request: web.Request) -> str:
    """Return the session description in a request. Raises `TooLargeError`, `InvalidInputError`."""
    body = await read_body(request, SDP_BYTES)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInputError("the offer is not UTF-8") from None
