"""What one hub does for another: errands as edge agents do them, over a websocket that the asking hub opens.

The answering hub sends a nonce; the asking one its signature of that and of what it asks, and what it asks. From there
on all is as `edge.agent.errand_wire` says. A hub that is asked does it itself or has an agent do it that is connected
to it, and never asks a third: nothing goes in circles.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import hdrs, web

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from command.roll import HubPlace
from consoles.http.identity import is_open
from consoles.http.proxies import is_loopback
from consoles.limits import PEER_ERRANDS, PEER_HELLO_MS, PEER_PICTURES
from consoles.parts.hubs.replies import Reply
from edge.agent.answering import Handler, do, unknown
from edge.agent.answering import Reply as Answering
from edge.agent.live import LIVE
from edge.agent.protocol import Errand, Word
from edge.limits import AGENT_SILENT_MS, ERRAND_PIECE_BYTES, ERRAND_SAID_BYTES

log = logging.getLogger(__name__)
PATH = "/api/v1/hubs/errands"
HUB_HOP = "hub"
"""The hop of a diagnosis that another hub is, between this one and what is connected to it."""
PURPOSE = "hub errands"
"""What the key is derived for that all hubs of a site share."""
_POLICY: Final = 1008
_SIGNATURE_CHARS: Final = 64


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a hub wants of another: done by itself, or by the agent that is connected to it."""

    kind: Word
    camera: str = ""
    agent: str = ""
    body: msgspec.Raw = msgspec.Raw(b"{}")


Relay = Callable[[str], Handler]
"""`relay(agent)` does errands of an agent that is connected to this hub."""
_wanted = msgspec.json.Decoder(Wanted)


def checked_address(url: str) -> str:
    """Return the address that other hubs reach this one at; `InvalidInputError` for one that would show pictures."""
    wrong = InvalidInputError(f"{url!r}, where other hubs reach this one, is not like https://hub-1.example:8443")
    try:
        parts = urlsplit(url)
        _ = parts.port  # past 65535, or of an IPv6 address without brackets: none
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise wrong
    if parts.scheme == "http" and not (parts.hostname == "localhost" or is_loopback(parts.hostname)):
        raise InvalidInputError("pictures go from hub to hub: to another machine the address begins with https://")
    return f"{parts.scheme}://{parts.netloc}"


@dataclass
class PeerCounters:
    """What became of errands between hubs."""

    asked: int = 0
    away: int = 0
    taken: int = 0
    refused: int = 0
    strangers: int = 0


class Peers:
    """The asking side."""

    def __init__(self, key: bytes, counters: PeerCounters) -> None:
        self._key = key
        self._counters = counters

    @asynccontextmanager
    async def open(
        self, hub: HubPlace, kind: str, camera: str = "", body: object = None, agent: str = "", *, missed: bool = True
    ) -> AsyncIterator[Reply]:  # fmt: skip
        """Ask another hub for something; gives its reply. Leaving hangs up, and it stops.

        `body` becomes JSON. One that does not answer is logged and counted, unless it is not `missed`. Raises
        `UnavailableError` where the hub does not answer, `TooManyError` where it is busy.
        """
        wanted = Wanted(kind=kind, camera=camera, agent=agent, body=msgspec.Raw(msgspec.json.encode(body or {})))
        self._counters.asked += 1
        async with aiohttp.ClientSession() as http:
            socket = await self._dial(http, hub, msgspec.json.encode(wanted), missed=missed)
            try:
                yield Reply(f"hub {hub.url}", socket, HUB_HOP)
            finally:
                await socket.close()

    async def _dial(
        self, http: aiohttp.ClientSession, hub: HubPlace, wanted: bytes, *, missed: bool
    ) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(PEER_HELLO_MS / 1000):
                socket = await http.ws_connect(
                    hub.url + PATH, heartbeat=AGENT_SILENT_MS / 1000, compress=0, max_msg_size=2 * ERRAND_PIECE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )  # fmt: skip
                nonce = await socket.receive_str()
                await socket.send_str(_signature(self._key, hub.url, nonce, wanted) + wanted.decode())
        except (aiohttp.ClientError, OSError, TimeoutError, TypeError, ValueError) as error:
            if isinstance(error, aiohttp.WSServerHandshakeError) and error.status == TooManyError.status:
                raise TooManyError(f"hub {hub.url} is asked for too much at once; try again", hop=HUB_HOP) from None
            if missed:
                self._counters.away += 1
                log.warning("hub %s does not answer: %s", hub.url, type(error).__name__)
            raise UnavailableError(f"it is at hub {hub.url}, which does not answer", hop=HUB_HOP) from None
        return socket


class PeerDoor:
    """The answering side: `register` what this hub does itself; `relay` is who asks the agents connected here."""

    def __init__(self, key: bytes, clock: Clock, counters: PeerCounters) -> None:
        self.url = ""
        """Where others reach this hub: what they sign is for it alone."""
        self._key = key
        self._clock = clock
        self._counters = counters
        self._handlers: dict[str, Handler] = {}
        self._relay: Relay = lambda _agent: unknown
        self._greeting = _Room("hubs that have not said who they are", PEER_ERRANDS)
        self._pictures = _Room("live pictures for other hubs", PEER_PICTURES)
        self._others = _Room("errands of other hubs", PEER_ERRANDS)

    def register(self, kind: str, handler: Handler) -> None:
        """Have errands of a kind done by `handler`."""
        assert kind not in self._handlers, f"errands of kind {kind} are registered twice"
        self._handlers[kind] = handler

    def relay_by(self, relay: Relay) -> None:
        """Have errands of an agent done by `relay(agent)`."""
        self._relay = relay

    def routes(self) -> list[web.RouteDef]:
        """Return the route."""

        @is_open
        async def errands(request: web.Request) -> web.StreamResponse:
            """`GET /api/v1/hubs/errands`: see above."""
            return await self._answer(request)

        return [web.get(PATH, errands)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if hdrs.ORIGIN in request.headers:
            raise InvalidInputError("only hubs ask here, and no page")
        socket = web.WebSocketResponse(
            heartbeat=AGENT_SILENT_MS / 1000, compress=False, max_msg_size=ERRAND_SAID_BYTES, timeout=1.0
        )
        try:
            with self._greeting.place():
                await socket.prepare(request)
                wanted = await self._hear(socket)
        except (InvalidInputError, TimeoutError, ConnectionError):
            self._counters.strangers += 1
            await socket.close(code=_POLICY, message=b"not a hub of this site")
            return socket
        self._counters.taken += 1
        errand = Errand(id=secrets.token_urlsafe(32), kind=wanted.kind, camera=wanted.camera or "-", body=wanted.body)
        handler = self._relay(wanted.agent) if wanted.agent else self._handlers.get(wanted.kind, unknown)
        room = self._pictures if wanted.kind == LIVE else self._others
        await do(errand, self._counted(handler, room), _Line(socket), self._clock)
        return socket

    async def _hear(self, socket: web.WebSocketResponse) -> Wanted:
        """Return what a hub of this site wants. Raises `InvalidInputError` for anybody else."""
        nonce = secrets.token_urlsafe(32)
        await socket.send_str(nonce)
        async with asyncio.timeout(PEER_HELLO_MS / 1000):
            heard = await socket.receive()
        said = heard.data if heard.type is aiohttp.WSMsgType.TEXT else ""
        signature, wanted = said[:_SIGNATURE_CHARS], said[_SIGNATURE_CHARS:].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(signature.encode(), _signature(self._key, self.url, nonce, wanted).encode()):
            raise InvalidInputError("not signed by a hub of this site")
        try:
            return _wanted.decode(wanted)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise InvalidInputError(f"not an errand: {error}") from error

    def _counted(self, handler: Handler, room: _Room) -> Handler:
        async def counted(errand: Errand, reply: Answering) -> None:
            try:
                with room.place():
                    await handler(errand, reply)
            except Exception:
                self._counters.refused += 1
                raise

        return counted


class _Room:
    """So many things at once, and no more."""

    def __init__(self, what: str, limit: int) -> None:
        self._what = what
        self._limit = limit
        self._taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one as long as the block lasts. Raises `TooManyError`."""
        if self._taken >= self._limit:
            raise TooManyError(f"{self._limit} {self._what} at once are the most")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class _Line:
    """A hub's connection, as `edge.agent.answering.Line`."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, frame: bytes | str) -> None:
        if self._socket.closed:
            raise ConnectionResetError("the hub hung up")
        await (self._socket.send_str if isinstance(frame, str) else self._socket.send_bytes)(frame)  # type: ignore[arg-type]  # each its own

    async def __aiter__(self) -> AsyncIterator[bytes | str]:
        async for message in self._socket:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return
            yield message.data

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)


def _signature(key: bytes, url: str, nonce: str, wanted: bytes) -> str:
    return hmac.digest(key, "\n".join((url, nonce, "")).encode() + wanted, "sha256").hex()
