"""Another view library as we speak to it: signed in by digest, errors translated, answers bounded."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
import msgspec

from command.kernel.errors import InvalidInputError, SignInRequiredError, TriuneError, UnavailableError
from edge.limits import VIID_ANSWER_BYTES, VIID_CALL_MS
from edge.viid.bodies import CONTENT_TYPE, RefusedError, Verdict, read_json, verdicts_of
from edge.viid.codes import StatusCode
from edge.viid.values import Fields

_TIMEOUT = aiohttp.ClientTimeout(total=VIID_CALL_MS / 1000)
_AGAIN = frozenset({408, 429})
_TOO_LARGE = 413


class NotSaidError(UnavailableError):
    """HTTP says no and GA/T 1400 nothing: a method or path that is not there, or whatever stands before the system."""


class Remote:
    """Speaks to one system. `identity` is what we are called there, `user` and `password` what it asks us for.

    The session is its owner's. Raises `UnavailableError` where the system is away or overloaded, `NotSaidError` where
    only HTTP refuses, `SignInRequiredError` where it does not know us, `InvalidInputError` where it refuses for good.
    """

    def __init__(self, http: aiohttp.ClientSession, identity: str, user: str, password: str) -> None:
        self._http = http
        self._identity = identity
        self._login = aiohttp.DigestAuthMiddleware(user, password)

    async def post(self, url: str, body: Mapping[str, object]) -> list[Verdict]:
        """Return what the system says of each object; none where it says nothing of them."""
        return _verdicts(await self._ask("POST", url, msgspec.json.encode(body)))

    async def put(self, url: str, body: Mapping[str, object]) -> list[Verdict]:
        """Change something; return as `post`."""
        return _verdicts(await self._ask("PUT", url, msgspec.json.encode(body)))

    async def delete(self, url: str) -> list[Verdict]:
        """Delete what the address names; return as `post`."""
        return _verdicts(await self._ask("DELETE", url, None))

    async def get(self, url: str, most: int) -> Fields:
        """Return what the system tells, of at most so many bytes. What is no JSON is `InvalidInputError` too."""
        return await asyncio.to_thread(read_json, await self._ask("GET", url, None, most))

    async def _ask(self, method: str, url: str, data: bytes | None, most: int = VIID_ANSWER_BYTES) -> bytes:
        headers = {"Content-Type": CONTENT_TYPE, "User-Identify": self._identity}
        try:
            async with self._http.request(
                method, url, data=data, headers=headers, allow_redirects=False, middlewares=(self._login,),
                timeout=_TIMEOUT,
            ) as response:  # fmt: skip
                http_status, content = response.status, await _content(response, most)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise UnavailableError(f"{_place(url)} does not answer: {_words(error)}"[:300]) from error
        if not 200 <= http_status < 300:
            raise _refusal(url, http_status, _verdicts(content))
        return content


def _verdicts(content: bytes) -> list[Verdict]:
    try:
        return verdicts_of(read_json(content)) if content else []
    except RefusedError:
        return []


async def _content(response: aiohttp.ClientResponse, most: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > most:
            raise ValueError(f"an answer is larger than {most} bytes")
    return bytes(content)


def _refusal(url: str, http_status: int, verdicts: list[Verdict]) -> TriuneError:
    told = f"{_place(url)} answers HTTP {http_status}"
    if verdicts and verdicts[0].told:
        told += f": {verdicts[0].told}"
    if http_status in (401, 403):
        return SignInRequiredError(told)
    if http_status >= 500 or http_status in _AGAIN or 300 <= http_status < 400:
        return UnavailableError(told)
    if any(verdict.code is StatusCode.BUSY for verdict in verdicts):
        return UnavailableError(told)
    if verdicts or http_status == _TOO_LARGE:
        return InvalidInputError(told)
    return NotSaidError(f"{told} without a status of GA/T 1400")


def _words(error: Exception) -> str:
    """Return what a technician can act on."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and (cause.errno or 0) > 0:
        return os.strerror(cause.errno or 0)
    return str(cause) or type(cause).__name__


def _place(url: str) -> str:
    return urlsplit(url).netloc
