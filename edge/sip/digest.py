"""Digest authentication as the asked side: challenges, nonces without memory, and whether an answer is right.

RFC 2617 (MD5, with and without qop), RFC 7616 and RFC 8760 (SHA-256 in SIP).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Literal

import msgspec

from edge.sip.headers import comma_parameters
from edge.sip.message import SipError

Algorithm = Literal["MD5", "SHA-256"]
_HASHES = {"MD5": lambda data: hashlib.md5(data, usedforsecurity=False), "SHA-256": hashlib.sha256}
_ALGORITHMS: dict[str, Algorithm] = {"": "MD5", "MD5": "MD5", "SHA-256": "SHA-256"}


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
    """Read an Authorization header. Raises `SipError` where it is not Digest or a part is missing or unknown."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise SipError("the authorization is not Digest")
    said = comma_parameters(rest)
    missing = [name for name in ("username", "realm", "nonce", "uri", "response") if name not in said]
    if missing:
        raise SipError(f"the authorization has no {missing[0]}")
    algorithm = _ALGORITHMS.get(said.get("algorithm", "").upper())
    qop = said.get("qop", "").lower()
    if algorithm is None or qop not in ("", "auth"):
        raise SipError("the algorithm or quality of protection of the authorization is not known")
    count = said.get("nc", "0")
    if not all(c in "0123456789abcdefABCDEF" for c in count) or not 0 < len(count) <= 8:
        raise SipError("nc is not a count")
    return Credentials(
        username=said["username"], realm=said["realm"], nonce=said["nonce"], uri=said["uri"],
        response=said["response"].lower(), algorithm=algorithm, qop="auth" if qop else "",
        nonce_count=int(count, 16) if qop else 0, client_nonce=said.get("cnonce", "") if qop else "",
    )  # fmt: skip


def is_right(told: Credentials, method: str, password: str) -> bool:
    """Say whether whoever made the answer knew the password."""
    return hmac.compare_digest(response(told, method, password).encode(), told.response.encode())


def response(told: Credentials, method: str, password: str) -> str:
    """Return the right answer to a challenge with these parts, in hexadecimal."""

    def digest(text: str) -> str:
        return _HASHES[told.algorithm](text.encode("utf-8")).hexdigest()

    secret, asked = digest(f"{told.username}:{told.realm}:{password}"), digest(f"{method}:{told.uri}")
    if told.qop:
        return digest(f"{secret}:{told.nonce}:{told.nonce_count:08x}:{told.client_nonce}:{told.qop}:{asked}")
    return digest(f"{secret}:{told.nonce}:{asked}")


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
        if not hmac.compare_digest(proof.encode(), self._proof(stamp, subject).encode()):
            return "foreign"
        age_ms = now_ms - int(stamp[:12], 16)
        return "fresh" if age_ms <= self._lifetime_ms else "stale"

    def _proof(self, stamp: str, subject: str) -> str:
        return hmac.new(self._secret, f"{stamp}{subject}".encode(), hashlib.sha256).hexdigest()[:32]
