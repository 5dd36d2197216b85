"""One SIP address over UDP and TCP: a thin shell around messages, transactions and dialogs."""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from command.kernel.clock import Clock
from command.kernel.errors import TooManyError, UnavailableError
from command.kernel.ports import listening_at
from command.kernel.rate import RateLimit
from edge.limits import SIP_ADDRESSES, SIP_ASKED, SIP_HANDLED, SIP_MESSAGES_PER_S, SIP_TICK_MS, SIP_TIMEOUT_MS
from edge.sip.connections import Connections, Datagrams
from edge.sip.counters import SipCounters
from edge.sip.dialog import Dialog
from edge.sip.headers import stamped, top_via
from edge.sip.message import Request, Response, SipError, cseq, parse, respond, serialise
from edge.sip.peer import Peer
from edge.sip.transactions import ClientTransaction, Key, ServerTransactions, key_of

log = logging.getLogger(__name__)

Handle = Callable[[Request, Peer], Response | Awaitable[Response]]
"""Answers a request of somebody else: at once, or later where something has to be waited for."""


class Agreed(NamedTuple):
    """The answer to an INVITE or SUBSCRIBE and the dialog that it made, None where it was refused."""

    response: Response
    dialog: Dialog | None


@dataclass(slots=True)
class _Asked:
    transaction: ClientTransaction
    peer: Peer
    answer: asyncio.Future[Response] | None
    until_ms: int
    ack: bytes | None = None
    dialog: Dialog | None = None
    cancelled: bool = False


class Endpoint:
    """Serves while it is entered: `async with Endpoint(…) as endpoint: endpoint.port`. Port 0 binds a free one.

    `announced` is the address that others reach this machine by; empty: that from which they would be sent to.
    """

    def __init__(self, clock: Clock, host: str, port: int, handle: Handle, announced: str = "") -> None:
        self.counters = SipCounters()
        self.port = port
        self._clock = clock
        self._host = host
        self._announced = announced
        self._handle = handle
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._theirs = ServerTransactions()
        self._rates: OrderedDict[str, RateLimit] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = Connections(clock, self.counters, self._received)
        self._datagrams = Datagrams(self.counters, self._received)

    async def __aenter__(self) -> Self:
        # TCP first: a free port of UDP may well be one that an outgoing TCP connection has.
        with listening_at(self._host, self.port):
            self.port = await self._connections.open(self._host, self.port)
        try:
            with listening_at(self._host, self.port):
                await self._datagrams.open(self._host, self.port)
        except UnavailableError:
            self._connections.close()
            raise
        self._group = await asyncio.TaskGroup().__aenter__()
        self._start(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connections.close()
        self._datagrams.close()
        for asked in self._asked.values():
            _fail(asked, "the SIP endpoint closes")
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def address_toward(self, host: str) -> str:
        """Return the address of this machine that a peer is to be told."""
        if self._announced:
            return self._announced
        if self._host not in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
            return self._host
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((host, 9))  # nothing is sent: the routing table alone answers
            except OSError:
                return self._host
            return str(probe.getsockname()[0])

    def via(self, peer: Peer) -> str:
        """Return the Via of a new request to a peer, with a branch of its own."""
        branch = f"z9hG4bK{secrets.token_hex(12)}"
        return f"SIP/2.0/{peer.transport.upper()} {self.address_toward(peer.host)}:{self.port};rport;branch={branch}"

    async def ask(self, request: Request, peer: Peer) -> Response:
        """Send a request that is no INVITE; return the final answer, whatever it says.

        Raises `UnavailableError` where none comes or it cannot be sent, `TooManyError` while too many wait.
        """
        key, asked = self._begin(request, peer, SIP_TIMEOUT_MS)
        assert asked.answer is not None
        try:
            return await asked.answer
        finally:
            self._asked.pop(key, None)

    async def invite(self, request: Request, peer: Peer, within_ms: int) -> Agreed:
        """Send an INVITE; return the final answer, acknowledged, with the dialog where it agrees. Raises as `ask`.

        Whoever is not waited for any more, by `within_ms` or because the asker was cancelled, is sent CANCEL, and BYE
        where it agrees nevertheless.
        """
        _, asked = self._begin(request, peer, within_ms)
        assert asked.answer is not None
        try:
            return Agreed(await asked.answer, asked.dialog)
        except BaseException:
            if asked.dialog is not None:
                self._part(asked.dialog, asked.peer)
            elif asked.transaction.final is None:
                self._cancel(asked)
            raise
        finally:
            asked.answer = None

    def tell(self, request: Request, peer: Peer) -> None:
        """Send a request and repeat it until it is answered, without waiting for that; a peer away is let be."""
        try:
            _, asked = self._begin(request, peer, SIP_TIMEOUT_MS)
        except (UnavailableError, TooManyError) as error:
            log.debug("%s is not sent: %s", request.method, error.detail)
            return
        asked.answer = None

    def _begin(self, request: Request, peer: Peer, within_ms: int) -> tuple[tuple[str, str], _Asked]:
        if len(self._asked) >= SIP_ASKED:
            raise TooManyError("too many SIP requests wait for their answers")
        now_ms = self._clock.now_ms()
        reliable = peer.transport == "tcp"
        transaction = ClientTransaction(request, reliable=reliable, now_ms=now_ms, within_ms=within_ms)
        self._send(transaction.packet, peer)
        key = (top_via(request.need("via")).branch, request.method)
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        asked = _Asked(transaction, peer, answer, now_ms + max(within_ms, SIP_TIMEOUT_MS))
        self._asked[key] = asked
        return key, asked

    def _send(self, packet: bytes, peer: Peer) -> None:
        """Raises `UnavailableError` where the connection is gone; what UDP loses nobody knows."""
        if peer.transport == "udp":
            self._datagrams.send(packet, peer)
        elif not self._connections.send(packet, peer):
            raise UnavailableError("the device's TCP connection is closed; it has to register again")
        self.counters.sent += 1

    def _send_if_there(self, packet: bytes, peer: Peer) -> None:
        try:
            self._send(packet, peer)
        except UnavailableError:
            self.counters.unsent += 1

    def _received(self, data: bytes, peer: Peer) -> None:
        """Take one datagram, or one message of a stream."""
        now_ms = self._clock.now_ms()
        if peer.transport == "udp" and self._rate(peer.host, now_ms).wait_ms(now_ms):
            self.counters.throttled += 1
            return
        if not data.strip(b"\r\n\0 "):
            self.counters.keepalives += 1
            return
        try:
            message = parse(data)
            if isinstance(message, Response):
                self._answered(message)
            else:
                self._requested(message, peer, now_ms)
        except SipError as error:
            self.counters.malformed += 1
            log.debug("what %s sent is not SIP: %s", peer.host, error.detail)
        except Exception:  # a fault of ours costs one message, not the endpoint
            log.exception("a SIP message could not be taken")
            self.counters.faults += 1

    def _rate(self, host: str, now_ms: int) -> RateLimit:
        rate = self._rates.get(host)
        if rate is None:
            rate = self._rates[host] = RateLimit(SIP_MESSAGES_PER_S, now_ms)
        self._rates.move_to_end(host)
        if len(self._rates) > SIP_ADDRESSES:
            self._rates.popitem(last=False)
        return rate

    def _answered(self, response: Response) -> None:
        branch = top_via(response.need("via")).branch
        asked = self._asked.get((branch, cseq(response)[1]))
        if asked is None:
            self.counters.unexpected += 1
            return
        if asked.ack is not None:  # ours was lost
            self._send_if_there(asked.ack, asked.peer)
            return
        self.counters.answers += 1
        asked.transaction.receive(response)
        if asked.transaction.request.method == "INVITE":
            self._invite_answered(asked, response)
        elif response.status >= 200:
            self._asked.pop((branch, asked.transaction.request.method), None)
        if response.status >= 200 and asked.answer and not asked.answer.done():
            asked.answer.set_result(response)

    def _invite_answered(self, asked: _Asked, response: Response) -> None:
        nobody_waits = asked.answer is None or asked.answer.done()
        if response.status >= 300:
            asked.ack = serialise(asked.transaction.ack())
            self._send_if_there(asked.ack, asked.peer)
        elif response.status >= 200:
            asked.dialog = Dialog.begun(asked.transaction.request, response)
            asked.ack = serialise(asked.dialog.request("ACK", self.via(asked.peer)))
            self._send_if_there(asked.ack, asked.peer)
            if nobody_waits:
                self._part(asked.dialog, asked.peer)
        elif nobody_waits:
            self._cancel(asked)

    def _part(self, dialog: Dialog, peer: Peer) -> None:
        self.tell(dialog.request("BYE", self.via(peer)), peer)

    def _cancel(self, asked: _Asked) -> None:
        """A CANCEL may only follow a provisional answer (9.1); until one comes there is nothing to be cancelled."""
        if asked.transaction.provisional is not None and not asked.cancelled:
            asked.cancelled = True
            self.tell(asked.transaction.cancel(), asked.peer)

    def _requested(self, request: Request, peer: Peer, now_ms: int) -> None:
        self.counters.requests += 1
        if request.method == "ACK":
            return
        key = key_of(request)
        seen = self._theirs.seen(key, now_ms)
        if seen is not None:
            self.counters.repeated += 1
            if seen:
                self._send_if_there(seen, peer)
            return
        stamped_request = stamped(request, peer.host, peer.port)
        if self._theirs.handled >= SIP_HANDLED:
            self.counters.overloaded += 1
            self._send_if_there(serialise(respond(stamped_request, 503, ("Retry-After", "5"))), peer)
            return
        answer = self._handle(stamped_request, peer)
        if inspect.isawaitable(answer):
            self._theirs.begin(key)
            self._start(self._answer_later(key, answer, stamped_request, peer))
        else:
            self._answer(key, answer, peer)

    async def _answer_later(self, key: Key, answer: Awaitable[Response], request: Request, peer: Peer) -> None:
        try:
            response = await answer
        except SipError as error:
            self.counters.malformed += 1
            log.debug("what %s sent cannot be handled: %s", peer.host, error.detail)
            response = respond(request, 400)
        except Exception:  # a fault of ours costs one request, not the endpoint
            log.exception("a SIP request failed")
            self.counters.faults += 1
            response = respond(request, 500)
        self._answer(key, response, peer)

    def _answer(self, key: Key, response: Response, peer: Peer) -> None:
        packet = serialise(response)
        agreed = 200 <= response.status < 300
        self._theirs.end(key, packet if agreed else None, self._clock.now_ms())
        if agreed:
            self._connections.welcome(peer)
        self._send_if_there(packet, peer)

    def _start(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = self._group.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(SIP_TICK_MS)
            now_ms = self._clock.now_ms()
            self._connections.tick(now_ms)
            for key, asked in list(self._asked.items()):
                self._due(key, asked, now_ms)

    def _due(self, key: tuple[str, str], asked: _Asked, now_ms: int) -> None:
        match asked.transaction.due(now_ms):
            case "send":
                self.counters.sent_again += 1
                self._send_if_there(asked.transaction.packet, asked.peer)
            case "failed":
                self.counters.unanswered += 1
                said = asked.transaction.provisional
                _fail(asked, f"answered only {said.status}" if said else "no answer")
            case "wait":
                pass
        if now_ms >= asked.until_ms:
            self._asked.pop(key, None)


def _fail(asked: _Asked, why: str) -> None:
    if asked.answer and not asked.answer.done():
        asked.answer.set_exception(UnavailableError(f"{asked.transaction.request.method}: {why}"))
