"""A console without a screen: signs in, mirrors tables over the live websocket, asks; comes back when the hub does."""

from __future__ import annotations

import asyncio
import logging
from typing import TypeVar

import aiohttp
import msgspec

from command import wire
from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.requests import Request
from command.rows import Row

log = logging.getLogger(__name__)
R = TypeVar("R", bound=Row)

CSRF_COOKIE, CSRF_HEADER = "triune_csrf", "X-CSRF-Token"
_SILENCE_S = 10.0  # the hub beats once a second
_CALL = aiohttp.ClientTimeout(total=10)
_RETRY_FIRST_MS = 500
_RETRY_LONGEST_MS = 10_000
_LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024
# What a hub that is away, or in the middle of starting, answers with.
AWAY = (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError)


class _Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    table: str
    rows: dict[str, msgspec.Raw]


class _Delta(msgspec.Struct, frozen=True, tag="delta"):
    tables: dict[str, dict[str, msgspec.Raw]]


class _Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Nothing in it matters here."""


class _Beat(msgspec.Struct, frozen=True, tag="beat"):
    """All that was asked for is here."""


class _Refused(msgspec.Struct, frozen=True, tag="refused"):
    detail: str


_decoder = msgspec.json.Decoder(_Snapshot | _Delta | _Welcome | _Beat | _Refused)
_rows = {name: msgspec.json.Decoder(kind | None) for name, kind in wire.TABLES.items()}


class LiveClient:
    """`run` keeps it connected; `rows` are as fresh as the last message. `synced` is set once all tables have come."""

    def __init__(self, url: str, name: str, password: str, tables: tuple[str, ...], clock: Clock) -> None:
        self.synced = asyncio.Event()
        self._url = url
        self._sign_in = wire.SignIn(name=name, password=password)
        self._subscribe = wire.Subscribe(tables={table: wire.TableFilter() for table in tables})
        self._tables: dict[str, dict[str, Row]] = {table: {} for table in tables}
        self._clock = clock
        self._http: aiohttp.ClientSession | None = None
        self._csrf = ""

    def rows(self, table: str, kind: type[R]) -> dict[str, R]:
        """Return a table as it is now, by id; `kind` is the row that `wire.TABLES` has for it."""
        assert wire.TABLES[table] is kind
        return self._tables[table]  # type: ignore[return-value]  # decoded as that kind

    async def ask(self, request: Request, key: str) -> bool:
        """Make a request of the record; False where it is refused, for the row says why before long.

        Raises `UnavailableError` while the hub is away; the same key later does no harm.
        """
        body = msgspec.json.encode(request)
        assert len(body) <= REQUEST_BODY_BYTES
        if self._http is None or not self._csrf:
            raise UnavailableError("not signed in")
        headers = {CSRF_HEADER: self._csrf, "Idempotency-Key": key}
        try:
            async with self._http.post("/api/v1/requests", data=body, headers=headers, timeout=_CALL) as response:
                if response.status >= 500 or response.status in (401, 429):
                    raise UnavailableError(f"the hub answered {response.status}")
                if response.status != 200:
                    log.info("%s refused: %s", type(request).__name__, await response.text())
                return response.status == 200
        except AWAY as error:
            raise UnavailableError(f"the hub is away: {error}") from error

    async def run(self) -> None:
        """Connect, and again after ever longer pauses, until cancelled."""
        pause_ms = _RETRY_FIRST_MS
        jar = aiohttp.CookieJar(unsafe=True)  # the hub may be at an address without a name
        async with aiohttp.ClientSession(self._url, cookie_jar=jar) as self._http:
            while True:
                try:
                    await self._connect(self._http)
                    pause_ms = _RETRY_FIRST_MS
                except AWAY as error:
                    log.info("the hub is away: %s", error)
                self.synced.clear()
                await self._clock.sleep(pause_ms)
                pause_ms = min(pause_ms * 2, _RETRY_LONGEST_MS)

    async def _connect(self, http: aiohttp.ClientSession) -> None:
        """Follow one connection to its end. A session outlives it, so signing in is for when there is none."""
        if not await self._is_signed_in(http):
            body = msgspec.json.encode(self._sign_in)
            async with http.post("/api/v1/session", data=body, timeout=_CALL) as response:
                response.raise_for_status()
                self._csrf = response.cookies[CSRF_COOKIE].value
        async with http.ws_connect("/api/v1/live", max_msg_size=_LARGEST_MESSAGE_BYTES) as socket:
            await socket.send_str(msgspec.json.encode(self._subscribe).decode())
            while True:
                message = await socket.receive(timeout=_SILENCE_S)
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                self._take(message.data)

    async def _is_signed_in(self, http: aiohttp.ClientSession) -> bool:
        if not self._csrf:
            return False
        async with http.get("/api/v1/session", timeout=_CALL) as response:
            return response.status == 200

    def _take(self, text: str) -> None:
        match _decoder.decode(text):
            case _Snapshot(table, rows) if table in self._tables:
                self._tables[table] = {}
                self._merge(table, rows)
            case _Delta(tables):
                for table, rows in tables.items():
                    self._merge(table, rows)
            case _Beat():
                self.synced.set()
            case _Refused(detail):
                log.warning("the hub refuses: %s", detail)
            case _:
                pass

    def _merge(self, table: str, rows: dict[str, msgspec.Raw]) -> None:
        held, decoder = self._tables[table], _rows[table]
        for key, raw in rows.items():
            row = decoder.decode(raw)
            if row is None:
                held.pop(key, None)
            else:
                held[key] = row
