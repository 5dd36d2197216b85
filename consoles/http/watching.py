"""Whoever sees vehicles without asking for them is on record for it, once for each session, with a standing reason."""

from __future__ import annotations

import hashlib

from aiohttp import web
from msgspec.structs import replace

from command.access.visibility import tables_of
from command.actors import HUB, Actor
from command.requests import RecordQuery
from consoles.http.context import Context, Space
from consoles.http.identity import SESSION_COOKIE
from consoles.limits import SESSIONS_WATCHING

PASSAGES = "passages"
ON_DUTY, LENS = "值守", "镜头检查"
"""The standing reasons of the roles whose duty it is to look on, and to look whether a camera sees well."""


async def on_record(context: Context, request: web.Request, space: Space, actor: Actor) -> None:
    """Have it written down before passages are shown as they happen; says nothing for whom none are shown.

    A console that comes back, at this hub or another, is the same session and written down no second time. Raises as
    `Hub.ask` where it cannot be written down.
    """
    if PASSAGES in tables_of(actor):
        query = RecordQuery(what="passages", terms="*", reason=ON_DUTY, results=0)
        await _once(context, request, space, actor, query)


async def lens_on_record(context: Context, request: web.Request, space: Space, actor: Actor, camera: str) -> None:
    """Have it written down, once for each camera, before pictures of passages are shown for its lens' sake."""
    query = RecordQuery(what="lens", terms=camera, reason=LENS, results=1)
    await _once(context, request, space, actor, query)


async def _once(context: Context, request: web.Request, space: Space, actor: Actor, query: RecordQuery) -> None:
    session = hashlib.sha256(request.cookies.get(SESSION_COOKIE, "").encode()).hexdigest()[:16]
    key = f"{query.what}/{query.terms}/{session}"
    if (space.name, key) not in context.watching:
        await space.hub.ask(query, replace(HUB, id=actor.id), key)
    context.watching[space.name, key] = None
    context.watching.move_to_end((space.name, key))
    if len(context.watching) > SESSIONS_WATCHING:
        context.watching.popitem(last=False)
