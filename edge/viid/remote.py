"""Another view library as we speak to it: signed in by digest, errors translated, answers bounded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
import msgspec

from command.kernel.errors import InvalidInputError, SignInRequiredError, TriuneError, UnavailableError
from edge.limits import VIID_ANSWER_BYTES, VIID_CALL_MS
from edge.viid.bodies import CONTENT_TYPE, RefusedError, Verdict, read_json, verdicts_of

_TIMEOUT = aiohttp.ClientTimeout(total=VIID_CALL_MS / 1000)
_AGAIN = frozenset({408, 429})


class Remote:
    """Posts to one system. `identity` is what we are called there, `user` and `password` what it asks us for.

    The session is its owner's. Raises `UnavailableError` where the system is away or overloaded, `SignInRequiredError`
    where it does not know us, `InvalidInputError` for what it refuses for good.
    """

    def __init__(self, http: aiohttp.ClientSession, identity: str, user: str, password: str) -> None:
        self._http = http
        self._identity = identity
        self._login = aiohttp.DigestAuthMiddleware(user, password)

    async def post(self, url: str, body: Mapping[str, object]) -> list[Verdict]:
        """Return what the system says of each object; none where it says nothing of them."""
        headers = {"Content-Type": CONTENT_TYPE, "User-Identify": self._identity}
        data = msgspec.json.encode(body)
        try:
            async with self._http.post(
                url, data=data, headers=headers, allow_redirects=False, middlewares=(self._login,), timeout=_TIMEOUT
            ) as response:
                http_status, content = response.status, await _content(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise UnavailableError(f"{_place(url)} does not answer: {_words(error)}"[:300]) from error
        try:
            verdicts = verdicts_of(read_json(content)) if content else []
        except RefusedError:
            verdicts = []
        if not 200 <= http_status < 300:
            raise _refusal(url, http_status, verdicts)
        return verdicts


async def _content(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > VIID_ANSWER_BYTES:
            raise ValueError(f"an answer is larger than {VIID_ANSWER_BYTES} bytes")
    return bytes(content)


def _refusal(url: str, http_status: int, verdicts: list[Verdict]) -> TriuneError:
    told = f"{_place(url)} answers HTTP {http_status}"
    if verdicts and verdicts[0].told:
        told += f": {verdicts[0].told}"
    if http_status in (401, 403):
        return SignInRequiredError(told)
    if http_status >= 500 or http_status in _AGAIN or 300 <= http_status < 400:
        return UnavailableError(told)
    return InvalidInputError(told)


def _words(error: Exception) -> str:
    """Return what a technician can act on."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and (cause.errno or 0) > 0:
        return os.strerror(cause.errno or 0)
    return str(cause) or type(cause).__name__


def _place(url: str) -> str:
    return urlsplit(url).netloc
