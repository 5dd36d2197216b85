"""The live websocket: a console subscribes and is kept up to date."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
from aiohttp import WSCloseCode, web
from prometheus_client import Counter

from command import wire
from command.kernel.errors import InvalidInputError, NoRightError, SignInRequiredError, TooManyError, TriuneError
from command.kernel.rate import RateLimit
from consoles.console import Console
from consoles.frames import pong, text_frame
from consoles.http import watching
from consoles.http.context import Context, Space, actor_of, context_of
from consoles.http.identity import actor_info, who_asks
from consoles.http.origins import require_ours
from consoles.limits import CONSOLE_MESSAGE_BYTES, CONSOLE_MESSAGES_PER_S, CONSOLE_RECHECK_MS, CONSOLES

SESSION_ENDED = 4401
"""Close code: sign in again. The private range is RFC 6455's, the number HTTP's."""
REFUSED = Counter("triune_console_messages_refused", "What consoles sent and was refused, connection kept", ["code"])
_decoder = msgspec.json.Decoder(wire.Subscribe)


async def live(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/live`: see `command/wire.py` for what goes over it."""
    require_ours(request)
    context, actor, transport = context_of(request), actor_of(request), request.transport
    space = context.space(request)
    if sum(len(s.feed) for s in context.spaces.values()) >= CONSOLES:
        raise TooManyError(f"{CONSOLES} consoles are connected")
    # No compression: frames are built once for all consoles and written as they are. Nor does aiohttp answer anything
    # by itself while the console is followed: what it writes would not be known to wait.
    socket = web.WebSocketResponse(autoping=False, autoclose=False, compress=False, max_msg_size=CONSOLE_MESSAGE_BYTES)
    if transport is None:
        raise ConnectionResetError("the browser was gone before the answer")
    console = Console(actor, transport)
    space.feed.join(console)
    try:
        await socket.prepare(request)
        console.send(_welcome(context, space, console))
        async with asyncio.TaskGroup() as tasks:
            rechecking = tasks.create_task(_watch(request, socket, space, console), name="live-session")
            await _follow(context, request, socket, space, console)
            rechecking.cancel()
    finally:
        space.feed.leave(console)
    await socket.close(drain=False)  # whoever takes nothing off its socket is not waited for
    return socket


async def _follow(
    context: Context, request: web.Request, socket: web.WebSocketResponse, space: Space, console: Console
) -> None:
    rate = RateLimit(CONSOLE_MESSAGES_PER_S, context.clock.now_ms())
    async for message in socket:
        space.feed.heard(console)
        match message.type:
            case aiohttp.WSMsgType.PING:
                await space.feed.drained(console)
                console.send(pong(message.data))
                continue
            case aiohttp.WSMsgType.PONG:
                continue
            case aiohttp.WSMsgType.TEXT:
                pass
            case aiohttp.WSMsgType.BINARY:
                _refuse(console, InvalidInputError("a subscription is text"))
                continue
            case _:
                if isinstance(message.data, aiohttp.WebSocketError):  # closed already, with the code of RFC 6455
                    REFUSED.labels(InvalidInputError.code).inc()
                return
        # Whoever asks faster, or does not read the answers, waits in the socket: nothing is kept for them here.
        while wait_ms := rate.wait_ms(context.clock.now_ms()):
            await context.clock.sleep(wait_ms)
        await space.feed.drained(console)
        try:
            wanted = _decoder.decode(message.data)
            if "passages" in wanted.tables:
                await watching.on_record(context, request, space, console.actor)
            await space.feed.subscribe(console, wanted)
        except (msgspec.MsgspecError, RecursionError) as error:
            _refuse(console, InvalidInputError(f"not a subscription: {error}"))
        except TriuneError as error:
            _refuse(console, error)


async def _watch(request: web.Request, socket: web.WebSocketResponse, space: Space, console: Console) -> None:
    """Cut the console off once its session ended or it is another's: an open socket is no way around the door."""
    context = context_of(request)
    while True:
        await context.clock.sleep(CONSOLE_RECHECK_MS)
        try:
            actor = await who_asks(context, request)
        except (SignInRequiredError, NoRightError):
            space.feed.leave(console)
            await socket.close(code=SESSION_ENDED, message=b"sign in again", drain=False)
            return
        except TriuneError:
            continue  # nobody can tell now
        if actor != console.actor:
            # Whoever it is may go on, but is shown something else from now on: that a new connection begins with.
            space.feed.leave(console)
            await socket.close(code=WSCloseCode.SERVICE_RESTART, message=b"connect again", drain=False)
            return


def _refuse(console: Console, error: TriuneError) -> None:
    REFUSED.labels(error.code).inc()
    refused = wire.Refused(status=error.status, code=error.code, detail=error.detail)
    console.send(text_frame(msgspec.json.encode(refused)))


def _welcome(context: Context, space: Space, console: Console) -> bytes:
    welcome = wire.Welcome(
        space=space.name,
        hub=context.hub_id,
        history=space.hub.history,
        version=wire.VERSION,
        release=context.release,
        actor=actor_info(console.actor),
        now_ms=space.hub.clock.now_ms(),
    )
    return text_frame(msgspec.json.encode(welcome))


routes = [web.get("/api/v1/live", live)]
