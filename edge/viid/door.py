"""Who may speak to us: digest answers by a device's id and password, and what was registered from where; no I/O.

Register and UnRegister need a digest answer. For the rest many systems send their id alone, in User-Identify: it counts
from the address that the id registered from, for as long as it is heard of, and from that of a system that we register
at ourselves: such a one never registers here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from command.access.failures import Failures
from command.kernel.limits import SIGN_IN_FAILURES, SIGN_IN_FAILURES_PER_ADDRESS, SIGN_IN_REMEMBERED
from edge.digest import Algorithm, Credentials, DigestError, Nonces, Replays, challenge, credentials, is_right
from edge.limits import VIID_NONCE_MS, VIID_NONCES, VIID_PEERS, VIID_SILENT_MS
from edge.viid.ids import is_device

Why = Literal[
    "no id of 20 digits", "wrong password", "too many wrong passwords", "the answer is for another address",
    "the realm is not ours", "the authorization is not Digest", "not registered",
]  # fmt: skip
_SUBJECT = "viid"


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a request shows at the door. `target` is path and query as they were sent."""

    method: str
    target: str
    host: str
    identity: str
    """Of the header User-Identify; empty without."""
    authorization: str | None


class Peer(msgspec.Struct, kw_only=True):
    """A system that is registered, from one address."""

    id: str
    host: str
    since_ms: int
    heard_ms: int


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The newest refusal of somebody who says to be a system."""

    id: str
    host: str
    at_ms: int
    why: Why


class Challenged(msgspec.Struct, frozen=True):
    """Not let in yet: `headers` are values of WWW-Authenticate, none where an answer would not help."""

    headers: tuple[str, ...]
    why: Why


class DoorCounters(msgspec.Struct):
    """Everything only grows."""

    challenged: int = 0
    registered: int = 0
    unregistered: int = 0
    stale: int = 0
    replayed: int = 0
    wrong_passwords: int = 0
    throttled: int = 0
    too_many: int = 0


class Door:
    """Judges requests. `password_of(id)` returns the password that a system has to know.

    `uppers` are the systems that we register at, by id, and their addresses.
    """

    def __init__(
        self, realm: str, algorithms: Sequence[Algorithm], password_of: Callable[[str], str],
        uppers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.counters = DoorCounters()
        self.peers: OrderedDict[str, Peer] = OrderedDict()
        """By id, the one heard of last at the end."""
        self.refused: OrderedDict[str, Refused] = OrderedDict()
        self._realm = realm
        self._algorithms = algorithms
        self._password_of = password_of
        self._uppers = uppers or {}
        self._nonces = Nonces(VIID_NONCE_MS)
        self._replays = Replays(VIID_NONCES)
        self._failed = Failures(SIGN_IN_FAILURES)
        self._failed_hosts = Failures(SIGN_IN_FAILURES_PER_ADDRESS)

    def judge(self, ask: Ask, now_ms: int, *, proof: bool) -> str | Challenged:
        """Return the id of who asks, or the challenge. With `proof` nothing but a digest answer counts."""
        if ask.authorization is None:
            return ("" if proof else self._by_address(ask, now_ms)) or self._challenge("not registered", now_ms)
        try:
            told = credentials(ask.authorization)
        except DigestError:
            return self._challenge("the authorization is not Digest", now_ms)
        identity = ask.identity or told.username
        why = self._refusal(identity, ask, told, now_ms)
        if why is not None:
            self._note(identity, ask.host, why, now_ms)
            throttled = why == "too many wrong passwords"
            return Challenged((), why) if throttled else self._challenge(why, now_ms)
        if not self._is_fresh(told, now_ms):
            return self._challenge("not registered", now_ms, stale=True)
        self._failed.forget(f"{identity} {ask.host}")
        self.refused.pop(identity, None)
        peer = self.peer(identity, now_ms)
        return identity if peer is None else self._heard(peer, now_ms)

    def register(self, identity: str, ask: Ask, now_ms: int) -> bool:
        """Take it in after `judge` with proof; False where too many are."""
        self._tidy(now_ms)
        if identity not in self.peers and len(self.peers) >= VIID_PEERS:
            self.counters.too_many += 1
            return False
        self.peers[identity] = Peer(id=identity, host=ask.host, since_ms=now_ms, heard_ms=now_ms)
        self.peers.move_to_end(identity)
        self.counters.registered += 1
        return True

    def unregister(self, identity: str) -> None:
        """Let it go."""
        if self.peers.pop(identity, None) is not None:
            self.counters.unregistered += 1

    def peer(self, identity: str, now_ms: int) -> Peer | None:
        """Return who is registered under an id and was heard of lately."""
        peer = self.peers.get(identity)
        return peer if peer is not None and now_ms - peer.heard_ms <= VIID_SILENT_MS else None

    def _by_address(self, ask: Ask, now_ms: int) -> str:
        """Return the id that is believed because of where it speaks from; empty where it is not."""
        peer = self.peer(ask.identity, now_ms)
        if peer is not None and peer.host == ask.host:
            return self._heard(peer, now_ms)
        return ask.identity if ask.identity and self._uppers.get(ask.identity) == ask.host else ""

    def _heard(self, peer: Peer, now_ms: int) -> str:
        peer.heard_ms = now_ms
        self.peers.move_to_end(peer.id)
        return peer.id

    def _refusal(self, identity: str, ask: Ask, told: Credentials, now_ms: int) -> Why | None:
        who = f"{identity} {ask.host}"
        if self._failed.has_to_wait(who, now_ms) or self._failed_hosts.has_to_wait(ask.host, now_ms):
            self.counters.throttled += 1
            return "too many wrong passwords"
        if not is_device(identity):
            return "no id of 20 digits"
        if told.realm != self._realm:
            return "the realm is not ours"
        if _path(told.uri) != _path(ask.target):
            return "the answer is for another address"
        if is_right(told, ask.method, self._password_of(identity)):
            return None
        self.counters.wrong_passwords += 1
        self._failed.add(who, now_ms)
        self._failed_hosts.add(ask.host, now_ms)
        return "wrong password"

    def _is_fresh(self, told: Credentials, now_ms: int) -> bool:
        if self._nonces.judge(told.nonce, _SUBJECT, now_ms) != "fresh":
            self.counters.stale += 1
            return False
        if not self._replays.is_first(told):
            self.counters.replayed += 1
            return False
        return True

    def _challenge(self, why: Why, now_ms: int, *, stale: bool = False) -> Challenged:
        self.counters.challenged += 1
        nonce = self._nonces.make(_SUBJECT, now_ms)
        headers = (challenge(self._realm, nonce, algorithm, qop=True, stale=stale) for algorithm in self._algorithms)
        return Challenged(tuple(headers), why)

    def _note(self, identity: str, host: str, why: Why, now_ms: int) -> None:
        name = "".join(char for char in identity if char.isprintable())[:64]
        self.refused[name] = Refused(id=name, host=host, at_ms=now_ms, why=why)
        self.refused.move_to_end(name)
        if len(self.refused) > SIGN_IN_REMEMBERED:
            self.refused.popitem(last=False)

    def _tidy(self, now_ms: int) -> None:
        while self.peers:
            peer = next(iter(self.peers.values()))
            if now_ms - peer.heard_ms <= VIID_SILENT_MS:
                return
            del self.peers[peer.id]


def _path(uri: str) -> str:
    """Return the path alone: some name the whole address, and some leave the query out."""
    try:
        return urlsplit(uri).path
    except ValueError:
        return ""
