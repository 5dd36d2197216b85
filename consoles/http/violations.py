"""Violations over HTTP: the manifest and parts of their evidence, and the pack with it all (SPEC R608, R609)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command.actors import Role
from command.kernel.errors import TooManyError, UnknownIdError
from command.kernel.limits import EVIDENCE_TRANSFERS, VIOLATION_PACK_BYTES
from command.requests import RecordQuery
from command.rows import ViolationRow
from consoles.http.context import Context, actor_of, context_of, require
from consoles.http.stretches import Authorise, in_the_name_of
from streams.violations import pack
from streams.violations.pack import Manifest

_MAY_LOOK: tuple[Role, ...] = ("dispatcher", "duty_leader", "commander", "camera_watch", "director")
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}
_PART_HEADERS = {
    "Cache-Control": "private, max-age=3600, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class Evidence:
    """The handlers. Evidence is asked for by the SHA-256 of its manifest, which names it for good."""

    def __init__(self, key: Ed25519PrivateKey, authorise: Authorise) -> None:
        self._key = key
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        base = "/api/v1/violation-packs"
        return [
            web.get(f"{base}/key", self.public_key),
            web.get(f"{base}/{{manifest}}.json", self.manifest),
            web.get(f"{base}/{{manifest}}.zip", self.zip),
            web.get(f"{base}/{{manifest}}/{{part}}", self.part),
        ]

    async def public_key(self, request: web.Request) -> web.Response:
        """`GET …/key`: the Ed25519 key that packs are signed with, hexadecimal."""
        require(actor_of(request), *_MAY_LOOK, "administrator")
        return web.json_response({"public_key": self._key.public_key().public_bytes_raw().hex()})

    async def manifest(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}.json`: what is known and what there is."""
        data, _ = await self._about(request)
        return web.Response(body=data, content_type="application/json", headers=_PART_HEADERS)

    async def part(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}/{part}`: a picture or clip; a part of it by `Range`."""
        _, manifest = await self._about(request)
        name = request.match_info["part"]
        part = next((part for part in manifest.parts if part.name == name), None)
        if part is None:
            raise UnknownIdError("no such part")
        context = context_of(request)
        async with _transfer(context):
            data = await context.blobs.get(part.sha256)
        headers = {**_PART_HEADERS, "Accept-Ranges": "bytes"}
        status, body = 200, data
        if request.http_range.start is not None or request.http_range.stop is not None:
            start, stop, _ = request.http_range.indices(len(data))
            if start >= stop:
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
            status, body = 206, data[start:stop]
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        media_type = _MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        return web.Response(status=status, body=body, content_type=media_type, headers=headers)

    async def zip(self, request: web.Request) -> web.Response:
        """`GET …/{manifest}.zip`: all of it in one file that proves itself; that it was taken out is on record."""
        data, manifest = await self._about(request)
        actor, context = actor_of(request), context_of(request)
        if sum(part.size for part in manifest.parts) > VIOLATION_PACK_BYTES:
            raise UnknownIdError("no such pack")
        hub = context.space(request).hub
        query = RecordQuery(
            what="vehicle", terms=manifest.finding.plate, reason=f"取证 {manifest.violation}", results=1
        )
        await hub.ask(query, in_the_name_of(actor))
        review = await hub.read(lambda t: _review(t.violations.get(manifest.violation), manifest))
        async with _transfer(context):
            parts = {part.name: await context.blobs.get(part.sha256) for part in manifest.parts}
            packed = await asyncio.to_thread(pack.zipped, data, parts, review, self._key)
        name = f"{manifest.violation}-{request.match_info['manifest'][:12]}.zip"
        headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=packed, content_type="application/zip", headers=headers)

    async def _about(self, request: web.Request) -> tuple[bytes, Manifest]:
        """Return a manifest for who may see it: its cameras have to be theirs to look at, too."""
        require(actor_of(request), *_MAY_LOOK)
        data = await context_of(request).blobs.get(request.match_info["manifest"])
        try:
            manifest = pack.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise UnknownIdError("no such pack") from None
        if manifest.format != pack.FORMAT:
            raise UnknownIdError("no such pack")
        for camera in {passage.camera for passage in manifest.finding.passages}:
            await self._authorise(request, camera)
        return data, manifest


def _review(row: ViolationRow | None, manifest: Manifest) -> bytes:
    """Return how the review stands; nothing where it left the tables, which the journal still has."""
    known = row if row is not None and row.found_ms == manifest.found_ms else None
    return msgspec.json.encode(known, order="sorted")


@asynccontextmanager
async def _transfer(context: Context) -> AsyncIterator[None]:
    if context.transfers.locked():
        raise TooManyError(f"{EVIDENCE_TRANSFERS} files are on their way; try again")
    async with context.transfers:
        yield
