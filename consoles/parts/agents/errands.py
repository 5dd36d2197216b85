"""Errands: what the hub asks of an edge agent's camera; the agent opens one more connection and answers there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from aiohttp import web

from command.kernel.errors import TooManyError, TriuneError, UnavailableError, UnknownIdError
from consoles.parts.hubs.replies import AGENT_HOP, Reply
from edge.agent.protocol import Errand
from edge.limits import AGENT_ERRANDS, ERRAND_ANSWER_MS


class Link(Protocol):
    """A connection of an agent, over which it is asked."""

    async def ask(self, errand: Errand) -> None:
        """Tell the agent. Raises `ConnectionError` where it has just gone."""
        ...


class Reaches(Protocol):
    """Knows by which agent a camera is reached."""

    def agent_of(self, camera: str) -> str:
        """Return the agent of a camera. Raises `UnknownIdError` for a camera of no agent."""
        ...

    def is_here(self, agent: str) -> bool:
        """Say whether it is connected to this hub."""
        ...

    def link_to(self, agent: str, kind: str) -> Link:
        """Return the connection of an agent.

        Raises `UnavailableError` with what a technician can act on where it is away or does no such errands.
        """
        ...


class Elsewhere(Protocol):
    """Has errands done by agents that are connected to other hubs."""

    def __call__(self, agent: str, kind: str, camera: str, body: object) -> AbstractAsyncContextManager[Reply]:
        """Ask for one. Raises as `Errands.open`."""
        ...


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

    def __init__(self, agents: Reaches, elsewhere: Elsewhere | None) -> None:
        self.counters = ErrandCounters()
        self._agents = agents
        self._elsewhere = elsewhere
        self._asked: dict[str, _Asked] = {}

    @asynccontextmanager
    async def open(self, kind: str, camera: str, body: object = None) -> AsyncIterator[Reply]:
        """Ask the agent of a camera for something; gives its reply. Leaving hangs up, and the agent stops.

        `body` becomes JSON. Raises `UnknownIdError` for a camera of no agent, `TooManyError` past `AGENT_ERRANDS` of
        one agent, and `UnavailableError` where it does not come, is away or does no such errands.
        """
        async with self.open_at(kind, self._agents.agent_of(camera), camera, body) as reply:
            yield reply

    @asynccontextmanager
    async def open_at(self, kind: str, agent: str, camera: str = "", body: object = None) -> AsyncIterator[Reply]:
        """Ask an agent for something; of no camera of its own, where none is given. Raises as `open`."""
        if self._elsewhere is not None and not self._agents.is_here(agent):
            async with self._elsewhere(agent, kind, camera, body) as reply:
                yield reply
        else:
            async with self.open_here(kind, agent, camera, _json(body)) as reply:
                yield reply

    @asynccontextmanager
    async def open_here(self, kind: str, agent: str, camera: str, body: msgspec.Raw) -> AsyncIterator[Reply]:
        """Ask an agent that is connected to this hub. Raises as `open`."""
        link = self._agents.link_to(agent, kind)
        errand = Errand(id=_new_id(), kind=kind, camera=camera or agent, body=body)
        async with self._open(agent, link, errand) as reply:
            yield reply

    @asynccontextmanager
    async def _open(self, agent: str, link: Link, errand: Errand) -> AsyncIterator[Reply]:
        if sum(asked.agent == agent for asked in self._asked.values()) >= AGENT_ERRANDS:
            self.counters.too_many += 1
            raise TooManyError(f"edge agent {agent} does {AGENT_ERRANDS} errands already", hop=AGENT_HOP)
        self._asked[errand.id] = asked = _Asked(agent, link)
        self.counters.asked += 1
        try:
            yield Reply(f"edge agent {agent}", await self._wait(asked, errand))
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
