"""Requests to the record, advice from it, and files."""

from __future__ import annotations

import hashlib

import msgspec
from aiohttp import web

from command import requests, wire
from command.access.visibility import sees_rows_of_own_unit_only, tables_of
from command.actors import HUB, Actor
from command.kernel.errors import InvalidInputError, TooLargeError, UnknownIdError
from command.kernel.limits import EVIDENCE_BYTES, REQUEST_BODY_BYTES
from command.requests import RecordQuery
from command.rules import advice
from command.tables import Tables
from consoles.http.context import actor_of, context_of, require

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
    # One person's key says nothing about another's.
    answer = await context_of(request).space(request).hub.ask(asked, actor, f"{actor.id}/{key}" if key else None)
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
        raise InvalidInputError(f"files of type {request.content_type} are not kept")
    data = await read_body(request, EVIDENCE_BYTES)
    if not data:
        raise InvalidInputError("the file is empty")
    expected = request.headers.get("X-Content-SHA256")
    if expected and expected != hashlib.sha256(data).hexdigest():
        raise InvalidInputError("the file was damaged on its way")
    name = await context_of(request).blobs.add(data)
    return json_response(wire.BlobInfo(sha256=name, size=len(data), media_type=request.content_type))


async def download(request: web.Request) -> web.Response:
    """`GET /api/v1/blobs/{sha256}`: a picture or file that a row names. In the field, only what one fixed oneself."""
    context, name, actor = context_of(request), request.match_info["sha256"], actor_of(request)
    media_type = await context.space(request).hub.read(lambda t: _media_type(t, name, actor))
    data = await context.blobs.get(name)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return web.Response(body=data, content_type=media_type, headers=headers)


def _media_type(t: Tables, name: str, actor: Actor) -> str:
    evidence = next((e for e in t.evidence if e.sha256 == name), None)
    if evidence and (not sees_rows_of_own_unit_only(actor) or evidence.by == actor.id):
        return evidence.media_type
    if any(h.picture == name for h in t.hits) and "hits" in tables_of(actor):
        return "image/jpeg"
    raise UnknownIdError(f"no file {name[:64]!r} that you may see")


async def sightings(request: web.Request) -> web.Response:
    """`GET /api/v1/sightings?plate=&from_ms=&to_ms=&reason=`: recorded before it is answered."""
    actor = actor_of(request)
    require(actor, "dispatcher", "commander", "duty_leader", "camera_watch", "officer")
    plate, reason = request.query.get("plate", "").upper(), request.query.get("reason", "")
    if not reason or not 2 <= len(plate) <= 16:
        raise InvalidInputError("a query names a plate or pattern and a reason")
    context = context_of(request)
    space = context.space(request)
    now_ms = space.hub.clock.now_ms()
    from_ms, to_ms = _instant(request, "from_ms", now_ms - 7 * 86_400_000), _instant(request, "to_ms", now_ms)
    found = await context.readings_of(space).sightings(space.name, plate, from_ms, to_ms, 200)
    query = RecordQuery(what="sightings", terms=plate, reason=reason[:500], results=len(found))
    # The hub writes it down in the name of whoever asked: nobody can make or leave out such a record by hand.
    await space.hub.ask(query, msgspec.structs.replace(HUB, id=actor.id))
    return json_response(found)


def _instant(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > 15:
        raise InvalidInputError(f"{name} is milliseconds since 1970")
    return int(text)


async def read_body(request: web.Request, limit: int) -> bytes:
    """Return the body; `TooLargeError` before more than the limit is taken in."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLargeError(f"a body has at most {limit} bytes")
    parts, size = [], 0
    async for part in request.content.iter_chunked(64 * 1024):
        size += len(part)
        if size > limit:
            raise TooLargeError(f"a body has at most {limit} bytes")
        parts.append(part)
    return b"".join(parts)


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
    web.get("/api/v1/sightings", sightings),
    web.post("/api/v1/blobs", upload),
    web.get("/api/v1/blobs/{sha256}", download),
]
