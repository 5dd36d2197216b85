"""The SMS link: queued texts go to an HTTP gateway, each once by its key, and what became of it is recorded."""

from __future__ import annotations

import aiohttp
import msgspec

from command.actors import HUB
from command.facts import Recorded
from command.facts.orders import MessageQueued
from command.hub import Hub
from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from command.kernel.limits import SMS_AGE_MS, SMS_CALL_MS
from command.links.naming import name_of
from command.requests import RecordMessage

_NOT_ABOUT_THE_TEXT = frozenset({401, 403, 404, 405, 407, 408, 425})
"""Refusals of the hub, its token or its address: the next text would fare no better, so all of them wait."""


class SmsGateway:
    """`POST {url}` with `{"id", "phone", "text"}` and a bearer token; 2xx took it, 4xx about the text refuses it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._token = token

    async def send(self, key: str, phone: str, text: str) -> None:
        """Hand over one text. Raises `InvalidInputError` when refused, `UnavailableError` when nobody answers."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        body = msgspec.json.encode({"id": key, "phone": phone, "text": text})
        timeout = aiohttp.ClientTimeout(total=SMS_CALL_MS / 1000)
        try:
            async with self._http.post(
                self._url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                status = response.status  # a redirect is not followed: it would become a GET that sends nothing
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UnavailableError(f"the SMS gateway does not answer: {type(error).__name__}") from error
        if status == TooManyError.status:
            raise TooManyError("the SMS gateway wants fewer texts")
        if 400 <= status < 500 and status not in _NOT_ABOUT_THE_TEXT:
            raise InvalidInputError(f"the SMS gateway refuses: HTTP {status}")
        if not 200 <= status < 300:
            raise UnavailableError(f"the SMS gateway answers HTTP {status}")


class SmsLink:
    """Sends what is queued."""

    name = "sms"

    def __init__(self, hub: Hub, gateway: SmsGateway, site: str) -> None:
        self._hub = hub
        self._gateway = gateway
        self._site = site

    async def tell(self, fact: Recorded) -> bool:
        """Send a queued text and record what became of it."""
        queued = fact.fact
        if not isinstance(queued, MessageQueued):
            return False
        row = await self._hub.read(lambda t: t.messages.need(queued.message))
        if row.state != "queued":
            return False  # sent before a restart
        if self._hub.clock.now_ms() - fact.at_ms > SMS_AGE_MS:
            await self._record(queued.message, "too old to be sent")
            return False
        try:
            key = f"{self._site}/{name_of(row.id, row.queued_ms)}"
            await self._gateway.send(key, queued.phone, queued.text)
        except InvalidInputError as error:
            await self._record(queued.message, error.detail)
        else:
            await self._record(queued.message)
        return True

    async def _record(self, message: str, failure: str = "") -> None:
        await self._hub.ask(RecordMessage(message=message, sent=not failure, why=failure), HUB)
