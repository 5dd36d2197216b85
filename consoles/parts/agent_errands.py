"""Errands: what the hub asks of an edge agent's camera; the agent opens one more connection and answers there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol, Self

import aiohttp
import msgspec
from aiohttp import web

from command.kernel.errors import TooManyError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.limits import AGENT_ERRANDS, ERRAND_ANSWER_MS
from edge.agent import errand_wire, protocol
from edge.agent.protocol import Errand

AGENT_HOP = "agent"
"""The hop of a diagnosis that an agent is, between the hub and the camera behind it."""


class Link(Protocol):
    """A connection of an agent, over which it is asked."""

    async def ask(self, errand: Errand) -> None:
        """Tell the agent. Raises `ConnectionError` where it has just gone."""
        ...


class Reaches(Protocol):
    """Knows by which agent a camera is reached."""

    def reach(self, camera: str, kind: str) -> tuple[str, Link]:
        """Return the agent's name and its connection.

        Raises `UnknownIdError` for a camera of no agent, and `UnavailableError` with what a technician can act on where
        the agent is away or does no such errands.
        """
        ...

    def link_to(self, agent: str, kind: str) -> Link:
        """Return the connection of an agent. Raises `UnavailableError` as `reach`."""
        ...


class Reply:
    """The hub's end of an errand: `async for message in reply`; it ends where the agent has no more to say.

    Reading raises the `TriuneError` with which the agent refuses, and `UnavailableError` where the connection is cut.
    Their `extra` has `hop`, and `reason` where the words are the agent's. What is not read yet is not sent either.
    """

    def __init__(self, agent: str, socket: web.WebSocketResponse) -> None:
        self.agent = agent
        self.received_bytes = 0
        """Of messages so far, also of one that is not whole yet."""
        self._socket = socket
        self._joiner = errand_wire.Joiner()

    async def send(self, message: bytes) -> None:
        """Say something to the agent. Raises `UnavailableError` where the connection is cut."""
        try:
            await self._socket.send_bytes(message)
        except ConnectionError:
            raise self._cut() from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next message."""
        while True:
            heard = await self._socket.receive()
            match heard.type:
                case aiohttp.WSMsgType.BINARY:
                    message = self._joiner.add(heard.data)
                    await self._took(len(heard.data) - 1)
                    if message is not None:
                        return message
                case aiohttp.WSMsgType.TEXT:
                    raise errand_wire.error_of(errand_wire.refusal(heard.data), self.agent)
                case aiohttp.WSMsgType.CLOSE if heard.data == aiohttp.WSCloseCode.OK:
                    raise StopAsyncIteration
                case _:
                    raise self._cut()

    async def _took(self, size_bytes: int) -> None:
        self.received_bytes += size_bytes
        with suppress(ConnectionError):  # what came before the cut is still read
            await self._socket.send_str(protocol.encode(errand_wire.Taken(bytes=self.received_bytes)))

    def _cut(self) -> UnavailableError:
        return UnavailableError(f"the connection of edge agent {self.agent} was cut", hop=AGENT_HOP)


@dataclass
class ErrandCounters:
    """What became of errands."""

    asked: int = 0
    too_many: int = 0
    unanswered: int = 0
    strangers: int = 0
    """Came with an id that is not, or no longer, an errand of theirs."""


@dataclass
class _Asked:
    agent: str
    link: Link
    came: asyncio.Future[web.WebSocketResponse | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    over: asyncio.Event = field(default_factory=asyncio.Event)
    is_answered: bool = False


def _new_id() -> str:
    return secrets.token_urlsafe(32)


def _json(body: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body or {}))


class Errands:
    """The errands of one hub. `answered` serves the connections that agents open for them."""

    def __init__(self, agents: Reaches) -> None:
        self.counters = ErrandCounters()
        self._agents = agents
        self._asked: dict[str, _Asked] = {}

    @asynccontextmanager
    async def open(self, kind: str, camera: str, body: object = None) -> AsyncIterator[Reply]:
        """Ask the agent of a camera for something; gives its reply. Leaving hangs up, and the agent stops.

        `body` becomes JSON. Raises as `Reaches.reach`, `TooManyError` past `AGENT_ERRANDS` of one agent, and
        `UnavailableError` where the agent does not come.
        """
        agent, link = self._agents.reach(camera, kind)
        async with self._open(agent, link, Errand(id=_new_id(), kind=kind, camera=camera, body=_json(body))) as reply:
            yield reply

    @asynccontextmanager
    async def open_at(self, kind: str, agent: str) -> AsyncIterator[Reply]:
        """Ask an agent for something that is of no camera. Raises as `open`."""
        link = self._agents.link_to(agent, kind)
        async with self._open(agent, link, Errand(id=_new_id(), kind=kind, camera=agent)) as reply:
            yield reply

    @asynccontextmanager
    async def _open(self, agent: str, link: Link, errand: Errand) -> AsyncIterator[Reply]:
        if sum(asked.agent == agent for asked in self._asked.values()) >= AGENT_ERRANDS:
            self.counters.too_many += 1
            raise TooManyError(f"edge agent {agent} does {AGENT_ERRANDS} errands already", hop=AGENT_HOP)
        self._asked[errand.id] = asked = _Asked(agent, link)
        self.counters.asked += 1
        try:
            yield Reply(agent, await self._wait(asked, errand))
        finally:
            del self._asked[errand.id]
            asked.over.set()

    async def _wait(self, asked: _Asked, errand: Errand) -> web.WebSocketResponse:
        try:
            async with asyncio.timeout(ERRAND_ANSWER_MS / 1000):
                await asked.link.ask(errand)
                socket = await asked.came
        except TimeoutError:
            self.counters.unanswered += 1
            detail = f"edge agent {asked.agent} does not come within {ERRAND_ANSWER_MS // 1000} s: its link stalls"
            raise UnavailableError(detail, hop=AGENT_HOP) from None
        except ConnectionError:
            socket = None
        if socket is None:
            raise UnavailableError(f"edge agent {asked.agent} has just gone away", hop=AGENT_HOP)
        return socket

    def link_lost(self, link: Link) -> None:
        """End the errands that were asked over a connection: its agent is gone, came anew, or has no right any more."""
        for asked in self._asked.values():
            if asked.link is link:
                asked.over.set()
                if not asked.came.done():
                    asked.came.set_result(None)

    def claim(self, number: str, agent: str) -> _Asked:
        """Return the errand for the agent that answers it, once. Raises `UnknownIdError`."""
        asked = self._asked.get(number)
        if asked is None or asked.agent != agent or asked.is_answered or asked.over.is_set():
            self.counters.strangers += 1
            raise UnknownIdError("no such errand waits for you")
        asked.is_answered = True
        return asked

    async def serve(self, asked: _Asked, socket: web.WebSocketResponse) -> None:
        """Hand a connection to whoever asked, and return when they need it no longer."""
        if not asked.came.done():
            asked.came.set_result(socket)
        await asked.over.wait()


def told(error: TriuneError) -> tuple[str, str]:
    """Return the words and the hop for a technician of what an errand met with."""
    return error.detail, str(error.extra.get("hop") or "")
