"""Cameras that publish by WHIP (a phone, an encoder): which there are, and their keys, each told once."""

from __future__ import annotations

import msgspec
from aiohttp import web

from command.kernel.errors import ConflictError
from consoles.http.context import LIVE, actor_of, context_of, require
from consoles.http.record import json_response
from streams.sources import scheme_of
from streams.whip import SCHEME, new_address


class Publishing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a camera publishes, at this hub, and its key; the hub keeps that sealed and never tells it again."""

    path: str
    key: str


class Publishers(msgspec.Struct, frozen=True, kw_only=True):
    """The enrolled cameras that publish."""

    cameras: list[str]


def publishing_of(camera: str, address: str) -> Publishing:
    """Return what whoever publishes has to be told of a `whip:` address."""
    return Publishing(path=f"/api/v1/cameras/{camera}/whip", key=address.removeprefix(f"{SCHEME}:"))


def routes() -> list[web.RouteDef]:
    """Return the routes, for administrators alone."""

    async def list_publishers(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        addresses = await context_of(request).accounts.camera_addresses()
        publishing = {camera for camera, address in addresses.items() if scheme_of(address) == SCHEME}
        enrolled = await context_of(request).spaces[LIVE].hub.read(lambda t: {camera.id for camera in t.cameras})
        return json_response(Publishers(cameras=sorted(publishing & enrolled)))

    async def make_key(request: web.Request) -> web.Response:
        """Make a new key; whoever publishes by the old one is let go."""
        require(actor_of(request), "administrator")
        camera = request.match_info["camera_id"]
        await context_of(request).spaces[LIVE].hub.read(lambda t: t.cameras.need(camera))
        accounts = context_of(request).accounts
        if scheme_of((await accounts.camera_addresses()).get(camera, f"{SCHEME}:")) != SCHEME:
            raise ConflictError("this camera is fetched from an address, which a publishing key would take away")
        address = new_address()
        await accounts.set_camera_address(camera, address)
        return json_response(publishing_of(camera, address))

    return [
        web.get("/api/v1/cameras/publishing", list_publishers),
        web.post("/api/v1/cameras/{camera_id}/publishing", make_key),
    ]
