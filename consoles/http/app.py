"""The aiohttp application: every route behind the same doors."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence

from aiohttp import web

from command.kernel.limits import REQUEST_BODY_BYTES
from command.services.problems import problem_middleware
from consoles.http import accounts, identity, live, origins, pages, record
from consoles.http.context import CONTEXT, RATES, Context
from consoles.http.identity import authenticate
from consoles.http.origins import HUB_URLS, across_hubs, checked_origins

_SECURITY_HEADERS = {
    # Nothing is loaded from elsewhere; styles are inline in components, pictures may be made in the page.
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self' ws: wss:{hubs}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(self)",
}
SECURITY_HEADERS: web.AppKey[dict[str, str]] = web.AppKey("security_headers", dict)


def make_app(
    context: Context, more_routes: Iterable[web.RouteDef] = (), hub_urls: Sequence[str] = ()
) -> web.Application:
    """Return the application.

    `more_routes` are those of gateways and relays, which speak their own authentication; `hub_urls` are the origins of
    all hubs where there are several, as browsers reach them. Raises `InvalidInputError` for one that is no origin.
    """
    app = web.Application(
        middlewares=[security_headers, across_hubs, problem_middleware, authenticate],
        client_max_size=REQUEST_BODY_BYTES,
    )
    app[CONTEXT] = context
    app[RATES] = OrderedDict()
    app[HUB_URLS] = checked_origins(hub_urls)
    policy = _SECURITY_HEADERS["Content-Security-Policy"].format(hubs="".join(f" {url}" for url in hub_urls))
    app[SECURITY_HEADERS] = {**_SECURITY_HEADERS, "Content-Security-Policy": policy}
    ours = (identity, accounts, record, live, origins, pages)
    for routes in (*(module.routes for module in ours), list(more_routes)):
        app.add_routes(routes)
    return app


@web.middleware
async def security_headers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Say to the browser what a page of ours may do; a stricter word of the handler's stands."""
    try:
        response = await handler(request)
    except web.HTTPException as redirect:
        redirect.headers.update(request.app[SECURITY_HEADERS])
        raise
    if not response.prepared:
        for name, value in request.app[SECURITY_HEADERS].items():
            response.headers.setdefault(name, value)
    return response
