"""The asker's end of an errand: what an edge agent, or another hub, answers over the connection that it is done on."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol, Self

import aiohttp

from command.kernel.errors import TriuneError, UnavailableError
from edge.agent import errand_wire, protocol

AGENT_HOP = "agent"
"""The hop of a diagnosis that an agent is, between the hub and the camera behind it."""


class Socket(Protocol):
    """A websocket of aiohttp, of either side."""

    async def receive(self) -> aiohttp.WSMessage:
        """Return what comes next."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame. Raises `ConnectionError`."""
        ...

    async def send_str(self, data: str) -> None:
        """Send a text frame. Raises `ConnectionError`."""
        ...


class Reply:
    """`async for message in reply`; it ends where the other side has no more to say.

    Reading raises the `TriuneError` with which the other side refuses, and `UnavailableError` where the connection is
    cut. Their `extra` has `hop`, and `reason` where the words are the agent's. What is not read yet is not sent either.
    `who` is whom the errand was given, in words; `hop` what they are on the way to a camera.
    """

    def __init__(self, who: str, socket: Socket, hop: str = AGENT_HOP) -> None:
        self.who = who
        self.hop = hop
        self.received_bytes = 0
        """Of messages so far, also of one that is not whole yet."""
        self._socket = socket
        self._joiner = errand_wire.Joiner()

    async def send(self, message: bytes) -> None:
        """Say something. Raises `UnavailableError` where the connection is cut."""
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
                    raise self.error_of(errand_wire.refusal(heard.data))
                case aiohttp.WSMsgType.CLOSE if heard.data == aiohttp.WSCloseCode.OK:
                    raise StopAsyncIteration
                case _:
                    raise self._cut()

    async def _took(self, size_bytes: int) -> None:
        self.received_bytes += size_bytes
        with suppress(ConnectionError):  # what came before the cut is still read
            await self._socket.send_str(protocol.encode(errand_wire.Taken(bytes=self.received_bytes)))

    def error_of(self, said: protocol.Refused) -> TriuneError:
        """Return the error that the other side met with; a hub's own words stand as it said them."""
        return errand_wire.error_of(said, self.who if self.hop == AGENT_HOP else "")

    def _cut(self) -> UnavailableError:
        return UnavailableError(f"the connection of {self.who} was cut", hop=self.hop)
