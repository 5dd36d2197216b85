"""Several hubs, one person: pages of one hub may ask the others with the same session; pages of other sites may not."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web

from command.kernel.errors import InvalidInputError, NoRightError
from command.kernel.limits import HUBS

HUB_URLS: web.AppKey[tuple[str, ...]] = web.AppKey("hub_urls", tuple)
"""Origins of all hubs of this site, as browsers reach them."""
_ALLOWED_HEADERS = "Content-Type, Idempotency-Key, X-CSRF-Token, X-Content-SHA256"
_TOLD_HEADERS = "Content-Disposition, Repr-Digest"
"""What a page needs of a file that another hub answers: its name, and what it must be."""
_PREFLIGHT_S = 600
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")


def checked_origins(urls: Sequence[str]) -> tuple[str, ...]:
    """Return the URLs as origins (RFC 6454). Raises `InvalidInputError` for what is none, or for too many."""
    if len(urls) > HUBS:
        raise InvalidInputError(f"at most {HUBS} hubs")
    for url in urls:
        if not _ORIGIN.fullmatch(url):
            raise InvalidInputError(f"{url!r} is not like https://hub-1.example:8443")
    return tuple(urls)


def is_ours(request: web.Request) -> bool:
    """Say whether the page that asks is this hub's or another hub's; who sends no `Origin` is no page of anybody's."""
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or urlsplit(origin).netloc == request.host or origin in request.app[HUB_URLS]


def require_ours(request: web.Request) -> None:
    """Raise `NoRightError` for another site's page: a websocket carries the cookies whoever opens it."""
    if not is_ours(request):
        raise NoRightError("pages of other sites may not follow")


@web.middleware
async def across_hubs(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer pages of the other hubs as the Fetch standard asks (CORS), and nobody else's."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin not in request.app[HUB_URLS]:
        return await handler(request)
    if request.method == "OPTIONS" and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        response: web.StreamResponse = web.Response(status=204)
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, PUT, DELETE"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = _ALLOWED_HEADERS
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = str(_PREFLIGHT_S)
    else:
        response = await handler(request)
    if not response.prepared:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _TOLD_HEADERS
        response.headers[hdrs.VARY] = hdrs.ORIGIN
    return response


async def hubs(request: web.Request) -> web.Response:
    """`GET /api/v1/hubs`: where a page may go on when this hub is gone."""
    body = msgspec.json.encode({"hubs": request.app[HUB_URLS]})
    return web.Response(body=body, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"})


routes = [web.get("/api/v1/hubs", hubs)]
