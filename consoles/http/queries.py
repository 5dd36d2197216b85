"""Who looked up what and why, for those who look after it; and how many queries one may still make oneself."""

from __future__ import annotations

from aiohttp import web

from command.kernel.errors import InvalidInputError
from command.rows import QueryRow
from command.rules.queries import HOUR_MS, made_lately
from command.tables import Tables
from consoles.http.context import actor_of, context_of, require
from consoles.http.record import json_response
from consoles.http.sightings import an_hour
from consoles.limits import QUERIES_LISTED


async def listed(request: web.Request) -> web.Response:
    """`GET /api/v1/queries?by=&before=`: queries made, newest first; `before` is the last id of the page before."""
    require(actor_of(request), "duty_leader", "administrator")
    by, before = request.query.get("by", ""), request.query.get("before", "")
    if before and not (before[1:].isdecimal() and before.isascii() and len(before) <= 20):
        raise InvalidInputError("before is the id of a query")
    rows = await context_of(request).space(request).hub.read(lambda t: _newest(t, by, before))
    return json_response({"queries": rows[:QUERIES_LISTED], "more": len(rows) > QUERIES_LISTED})


def _newest(t: Tables, by: str, before: str) -> list[QueryRow]:
    rows = t.queries.of(by) if by else list(t.queries)
    rows.sort(key=_number, reverse=True)
    end = int(before[1:]) if before else None
    return [row for row in rows if end is None or _number(row) < end][: QUERIES_LISTED + 1]


def _number(row: QueryRow) -> int:
    return int(row.id[1:])


async def left(request: web.Request) -> web.Response:
    """`GET /api/v1/queries/left`: how many queries one may make in an hour, and still now, or when the next."""
    actor, hub = actor_of(request), context_of(request).space(request).hub
    most, now_ms = an_hour(actor), hub.clock.now_ms()
    made = await hub.read(lambda t: made_lately(t, actor.id, now_ms))
    next_ms = now_ms if len(made) < most else made[-most] + HOUR_MS
    return json_response({"an_hour": most, "left": max(0, most - len(made)), "next_ms": next_ms})


routes = [web.get("/api/v1/queries", listed), web.get("/api/v1/queries/left", left)]
