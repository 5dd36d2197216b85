"""RTSP as a client speaks it (RFC 2326), no further than to ask a camera what it offers; without I/O."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import msgspec

_STATUS: Final = re.compile(r"RTSP/\d\.\d (\d{3})(?: (.*))?")
_PARAMETER: Final = re.compile(r'(\w[\w-]*)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256"}


class RtspError(Exception):
    """What came is not RTSP, or asks for something that is not known. The text is for people."""


class Target(msgspec.Struct, frozen=True):
    """Where a camera is, and as whom it is asked."""

    host: str
    port: int
    is_tls: bool
    url: str
    """Without user and password."""
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Target({self.host!r}, {self.port})"


class Response(msgspec.Struct, frozen=True):
    """The head of an answer; header names are in small letters, repeated ones in their order."""

    status: int
    phrase: str
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Return what a header says, each time that it stands there."""
        return [value for key, value in self.headers if key == name]

    @property
    def body_bytes(self) -> int:
        """How long the body is that follows."""
        said = "".join(self.values("content-length")[:1]) or "0"
        if not said.isdecimal():
            raise RtspError("the length of its answer is no number")
        return int(said)


class Media(msgspec.Struct, frozen=True):
    """The video that a session description offers (RFC 8866)."""

    encoding: str
    """As in `a=rtpmap`, in capital letters: H264, H265, JPEG…"""
    control: str
    """The URL to set it up."""


def target(url: str) -> Target:
    """Read an address. Raises `RtspError`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RtspError(f"the address is malformed: {error}") from None
    if parts.scheme not in ("rtsp", "rtsps") or not parts.hostname:
        raise RtspError("the address is malformed: it names no host")
    is_tls = parts.scheme == "rtsps"
    place = parts.netloc.rpartition("@")[2]
    return Target(
        host=parts.hostname,
        port=port or (322 if is_tls else 554),
        is_tls=is_tls,
        url=urlunsplit(parts._replace(netloc=place, fragment="")),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def request(method: str, url: str, sequence: int, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return a request without a body."""
    lines = [f"{method} {url} RTSP/1.0", f"CSeq: {sequence}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def response(head: bytes) -> Response:
    """Read the head of an answer. Raises `RtspError`."""
    first, *lines = head.decode("utf-8", "replace").strip("\r\n").split("\r\n")
    found = _STATUS.fullmatch(first.strip())
    if found is None:
        raise RtspError("what answers does not speak RTSP")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return Response(int(found[1]), found[2] or "", headers)


def authorization(challenges: Sequence[str], method: str, url: str, asked: Target) -> str:
    """Answer the strongest of the challenges (RFC 7616, 7617). Raises `RtspError` where none is known."""
    digests = [_parameters(text) for text in challenges if text.lower().startswith("digest ")]
    for algorithm in ("SHA-256", "MD5"):
        for said in digests:
            if said.get("algorithm", "MD5").upper() == algorithm:
                return _digest(said, algorithm, method, url, asked)
    if any(text.lower().startswith("basic") for text in challenges):
        return "Basic " + base64.b64encode(f"{asked.user}:{asked.password}".encode()).decode()
    raise RtspError("it asks for the password in a way that is not known")


def _parameters(challenge: str) -> dict[str, str]:
    return {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(challenge.partition(" ")[2])}


def _digest(said: dict[str, str], algorithm: str, method: str, url: str, asked: Target) -> str:
    def hashed(text: str) -> str:
        return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce = said.get("realm", ""), said.get("nonce", "")
    secret, request_hash = hashed(f"{asked.user}:{realm}:{asked.password}"), hashed(f"{method}:{url}")
    parts = [f'username="{asked.user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{url}"']
    if "auth" in re.split(r"\s*,\s*", said.get("qop", "")):
        ours = secrets.token_hex(8)
        answer = hashed(f"{secret}:{nonce}:00000001:{ours}:auth:{request_hash}")
        parts += ["qop=auth", "nc=00000001", f'cnonce="{ours}"']
    else:
        answer = hashed(f"{secret}:{nonce}:{request_hash}")
    parts.append(f'response="{answer}"')
    if "algorithm" in said:
        parts.append(f"algorithm={algorithm}")
    if "opaque" in said:
        parts.append(f'opaque="{said["opaque"]}"')
    return "Digest " + ", ".join(parts)


def video(sdp: str, base_url: str) -> Media | None:
    """Return the first video of a session description, None where there is none."""
    encoding = payload = ""
    control = base_url
    is_video = False
    for line in sdp.replace("\r", "").split("\n"):
        if line.startswith("m="):
            if is_video:
                break
            is_video = line.startswith("m=video ")
            payload = line.rsplit(" ", 1)[-1]
            encoding = {"26": "JPEG", "32": "MPV"}.get(payload, "")
        elif is_video and line.startswith(f"a=rtpmap:{payload} "):
            encoding = line.partition(" ")[2].partition("/")[0].upper()
        elif is_video and line.startswith("a=control:"):
            said = line.removeprefix("a=control:").strip()
            control = said if "://" in said else _under(base_url, said)
    return Media(encoding or f"payload type {payload}", control) if is_video else None


def _under(base_url: str, said: str) -> str:
    """Return a control attribute as a URL, as RFC 2326 section C.1.1 and what cameras make of it have it."""
    if said == "*":
        return base_url
    return urljoin(base_url, said) if said.startswith("/") else f"{base_url.rstrip('/')}/{said}"
