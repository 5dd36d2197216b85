"""Who asks: session cookies for people, with a CSRF header on everything that changes something; tokens for devices."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import hdrs, web

from command import wire
from command.access.accounts import AGENT, Session
from command.actors import Actor, Role
from command.kernel.errors import NoRightError, SignInRequiredError, TooManyError
from command.kernel.rate import RateLimit
from command.services.bodies import read_body
from consoles.http.context import ACTOR, LIVE, RATES, Context, actor_of, context_of
from consoles.limits import ASKERS_REMEMBERED, REQUESTS_PER_S, SIGN_IN_BODY_BYTES

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
    missing = request.match_info.http_exception is not None
    if not missing and getattr(request.match_info.handler, "open_to_all", False):
        return await handler(request)
    actor = await who_asks(context_of(request), request)  # what does not exist is nobody's business either
    _take_turn(request, actor)
    request[ACTOR] = actor
    return await handler(request)


async def who_asks(context: Context, request: web.Request) -> Actor:
    """Return the person or device; `SignInRequiredError`, or `NoRightError` for a change without the CSRF header."""
    authorization = request.headers.get(hdrs.AUTHORIZATION, "")
    if authorization.startswith("Bearer "):
        return await _device(context, authorization.removeprefix("Bearer ").strip())
    session = await context.accounts.session(request.cookies.get(SESSION_COOKIE, ""))
    offered = request.headers.get(CSRF_HEADER, "").encode("utf-8", "surrogateescape")
    if request.method not in _SAFE and not hmac.compare_digest(offered, session.csrf.encode()):
        raise NoRightError("the CSRF token is missing or wrong; load the page again")
    return session.actor


async def _device(context: Context, token: str) -> Actor:
    device = await context.accounts.device_of(token)
    if device is None or device.startswith(AGENT):  # an agent's key opens the agents' door alone
        raise SignInRequiredError("the device token is not known")
    row = await context.spaces[LIVE].hub.read(lambda t: t.devices.get(device))
    if row is None:
        raise SignInRequiredError(f"{device} is not enrolled")
    role: Role = "exchange" if row.kind == "pbx" else "device"
    return Actor(id=device, name=device, roles=frozenset({role}), unit=row.unit)


def _take_turn(request: web.Request, actor: Actor) -> None:
    """Count the request against whoever asks; `TooManyError` where it is one too many for this second."""
    rates, now_ms = request.app[RATES], context_of(request).clock.now_ms()
    rate = rates.setdefault(actor.id, RateLimit(REQUESTS_PER_S, now_ms))
    rates.move_to_end(actor.id)
    if len(rates) > ASKERS_REMEMBERED:
        rates.popitem(last=False)
    if rate.wait_ms(now_ms):
        raise TooManyError(f"more than {REQUESTS_PER_S} requests a second")


def actor_info(actor: Actor) -> wire.ActorInfo:
    """Return what a page is told of who is signed in."""
    return wire.ActorInfo(id=actor.id, name=actor.name, roles=sorted(actor.roles), unit=actor.unit)


@is_open
async def sign_in(request: web.Request) -> web.Response:
    """`POST /api/v1/session`."""
    context = context_of(request)
    accounts = context.accounts
    form = msgspec.json.decode(await read_body(request, SIGN_IN_BODY_BYTES), type=wire.SignIn)
    session = await accounts.sign_in(form.name, form.password, context.proxies.address_of(request))
    if before := request.cookies.get(SESSION_COOKIE):
        await accounts.sign_out(before)  # the browser forgets it now, and so does everybody who learned it
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


async def people(request: web.Request) -> web.Response:
    """`GET /api/v1/people`: the person's name for each account id that rows and marks carry."""
    if actor_of(request).has("device", "exchange"):
        raise NoRightError("names are for people")
    return _json(await context_of(request).accounts.people())


routes = [
    web.get("/api/v1/people", people),
    web.post("/api/v1/session", sign_in),
    web.get("/api/v1/session", who_am_i),
    web.delete("/api/v1/session", sign_out),
]
