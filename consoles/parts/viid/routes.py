"""GA/T 1400 as an administrator sees it: who is registered, which devices wait to be adopted, what is told to whom."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from command.hub import Hub
from command.kernel.errors import InvalidInputError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.services.bodies import read_body
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.library import ViidLibrary
from consoles.parts.viid.senders import Senders
from consoles.parts.viid.store import Device, ViidStore
from edge.viid.door import Peer, Refused
from edge.viid.ids import is_device
from edge.viid.orders import Disposition, OrderState, Subscription
from edge.viid.sender import SenderState
from edge.viid.server import Server
from edge.viid.upper import UpperState

VIID = "/api/v1/viid"
_REFUSED_SHOWN = 100


class ShownSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and how it stands."""

    subscription: Subscription
    state: OrderState


class ShownDisposition(msgspec.Struct, frozen=True, kw_only=True):
    """A disposition and how it stands on the watch list."""

    disposition: Disposition
    state: OrderState


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `waiting` counts what waits for each receiver; `senders` work on the hub that tells for all."""

    server_id: str
    """Ours; empty where this hub does not speak GA/T 1400."""
    url: str = ""
    peers: list[Peer] = []
    refused: list[Refused] = []
    devices: list[Device] = []
    subscriptions: list[ShownSubscription] = []
    dispositions: list[ShownDisposition] = []
    uppers: list[UpperState] = []
    senders: list[SenderState] = []
    waiting: dict[str, int] = {}


def off() -> list[web.RouteDef]:
    """Return the route that says that this hub does not speak GA/T 1400."""

    async def show(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        return json_response(Shown(server_id=""))

    return [web.get(VIID, show)]


class Assignment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which camera of the register a device is; empty: none."""

    camera: Annotated[str, Meta(max_length=64)]


class ViidRoutes:
    """`routes()` are for administrators alone."""

    def __init__(
        self, server_id: str, url: str, hub: Hub, server: Server, library: ViidLibrary, devices: Devices,
        store: ViidStore, senders: Senders,
    ) -> None:  # fmt: skip
        self._server_id = server_id
        self._url = url
        self._hub = hub
        self._server = server
        self._library = library
        self._devices = devices
        self._store = store
        self._senders = senders

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get(VIID, self._show), web.put(VIID + "/devices/{device}", self._assign)]

    async def _show(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        subscriptions, dispositions = await self._library.subscriptions(""), await self._library.dispositions("")
        return json_response(
            Shown(
                server_id=self._server_id,
                url=self._url,
                peers=list(self._server.door.peers.values())[::-1],
                refused=list(self._server.door.refused.values())[: -_REFUSED_SHOWN - 1 : -1],
                devices=await self._devices.known(),
                subscriptions=[ShownSubscription(subscription=asked, state=state) for asked, state in subscriptions],
                dispositions=[ShownDisposition(disposition=asked, state=state) for asked, state in dispositions],
                uppers=[upper.state for upper in self._senders.uppers],
                senders=self._senders.states(),
                waiting=await self._store.waiting(),
            )
        )

    async def _assign(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        device = request.match_info["device"]
        if not is_device(device):
            raise InvalidInputError("a device's id has 20 digits")
        body = await read_body(request, REQUEST_BODY_BYTES)
        camera = msgspec.json.decode(body, type=Assignment).camera
        if camera:
            await self._hub.read(lambda t: t.cameras.need(camera))
        await self._devices.assign(device, camera)
        return web.Response(status=204)
