"""Moving cameras over HTTP: who may, who goes before whom, and who holds one now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from command.actors import DESK, Actor, Role
from command.kernel.errors import InvalidInputError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.services.bodies import read_body
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from streams.ptz import Command, Hold, Move, Operator, Preset, PtzControl, Recall, Speed

Authorise = Callable[[web.Request, str], Awaitable[None]]
"""`authorise(request, camera_id)` raises unless whoever asks may see this camera."""

MAY_MOVE: frozenset[Role] = DESK | {"camera_watch"}
_RANKS: dict[Role, int] = {"commander": 2, "dispatcher": 1}
"""Of two people the one with the higher rank takes a camera from the other; all others are 0."""


class PtzBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A move, −1…1 each and all 0 to stop, or a preset; not both."""

    pan: Speed | None = None
    tilt: Speed | None = None
    zoom: Speed | None = None
    preset: Annotated[int, Meta(ge=0, le=65_535)] | None = None


class PtzState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a camera may be movable, and who holds it until when; `mine` says that it is whoever asks."""

    moves: bool
    holder: str | None = None
    until_ms: int | None = None
    mine: bool = False


class PtzPresets(msgspec.Struct, frozen=True, kw_only=True):
    """The places that a camera keeps, in its own order."""

    presets: list[Preset]


def routes(control: PtzControl, authorise: Authorise) -> list[web.RouteDef]:
    """Return the routes; their errors are `TriuneError`s for the application's middleware to answer."""

    async def state(request: web.Request) -> web.Response:
        camera = await _camera(request, authorise)
        return json_response(_state(control.moves(camera), await control.hold(camera), actor_of(request)))

    async def presets(request: web.Request) -> web.Response:
        camera = await _camera(request, authorise)
        require(actor_of(request), *MAY_MOVE)
        return json_response(PtzPresets(presets=await control.presets(camera)))

    async def move(request: web.Request) -> web.Response:
        camera, actor = await _camera(request, authorise), actor_of(request)
        require(actor, *MAY_MOVE)
        body = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=PtzBody)
        rank = max(_RANKS.get(role, 0) for role in actor.roles)
        hold = await control.command(camera, Operator(actor.id, actor.name, rank), _command(body))
        return json_response(_state(moves=True, hold=hold, actor=actor))

    return [
        web.get("/api/v1/cameras/{camera_id}/ptz", state),
        web.post("/api/v1/cameras/{camera_id}/ptz", move),
        web.get("/api/v1/cameras/{camera_id}/ptz/presets", presets),
    ]


async def _camera(request: web.Request, authorise: Authorise) -> str:
    camera = request.match_info["camera_id"]
    await authorise(request, camera)
    return camera


def _command(body: PtzBody) -> Command:
    speeds = (body.pan, body.tilt, body.zoom)
    if body.preset is not None:
        if speeds != (None, None, None):
            raise InvalidInputError("a preset or a move, not both")
        return Recall(body.preset)
    if speeds == (None, None, None):
        raise InvalidInputError("a preset, or one of pan, tilt and zoom")
    return Move(*(speed or 0.0 for speed in speeds))


def _state(moves: bool, hold: Hold | None, actor: Actor) -> PtzState:
    if hold is None:
        return PtzState(moves=moves)
    return PtzState(moves=moves, holder=hold.by.name, until_ms=hold.until_ms, mine=hold.by.id == actor.id)
