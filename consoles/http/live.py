"""The live websocket: a console subscribes and is kept up to date."""

from __future__ import annotations

import aiohttp
import msgspec
from aiohttp import web

from command import wire
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError
from command.kernel.limits import CONSOLE_MESSAGE_BYTES, CONSOLES
from consoles.http.context import Context, Space, actor_of, context_of
from consoles.http.identity import actor_info
from consoles.push import Console, text_frame

_PING_S = 15.0
_decoder = msgspec.json.Decoder(wire.Subscribe)


async def live(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/live`: see `command/wire.py` for what goes over it."""
    context, actor = context_of(request), actor_of(request)
    space = context.space(request)
    if sum(len(s.feed) for s in context.spaces.values()) >= CONSOLES:
        raise TooManyError(f"{CONSOLES} consoles are connected")
    # No compression: frames are built once for all consoles and written as they are.
    socket = web.WebSocketResponse(heartbeat=_PING_S, compress=False, max_msg_size=CONSOLE_MESSAGE_BYTES)
    await socket.prepare(request)
    transport = request.transport
    if transport is None:
        return socket  # the browser was gone before the answer
    console = Console(actor, transport)
    console.send(_welcome(context, space, console))
    try:
        await _follow(socket, space, console)
    finally:
        space.feed.leave(console)
    return socket


async def _follow(socket: web.WebSocketResponse, space: Space, console: Console) -> None:
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        try:
            await space.feed.subscribe(console, _decoder.decode(message.data))
        except msgspec.MsgspecError as error:
            _refuse(console, InvalidInputError(f"not a subscription: {error}"))
        except TriuneError as error:
            _refuse(console, error)


def _refuse(console: Console, error: TriuneError) -> None:
    refused = wire.Refused(status=error.status, code=error.code, detail=error.detail)
    console.send(text_frame(msgspec.json.encode(refused)))


def _welcome(context: Context, space: Space, console: Console) -> bytes:
    welcome = wire.Welcome(
        space=space.name,
        hub=context.hub_id,
        version=wire.VERSION,
        release=context.release,
        actor=actor_info(console.actor),
        now_ms=space.hub.clock.now_ms(),
    )
    return text_frame(msgspec.json.encode(welcome))


routes = [web.get("/api/v1/live", live)]
