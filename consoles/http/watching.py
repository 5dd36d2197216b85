"""Whoever sees vehicles pass as they do is on record for it, once for each session: on duty (值守), from then on."""

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
ON_DUTY = "值守"
"""The standing reason of the roles whose duty it is to look."""


async def on_record(context: Context, request: web.Request, space: Space, actor: Actor) -> None:
    """Have it written down before anything is shown; says nothing for whom nothing is shown.

    A console that comes back, at this hub or another, is the same session and written down no second time. Raises as
    `Hub.ask` where it cannot be written down.
    """
    if PASSAGES not in tables_of(actor):
        return
    session = hashlib.sha256(request.cookies.get(SESSION_COOKIE, "").encode()).hexdigest()[:16]
    key = f"{PASSAGES}/{session}"
    if (space.name, key) not in context.watching:
        query = RecordQuery(what="passages", terms="*", reason=ON_DUTY, results=0)
        await space.hub.ask(query, replace(HUB, id=actor.id), key)
    context.watching[space.name, key] = None
    context.watching.move_to_end((space.name, key))
    if len(context.watching) > SESSIONS_WATCHING:
        context.watching.popitem(last=False)
