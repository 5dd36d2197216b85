"""Digest authentication as the asked side: challenges, nonces without memory, and whether an answer is right.

RFC 2617 (MD5, with and without qop), RFC 7616 and RFC 8760 (SHA-256 in SIP). One for SIP and for HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from typing import Literal

import msgspec

from command.kernel.errors import InvalidInputError
from edge.limits import SIP_PARAMETERS

Algorithm = Literal["MD5", "SHA-256"]
_HASHES = {"MD5": lambda data: hashlib.md5(data, usedforsecurity=False), "SHA-256": hashlib.sha256}
_ALGORITHMS: dict[str, Algorithm] = {"": "MD5", "MD5": "MD5", "SHA-256": "SHA-256"}
_PARAMETER = re.compile(r'\s*([\w\-]{1,64})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*)\s*(?:,|$)')
_STAMP_DIGITS, _COUNTED = 12, 64


class DigestError(InvalidInputError):
    """What came is not Digest, or something is missing from it."""

    code = "bad_digest"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What an Authorization header says. Without qop, `nonce_count` is 0 and `client_nonce` empty."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm
    qop: Literal["", "auth"]
    nonce_count: int
    client_nonce: str


def challenge(realm: str, nonce: str, algorithm: Algorithm, *, qop: bool, stale: bool) -> str:
    """Return the value of WWW-Authenticate."""
    parts = [f'Digest realm="{realm}"', f'nonce="{nonce}"', f"algorithm={algorithm}"]
    if qop:
        parts.append('qop="auth"')
    if stale:
        parts.append("stale=true")
    return ", ".join(parts)


def credentials(value: str) -> Credentials:
    """Read an Authorization header. Raises `DigestError` where it is not Digest or a part is missing or unknown."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise DigestError("the authorization is not Digest")
    said = comma_parameters(rest)
    missing = [name for name in ("username", "realm", "nonce", "uri", "response") if name not in said]
    if missing:
        raise DigestError(f"the authorization has no {missing[0]}")
    algorithm = _ALGORITHMS.get(said.get("algorithm", "").upper())
    qop = said.get("qop", "").lower()
    if algorithm is None or qop not in ("", "auth"):
        raise DigestError("the algorithm or quality of protection of the authorization is not known")
    count = said.get("nc", "0")
    if not all(c in "0123456789abcdefABCDEF" for c in count) or not 0 < len(count) <= 8:
        raise DigestError("nc is not a count")
    return Credentials(
        username=said["username"], realm=said["realm"], nonce=said["nonce"], uri=said["uri"],
        response=said["response"].lower(), algorithm=algorithm, qop="auth" if qop else "",
        nonce_count=int(count, 16) if qop else 0, client_nonce=said.get("cnonce", "") if qop else "",
    )  # fmt: skip


def is_right(told: Credentials, method: str, password: str) -> bool:
    """Say whether whoever made the answer knew the password."""
    return hmac.compare_digest(_bytes(response(told, method, password)), _bytes(told.response))


def response(told: Credentials, method: str, password: str) -> str:
    """Return the right answer to a challenge with these parts, in hexadecimal."""

    def digest(text: str) -> str:
        return _HASHES[told.algorithm](_bytes(text)).hexdigest()

    secret, asked = digest(f"{told.username}:{told.realm}:{password}"), digest(f"{method}:{told.uri}")
    if told.qop:
        return digest(f"{secret}:{told.nonce}:{told.nonce_count:08x}:{told.client_nonce}:{told.qop}:{asked}")
    return digest(f"{secret}:{told.nonce}:{asked}")


def _bytes(text: str) -> bytes:
    """Return the bytes of a header's text, also where they are no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


class Nonces:
    """Makes nonces that prove by themselves when and for whom they were made, so that strangers fill no memory."""

    def __init__(self, lifetime_ms: int) -> None:
        self._secret = secrets.token_bytes(32)
        self._lifetime_ms = lifetime_ms

    def make(self, subject: str, now_ms: int) -> str:
        """Return a nonce for a subject."""
        stamp = f"{now_ms:012x}{secrets.token_hex(4)}"
        return stamp + self._proof(stamp, subject)

    def judge(self, nonce: str, subject: str, now_ms: int) -> Literal["fresh", "stale", "foreign"]:
        """Say whether the nonce is ours, for this subject, and not older than it may be."""
        stamp, proof = nonce[:20], nonce[20:]
        if not hmac.compare_digest(_bytes(proof), _bytes(self._proof(stamp, subject))):
            return "foreign"
        age_ms = now_ms - made_ms(nonce)
        return "fresh" if age_ms <= self._lifetime_ms else "stale"

    def _proof(self, stamp: str, subject: str) -> str:
        return hmac.new(self._secret, _bytes(f"{stamp}{subject}"), hashlib.sha256).hexdigest()[:32]


def made_ms(nonce: str) -> int:
    """Return when a nonce that was judged ours was made."""
    return int(nonce[:_STAMP_DIGITS], 16)


class Replays:
    """Which answers came already. Of a nonce the newest counts are told apart, since requests overtake each other."""

    def __init__(self, most_nonces: int) -> None:
        self._most = most_nonces
        self._used: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """By nonce: the highest count, and a bit for each of those below it."""
        self._forgotten_ms = -1
        """A nonce made until then that is not remembered may have been used."""

    def is_first(self, told: Credentials) -> bool:
        """Say whether this answer, which is right, came for the first time; without a count a nonce is good once."""
        highest, seen = self._used.get(told.nonce, (-1, 0))
        if highest < 0 and made_ms(told.nonce) <= self._forgotten_ms:
            return False
        ahead = told.nonce_count - highest
        if ahead > 0:
            seen = (seen << min(ahead, _COUNTED) | 1) & ((1 << _COUNTED) - 1)
            highest = told.nonce_count
        elif -ahead >= _COUNTED or seen >> -ahead & 1:
            return False
        else:
            seen |= 1 << -ahead
        self._used[told.nonce] = (highest, seen)
        self._used.move_to_end(told.nonce)
        while len(self._used) > self._most:
            gone, _ = self._used.popitem(last=False)
            self._forgotten_ms = max(self._forgotten_ms, made_ms(gone))
        return True


def comma_parameters(text: str) -> dict[str, str]:
    """Read `a="b", c=d` of an authentication header, quotes taken off. Raises `DigestError` for what is not that."""
    parameters: dict[str, str] = {}
    at = 0
    text = text.strip()
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if not found or len(parameters) >= SIP_PARAMETERS:
            raise DigestError("not a list of parameters")
        value = found[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        parameters.setdefault(found[1].lower(), value)
        at = found.end()
    return parameters
