"""The connection to the hub: made again for ever, and everything that goes over it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.tasks import apart
from edge.agent import protocol
from edge.agent.protocol import (
    Answer,
    Ask,
    Config,
    Disk,
    Errand,
    Hello,
    Received,
    Refused,
    Settled,
    Standing,
    Unknown,
    Welcome,
)
from edge.agent.sending import Sending
from edge.limits import (
    AGENT_ASK_MS,
    AGENT_ASKS,
    AGENT_CONFIG_BYTES,
    AGENT_HELLO_MS,
    AGENT_LATER_MS,
    AGENT_PING_MS,
    AGENT_RETRY_FIRST_MS,
    AGENT_RETRY_LONGEST_MS,
    AGENT_SILENT_MS,
    AGENT_STATE_MS,
)
from edge.outbox import Outbox

log = logging.getLogger(__name__)
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
OnConfig = Callable[[Config], Awaitable[None]]


@dataclass
class LinkCounters:
    """What became of the connections."""

    connected: int = 0
    cut: int = 0
    refused: int = 0
    bad_messages: int = 0
    unknown_messages: int = 0


class _Direct(connect):
    """Follows no redirect: it would take the key elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Give up."""
        return exc


class _LinkLostError(Exception):
    """The connection is of no more use; the reason is for people."""


def checked_url(hub: str, path: str = protocol.PATH) -> str:
    """Return the address of a websocket at a hub; `InvalidInputError` for one that would show the key on its way."""
    parts = urlsplit(hub)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise InvalidInputError("the hub's address begins with wss://")
    if parts.scheme == "ws" and parts.hostname not in _LOOPBACK:
        raise InvalidInputError("the addresses of cameras go over this link: to another machine it is wss://")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{path}"


def dial(url: str, key: str, most_bytes: int) -> connect:
    """Return a connection to a hub, not made yet, over which no message may be larger."""
    return _Direct(
        url,
        additional_headers={"Authorization": f"Bearer {key}"},
        compression=None,
        proxy=None,
        open_timeout=AGENT_HELLO_MS / 1000,
        close_timeout=1,
        ping_interval=AGENT_PING_MS / 1000,
        ping_timeout=AGENT_SILENT_MS / 1000,
        max_size=most_bytes,
    )


class TakesErrands(Protocol):
    """Who does what the hub asks for."""

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of errands that it does."""
        ...

    def take(self, errand: Errand, hub: str) -> None:
        """Begin with one of the hub at an address; never waits."""
        ...


@dataclass(frozen=True)
class Condition:
    """How the agent is, besides its outbox, as `protocol.Standing` tells it."""

    no_plates: str = ""
    disks: Sequence[Disk] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    """What waits for the outbox, as `Outbox.waiting` says what waits in it."""


class HubLink:
    """`run` keeps it up, with one of `hubs` after the other until one answers.

    `on_config` hears what the agent is to do, each time that the hub tells; `condition` says how the agent is.
    """

    def __init__(
        self,
        hubs: Sequence[str],
        key: str,
        release: str,
        outbox: Outbox,
        clock: Clock,
        on_config: OnConfig,
        errands: TakesErrands | None = None,
        condition: Callable[[], Condition] = Condition,
    ) -> None:
        self.counters = LinkCounters()
        self.connected = asyncio.Event()
        self._hubs = [*hubs]
        for hub in hubs:
            checked_url(hub)
        self._key = key
        self._release = release
        self._outbox = outbox
        self._clock = clock
        self._on_config = on_config
        self._errands = errands
        self._condition = condition
        self._socket: ClientConnection | None = None
        self._asks: dict[int, asyncio.Future[Answer]] = {}
        self._asked = 0
        self._moved = asyncio.Event()
        self._kinds: Collection[str] | None = None

    def knows_kind(self, kind: str) -> bool | None:
        """Say whether the hub takes items of a kind; None while it is away."""
        return None if self._kinds is None else kind in self._kinds

    @property
    def hub(self) -> str:
        """The address of the hub that it is connected to, or tries next."""
        return self._hubs[0]

    async def run(self) -> None:
        """Connect, and again whenever the link is lost, until cancelled."""
        failures = 0
        while True:
            settled_before, hub = self.counters.connected, self._hubs[0]
            try:
                await apart(self._once())
            except* (_LinkLostError, OSError, TimeoutError, WebSocketException) as lost:
                log.warning("the link to %s is down: %s", hub, _reason(lost))
            except* UnavailableError as away:
                log.warning("the outbox cannot be read: %s", _reason(away))
            was_up = self.counters.connected > settled_before
            self.counters.cut += was_up
            failures = 1 if was_up else failures + 1
            if not was_up:
                self._hubs = [*self._hubs[1:], self._hubs[0]]
            longest_ms = min(AGENT_RETRY_LONGEST_MS, AGENT_RETRY_FIRST_MS << min(failures - 1, 16))
            await self._clock.sleep(longest_ms // 2 + secrets.randbelow(longest_ms // 2 + 1))

    async def ask(self, what: str, kind: str, device: str, token: str = "") -> Answer:
        """Ask the hub about a device. Raises `UnavailableError` where it is away or cannot tell."""
        socket = self._socket
        if socket is None or len(self._asks) >= AGENT_ASKS:
            raise UnavailableError("the hub is away")
        self._asked += 1
        number = self._asked
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asks[number] = waiting
        try:
            async with asyncio.timeout(AGENT_ASK_MS / 1000):
                asked = Ask(id=number, what=what, kind=kind, device=device, token=token)
                await socket.send(protocol.encode(asked))
                answer = await waiting
        except (TimeoutError, WebSocketException) as error:
            raise UnavailableError("the hub does not answer") from error
        finally:
            del self._asks[number]
        if answer.error:
            raise UnavailableError(answer.error)
        return answer

    async def _once(self) -> None:
        hub = self._hubs[0]
        socket = await dial(checked_url(hub), self._key, AGENT_CONFIG_BYTES)
        try:
            async with asyncio.timeout(AGENT_HELLO_MS / 1000):
                welcome = await self._shake_hands(socket)
            await self._outbox.bring_back(welcome.kinds)
            self.counters.connected += 1
            self._socket, self._kinds = socket, frozenset(welcome.kinds)
            self.connected.set()
            log.info("the link to %s is up, version %d, release %s", hub, welcome.version, welcome.release)
            sending = Sending(self._outbox, self._clock, socket)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(socket, sending, hub), name="agent-listen")
                tasks.create_task(self._send(sending), name="agent-send")
                tasks.create_task(self._watch_outbox(), name="agent-outbox")
                tasks.create_task(self._tell_standing(socket), name="agent-standing")
        finally:
            self.connected.clear()
            self._socket = self._kinds = None
            for waiting in self._asks.values():
                if not waiting.done():
                    waiting.set_result(Answer(id=1, error="the hub is away"))
            await socket.close()

    async def _shake_hands(self, socket: ClientConnection) -> Welcome:
        kinds = list(self._errands.kinds) if self._errands else []
        hello = Hello(versions=protocol.VERSIONS, release=self._release, box=self._outbox.id, errands=kinds)
        await socket.send(protocol.encode(hello))
        try:
            message = protocol.told(await socket.recv())
        except InvalidInputError as error:
            self.counters.bad_messages += 1
            raise _LinkLostError(error.detail) from error
        match message:
            case Welcome() if protocol.VERSIONS[0] <= message.version <= protocol.VERSIONS[1]:
                return message
            case Refused():
                self.counters.refused += 1
                raise _LinkLostError(f"the hub refuses: {message.code} {message.detail}")
            case _:
                self.counters.bad_messages += 1
                raise _LinkLostError("the hub does not say welcome")

    async def _listen(self, socket: ClientConnection, sending: Sending, hub: str) -> None:
        async for data in socket:
            try:
                message = protocol.told(data)
            except protocol.UnknownTypeError as unknown:
                self.counters.unknown_messages += 1
                await socket.send(protocol.encode(Unknown(what=unknown.what)))
                continue
            except InvalidInputError as error:
                self.counters.bad_messages += 1
                raise _LinkLostError(error.detail) from error
            match message:
                case Settled():
                    await sending.settle(message)
                    if message.later:
                        await self._clock.sleep(AGENT_LATER_MS)
                case Received():
                    sending.received(message)
                case Config():
                    await self._on_config(message)
                case Errand() if self._errands is not None:
                    self._errands.take(message, hub)
                case Answer():
                    waiting = self._asks.get(message.id)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                case _:
                    pass  # an `unknown` needs no answer, and what belongs to the beginning is over
            self._moved.set()
        raise _LinkLostError(f"the hub closed it: {socket.close_code} {socket.close_reason}")

    async def _send(self, sending: Sending) -> None:
        while True:
            self._moved.clear()
            if not await sending.send_next():
                await self._moved.wait()

    async def _watch_outbox(self) -> None:
        while True:
            await self._outbox.news()
            self._moved.set()

    async def _tell_standing(self, socket: ClientConnection) -> None:
        told: Sequence[Disk] | None = None
        while True:
            outbox, condition = self._outbox, self._condition()
            standing = Standing(
                now_ms=self._clock.now_ms(),
                waiting=dict(Counter(outbox.waiting) + Counter(condition.held)),
                waiting_bytes=outbox.size_bytes,
                shed=dict(outbox.shed),
                not_stored=outbox.not_stored,
                no_plates=condition.no_plates[:500],
                disks=None if condition.disks == told else list(condition.disks),
                libraries=dict(condition.libraries),
            )
            told = condition.disks
            await socket.send(protocol.encode(standing))
            await self._clock.sleep(AGENT_STATE_MS)


def _reason(group: BaseExceptionGroup[BaseException]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, InvalidStatus) and error.response.status_code == HTTPStatus.UNAUTHORIZED:
        return "it takes no such key (HTTP 401): `triune agent enrol` there makes a new one, and the one before is void"
    return f"{type(error).__name__} {error}".strip()[:300]
