"""How well each camera's plates are read, for those who watch and those who mend: now, by the hour, and in pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import msgspec
from aiohttp import web

from command.kernel.errors import UnknownIdError
from command.readings import Readings, Sighting, SightingQuery
from command.readings.hours import HOUR_MS
from consoles.http import watching
from consoles.http.context import actor_of, context_of, require
from consoles.http.record import json_response
from consoles.parts.reading_quality import CameraQuality, ReadingQuality
from plans.past import HIT_MEDIA_TYPE
from streams.limits import QUALITY_KEPT_DAYS
from streams.plates.quality import Measure

Authorise = Callable[[web.Request, str], Awaitable[None]]
_MAY = ("camera_watch", "dispatcher", "commander", "duty_leader", "administrator")
_NOW_HOURS = 2
_EXAMPLES = 50


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of a camera, from `start_ms` on."""

    start_ms: int
    measure: Measure


class CameraHours(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's hours, oldest first, and whether there is an example picture of now and of usual days."""

    camera: str
    hours: list[Hour]
    now: bool
    then: bool


class AllCameras(msgspec.Struct, frozen=True, kw_only=True):
    """Every camera that reads plates."""

    cameras: list[CameraQuality]


def routes(quality: ReadingQuality, authorise: Authorise) -> list[web.RouteDef]:
    """Return the routes; `authorise` raises unless whoever asks may see a camera's pictures."""

    async def every(request: web.Request) -> web.Response:
        """`GET /api/v1/reading-quality`: all cameras that read plates."""
        require(actor_of(request), *_MAY)
        return json_response(AllCameras(cameras=await quality.cameras()))

    async def one(request: web.Request) -> web.Response:
        """`GET /api/v1/reading-quality/{camera}`: its hours of the days that are kept."""
        require(actor_of(request), *_MAY)
        context, camera = context_of(request), request.match_info["camera"]
        space = context.space(request)
        await space.hub.read(lambda t: t.cameras.need(camera))
        hours = await quality.hours_of(camera, QUALITY_KEPT_DAYS)
        found = [
            await example(context.readings, space.name, camera, which, hours, space.hub.clock.now_ms())
            for which in _WHICH
        ]
        listed = [Hour(start_ms=hour * HOUR_MS, measure=measure) for hour, measure in sorted(hours.items())]
        return json_response(
            CameraHours(camera=camera, hours=listed, now=found[0] is not None, then=found[1] is not None)
        )

    async def picture(request: web.Request) -> web.Response:
        """`GET /api/v1/reading-quality/{camera}/{now|then}.jpg`: what it sees of cars now, or saw on other days.

        It is shown for the sake of the lens, and that is on record first; who looks for cars asks with a reason.
        """
        actor = actor_of(request)
        require(actor, *_MAY)
        context, camera = context_of(request), request.match_info["camera"]
        space, which = context.space(request), request.match_info["which"]
        await authorise(request, camera)
        if which not in _WHICH:
            raise UnknownIdError(f"no picture {which[:16]!r}")
        await space.hub.read(lambda t: t.cameras.need(camera))
        hours = await quality.hours_of(camera, QUALITY_KEPT_DAYS)
        seen = await example(context.readings, space.name, camera, which, hours, space.hub.clock.now_ms())
        if seen is None or not seen.picture:
            raise UnknownIdError("no picture of that time is kept")
        await watching.lens_on_record(context, request, space, actor, camera)
        data = await context.blobs.get(seen.picture)
        return web.Response(body=data, content_type=HIT_MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return [
        web.get("/api/v1/reading-quality", every),
        web.get("/api/v1/reading-quality/{camera}", one),
        web.get("/api/v1/reading-quality/{camera}/{which}.jpg", picture),
    ]


Which = Literal["now", "then"]
_WHICH: tuple[Which, ...] = ("now", "then")


async def example(
    readings: Readings, space: str, camera: str, which: str, hours: Mapping[int, Measure], now_ms: int
) -> Sighting | None:
    """Return a passage with a picture.

    Of now it is the newest of these two hours; of usual days the surest of the best of the same hours, or where none
    is kept of these, of the newest passages at all.
    """
    hour = now_ms // HOUR_MS
    if which == "now":
        newest = await _pictured(readings, space, camera, (hour - _NOW_HOURS + 1) * HOUR_MS, now_ms)
        return newest[0] if newest else None
    same = [each for each in hours if each < hour and (hour - each) % 24 == 0]
    best = max(same, key=lambda each: (hours[each].passages, each), default=hour)
    pictured = await _pictured(readings, space, camera, best * HOUR_MS, (best + 1) * HOUR_MS - 1)
    if not pictured:
        pictured = await _pictured(readings, space, camera, now_ms - QUALITY_KEPT_DAYS * 24 * HOUR_MS, now_ms)
    return max(pictured, key=lambda seen: seen.confidence, default=None)


async def _pictured(readings: Readings, space: str, camera: str, from_ms: int, to_ms: int) -> list[Sighting]:
    query = SightingQuery(from_ms=from_ms, to_ms=to_ms, cameras=(camera,), limit=_EXAMPLES)
    return [seen for seen in await readings.search(space, query) if seen.picture]
