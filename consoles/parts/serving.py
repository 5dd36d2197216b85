"""An aiohttp application on a port, and the doors of that port: how many come in, and how long they may take to ask."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler
from prometheus_client import Counter as Metric

from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.kernel.ports import address, listening_at
from command.services.problems import problem_response
from consoles.http.proxies import Proxies
from consoles.limits import (
    HTTP_BACKLOG,
    HTTP_CONNECTIONS,
    HTTP_CONNECTIONS_PER_ADDRESS,
    HTTP_HEAD_MS,
    HTTP_IDLE_MS,
    OPEN_FILES,
)

log = logging.getLogger(__name__)

TURNED_AWAY = Metric("triune_http_turned_away", "Connections that were closed before they asked anything", ["why"])

_LAST_REQUESTS_S = 2.0
_NO_OTHERS = Proxies()


class _NoFaultOfOurs(logging.Filter):
    """What is no HTTP at all is counted and told in a line, for it is whoever sent it that is at fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave everything else as it is."""
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            TURNED_AWAY.labels("malformed").inc()
            record.levelno, record.levelname, record.exc_info = logging.INFO, "INFO", None
            return _wire_log.isEnabledFor(logging.INFO)
        return True


_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.addFilter(_NoFaultOfOurs())


class Doors(web.Server):
    """aiohttp's server, which by itself bounds neither connections nor the time that the head of a request takes."""

    def __init__(self, app: web.Server, proxies: Proxies, **options: Any) -> None:
        super().__init__(app.request_handler, request_factory=self._arrived, **options)
        self._proxies = proxies
        self._make: Callable[..., web.BaseRequest] = app.request_factory
        self._addresses: Counter[str] = Counter()
        self._inside: dict[RequestHandler, str] = {}
        self._waiting: dict[RequestHandler, asyncio.TimerHandle] = {}

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Let it in, or tell it that it is one too many."""
        super().connection_made(handler, transport)
        address = str((transport.get_extra_info("peername") or ("",))[0])
        if len(self._inside) >= HTTP_CONNECTIONS:
            _turn_away(transport, "total", UnavailableError(f"{HTTP_CONNECTIONS} connections are open"))
        elif self._addresses[address] >= HTTP_CONNECTIONS_PER_ADDRESS and not self._speaks_for_many(address):
            detail = f"{HTTP_CONNECTIONS_PER_ADDRESS} connections are open from your address"
            _turn_away(transport, "address", TooManyError(detail))
        else:
            self._inside[handler] = address
            self._addresses[address] += 1
            loop = asyncio.get_running_loop()
            self._waiting[handler] = loop.call_later(HTTP_HEAD_MS / 1000, self._too_slow, handler, transport)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Make room."""
        super().connection_lost(handler, exc)
        self._stop_waiting(handler)
        address = self._inside.pop(handler, None)
        if address is not None:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _arrived(self, message: Any, payload: Any, protocol: RequestHandler, *rest: Any) -> web.BaseRequest:
        """Make the request, whose head is whole now."""
        self._stop_waiting(protocol)
        return self._make(message, payload, protocol, *rest)

    def _speaks_for_many(self, address: str) -> bool:
        return address in ("127.0.0.1", "::1") or self._proxies.are_at(address)

    def _too_slow(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        del self._waiting[handler]
        TURNED_AWAY.labels("slow").inc()
        transport.abort()

    def _stop_waiting(self, handler: RequestHandler) -> None:
        waiting = self._waiting.pop(handler, None)
        if waiting is not None:
            waiting.cancel()


def _turn_away(transport: asyncio.Transport, why: str, error: TriuneError) -> None:
    """Answer before anything was asked: whoever waits for an answer reads this one."""
    TURNED_AWAY.labels(why).inc()
    body = problem_response(error).body
    assert isinstance(body, bytes)
    reason = {429: "Too Many Requests", 503: "Service Unavailable"}[error.status]
    transport.write(
        f"HTTP/1.1 {error.status} {reason}\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    transport.close()


def _allow_open_files() -> None:
    """Raise this process's own limit, which is 1024 in most shells: fewer than the consoles of a county."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < OPEN_FILES:
        log.warning("the system allows %d open files; %d are needed when many are connected", most, OPEN_FILES)


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int, proxies: Proxies = _NO_OTHERS) -> AsyncIterator[str]:
    """Serve until the block is left; gives the URL. Raises `UnavailableError` where the port is taken."""
    _allow_open_files()
    inner = web.AppRunner(app)
    await inner.setup()
    assert inner.server is not None
    doors = Doors(
        inner.server,
        proxies,
        access_log=None,
        keepalive_timeout=HTTP_IDLE_MS / 1000,
        auto_decompress=False,
        logger=_wire_log,
    )
    runner = web.ServerRunner(doors, shutdown_timeout=_LAST_REQUESTS_S)
    await runner.setup()
    try:
        with listening_at(host, port):
            await web.TCPSite(runner, host, port, backlog=HTTP_BACKLOG).start()
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
        yield f"http://{address(shown, runner.addresses[0][1])}"
    finally:
        await runner.cleanup()
        await inner.cleanup()
