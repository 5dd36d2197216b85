"""Cameras that an external media server shows (MediaMTX, ZLMediaKit, LiveKit): its WHEP address is the camera's.

The hub passes offer and answer on, so that the same player, rights and sign-in hold and the server's token stays here;
the pictures go from that server to the viewer and never through the hub.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import aiohttp
import msgspec
from aiohttp import hdrs

from command.kernel.errors import InvalidInputError, UnavailableError, UnknownIdError
from streams.limits import ELSEWHERE_SESSIONS, SDP_BYTES, WHEP_CALL_MS
from streams.relay.sdp import parse_offer
from streams.sources import scheme_of

SCHEMES: Final = ("whep+https", "whep+http")


class Elsewhere(msgspec.Struct, frozen=True):
    """A WHEP endpoint and the token that opens it, out of `whep+https://TOKEN@host/path`."""

    url: str
    token: str


def elsewhere(address: str) -> Elsewhere | None:
    """Return where a camera is shown by somebody else; None for any other address. Raises `InvalidInputError`."""
    scheme = scheme_of(address)
    if scheme not in SCHEMES:
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidInputError("the address of the media server is no URL") from None
    if not host:
        raise InvalidInputError("the address of the media server names no host")
    bracketed = f"[{host}]" if ":" in host else host
    place = f"{bracketed}:{port}" if port else bracketed
    url = urlunsplit((scheme.removeprefix("whep+"), place, parts.path, parts.query, ""))
    return Elsewhere(url, unquote(parts.password or parts.username or ""))


class ElsewhereSessions:
    """Viewing sessions at external servers; each ends with a DELETE to its own address there."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    async def answer(self, camera_id: str, where: Elsewhere, offer: str) -> tuple[str, str]:
        """Pass an offer on and return our session's id and the server's answer.

        Raises `InvalidInputError` (the offer), `UnavailableError` (the server is away, refuses, or talks nonsense).
        """
        parse_offer(offer)  # what is hostile goes no further
        async with _client() as http:
            try:
                async with http.post(where.url, data=offer, headers=_headers(where), allow_redirects=False) as response:
                    body = await response.content.read(SDP_BYTES + 1)
                    status, location = response.status, response.headers.get(hdrs.LOCATION, "")
            except (aiohttp.ClientError, TimeoutError, ValueError):
                raise UnavailableError("the media server of this camera does not answer") from None
        answer = body.decode("utf-8", "replace")
        if status not in (200, 201) or len(body) > SDP_BYTES or not answer.startswith("v=0"):
            raise UnavailableError(f"the media server of this camera answers {status}")
        session_id = secrets.token_urlsafe(16)
        if location:
            resource = urljoin(where.url, location)
            # The token goes to the server that it is for, whatever the answer says.
            if urlsplit(resource)[:2] == urlsplit(where.url)[:2]:
                self._sessions[session_id] = (camera_id, resource, where.token)
        while len(self._sessions) > ELSEWHERE_SESSIONS:
            self._sessions.popitem(last=False)  # the server notices by itself that a viewer has gone
        return session_id, answer

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._sessions

    async def leave(self, camera_id: str, session_id: str) -> None:
        """End a session there. Raises `UnknownIdError`."""
        of, resource, token = self._sessions.get(session_id, ("", "", ""))
        if of != camera_id:
            raise UnknownIdError("no such viewing session")
        del self._sessions[session_id]
        async with _client() as http:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.delete(resource, headers=_headers(Elsewhere(resource, token)), allow_redirects=False):
                    pass


def _client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WHEP_CALL_MS / 1000))


def _headers(where: Elsewhere) -> dict[str, str]:
    authorization = {"Authorization": f"Bearer {where.token}"} if where.token else {}
    return {"Content-Type": "application/sdp", **authorization}
