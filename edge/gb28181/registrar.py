"""REGISTER (GB/T 28181, 9.1): who may sign in, without I/O. A device is believed by its digest answer alone."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

import msgspec

from command.access.failures import Failures
from command.kernel.limits import SIGN_IN_FAILURES, SIGN_IN_FAILURES_PER_ADDRESS, SIGN_IN_REMEMBERED
from edge.digest import Algorithm, Credentials, DigestError, Nonces, challenge, credentials, is_right
from edge.gb28181.ids import is_id
from edge.gb28181.local_time import written
from edge.limits import GB28181_DEVICES, GB28181_NONCE_MS, GB28181_REGISTERED_LEAST_S, GB28181_REGISTERED_MOST_S
from edge.sip.headers import name_address
from edge.sip.message import Header, Request, Response, SipError, respond

VERSION_HEADER = "X-GB-Ver"
_OURS = "3.0"
_DEFAULT_EXPIRES_S = 3600


Why = Literal[
    "wrong password", "too many wrong passwords", "the user name is not the device's id", "the realm is not ours"
]  # fmt: skip


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A device signed in. `expires_s` 0: it signed off. `version` is 2.0 (2016) unless it says another."""

    device: str
    expires_s: int
    version: str
    algorithm: Algorithm


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The newest refusal of somebody who says to be a device."""

    device: str
    host: str
    at_ms: int
    why: Why


class RegistrarCounters(msgspec.Struct):
    """Everything only grows."""

    challenged: int = 0
    registered: int = 0
    stale: int = 0
    replayed: int = 0
    wrong_passwords: int = 0
    throttled: int = 0
    strange: int = 0


class Registrar:
    """Judges REGISTER requests. `password_of(device)` returns the password that the device has to know."""

    def __init__(self, domain: str, password_of: Callable[[str], str]) -> None:
        self.counters = RegistrarCounters()
        self.refused: OrderedDict[str, Refused] = OrderedDict()
        self._domain = domain
        self._password_of = password_of
        self._nonces = Nonces(GB28181_NONCE_MS)
        self._used: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._failed = Failures(SIGN_IN_FAILURES)
        self._failed_hosts = Failures(SIGN_IN_FAILURES_PER_ADDRESS)

    def register(self, request: Request, host: str, now_ms: int) -> tuple[Response, Registered | None]:
        """Return the answer, and the registration where it is granted. Raises `SipError`."""
        device = name_address(request.need("to")).user
        if not is_id(device):
            self.counters.strange += 1
            return respond(request, 403), None
        said = request.get("authorization")
        try:
            told = credentials(said) if said is not None else None
        except DigestError as error:
            raise SipError(error.detail) from error
        if why := self._refusal(device, host, told, now_ms):
            self.refused[device] = Refused(device=device, host=host, at_ms=now_ms, why=why)
            self.refused.move_to_end(device)
            if len(self.refused) > SIGN_IN_REMEMBERED:
                self.refused.popitem(last=False)
            return respond(request, 403), None
        if told is None or not self._is_fresh(device, told, now_ms):
            self.counters.challenged += 1
            return self._challenge(request, device, now_ms, stale=told is not None), None
        self._failed.forget(f"{device} {host}")
        self.refused.pop(device, None)
        return self._grant(request, device, told.algorithm, now_ms)

    def _refusal(self, device: str, host: str, told: Credentials | None, now_ms: int) -> Why | None:
        """Return why the device is not let in, counted; None where it is, or where it has to be challenged first."""
        who = f"{device} {host}"
        if self._failed.has_to_wait(who, now_ms) or self._failed_hosts.has_to_wait(host, now_ms):
            self.counters.throttled += 1
            return "too many wrong passwords"
        if told is None:
            return None
        why: Why
        if told.username != device:
            why = "the user name is not the device's id"
        elif told.realm != self._domain:
            why = "the realm is not ours"
        elif not is_right(told, "REGISTER", self._password_of(device)):
            why = "wrong password"
        else:
            return None
        self.counters.wrong_passwords += 1
        self._failed.add(who, now_ms)
        self._failed_hosts.add(host, now_ms)
        return why

    def _is_fresh(self, device: str, told: Credentials, now_ms: int) -> bool:
        """Say whether the answer is to a challenge of ours of late, and the first to it.

        Who overheard an answer must not sign in with it, or off.
        """
        if self._nonces.judge(told.nonce, device, now_ms) != "fresh":
            self.counters.stale += 1
            return False
        nonce, count = self._used.get(device, ("", 0))
        if told.nonce == nonce and told.nonce_count <= count:
            self.counters.replayed += 1
            return False
        self._used[device] = (told.nonce, told.nonce_count)
        self._used.move_to_end(device)
        if len(self._used) > 2 * GB28181_DEVICES:
            self._used.popitem(last=False)
        return True

    def _challenge(self, request: Request, device: str, now_ms: int, *, stale: bool) -> Response:
        """SHA-256 first, as RFC 8760 orders, to devices of 2022; those of 2016 know MD5 and no qop."""
        nonce = self._nonces.make(device, now_ms)
        offered: list[tuple[Algorithm, bool]] = [("MD5", False)]
        if _version(request) >= "3":
            offered = [("SHA-256", True), ("MD5", True)]
        headers: list[Header] = [
            ("WWW-Authenticate", challenge(self._domain, nonce, algorithm, qop=qop, stale=stale))
            for algorithm, qop in offered
        ]
        return respond(request, 401, *headers, tag=nonce[:8])

    def _grant(
        self, request: Request, device: str, algorithm: Algorithm, now_ms: int
    ) -> tuple[Response, Registered | None]:
        expires_s = _expires_s(request)
        contact = request.get("contact")
        headers: list[Header] = [
            # The device sets its clock by this; the recommendation for its form is local time (9.10).
            ("Date", written(now_ms, fractions=True)), ("Expires", str(expires_s)), (VERSION_HEADER, _OURS),
        ]  # fmt: skip
        if contact:
            headers.append(("Contact", contact))
        self.counters.registered += 1
        registered = Registered(
            device=device, expires_s=expires_s, version=_version(request) or "2.0", algorithm=algorithm
        )  # fmt: skip
        return respond(request, 200, *headers, tag=device[-8:]), registered


def _version(request: Request) -> str:
    said = request.get(VERSION_HEADER) or ""
    return said if re.fullmatch(r"\d\.\d", said) else ""


def _expires_s(request: Request) -> int:
    """Return for how long, within our bounds; 0 stays 0. What stands with the contact goes before the header."""
    found = re.search(r";\s*expires\s*=\s*(\d{1,9})", request.get("contact") or "", re.IGNORECASE)
    said = found[1] if found else request.get("expires")
    if said is None:
        return _DEFAULT_EXPIRES_S
    if not (said.isascii() and said.isdecimal() and len(said) <= 9):
        raise SipError("not an Expires")
    return 0 if int(said) == 0 else min(max(int(said), GB28181_REGISTERED_LEAST_S), GB28181_REGISTERED_MOST_S)
