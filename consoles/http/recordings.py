"""Recordings over HTTP: what there is, its pictures, locks, and clips as evidence (SPEC R310–R316)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.hub import Hub
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError, UnknownIdError
from command.kernel.limits import RECORD_CLIPS_AT_ONCE, RECORD_LISTED_MS, REQUEST_BODY_BYTES
from command.requests import Id, Instant, LockRecording, Reason, RecordClip, ReleaseRecording
from consoles.http.bodies import read_body
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from streams.recorder.clips import Asked, Clip, clip_about, clip_file, export
from streams.recorder.locks import Lock
from streams.recorder.store import Store

Authorise = Callable[[web.Request, str], Awaitable[None]]
"""`authorise(request, camera)` raises unless whoever asks may see pictures of this camera."""

B = TypeVar("B")
_MAY_LOCK = ("dispatcher", "commander", "duty_leader", "camera_watch")
_MAY_EXPORT = ("dispatcher", "commander", "duty_leader")
_MAY_RELEASE = ("commander", "duty_leader")
_OF_CAMERA = "/api/v1/cameras/{camera_id}"


class Stretch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time that is asked for, and why."""

    from_ms: Instant
    to_ms: Instant
    why: Reason
    situation: Id | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason."""

    why: Reason


class ListedSegment(msgspec.Struct, frozen=True):
    """Pictures from `from_ms` on: decode times in the file count from there. `init` has to be read before them."""

    id: int
    from_ms: int
    to_ms: int
    init: str
    shift_ms: int


class Listed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What there is of a time; where segments were too many, `next_ms` is where to go on asking for them."""

    spans: list[dict[str, int | bool]]
    segments: list[ListedSegment]
    locks: list[Lock]
    next_ms: int | None = None


class Recordings:
    """The handlers. `find_store` raises `UnavailableError` while there is none; `folder` is where clips are kept."""

    def __init__(self, find_store: Callable[[], Store], hub: Hub, folder: Path, authorise: Authorise) -> None:
        self._find_store = find_store
        self._hub = hub
        self._folder = folder
        self._authorise = authorise
        self._exporting = asyncio.Semaphore(RECORD_CLIPS_AT_ONCE)

    @property
    def _store(self) -> Store:
        return self._find_store()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(f"{_OF_CAMERA}/recordings", self.listing),
            web.get(f"{_OF_CAMERA}/recordings/init/{{init}}.mp4", self.init),
            web.get(f"{_OF_CAMERA}/recordings/{{segment}}.m4s", self.segment),
            web.post(f"{_OF_CAMERA}/locks", self.lock),
            web.delete(f"{_OF_CAMERA}/locks/{{lock}}", self.release),
            web.post(f"{_OF_CAMERA}/clips", self.export),
            web.get("/api/v1/clips/{clip}.mp4", self.clip),
            web.get("/api/v1/clips/{clip}.json", self.clip_about),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """`GET …/recordings?from_ms=&to_ms=`: spans without a gap, and the segments to read."""
        camera = await self._camera(request)
        from_ms, to_ms = _instant(request, "from_ms"), _instant(request, "to_ms")
        if not 0 < to_ms - from_ms <= RECORD_LISTED_MS:
            raise InvalidInputError(f"a time ends after it begins and is of {RECORD_LISTED_MS} ms at most")
        found = await self._store.listing(camera, from_ms, to_ms)
        locks = [lock for lock in self._store.locks(camera) if lock.from_ms < to_ms and lock.to_ms > from_ms]
        return json_response(
            Listed(
                [msgspec.structs.asdict(span) for span in found.spans],
                [ListedSegment(s.id, s.from_ms, s.to_ms, s.init, s.shift_ms) for s in found.segments],
                locks,
                found.next_ms,
            )
        )

    async def init(self, request: web.Request) -> web.Response:
        """`GET …/recordings/init/{init}.mp4`: what a decoder has to know first; never changes."""
        await self._camera(request)
        return _video(await self._store.init(request.match_info["init"]), "private, max-age=86400, immutable")

    async def segment(self, request: web.Request) -> web.Response:
        """`GET …/recordings/{segment}.m4s`: its fragments, up to what was written last."""
        camera, name = await self._camera(request), request.match_info["segment"]
        if not (name.isascii() and name.isdecimal() and len(name) <= 18):
            raise UnknownIdError("no such recording")
        return _video(await self._store.fragments(camera, int(name)), "no-store")

    async def lock(self, request: web.Request) -> web.Response:
        """`POST …/locks`: kept for good from now on, whatever the quota. Answers its id."""
        actor = actor_of(request)
        require(actor, *_MAY_LOCK)
        camera, asked = await self._camera(request), await _body(request, Stretch)
        if asked.from_ms >= asked.to_ms:
            raise InvalidInputError("a stretch of time ends after it begins")
        await self._hub.read(lambda t: t.cameras.need(camera))
        lock = Lock(
            id=secrets.token_hex(8), camera=camera, from_ms=asked.from_ms, to_ms=asked.to_ms, why=asked.why,
            who=actor.id, at_ms=self._hub.clock.now_ms(),
        )  # fmt: skip
        # First the deed: pictures that are overwritten meanwhile would be gone, a lock that nobody recorded is no harm.
        await self._store.lock(lock)
        fact = LockRecording(lock=lock.id, camera=camera, from_ms=lock.from_ms, to_ms=lock.to_ms, why=lock.why)
        await self._hub.ask(fact, _in_the_name_of(actor))
        return json_response(lock)

    async def release(self, request: web.Request) -> web.Response:
        """`DELETE …/locks/{lock}` with a reason: it goes when its time comes."""
        actor = actor_of(request)
        require(actor, *_MAY_RELEASE)
        camera, asked, lock = await self._camera(request), await _body(request, Why), request.match_info["lock"]
        if not any(each.id == lock for each in self._store.locks(camera)):
            raise UnknownIdError("no such lock")
        await self._hub.ask(ReleaseRecording(lock=lock, camera=camera, why=asked.why), _in_the_name_of(actor))
        await self._store.release(lock)
        return web.Response(status=204)

    async def export(self, request: web.Request) -> web.Response:
        """`POST …/clips`: one playable file with its hash; both stand in the record before this answers."""
        actor = actor_of(request)
        require(actor, *_MAY_EXPORT)
        camera, asked = await self._camera(request), await _body(request, Stretch)
        if self._exporting.locked():
            raise TooManyError("other clips are being exported; try again when they are done")
        now_ms = self._hub.clock.now_ms()
        wanted = Asked(
            camera=camera, from_ms=asked.from_ms, to_ms=min(asked.to_ms, now_ms), why=asked.why, who=actor.id,
            at_ms=now_ms, situation=asked.situation or "",
        )  # fmt: skip
        async with self._exporting:
            clip = await export(self._store, self._folder, wanted)
        await self._put_on_record(clip, actor)
        return json_response(clip)

    async def _put_on_record(self, clip: Clip, actor: Actor) -> None:
        asked = clip.asked
        fact = RecordClip(
            clip=clip.id, camera=asked.camera, from_ms=asked.from_ms, to_ms=asked.to_ms, sha256=clip.sha256,
            size=clip.size, missing_ms=clip.missing_ms, why=asked.why, situation=asked.situation or None,
        )  # fmt: skip
        try:
            await self._hub.ask(fact, _in_the_name_of(actor))
        except TriuneError:
            for path in self._folder.glob(f"{clip.id}.*"):
                path.unlink(missing_ok=True)
            raise

    async def clip(self, request: web.Request) -> web.StreamResponse:
        """`GET /api/v1/clips/{clip}.mp4`: the file; parts of it by `Range`."""
        require(actor_of(request), *_MAY_EXPORT)
        path = clip_file(self._folder, request.match_info["clip"])
        headers = {
            "Content-Type": "video/mp4",
            "Content-Disposition": f'attachment; filename="{path.name}"',
            "Cache-Control": "private, no-store",
        }
        return web.FileResponse(path, headers=headers)

    async def clip_about(self, request: web.Request) -> web.Response:
        """`GET /api/v1/clips/{clip}.json`: hash, who, when, why, camera, what is missing."""
        require(actor_of(request), *_MAY_EXPORT)
        clip = clip_about(self._folder, request.match_info["clip"])
        return json_response(clip)

    async def _camera(self, request: web.Request) -> str:
        camera = request.match_info["camera_id"]
        await self._authorise(request, camera)
        return camera


def _in_the_name_of(actor: Actor) -> Actor:
    """The hub writes it down for whoever did it: nobody can make or leave out such a record by hand."""
    return replace(HUB, id=actor.id)


def _video(data: bytes, cache: str) -> web.Response:
    return web.Response(body=data, content_type="video/mp4", headers={"Cache-Control": cache})


def _instant(request: web.Request, name: str) -> int:
    try:
        return msgspec.convert(request.query.get(name), Instant, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"{name} is milliseconds since 1970") from error


async def _body(request: web.Request, kind: type[B]) -> B:
    try:
        return msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"not what is asked for: {error}") from error
