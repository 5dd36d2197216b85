"""The past over HTTP: which situations there were, and each as it was at a moment and all that happened to it."""

from __future__ import annotations

from aiohttp import web

from command.access.visibility import MAY_REPLAY, tables_of
from command.kernel.errors import InvalidInputError
from command.snapshots import SnapshotFolder
from consoles.http.context import Context, actor_of, require
from consoles.http.record import json_response
from plans.past import Replays, Scene

SEES = sorted(MAY_REPLAY)
_INSTANT_DIGITS = 15


def routes(context: Context, snapshots: SnapshotFolder) -> list[web.RouteDef]:
    """Return the routes; all take `?space=` for a rehearsal's past. `snapshots` are the hub's, to begin from."""
    replays = Replays(snapshots)

    async def scene(request: web.Request) -> web.Response:
        """`GET /api/v1/situations/{situation}/replay?at_ms=`."""
        actor = actor_of(request)
        require(actor, *SEES)
        space, situation = context.space(request), request.match_info["situation"]
        readings = context.readings_of(space)
        at_ms, limits = _instant(request, "at_ms"), space.hub.limits
        found = await replays.scene(space.hub.journal, readings, space.name, situation, at_ms, limits)
        visible = {name: rows for name, rows in found.tables.items() if name in tables_of(actor)}
        return json_response(Scene(situation=situation, at_ms=found.at_ms, seq=found.seq, tables=visible))

    async def time_line(request: web.Request) -> web.Response:
        """`GET /api/v1/situations/{situation}/timeline`."""
        require(actor_of(request), *SEES)
        space = context.space(request)
        situation = request.match_info["situation"]
        return json_response(await replays.time_line(space.hub.journal, space.name, situation, space.hub.limits))

    async def past(request: web.Request) -> web.Response:
        """`GET /api/v1/situations?from_ms=&to_ms=`: those opened in that time, also where they left the tables."""
        require(actor_of(request), *SEES)
        space = context.space(request)
        from_ms, to_ms = _instant(request, "from_ms"), _instant(request, "to_ms")
        return json_response(await replays.find(space.hub.journal, space.name, from_ms, to_ms))

    return [
        web.get("/api/v1/situations", past),
        web.get("/api/v1/situations/{situation}/replay", scene),
        web.get("/api/v1/situations/{situation}/timeline", time_line),
    ]


def _instant(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= _INSTANT_DIGITS):
        raise InvalidInputError(f"{name} is milliseconds since 1970")
    return int(text)
