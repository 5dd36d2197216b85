"""Recordings over HTTP: what there is and why no more, pictures, locks (SPEC R310, R311, R450)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
from aiohttp import web

from command.hub import Hub
from command.kernel.errors import InvalidInputError, UnknownIdError
from command.requests import LockRecording, Reason, ReleaseRecording
from consoles.http.bodies import send_pieces
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from consoles.http.stretches import Authorise, Stretch, in_the_name_of, query_instant, read_as
from streams.limits import RECORD_LISTED_MS
from streams.recorder.archive import Archive
from streams.recorder.locks import Lock

_MAY_LOCK = ("dispatcher", "commander", "duty_leader", "camera_watch")
_MAY_RELEASE = ("commander", "duty_leader")
_OF_CAMERA = "/api/v1/cameras/{camera_id}"


class Why(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason."""

    why: Reason


class Recordings:
    """The handlers. `archive_of(camera)` raises `UnavailableError` while there is none."""

    def __init__(
        self,
        archive_of: Callable[[str], Archive],
        hub: Hub,
        authorise: Authorise,
    ) -> None:
        self._archive_of = archive_of
        self._hub = hub
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(f"{_OF_CAMERA}/recordings", self.listing),
            web.get(f"{_OF_CAMERA}/recordings/init/{{init}}.mp4", self.init),
            web.get(f"{_OF_CAMERA}/recordings/{{segment}}.m4s", self.segment),
            web.post(f"{_OF_CAMERA}/locks", self.lock),
            web.delete(f"{_OF_CAMERA}/locks/{{lock}}", self.release),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """`GET …/recordings?from_ms=&to_ms=`: spans without a gap, gaps and why, and the segments to read."""
        camera = await self._camera(request)
        from_ms, to_ms = query_instant(request, "from_ms"), query_instant(request, "to_ms")
        if not 0 < to_ms - from_ms <= RECORD_LISTED_MS:
            raise InvalidInputError(f"a time ends after it begins and is of {RECORD_LISTED_MS} ms at most")
        return json_response(await self._archive_of(camera).listing(camera, from_ms, to_ms))

    async def init(self, request: web.Request) -> web.Response:
        """`GET …/recordings/init/{init}.mp4`: what a decoder has to know first; never changes."""
        camera = await self._camera(request)
        head = await self._archive_of(camera).init(camera, request.match_info["init"])
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        return web.Response(body=head, content_type="video/mp4", headers=headers)

    async def segment(self, request: web.Request) -> web.StreamResponse:
        """`GET …/recordings/{segment}.m4s`: its fragments, up to what was written last.

        Where they end in the middle, since the way to them was cut, so does the connection.
        """
        camera, name = await self._camera(request), request.match_info["segment"]
        if not (name.isascii() and name.isdecimal() and len(name) <= 18):
            raise UnknownIdError("no such recording")
        async with self._archive_of(camera).fragments(camera, int(name)) as body:
            response = web.StreamResponse(headers={"Content-Type": "video/mp4", "Cache-Control": "no-store"})
            response.content_length = body.size
            return await send_pieces(request, response, body.pieces)

    async def lock(self, request: web.Request) -> web.Response:
        """`POST …/locks`: kept for good from now on, whatever the quota. Answers its id."""
        actor = actor_of(request)
        require(actor, *_MAY_LOCK)
        camera, asked = await self._camera(request), await read_as(request, Stretch)
        if asked.from_ms >= asked.to_ms:
            raise InvalidInputError("a stretch of time ends after it begins")
        await self._hub.read(lambda t: t.cameras.need(camera))
        lock = Lock(
            id=secrets.token_hex(8), camera=camera, from_ms=asked.from_ms, to_ms=asked.to_ms, why=asked.why,
            who=actor.id, at_ms=self._hub.clock.now_ms(),
        )  # fmt: skip
        # First the deed: pictures that are overwritten meanwhile would be gone, a lock that nobody recorded is no harm.
        await self._archive_of(camera).lock(lock)
        fact = LockRecording(lock=lock.id, camera=camera, from_ms=lock.from_ms, to_ms=lock.to_ms, why=lock.why)
        await self._hub.ask(fact, in_the_name_of(actor))
        return json_response(lock)

    async def release(self, request: web.Request) -> web.Response:
        """`DELETE …/locks/{lock}` with a reason: it goes when its time comes."""
        actor = actor_of(request)
        require(actor, *_MAY_RELEASE)
        camera, asked, lock = await self._camera(request), await read_as(request, Why), request.match_info["lock"]
        archive = self._archive_of(camera)
        if not any(each.id == lock for each in await archive.locks(camera)):
            raise UnknownIdError("no such lock")
        await self._hub.ask(ReleaseRecording(lock=lock, camera=camera, why=asked.why), in_the_name_of(actor))
        await archive.release(camera, lock)
        return web.Response(status=204)

    async def _camera(self, request: web.Request) -> str:
        camera = request.match_info["camera_id"]
        await self._authorise(request, camera)
        return camera
