"""The built pages and the county's base map."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from command.kernel.errors import SignInRequiredError, UnavailableError, UnknownIdError
from consoles.http.context import context_of
from consoles.http.identity import SESSION_COOKIE, is_open
from consoles.http.record import json_response

_PAGES = ("wall", "desk", "leader", "mobile", "rehearsal", "admin", "cameras", "vehicles", "design")
_OPEN_FILES = frozenset({"manifest.webmanifest", "sw.js", "icon.svg", "icon-192.png", "icon-512.png", "favicon.svg"})
_LAYERS = frozenset({"boundary", "townships", "roads", "meta"})
_OF_A_REPORT = frozenset({"id", "deviceid", "token", "lat"})
"""What a tracker says of itself (`edge/trackers/osmand.py`), and no page of ours is asked with."""


def _page(pages: Path, name: str) -> web.FileResponse:
    path = pages / f"{name}.html"
    if not path.is_file():
        raise UnavailableError("the pages are not built; run `make setup`")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def _check_no_report(request: web.Request) -> None:
    """Raise `SignInRequiredError` for a tracker with the wrong address: a phone that gets 200 at the end of redirects
    counts the position as delivered and forgets it.
    """
    if not _OF_A_REPORT.isdisjoint(request.query):
        raise SignInRequiredError("no page takes positions: /ingest/osmand and /ingest/owntracks do")


@is_open
async def console(request: web.Request) -> web.StreamResponse:
    """`GET /wall` and the others, `/design` with every component in every state: the page, or first the login page."""
    context, name = context_of(request), request.path.strip("/") or "index"
    try:
        await context.accounts.session(request.cookies.get(SESSION_COOKIE, ""))
    except SignInRequiredError:
        _check_no_report(request)
        # With its query: who was sent to a rehearsal must not land in the live space after signing in.
        raise web.HTTPFound(f"/login?next={quote(request.path_qs, safe='/')}") from None
    return _page(context.pages, name)


@is_open
async def login(request: web.Request) -> web.StreamResponse:
    """`GET /login`."""
    _check_no_report(request)
    return _page(context_of(request).pages, "login")


@is_open
async def asset(request: web.Request) -> web.StreamResponse:
    """`GET /assets/…`: scripts, styles and fonts of the pages, named by their content; they hold no data."""
    folder = (context_of(request).pages / "assets").resolve()
    try:
        path = (folder / request.match_info["path"]).resolve()
        found = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        raise UnknownIdError("no such file")
    return web.FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@is_open
async def root_file(request: web.Request) -> web.StreamResponse:
    """`GET /manifest.webmanifest` and the other files that have to lie at the root."""
    path = context_of(request).pages / request.path.strip("/")
    if not path.is_file():
        raise UnknownIdError("no such file")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def layer(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/county/{layer}.geojson`: the base map, WGS-84. A hub without a county has an empty one."""
    name, folder = request.match_info["layer"], context_of(request).county
    if name not in _LAYERS:
        raise UnknownIdError(f"no layer {name[:40]!r}")
    path = folder / f"{name}.geojson" if folder else None
    if path is None or not path.is_file():
        return json_response({"type": "FeatureCollection", "features": []})
    return web.FileResponse(path, headers={"Cache-Control": "private, max-age=3600"})


routes = [
    web.get("/", console),
    *(web.get(f"/{name}", console) for name in _PAGES),
    web.get("/login", login),
    web.get("/assets/{path:.+}", asset),
    *(web.get(f"/{name}", root_file) for name in sorted(_OPEN_FILES)),
    web.get("/api/v1/county/{layer}.geojson", layer),
]
