"""The newest picture of a camera that can be had, also while it shows none: to draw in, and never taken for live."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from aiohttp import web

from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from command.readings import SightingQuery
from consoles.http.context import Context, actor_of, context_of, require
from streams.camera import Camera
from streams.limits import RECORD_LISTED_MS
from streams.recorder.archive import Archive
from streams.recorder.stills import Still, newest_still

log = logging.getLogger(__name__)
Authorise = Callable[[web.Request, str], Awaitable[None]]
TAKEN, WHENCE = "X-Triune-Taken-Ms", "X-Triune-Whence"
"""Headers: when it was taken, UTC milliseconds, and where it is from."""
Whence = Literal["now", "recording", "passage"]
_MAY = ("camera_watch", "dispatcher", "commander", "duty_leader", "administrator")
_PASSAGES = 50


def routes(
    camera_of: Callable[[str], Camera], archive_of: Callable[[str], Archive], authorise: Authorise
) -> list[web.RouteDef]:
    """Return the route; `authorise` raises unless whoever asks may see a camera's pictures."""

    async def still(request: web.Request) -> web.Response:
        """`GET /api/v1/cameras/{camera_id}/still.jpg`: of now; else recorded, or of a passage, whichever is newer."""
        require(actor_of(request), *_MAY)
        camera_id = request.match_info["camera_id"]
        await authorise(request, camera_id)
        context = context_of(request)
        space = context.space(request)
        now_ms = space.hub.clock.now_ms()
        if (shown := await _shown(camera_of, camera_id)) is not None:
            return _answer(Still(now_ms, shown), "now")
        recorded = await _recorded(archive_of, camera_id, now_ms)
        seen = await _seen(context, space.name, camera_id, now_ms)
        if seen is not None and (recorded is None or seen.taken_ms > recorded.taken_ms):
            return _answer(seen, "passage")
        if recorded is None:
            raise UnknownIdError(f"there is no picture of camera {camera_id}: it shows none, and none is kept")
        return _answer(recorded, "recording")

    return [web.get("/api/v1/cameras/{camera_id}/still.jpg", still)]


def _answer(still: Still, whence: Whence) -> web.Response:
    headers = {"Cache-Control": "no-store", TAKEN: str(still.taken_ms), WHENCE: whence}
    return web.Response(body=still.jpeg, content_type="image/jpeg", headers=headers)


async def _shown(camera_of: Callable[[str], Camera], camera_id: str) -> bytes | None:
    try:
        camera = camera_of(camera_id)
        if camera.status.state == "down":
            return None  # nobody is to wait for the next try
        return await camera.snapshot()
    except (
        UnavailableError,
        UnknownIdError,
    ):  # a tollgate that tells passages has no stream, and is none that is pulled
        return None


async def _recorded(archive_of: Callable[[str], Archive], camera: str, now_ms: int) -> Still | None:
    try:
        return await newest_still(archive_of(camera), camera, now_ms)
    except TriuneError as error:
        log.warning("recordings of camera %s cannot be had: %s", camera, error.detail)
        return None


async def _seen(context: Context, space: str, camera: str, now_ms: int) -> Still | None:
    query = SightingQuery(from_ms=now_ms - RECORD_LISTED_MS, to_ms=now_ms, cameras=(camera,), limit=_PASSAGES)
    try:
        for seen in await context.readings.search(space, query):
            if seen.picture:
                return Still(seen.first_ms, await context.blobs.get(seen.picture))
    except TriuneError as error:
        log.warning("pictures of passages before camera %s cannot be had: %s", camera, error.detail)
    return None
