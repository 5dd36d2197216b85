"""Requests that are repeated until answered, and answers kept for requests that come again (RFC 3261, 17).

State machines without I/O: the owner sends what they give, and calls `due` when its time has come.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

import msgspec

from edge.limits import SIP_ANSWERED, SIP_T1_MS, SIP_T2_MS, SIP_TIMEOUT_MS
from edge.sip.headers import top_via
from edge.sip.message import Header, Request, Response, cseq, serialise

Key = tuple[str, str, str, int, str]
"""Branch, who sent it, Call-ID, number and method."""


def key_of(request: Request) -> Key:
    """Return which transaction a request of somebody else belongs to.

    The branch alone should tell (17.2.3), but some devices have one for all that they say, and an alarm taken for the
    one before it would be lost.
    """
    via = top_via(request.need("via"))
    number, method = cseq(request)
    return via.branch, via.sent_by, request.need("call-id"), number, "INVITE" if method == "ACK" else method


class ClientTransaction:
    """One request of ours. `next_ms` is when `due` wants to be called; `final` the answer once it came."""

    def __init__(self, request: Request, *, reliable: bool, now_ms: int, within_ms: int = SIP_TIMEOUT_MS) -> None:
        self.request = request
        self.provisional: Response | None = None
        self.final: Response | None = None
        self._packet = serialise(request)
        self._reliable = reliable
        self._pause_ms = SIP_T1_MS
        self._failed = False
        self._until_ms = now_ms + within_ms
        self.next_ms = self._until_ms if reliable else min(now_ms + SIP_T1_MS, self._until_ms)

    @property
    def packet(self) -> bytes:
        """The request as it is sent, the first time too."""
        return self._packet

    def due(self, now_ms: int) -> Literal["send", "failed", "wait"]:
        """Say what is to be done now: send the request again, give up, or nothing yet."""
        if self.final is not None or self._failed or now_ms < self.next_ms:
            return "wait"
        if now_ms >= self._until_ms:
            self._failed = True
            return "failed"
        if self.request.method == "INVITE":
            if self.provisional is not None:
                self.next_ms = self._until_ms
                return "wait"
            self._pause_ms *= 2
        else:
            self._pause_ms = min(2 * self._pause_ms, SIP_T2_MS)
        self.next_ms = min(now_ms + self._pause_ms, self._until_ms)
        return "send"

    def receive(self, response: Response) -> None:
        """Take an answer; the first final one counts."""
        if response.status < 200:
            self.provisional = response
        elif self.final is None:
            self.final = response

    def ack(self) -> Request:
        """Return the ACK of a refusal, which belongs to this transaction (17.1.1.3)."""
        assert self.final is not None
        assert self.final.status >= 300, "the ACK of an agreement is the dialog's"
        return _like(self.request, "ACK", self.final.need("to"))

    def cancel(self) -> Request:
        """Return the CANCEL of an INVITE that got no final answer (9.1)."""
        return _like(self.request, "CANCEL", self.request.need("to"))


def _like(invite: Request, method: str, to: str) -> Request:
    number, _ = cseq(invite)
    headers: list[Header] = [
        ("Via", invite.need("via")), ("From", invite.need("from")), ("To", to), ("Call-ID", invite.need("call-id")),
        ("CSeq", f"{number} {method}"), ("Max-Forwards", "70"), *(("Route", route) for route in invite.all("route")),
    ]  # fmt: skip
    return Request(method=method, uri=invite.uri, headers=tuple(headers))


class _Answered(msgspec.Struct, frozen=True):
    until_ms: int
    packet: bytes


class ServerTransactions:
    """What others asked of us: a request that comes again is answered as before and not carried out twice."""

    def __init__(self) -> None:
        self._handled: set[Key] = set()
        self._answered: OrderedDict[Key, _Answered] = OrderedDict()

    @property
    def handled(self) -> int:
        """How many are being carried out."""
        return len(self._handled)

    def seen(self, key: Key, now_ms: int) -> bytes | None:
        """Return the answer given before, empty while there is none yet, None for a request that is new."""
        if key in self._handled:
            return b""
        answered = self._answered.get(key)
        return answered.packet if answered and now_ms < answered.until_ms else None

    def begin(self, key: Key) -> None:
        """Its handling takes time."""
        self._handled.add(key)

    def end(self, key: Key, packet: bytes | None, now_ms: int) -> None:
        """It is answered; None where the same has to be carried out when it comes again."""
        self._handled.discard(key)
        if packet is None:
            return
        self._answered[key] = _Answered(now_ms + SIP_TIMEOUT_MS, packet)
        self._answered.move_to_end(key)
        self._drop(lambda oldest: len(self._answered) > SIP_ANSWERED or oldest.until_ms <= now_ms)

    def _drop(self, over: Callable[[_Answered], bool]) -> None:
        while self._answered and over(next(iter(self._answered.values()))):
            self._answered.popitem(last=False)
