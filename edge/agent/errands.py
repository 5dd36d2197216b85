"""What the hub asks of this agent is done here and answered over a connection of its own, so that alarms never wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from command.kernel.clock import Clock
from edge.agent import protocol
from edge.agent.answering import Handler, Reply, do, unknown
from edge.agent.link import checked_url, dial
from edge.agent.protocol import Errand
from edge.limits import AGENT_ERRANDS, ERRAND_SAID_BYTES

_log = logging.getLogger(__name__)


class _Line:
    """The connection to the hub, as `edge.agent.answering.Line`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: bytes | str) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed:
            raise ConnectionResetError("the hub hung up") from None

    async def __aiter__(self) -> AsyncIterator[bytes | str]:
        try:
            async for data in self._socket:
                yield data
        except ConnectionClosed as error:
            _log.info("an errand ends: %s", error)

    async def close(self, code: int) -> None:
        await self._socket.close(code)


@dataclass
class ErrandCounters:
    """What became of errands."""

    taken: int = 0
    refused: int = 0
    too_many: int = 0
    unreachable: int = 0


class Errands:
    """`async with Errands(key, clock) as errands`: `register` what this agent does; leaving ends all of them."""

    def __init__(self, key: str, clock: Clock) -> None:
        self.counters = ErrandCounters()
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

    def take(self, errand: Errand, hub: str) -> None:
        """Begin with an errand of the hub at an address.

        Past `AGENT_ERRANDS` it is left alone: the hub keeps to the same number.
        """
        if len(self._running) >= AGENT_ERRANDS:
            self.counters.too_many += 1
            _log.warning("an errand of kind %s is left alone: %d are being done", errand.kind, len(self._running))
            return
        self.counters.taken += 1
        work = self._do(errand, checked_url(hub, protocol.ERRAND_PATH) + errand.id)
        task = self._tasks.create_task(work, name=f"errand {errand.kind} {errand.camera}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _do(self, errand: Errand, url: str) -> None:
        try:
            socket = await dial(url, self._key, ERRAND_SAID_BYTES)
        except (OSError, TimeoutError, WebSocketException) as error:
            self.counters.unreachable += 1
            _log.warning("an errand of kind %s cannot be answered: %s", errand.kind, type(error).__name__)
            return
        await do(errand, self._counted, _Line(socket), self._clock)

    async def _counted(self, errand: Errand, reply: Reply) -> None:
        try:
            await self._handlers.get(errand.kind, unknown)(errand, reply)
        except Exception:
            self.counters.refused += 1
            raise
