"""Clips over HTTP: exported as evidence, listed, and handed out with their sheets (SPEC R313, R314, R454)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
from aiohttp import web

from command.hub import Hub
from command.kernel.errors import NoRightError, TooManyError
from consoles.http.bodies import part_of, send_pieces
from consoles.http.clip_record import ClipRecord
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from consoles.http.stretches import Authorise, Stretch, query_instant, read_as
from streams.limits import RECORD_CLIPS_AT_ONCE, RECORD_CLIPS_LISTED
from streams.recorder.archive import Archive
from streams.recorder.clip_list import ListedClip
from streams.recorder.sheets import Asked, Clip
from streams.recorder.shelf import Mark, Shelf

_MAY_EXPORT = ("dispatcher", "commander", "duty_leader")
_LONGEST_MS = 2**53 - 1


class ClipPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Newest first; `next` is what to ask `after` for the page behind this one."""

    clips: list[ListedClip]
    next: str = ""
    away: list[str] = []
    """Hubs that do not answer: their clips are not among these."""


class SiteShelf(Shelf, Protocol):
    """The clips of all hubs that answer."""

    @property
    def away(self) -> Sequence[str]:
        """Those that do not."""
        ...


FindShelf = Callable[[], Awaitable[SiteShelf]]


class Clips:
    """The handlers. `find_shelf` returns what there is at all hubs, and the names of those that do not answer."""

    def __init__(
        self, record: ClipRecord, find_shelf: FindShelf, archive_of: Callable[[str], Archive], hub: Hub,
        authorise: Authorise,
    ) -> None:  # fmt: skip
        self._record = record
        self._find_shelf = find_shelf
        self._archive_of = archive_of
        self._hub = hub
        self._authorise = authorise
        self._exporting = asyncio.Semaphore(RECORD_CLIPS_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/api/v1/cameras/{camera_id}/clips", self.export),
            web.get("/api/v1/clips", self.listing),
            web.get("/api/v1/clips/{clip}.mp4", self.file),
            web.get("/api/v1/clips/{clip}.json", self.sheet),
        ]

    async def export(self, request: web.Request) -> web.Response:
        """`POST …/clips`: one playable file with its hash; both stand in the record before this answers."""
        actor, camera = actor_of(request), request.match_info["camera_id"]
        require(actor, *_MAY_EXPORT)
        await self._authorise(request, camera)
        asked = await read_as(request, Stretch)
        if self._exporting.locked():
            raise TooManyError("other clips are being exported; try again when they are done")
        now_ms = self._hub.clock.now_ms()
        wanted = Asked(
            camera=camera, from_ms=asked.from_ms, to_ms=min(asked.to_ms, now_ms), why=asked.why, who=actor.id,
            at_ms=now_ms, situation=asked.situation or "",
        )  # fmt: skip
        async with self._exporting:
            await self._record.settle()
            clip = await self._archive_of(camera).export(wanted)
        await self._record.put(clip)
        return json_response(clip)

    async def listing(self, request: web.Request) -> web.Response:
        """`GET /api/v1/clips?camera=&from_ms=&to_ms=&after=`: of one camera, or of all whose pictures one may see."""
        require(actor_of(request), *_MAY_EXPORT)
        shelf, camera = await self._find_shelf(), request.query.get("camera", "")
        after = Mark.read(request.query.get("after", ""))
        from_ms, to_ms = query_instant(request, "from_ms", 0), query_instant(request, "to_ms", _LONGEST_MS)
        if camera:
            await self._authorise(request, camera)
            cameras = [camera]
        else:
            cameras = [each for each in sorted(await shelf.cameras()) if await self._may_see(request, each)]
        found = await shelf.page(cameras, from_ms, to_ms, after)
        page = found[:RECORD_CLIPS_LISTED]
        more = Mark.of(page[-1]).text() if len(found) > len(page) else ""
        return json_response(ClipPage(page, more, [*shelf.away]))

    async def _may_see(self, request: web.Request, camera: str) -> bool:
        try:
            await self._authorise(request, camera)
        except NoRightError:
            return False
        return True

    async def file(self, request: web.Request) -> web.StreamResponse:
        """`GET /api/v1/clips/{clip}.mp4`: the file; a part of it by `Range`."""
        shelf, clip = await self._about(request)
        part = part_of(request, clip.size)
        if part.status == 416:
            return web.Response(status=416, headers=part.headers)
        headers = {
            "Content-Type": "video/mp4",
            "Content-Disposition": f'attachment; filename="{clip.id}.mp4"',
            "Cache-Control": "private, no-store",
            **part.headers,
        }
        response = web.StreamResponse(status=part.status, headers=headers)
        response.content_length = part.stop - part.start
        async with shelf.file(clip, part.start, part.stop) as body:
            return await send_pieces(request, response, body)

    async def sheet(self, request: web.Request) -> web.Response:
        """`GET /api/v1/clips/{clip}.json`: hash, who, when, why, camera, what is missing and why."""
        _, clip = await self._about(request)
        return json_response(clip)

    async def _about(self, request: web.Request) -> tuple[Shelf, Clip]:
        require(actor_of(request), *_MAY_EXPORT)
        shelf = await self._find_shelf()
        clip = await shelf.about(request.match_info["clip"])
        await self._authorise(request, clip.asked.camera)
        return shelf, clip
