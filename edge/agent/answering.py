"""Doing an errand: `send` messages over the connection that it is answered on, as that carries them, hear, and end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError, UnknownIdError
from edge.agent import errand_wire, protocol
from edge.agent.pace import InOrder, Pace
from edge.agent.protocol import Errand, Refused
from edge.limits import ERRAND_LEAST_PIECE_BYTES, ERRAND_PIECE_BYTES, ERRAND_SAID, ERRAND_WAIT_MS

_log = logging.getLogger(__name__)
DONE: Final = 1000
"""Close code where the whole answer was given, or why there is no more of it."""
GOING_AWAY: Final = 1001


class Line(Protocol):
    """The connection. Iterating yields what the other side says, until it hangs up."""

    async def send(self, frame: bytes | str) -> None:
        """Send one. Raises `ConnectionError` where the other side is gone."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes | str]: ...

    async def close(self, code: int) -> None:
        """End it."""
        ...


class Reply:
    """The answering end of an errand: `send` messages, and `async for` those of the asker until it hangs up."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._pace = Pace(ERRAND_WAIT_MS)
        self._sent = InOrder(self._pace)
        self._moved = asyncio.Event()
        self._said: deque[bytes] = deque()
        self._heard = asyncio.Event()
        self._hung_up = False

    async def send(self, message: bytes) -> None:
        """Send a message, in pieces as the link carries them; returns when the last of them is on its way.

        Raises `UnavailableError` where the asker is gone.
        """
        rest = memoryview(message)
        while True:
            size = await self._room(len(rest))
            try:
                await self._line.send(errand_wire.frame(rest[:size], is_last=size == len(rest)))
            except ConnectionError:
                raise UnavailableError("the hub hung up") from None
            rest = rest[size:]
            if not rest:
                return

    async def drain(self) -> None:
        """Wait until the asker has all that was sent."""
        while self._pace.unanswered_bytes:
            self._moved.clear()
            await self._moved.wait()

    async def _room(self, wanted: int) -> int:
        """Wait until a piece may go, note it as sent and return its size."""
        while (room := self._pace.room_bytes) < min(wanted, ERRAND_LEAST_PIECE_BYTES):
            self._moved.clear()
            await self._moved.wait()
        size = min(wanted, room, ERRAND_PIECE_BYTES)
        self._sent.sent(size, self._clock.now_ms())
        return size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Messages of the asker."""
        while True:
            while self._said:
                yield self._said.popleft()
            if self._hung_up:
                return
            self._heard.clear()
            await self._heard.wait()

    async def listen(self) -> None:
        """Hear the asker until it hangs up or says what it may not."""
        try:
            async for data in self._line:
                if isinstance(data, str):
                    self._sent.answered(errand_wire.taken(data), self._clock.now_ms())
                    self._moved.set()
                elif len(self._said) < ERRAND_SAID:
                    self._said.append(data)
                    self._heard.set()
                else:
                    _log.warning("an errand ends: %d messages of the hub wait", ERRAND_SAID)
                    return
        except InvalidInputError as error:
            _log.info("an errand ends: %s", error)
        finally:
            self._hung_up = True
            self._heard.set()


Handler = Callable[[Errand, Reply], Awaitable[None]]
"""Does errands of one kind. What it raises becomes the refusal; it is cancelled when the asker hangs up."""


class Registers(Protocol):
    """Who takes errands."""

    def register(self, kind: str, handler: Handler) -> None:
        """Have errands of a kind done by `handler`."""
        ...


async def do(errand: Errand, handler: Handler, line: Line, clock: Clock) -> None:
    """Do an errand over its connection, which is closed then."""
    reply, code = Reply(line, clock), GOING_AWAY
    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(_work(errand, handler, reply, line), name="errand-work")
            listening = tasks.create_task(reply.listen(), name="errand-listen")
            await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            listening.cancel()
        if not working.cancelled():
            code = DONE
    finally:
        await line.close(code)


async def _work(errand: Errand, handler: Handler, reply: Reply, line: Line) -> None:
    """Do it; returns when the asker has all of the answer, and why there is no more where there is not."""
    refused = await _refusal(errand, handler, reply)
    await reply.drain()
    if refused is not None:
        with suppress(ConnectionError):
            await line.send(protocol.encode(refused))


async def _refusal(errand: Errand, handler: Handler, reply: Reply) -> Refused | None:
    try:
        await handler(errand, reply)
    except Exception as error:  # noqa: BLE001 - our own fault in one errand must not end the others
        return errand_wire.refused(_told(errand, error))
    return None


def _told(errand: Errand, error: Exception) -> TriuneError:
    """Return what the asker is told of what a handler met with."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    match error:
        case TriuneError():
            return error
        case msgspec.MsgspecError():
            return InvalidInputError(f"what was asked is malformed: {error}")
        case _:  # only the kind: texts of library errors may hold the address of a camera with its password
            _log.error("an errand of kind %s failed: %s", errand.kind, type(error).__name__)
            return UnavailableError(f"internal error: {type(error).__name__}")


async def unknown(errand: Errand, _reply: Reply) -> None:
    """Do errands of a kind that nobody does here."""
    raise UnknownIdError(f"errands of kind {errand.kind} are not known here")
