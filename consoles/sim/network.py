"""The way between people or devices and hubs: late, lost, repeated; who hears nothing asks again under the same key."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from command import wire
from command.actors import Actor
from command.journal import Answer
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.requests import Request
from consoles.console import Console, Filters
from consoles.sim.audit import Audit
from consoles.sim.loop import Process, VirtualLoop
from consoles.sim.node import Node

T = TypeVar("T")
Flow = Literal["free", "slow", "frozen", "lost"]

_DELAY_S = 0.004
_TIMEOUT_S = 6.0
_ATTEMPTS = 6
_PAUSE_S = 1.5
_GONE_S = 0.01
_SLOW_S = 1.2
"""Longer than from beat to beat, so that what waits on a slow line stays there."""
_WELL_US = 60_000_000
"""A console that read all that came and answered each ping for as long is there, whatever became of the hub's clock."""
_WEIGHT = 512
"""How much of a socket's room each byte takes: a little county's few bytes fill it as a large one's would."""


class Network:
    """Between everybody and the hubs."""

    def __init__(self, loop: VirtualLoop, audit: Audit, nodes: list[Node]) -> None:
        self.loop = loop
        self.audit = audit
        self.nodes = nodes
        self.lost = 0.0
        self.repeated = 0.01
        self.gone = 0.02
        self.delay_s = _DELAY_S

    def heal(self) -> None:
        """Be as a network should."""
        self.lost, self.repeated, self.delay_s = 0.0, 0.01, _DELAY_S

    def delay(self, process: Process) -> float:
        """Draw how long a message takes."""
        return self.delay_s * (0.3 + 2 * process.random.random() ** 2)

    async def insist(self, who: Process, request: Request, actor: Actor, key: str) -> Answer | None:
        """Ask until there is an answer or a refusal: any hub, always under the same key. None where it was refused.

        After some attempts nobody can tell whether it happened, as with a person who gives up.
        """
        for attempt in range(_ATTEMPTS):
            node = self.nodes[int(who.random.random() * len(self.nodes))]
            try:
                answer = await self._call(who, node, lambda at: at.ask(request, actor, key))
            except (UnavailableError, TooManyError, TimeoutError) as error:
                self.audit.trace.note(who.name, "retry", f"{key} {attempt} {type(error).__name__}")
                await self.loop.pause(_PAUSE_S * (0.5 + who.random.random()))
                continue
            except TriuneError as error:
                if error.code == "internal":
                    self.loop.fail(f"{who.name}: {request!r} is answered {error.detail}")
                self.audit.trace.note(who.name, "refused", f"{key} {error.code}")
                return None
            self.audit.answered(f"{who.name} asking {node.process.name}", key, answer)
            self.audit.trace.note(who.name, "answer", f"{key} {answer.seq} {answer.subject}")
            return answer
        self.audit.trace.note(who.name, "gave-up", key)
        return None

    async def _call(self, who: Process, node: Node, serve: Callable[[Node], Awaitable[T]]) -> T:
        """Do something at a hub and bring back what it says; `TimeoutError` where nothing comes back."""
        reply: asyncio.Future[T] = self.loop.create_future()
        copies = (who.random.random() >= self.lost) + (who.random.random() < self.repeated)
        for _ in range(copies):
            if node.up:
                node.process.later(self.delay(who), self._arrive, who, node, serve, reply)
        async with asyncio.timeout(_TIMEOUT_S):
            return await reply

    async def hand(self, who: Process, node: Node, serve: Callable[[Node], Awaitable[None]]) -> None:
        """Hand something over at one hub, once."""
        await self._call(who, node, serve)

    def _arrive(
        self, who: Process, node: Node, serve: Callable[[Node], Awaitable[T]], reply: asyncio.Future[T]
    ) -> None:
        serving = node.process.start(self._serve(who, node, serve, reply))
        if who.random.random() < self.gone:
            node.process.later(_GONE_S * who.random.random(), serving.cancel)  # whoever asked hangs up

    async def _serve(
        self, who: Process, node: Node, serve: Callable[[Node], Awaitable[T]], reply: asyncio.Future[T]
    ) -> None:
        at = node.process
        result: T | None = None
        error: Exception | None = None
        try:
            result = await serve(node)
        except (TriuneError, TimeoutError) as refusal:
            error = refusal
        if at.alive and at.random.random() >= self.lost:
            who.later(self.delay(at), _settle, reply, result, error)


def _settle(reply: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if reply.done():
        return
    if error is not None:
        reply.set_exception(error)
    else:
        reply.set_result(result)


class Sent(NamedTuple):
    """How it stood with the hub when it sent something: the instant, for how long it had not reached its store, for
    how long it had known that the disk is full, and what it sent to this console.
    """

    at_us: int
    without_store_us: int
    full_us: int
    filters: Filters


class Reader(Protocol):
    """A console at its end of a connection."""

    process: Process

    def receive(self, pipe: Pipe, data: bytes, sent: Sent) -> None:
        """Take what came."""
        ...

    def closed(self, pipe: Pipe) -> None:
        """Hear that the connection is gone."""
        ...


class Pipe(asyncio.Transport):
    """A console's socket as the hub sees it, and the way from there to the console."""

    def __init__(self, network: Network, node: Node, reader: Reader, actor: Actor, flow: Flow) -> None:
        super().__init__()
        self.flow = flow
        self._free_since_us = network.loop.now_us
        self.console = Console(actor, self)
        self.gone_us: int | None = None
        self._serving: asyncio.Task[None] | None = None
        self._network = network
        self._node = node
        self._at = node.process
        self._reader = reader
        self._waiting: deque[tuple[bytes, Sent]] = deque()
        self._asking: deque[wire.Subscribe] = deque()
        self._size = 0
        self._closing = False
        self._delivering = False

    def open(self) -> None:
        """Go to the hub; it greets."""
        if self._node.up:
            self._at.later(self._network.delay(self._reader.process), self._opened)
        else:
            self._reader.process.later(self._network.delay(self._reader.process), self._reader.closed, self)

    def _opened(self) -> None:
        if self._closing:
            return  # whoever called has hung up, and that came first
        self._node.pipes.append(self)
        self._node.on_death(self._lose_hub)
        self._node.welcome(self.console)

    def _lose_hub(self) -> None:
        """The machine is gone; whoever is on the way of a broken line is not told."""
        self._closing = True
        if self.flow != "lost":
            self._reader.process.later(self._network.delay(self._reader.process), self._reader.closed, self)

    def subscribe(self, request: wire.Subscribe) -> None:
        """From the console to the hub."""
        if self.flow != "lost" and self._at.alive:
            self._asking.append(request)
            self._at.later(self._network.delay(self._reader.process), self._asked)

    def _asked(self) -> None:
        request = self._asking.popleft()  # what comes over one connection comes in the order of sending
        if not self._closing:
            self._serving = self._at.start(self._serve(self._serving, request))

    async def _serve(self, before: asyncio.Task[None] | None, request: wire.Subscribe) -> None:
        """The door serves what a console asks one after another."""
        if before is not None:
            await asyncio.wait([before])
        await self._node.subscribe(self.console, request)

    def pong(self) -> None:
        """From the console, as a browser does by itself: it is still there."""
        if self.flow != "lost" and self._at.alive:
            self._at.later(self._network.delay(self._reader.process), self._ponged)

    def _ponged(self) -> None:
        if not self._closing:
            self._node.feed.heard(self.console)

    def hang_up(self) -> None:
        """The console leaves; the hub hears of it unless the line is broken."""
        self._gone()
        if self.flow != "lost" and self._at.alive:
            self._at.later(self._network.delay(self._reader.process), self._left)
        self._reader.process.later(0.001, self._waiting.clear)

    def _gone(self) -> None:
        if self.gone_us is None:
            self.gone_us = self._network.loop.now_us

    def _left(self) -> None:
        self._closing = True
        self._at.start(self._end())

    async def _end(self) -> None:
        """The door lets the console go once it has served what it was asked."""
        if self._serving is not None:
            await asyncio.wait([self._serving])
        self._node.feed.leave(self.console)

    def let(self, flow: Flow) -> None:
        """Let it flow in another way from now on."""
        self.flow = flow
        self._free_since_us = self._network.loop.now_us
        self._go_on()

    # the hub's side: what asyncio's transports offer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes for the console."""
        if self._closing or not self._at.alive:
            return
        node = self._node
        sent = Sent(self._network.loop.now_us, node.without_store_us, node.access.full_us, self.console.filters)
        self._waiting.append((bytes(data), sent))
        self._size += len(data)
        self._go_on()

    def get_write_buffer_size(self) -> int:
        """Return how much waits."""
        return self._size * _WEIGHT

    def is_closing(self) -> bool:
        """Say whether it is over."""
        return self._closing

    def close(self) -> None:
        """End it."""
        self.abort()

    def abort(self) -> None:
        """End it at once."""
        free_us = self._network.loop.now_us - self._free_since_us
        if self.flow == "free" and free_us > _WELL_US:
            self._network.loop.fail(f"{self._at.name}: cuts off a console that has read all that came")
        if not self._closing:
            self._closing = True
            self._gone()
            self._at.later(0.0, self._left)
            if self.flow != "lost":
                self._reader.process.later(self._network.delay(self._reader.process), self._reader.closed, self)

    def _go_on(self) -> None:
        if self._waiting and not self._delivering and self.flow in ("free", "slow"):
            self._delivering = True
            delay_s = self._network.delay(self._reader.process) if self.flow == "free" else _SLOW_S
            self._reader.process.later(delay_s, self._deliver)

    def _deliver(self) -> None:
        self._delivering = False
        if self.flow not in ("free", "slow"):
            return
        count = len(self._waiting) if self.flow == "free" else min(1, len(self._waiting))
        for data, sent in [self._waiting.popleft() for _ in range(count)]:
            self._size -= len(data)
            self._reader.receive(self, data, sent)
        self._go_on()
