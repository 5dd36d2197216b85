"""Violations over HTTP: the manifest and parts of their evidence, and the pack with it all (SPEC R608, R609)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import hdrs, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command.actors import Actor, Role
from command.kernel.errors import SignInRequiredError, TooManyError, UnknownIdError
from command.links.violations import PACKS
from command.requests import RecordQuery
from command.rows import ViolationRow
from consoles.http.bodies import part_of
from consoles.http.context import Context, actor_of, context_of, require
from consoles.http.hooks import CASE_SERVICE
from consoles.http.identity import Handler, is_open
from consoles.http.stretches import Authorise, in_the_name_of
from consoles.limits import EVIDENCE_TRANSFERS
from streams.limits import VIOLATION_PACK_BYTES
from streams.violations import pack
from streams.violations.pack import Manifest
from streams.violations.paper import paper

_MAY_LOOK: tuple[Role, ...] = ("dispatcher", "duty_leader", "commander", "camera_watch", "director")
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}
_PART_HEADERS = {
    "Cache-Control": "private, max-age=3600, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


_PAPER_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""Not sandboxed: its pictures are fetched with the session's cookie. It runs no script."""

Door = Callable[[web.Request, Manifest | None], Awaitable[Actor]]
"""Says who asks; raises where they may not look, at anything or at what this manifest shows."""


def for_people(key: Ed25519PrivateKey, authorise: Authorise) -> list[web.RouteDef]:
    """Return the routes for those who review: cameras of what they look at have to be theirs to look at, too."""

    async def door(request: web.Request, manifest: Manifest | None) -> Actor:
        actor = actor_of(request)
        require(actor, *_MAY_LOOK)
        for camera in {passage.camera for passage in manifest.finding.passages} if manifest else ():
            await authorise(request, camera)
        return actor

    async def public_key(request: web.Request) -> web.Response:
        """`GET …/key`: the Ed25519 key that packs are signed with, hexadecimal."""
        require(actor_of(request), *_MAY_LOOK, "administrator")
        return web.json_response({"public_key": key.public_key().public_bytes_raw().hex()})

    base = "/api/v1/violation-packs"
    return [web.get(f"{base}/key", public_key), *_routes(base, Evidence(key, door), lambda handler: handler)]


def for_case_service(key: Ed25519PrivateKey, token: str) -> list[web.RouteDef]:
    """Return the routes for the case service, which shows the token that it is spoken to with (RFC 6750)."""
    expected = f"Bearer {token}".encode()

    async def door(request: web.Request, _: Manifest | None) -> Actor:
        offered = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(offered, expected):
            raise SignInRequiredError("this needs the case service's bearer token")
        return CASE_SERVICE

    def opened(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await handler(request)

        return is_open(handle)

    return _routes(PACKS, Evidence(key, door), opened)


def _routes(base: str, evidence: Evidence, opened: Callable[[Handler], Handler]) -> list[web.RouteDef]:
    return [
        web.get(f"{base}/{{manifest}}.json", opened(evidence.manifest)),
        web.get(f"{base}/{{manifest}}.zip", opened(evidence.zip)),
        web.get(f"{base}/{{manifest}}/{pack.PAPER}", opened(evidence.paper)),
        web.get(f"{base}/{{manifest}}/{{part}}", opened(evidence.part)),
    ]


class Evidence:
    """The handlers. Evidence is asked for by the SHA-256 of its manifest, which names it for good."""

    def __init__(self, key: Ed25519PrivateKey, door: Door) -> None:
        self._key = key
        self._door = door

    async def manifest(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}.json`: what is known and what there is."""
        _, data, _ = await self._about(request)
        return web.Response(body=data, content_type="application/json", headers=_PART_HEADERS)

    async def part(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}/{part}`: a picture or clip; a part of it by `Range`."""
        _, _, manifest = await self._about(request)
        name = request.match_info["part"]
        part = next((part for part in manifest.parts if part.name == name), None)
        if part is None:
            raise UnknownIdError("no such part")
        context = context_of(request)
        async with _transfer(context):
            data = await context.blobs.get(part.sha256)
        piece = part_of(request, len(data))
        if piece.status == 416:
            return web.Response(status=416, headers=piece.headers)
        media_type = _MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        return web.Response(
            status=piece.status, body=data[piece.start : piece.stop], content_type=media_type,
            headers={**_PART_HEADERS, **piece.headers},
        )  # fmt: skip

    async def paper(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}/evidence.html`: what the pack says, to be read and printed. That it was is on record."""
        actor, _, manifest = await self._about(request)
        await self._note_taken(request, actor, manifest)
        _, text = await self._paper(request, manifest)
        return web.Response(body=text, content_type="text/html", charset="utf-8", headers=_PAPER_HEADERS)

    async def zip(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}.zip`: all of it in one file that proves itself; that it was taken out is on record."""
        actor, data, manifest = await self._about(request)
        context = context_of(request)
        if sum(part.size for part in manifest.parts) > VIOLATION_PACK_BYTES:
            raise UnknownIdError("no such pack")
        await self._note_taken(request, actor, manifest)
        row, text = await self._paper(request, manifest)
        async with _transfer(context):
            parts = {part.name: await context.blobs.get(part.sha256) for part in manifest.parts}
            review = msgspec.json.encode(row, order="sorted")
            packed = await asyncio.to_thread(pack.zipped, data, parts, review, text, self._key)
        name = f"{manifest.violation}-{request.match_info['manifest'][:12]}.zip"
        headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=packed, content_type="application/zip", headers=headers)

    async def _note_taken(self, request: web.Request, actor: Actor, manifest: Manifest) -> None:
        query = RecordQuery(
            what="vehicle", terms=manifest.finding.plate, reason=f"取证 {manifest.violation}", results=1
        )
        await context_of(request).space(request).hub.ask(query, in_the_name_of(actor))

    async def _paper(self, request: web.Request, manifest: Manifest) -> tuple[ViolationRow | None, bytes]:
        """Return how the review stands, None where it left the tables, which the journal still has; and the paper."""
        context = context_of(request)
        row = await context.space(request).hub.read(lambda t: t.violations.get(manifest.violation))
        if row is not None and row.found_ms != manifest.found_ms:
            row = None
        people, key = await context.accounts.people(), self._key.public_key().public_bytes_raw().hex()
        return row, paper(manifest, request.match_info["manifest"], row, people, key)

    async def _about(self, request: web.Request) -> tuple[Actor, bytes, Manifest]:
        """Return who asks, and a manifest that they may see."""
        await self._door(request, None)
        data = await context_of(request).blobs.get(request.match_info["manifest"])
        try:
            manifest = pack.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise UnknownIdError("no such pack") from None
        if manifest.format != pack.FORMAT:
            raise UnknownIdError("no such pack")
        return await self._door(request, manifest), data, manifest


@asynccontextmanager
async def _transfer(context: Context) -> AsyncIterator[None]:
    if context.transfers.locked():
        raise TooManyError(f"{EVIDENCE_TRANSFERS} files are on their way; try again")
    async with context.transfers:
        yield
