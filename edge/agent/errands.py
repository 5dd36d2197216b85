"""What the hub asks of this agent is done here and answered over a connection of its own, so that alarms never wait."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import CloseCode

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.limits import (
    AGENT_ERRANDS,
    ERRAND_LEAST_PIECE_BYTES,
    ERRAND_PIECE_BYTES,
    ERRAND_SAID,
    ERRAND_SAID_BYTES,
)
from edge.agent import errand_wire, protocol
from edge.agent.link import checked_url, dial
from edge.agent.pace import Pace
from edge.agent.protocol import Errand, Refused

_log = logging.getLogger(__name__)


class Reply:
    """The agent's end of an errand: `send` messages, and `async for` those that the hub says until it hangs up."""

    def __init__(self, socket: ClientConnection, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._pace = Pace()
        self._moved = asyncio.Event()
        self._said: deque[bytes] = deque()
        self._heard = asyncio.Event()
        self._hung_up = False

    async def send(self, message: bytes) -> None:
        """Send a message, in pieces as the link carries them; returns when the last of them is on its way.

        Raises `UnavailableError` where the hub is gone.
        """
        rest = memoryview(message)
        while True:
            size = await self._room(len(rest))
            try:
                await self._socket.send(errand_wire.frame(rest[:size], is_last=size == len(rest)))
            except ConnectionClosed:
                raise UnavailableError("the hub hung up") from None
            rest = rest[size:]
            if not rest:
                return

    async def drain(self) -> None:
        """Wait until the hub has all that was sent."""
        while self._pace.unanswered_bytes:
            self._moved.clear()
            await self._moved.wait()

    async def _room(self, wanted: int) -> int:
        """Wait until a piece may go, note it as sent and return its size."""
        while (room := self._pace.room_bytes) < min(wanted, ERRAND_LEAST_PIECE_BYTES):
            self._moved.clear()
            await self._moved.wait()
        size = min(wanted, room, ERRAND_PIECE_BYTES)
        self._pace.sent(size, self._clock.now_ms())
        return size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Messages of the hub."""
        while True:
            while self._said:
                yield self._said.popleft()
            if self._hung_up:
                return
            self._heard.clear()
            await self._heard.wait()

    async def listen(self) -> None:
        """Hear the hub until it hangs up or says what it may not."""
        try:
            async for data in self._socket:
                if isinstance(data, str):
                    self._pace.answered(errand_wire.taken(data), self._clock.now_ms())
                    self._moved.set()
                elif len(self._said) < ERRAND_SAID:
                    self._said.append(data)
                    self._heard.set()
                else:
                    _log.warning("an errand ends: %d messages of the hub wait", ERRAND_SAID)
                    return
        except (ConnectionClosed, InvalidInputError) as error:
            _log.info("an errand ends: %s", error)
        finally:
            self._hung_up = True
            self._heard.set()


Handler = Callable[[Errand, Reply], Awaitable[None]]
"""Does errands of one kind. What it raises becomes the refusal; it is cancelled when the hub hangs up."""


@dataclass
class ErrandCounters:
    """What became of errands."""

    taken: int = 0
    refused: int = 0
    too_many: int = 0
    unreachable: int = 0


class Errands:
    """`async with Errands(hub, key, clock) as errands`: `register` what this agent does; leaving ends all of them."""

    def __init__(self, hub: str, key: str, clock: Clock) -> None:
        self.counters = ErrandCounters()
        self._url = checked_url(hub, protocol.ERRAND_PATH)
        self._key = key
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of errands that this agent does."""
        return tuple(self._handlers)

    def register(self, kind: str, handler: Handler) -> None:
        """Have errands of a kind done by `handler`; the hub is told of the kinds when the link is made."""
        assert kind not in self._handlers, f"errands of kind {kind} are registered twice"
        self._handlers[kind] = handler

    def take(self, errand: Errand) -> None:
        """Begin with an errand. Past `AGENT_ERRANDS` it is left alone: the hub keeps to the same number."""
        if len(self._running) >= AGENT_ERRANDS:
            self.counters.too_many += 1
            _log.warning("an errand of kind %s is left alone: %d are being done", errand.kind, len(self._running))
            return
        self.counters.taken += 1
        task = self._tasks.create_task(self._do(errand), name=f"errand {errand.kind} {errand.camera}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _do(self, errand: Errand) -> None:
        try:
            socket = await dial(self._url + errand.id, self._key, ERRAND_SAID_BYTES)
        except (OSError, TimeoutError, WebSocketException) as error:
            self.counters.unreachable += 1
            _log.warning("an errand of kind %s cannot be answered: %s", errand.kind, type(error).__name__)
            return
        reply, code = Reply(socket, self._clock), CloseCode.GOING_AWAY
        try:
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(self._work(errand, reply, socket), name="errand-work")
                listening = tasks.create_task(reply.listen(), name="errand-listen")
                await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
                working.cancel()
                listening.cancel()
            if not working.cancelled():
                code = CloseCode.NORMAL_CLOSURE
        finally:
            await socket.close(code)

    async def _work(self, errand: Errand, reply: Reply, socket: ClientConnection) -> None:
        """Do it; returns when the hub has all of the answer, and why there is no more where there is not."""
        refused = await self._refusal(errand, reply)
        await reply.drain()
        if refused is not None:
            self.counters.refused += 1
            with suppress(ConnectionClosed):
                await socket.send(protocol.encode(refused))

    async def _refusal(self, errand: Errand, reply: Reply) -> Refused | None:
        try:
            await self._handlers.get(errand.kind, _unknown)(errand, reply)
        except Exception as error:  # noqa: BLE001 - our own fault in one errand must not end the agent
            return errand_wire.refused(_told(errand, error))
        return None


def _told(errand: Errand, error: Exception) -> TriuneError:
    """Return what the hub is told of what a handler met with."""
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


async def _unknown(errand: Errand, _reply: Reply) -> None:
    raise UnknownIdError(f"errands of kind {errand.kind} are not known here")
