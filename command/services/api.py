"""A service's HTTP interface as a table of endpoints: the routes and the OpenAPI document both come from it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import hdrs, web

from command.kernel.errors import InvalidInputError, SignInRequiredError
from command.kernel.limits import REQUEST_BODY_BYTES, SERVICE_CALL_MS, SERVICE_TOKEN_CHARS
from command.services.once import Once, once
from command.services.openapi import openapi_document
from command.services.problems import problem_middleware

B = TypeVar("B", bound=msgspec.Struct | None)
Q = TypeVar("Q", bound=msgspec.Struct | None)

KEY_HEADER = "Idempotency-Key"
OPENAPI_PATH = "/openapi.json"


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """A request, read and checked. `once` is there where the endpoint is keyed."""

    body: B
    query: Q
    path: Mapping[str, str]
    once: Once


@dataclass(frozen=True, kw_only=True)
class Endpoint(Generic[B, Q]):
    """One operation. `keyed` ones need the header Idempotency-Key and do their work once for each key."""

    method: str
    path: str
    summary: str
    handle: Callable[[Call[B, Q]], Awaitable[msgspec.Struct]]
    answer: type[msgspec.Struct]
    status: int = 200
    body: type[B] | None = None
    query: type[Q] | None = None
    keyed: bool = False


def check_token(token: str) -> None:
    """Raise `InvalidInputError` for a token that is too short to be one."""
    if len(token) < SERVICE_TOKEN_CHARS:
        raise InvalidInputError(f"a service's token has at least {SERVICE_TOKEN_CHARS} characters")


def make_app(
    title: str, token: str, endpoints: Sequence[Endpoint[Any, Any]], events: Mapping[str, type[msgspec.Struct]]
) -> web.Application:
    """Return the application: the endpoints behind the bearer token, `/openapi.json`, and an open `/healthz`.

    `events` are the webhook bodies by name.
    """
    app = web.Application(
        middlewares=[problem_middleware, _bearer_middleware(token)], client_max_size=REQUEST_BODY_BYTES
    )
    for endpoint in endpoints:
        app.router.add_route(endpoint.method, endpoint.path, _handler(endpoint))
    document = msgspec.json.encode(openapi_document(title, endpoints, events))
    app.router.add_get(OPENAPI_PATH, _always(document))
    app.router.add_get("/healthz", _always(b'{"status":"ok"}'))
    return app


def _always(body: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return handle


def _bearer_middleware(token: str) -> Any:  # aiohttp does not name the type of a middleware
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/api/") or request.path == OPENAPI_PATH:
            offered = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "replace")
            if not hmac.compare_digest(offered, expected):
                raise SignInRequiredError("this needs the service's bearer token")
        return await handler(request)

    return check


def _handler(endpoint: Endpoint[B, Q]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        answer = await endpoint.handle(await _read(endpoint, request))
        return web.Response(
            body=msgspec.json.encode(answer),
            status=endpoint.status,
            content_type="application/json",
            headers={hdrs.CACHE_CONTROL: "no-store"},
        )

    return handle


async def _read(endpoint: Endpoint[B, Q], request: web.Request) -> Call[Any, Any]:
    try:
        async with asyncio.timeout(SERVICE_CALL_MS / 1000):
            content = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    body = msgspec.json.decode(content, type=endpoint.body) if endpoint.body else None
    query = msgspec.convert(dict(request.query), endpoint.query, strict=False) if endpoint.query else None
    key = request.headers.get(KEY_HEADER, "")
    if endpoint.keyed and not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise InvalidInputError(f"this needs the header {KEY_HEADER}: 1 to 200 printable ASCII characters")
    operation = f"{request.method} {request.path}"
    return Call(body=body, query=query, path=request.match_info, once=once(key, operation, body))
