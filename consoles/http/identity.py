"""Who asks: session cookies for people, with a CSRF header on everything that changes something; tokens for devices."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import hdrs, web

from command import wire
from command.access.accounts import Session
from command.actors import Actor
from command.kernel.errors import NoRightError, SignInRequiredError
from consoles.http.context import ACTOR, Context, actor_of, context_of

SESSION_COOKIE = "triune_session"
CSRF_COOKIE = "triune_csrf"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_open(handler: Handler) -> Handler:
    """Mark a handler that answers without anybody signed in: the login page, health, and what checks by itself."""
    handler.open_to_all = True  # type: ignore[attr-defined]  # a mark on the function is all the router can carry
    return handler


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks, before anything else is looked at. Pages send people without a session to the login page."""
    route_handler = request.match_info.handler
    if getattr(route_handler, "open_to_all", False) or request.match_info.http_exception is not None:
        if request.match_info.http_exception is not None:
            await _who(context_of(request), request)  # what does not exist is nobody's business either
        return await handler(request)
    request[ACTOR] = await _who(context_of(request), request)
    return await handler(request)


async def _who(context: Context, request: web.Request) -> Actor:
    authorization = request.headers.get(hdrs.AUTHORIZATION, "")
    if authorization.startswith("Bearer "):
        return await _device(context, authorization.removeprefix("Bearer ").strip())
    session = await context.accounts.session(request.cookies.get(SESSION_COOKIE, ""))
    changes = request.method not in _SAFE
    if changes and not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), session.csrf.encode()):
        raise NoRightError("the CSRF token is missing or wrong; load the page again")
    return session.actor


async def _device(context: Context, token: str) -> Actor:
    device = await context.accounts.device_of(token)
    if device is None:
        raise SignInRequiredError("the device token is not known")
    row = await context.spaces["live"].hub.read(lambda t: t.devices.get(device))
    return Actor(id=device, name=device, roles=frozenset({"device"}), unit=row.unit if row else "")


def actor_info(actor: Actor) -> wire.ActorInfo:
    """Return what a page is told of who is signed in."""
    return wire.ActorInfo(id=actor.id, name=actor.name, roles=sorted(actor.roles), unit=actor.unit)


@is_open
async def sign_in(request: web.Request) -> web.Response:
    """`POST /api/v1/session`."""
    form = msgspec.json.decode(await request.read(), type=wire.SignIn)
    session = await context_of(request).accounts.sign_in(form.name, form.password)
    response = _json({"actor": actor_info(session.actor)})
    _set_cookies(request, response, session)
    return response


async def who_am_i(request: web.Request) -> web.Response:
    """`GET /api/v1/session`."""
    return _json({"actor": actor_info(actor_of(request))})


async def sign_out(request: web.Request) -> web.Response:
    """`DELETE /api/v1/session`."""
    await context_of(request).accounts.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    response = web.Response(status=204)
    response.del_cookie(SESSION_COOKIE)
    response.del_cookie(CSRF_COOKIE)
    return response


def _set_cookies(request: web.Request, response: web.Response, session: Session) -> None:
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    response.set_cookie(SESSION_COOKIE, session.token, httponly=True, samesite="Strict", secure=secure)
    # Readable by the page, which sends it back as a header: another site can neither read it nor set that header.
    response.set_cookie(CSRF_COOKIE, session.csrf, httponly=False, samesite="Strict", secure=secure)


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


routes = [
    web.post("/api/v1/session", sign_in),
    web.get("/api/v1/session", who_am_i),
    web.delete("/api/v1/session", sign_out),
]
