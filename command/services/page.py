"""The plain page of a service: signing in with the service's token, and the frame around its table."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from html import escape
from typing import NoReturn

from aiohttp import hdrs, web

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, NoRightError
from command.kernel.limits import SERVICE_SIGN_IN_MS

_STYLE = """
:root { color-scheme: dark; }
body { margin: 0; padding: 24px 32px; background: #0e1318; color: #e4e9ee; font: 16px/1.5 "Noto Sans SC", sans-serif; }
h1 { margin: 0 0 4px; font-size: 22px; font-weight: 600; }
p { margin: 4px 0 16px; color: #9aa7b4; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 8px 12px; border-bottom: 1px solid #26313c; text-align: left; vertical-align: top; }
th { color: #9aa7b4; font-weight: 500; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.yellow { color: #ffd24a; } .red { color: #ff6b60; font-weight: 600; }
form { display: flex; gap: 8px; }
input, button { padding: 6px 12px; color: inherit; border: 1px solid #566575; font: inherit; }
input { flex: 1; min-width: 6em; max-width: 24em; background: #161d24; }
button { background: #24303b; cursor: pointer; white-space: nowrap; }
:focus-visible { outline: 2px solid #7cc4ff; outline-offset: 1px; }
@media (max-width: 800px) {
  body { padding: 16px; }
  thead { display: none; }
  tr, td { display: block; border: 0; padding: 2px 0; }
  tr { padding: 12px 0; border-bottom: 1px solid #26313c; }
  form { flex-wrap: wrap; }
  input { flex-basis: 100%; max-width: none; }
  button { min-height: 44px; flex: 1; }
}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Content = Callable[[str], Awaitable[str]]
"""Given the CSRF token for its forms, returns the HTML below the heading."""


class Page:
    """`GET /` for whoever signed in with the service's token; a cookie keeps that for `SERVICE_SIGN_IN_MS`.

    The cookie is its own expiry, sealed with the token, so nothing is stored; a new token ends every sign-in.
    """

    def __init__(self, title: str, name: str, token: str, clock: Clock) -> None:
        self._title = title
        self._cookie = f"triune_{name}"  # cookies know no ports: two services on one host need two names
        self._token = token.encode()
        self._clock = clock

    def add_to(self, app: web.Application, content: Content) -> None:
        """Add `/` and `/sign-in`; `content` is only asked for those signed in."""

        async def show(request: web.Request) -> web.Response:
            cookie = request.cookies.get(self._cookie, "")
            if not self._valid(cookie):
                return self._html(_SIGN_IN)
            return self._html(await content(self._seal("csrf", cookie)))

        app.router.add_get("/", show)
        app.router.add_post("/sign-in", self._sign_in)

    async def form(self, request: web.Request) -> dict[str, str]:
        """Return a posted form's text fields. Raises `NoRightError` unless signed in and sent from this page."""
        cookie = request.cookies.get(self._cookie, "")
        fields = await _fields(request)
        if not (self._valid(cookie) and _same(fields.get("csrf", ""), self._seal("csrf", cookie))):
            raise NoRightError("sign in on this page first")
        return fields

    async def _sign_in(self, request: web.Request) -> web.Response:
        offered = (await _fields(request)).get("token", "")
        if not hmac.compare_digest(offered.encode("utf-8", "replace"), self._token):
            raise NoRightError("the token is wrong")
        expires = str(self._clock.now_ms() + SERVICE_SIGN_IN_MS)
        response = web.Response(status=303, headers={hdrs.LOCATION: "/"})
        response.set_cookie(
            self._cookie,
            f"{expires}.{self._seal('cookie', expires)}",
            max_age=SERVICE_SIGN_IN_MS // 1000,
            httponly=True,
            secure=request.secure,
            samesite="Strict",
        )
        return response

    def _valid(self, cookie: str) -> bool:
        expires, _, seal = cookie.partition(".")
        return _same(seal, self._seal("cookie", expires)) and int(expires) > self._clock.now_ms()

    def _seal(self, purpose: str, text: str) -> str:
        return hmac.new(self._token, f"{purpose} {text}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _html(self, content: str) -> web.Response:
        title = escape(self._title)
        text = (
            f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="dark">'
            f"<style>{_STYLE}</style><h1>{title}</h1>{content}</html>"
        )
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)


_SIGN_IN = (
    '<p>请输入本服务的口令登录</p><form method="post" action="/sign-in">'
    '<input type="password" name="token" aria-label="口令" autocomplete="current-password" required autofocus>'
    "<button>登录</button></form>"
)


def see_page() -> NoReturn:
    """Send the browser back to the page after a form."""
    raise web.HTTPSeeOther("/")


def table(headings: tuple[str, ...], rows: list[str], empty: str) -> str:
    """Return an HTML table of ready-made `<tr>` rows, or what to say where there are none."""
    if not rows:
        return f"<p>{escape(empty)}</p>"
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


async def _fields(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise InvalidInputError("a form is sent as application/x-www-form-urlencoded")
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _same(offered: str, expected: str) -> bool:
    return hmac.compare_digest(offered.encode("utf-8", "replace"), expected.encode())
