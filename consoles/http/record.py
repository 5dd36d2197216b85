"""Requests to the record, advice from it, and files."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from command import requests, wire
from command.access.visibility import MAY_REPLAY, concerns, seen_by, sees_own_rows_only, tables_of
from command.actors import Actor
from command.kernel.errors import ConflictError, InvalidInputError, TooManyError, UnknownIdError
from command.kernel.limits import EVIDENCE_BYTES, REQUEST_BODY_BYTES
from command.rules import advice
from command.services.bodies import read_body
from command.tables import Tables
from consoles.http.context import Context, Space, actor_of, context_of, require
from consoles.http.kept import may_review
from consoles.http.retiring import before_asking, once_done
from consoles.limits import EVIDENCE_BODY_MS, EVIDENCE_TRANSFERS
from plans.past import HIT_MEDIA_TYPE, files_of

_MEDIA_TYPES = frozenset({
    "image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4", "audio/ogg", "video/mp4", "video/webm",
    "application/pdf", "text/plain",
})  # fmt: skip


async def ask(request: web.Request) -> web.Response:
    """`POST /api/v1/requests`: any request, by its tag; with an `Idempotency-Key` a retry gets the first answer."""
    body = await read_body(request, REQUEST_BODY_BYTES)
    return await _ask(request, requests.decode(body))


async def report_call(request: web.Request) -> web.Response:
    """`POST /api/v1/calls`: an exchange tells that a line rings. The body is a `report_call` without its tag."""
    body = await read_body(request, REQUEST_BODY_BYTES)
    return await _ask(request, msgspec.json.decode(body, type=requests.ReportCall))


async def hang_up(request: web.Request) -> web.Response:
    """`DELETE /api/v1/calls/{call}`: the caller is gone."""
    return await _ask(request, requests.HangUpCall(call=request.match_info["call"]))


async def _ask(request: web.Request, asked: requests.Request) -> web.Response:
    actor = actor_of(request)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 8 <= len(key) <= 100:
        raise InvalidInputError("an Idempotency-Key has 8 to 100 characters")
    space = context_of(request).space(request)
    await may_review(context_of(request), space, asked, actor)
    if actor.has("administrator"):  # nobody else retires or enrols
        await before_asking(context_of(request), space, asked)
    # One person's key says nothing about another's.
    full_key = f"{actor.id}/{key}" if key else None
    try:
        answer = await space.hub.ask(asked, actor, full_key)
    except ConflictError as error:
        error.current = seen_by(actor, error.current)
        raise
    await once_done(context_of(request), space, asked, actor)
    return json_response(answer)


async def recommendations(request: web.Request) -> web.Response:
    """`GET /api/v1/situations/{situation}/recommendations`: who could go, and why."""
    require(actor_of(request), "call_taker", "dispatcher", "commander", "duty_leader")
    hub, situation = context_of(request).space(request).hub, request.match_info["situation"]
    now_ms = hub.clock.now_ms()
    return json_response(await hub.read(lambda t: advice.recommend(t, t.situations.need(situation), now_ms)))


async def duplicates(request: web.Request) -> web.Response:
    """`GET /api/v1/calls/{call}/duplicates`: open situations that it may be about."""
    require(actor_of(request), "call_taker", "dispatcher", "commander", "duty_leader")
    hub, call = context_of(request).space(request).hub, request.match_info["call"]
    now_ms = hub.clock.now_ms()
    return json_response(await hub.read(lambda t: advice.likely_duplicates(t, call, now_ms)))


async def upload(request: web.Request) -> web.Response:
    """`POST /api/v1/blobs`: keep a file; the answer's name goes into `fix_evidence`."""
    require(actor_of(request), "call_taker", "dispatcher", "commander", "duty_leader", "officer", "camera_watch")
    if request.content_type not in _MEDIA_TYPES:
        raise web.HTTPUnsupportedMediaType
    context = context_of(request)
    async with transfer(context):
        data = await read_body(request, EVIDENCE_BYTES, EVIDENCE_BODY_MS)
        if not data:
            raise InvalidInputError("the file is empty")
        expected = request.headers.get("X-Content-SHA256")
        if expected and expected != hashlib.sha256(data).hexdigest():
            raise InvalidInputError("the file was damaged on its way")
        name = await context.blobs.add(data)
    return json_response(wire.BlobInfo(sha256=name, size=len(data), media_type=request.content_type))


async def download(request: web.Request) -> web.Response:
    """`GET /api/v1/blobs/{sha256}`: a picture or file that a row names. In the field, only what one fixed oneself.

    `?row=` is the row's id: with it, whoever may look at the past gets the file of a row that has left the tables.
    """
    context, name, actor = context_of(request), request.match_info["sha256"], actor_of(request)
    space = context.space(request)
    told_type = await space.hub.read(lambda t: _media_type(t, name, actor)) or await _past_type(request, space, name)
    if told_type is None:
        raise UnknownIdError(f"no file {name[:64]!r} that you may see")
    async with transfer(context):
        data = await context.blobs.get(name)
    known = told_type in _MEDIA_TYPES
    # What a file is was said by whoever brought it: the browser must not run it as part of our pages.
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline" if known else "attachment",
    }
    return web.Response(body=data, content_type=told_type if known else "application/octet-stream", headers=headers)


@asynccontextmanager
async def transfer(context: Context) -> AsyncIterator[None]:
    """Hold one of the places for files that are whole in memory; `TooManyError` where none is free."""
    if context.transfers.locked():
        raise TooManyError(f"{EVIDENCE_TRANSFERS} files are on their way; try again")
    async with context.transfers:
        yield


def _media_type(t: Tables, name: str, actor: Actor) -> str | None:
    tables = tables_of(actor)
    if "evidence" in tables:
        own_only = sees_own_rows_only(actor, "evidence")
        for row in t.evidence:
            if row.sha256 == name and (not own_only or concerns(row, actor)):
                return row.media_type
    if "hits" in tables and any(name in (hit.picture, hit.plate_picture) for hit in t.hits):
        return HIT_MEDIA_TYPE
    if "passages" in tables and any(passage.picture == name for passage in t.passages):
        return HIT_MEDIA_TYPE
    return None


async def _past_type(request: web.Request, space: Space, name: str) -> str | None:
    row = request.query.get("row", "")
    if actor_of(request).roles.isdisjoint(MAY_REPLAY):
        return None
    return (await files_of(space.hub.journal, space.name, row)).get(name)


def json_response(value: object) -> web.Response:
    """Return a value of ours as JSON; never cached, since it is so only now."""
    return web.Response(
        body=msgspec.json.encode(value), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


routes = [
    web.post("/api/v1/requests", ask),
    web.post("/api/v1/calls", report_call),
    web.delete("/api/v1/calls/{call}", hang_up),
    web.get("/api/v1/calls/{call}/duplicates", duplicates),
    web.get("/api/v1/situations/{situation}/recommendations", recommendations),
    web.post("/api/v1/blobs", upload),
    web.get("/api/v1/blobs/{sha256}", download),
]
