"""Lower view libraries for administrators: what we subscribed to there, and their devices as cameras here."""

from __future__ import annotations

import logging
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from command.actors import Actor
from command.hub import Hub
from command.kernel.errors import ConflictError, InvalidInputError, TriuneError, UnknownIdError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.requests import EnrolCamera
from command.services.bodies import read_body
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.library import ViidLibrary
from consoles.parts.viid.lower_store import KeptDevice, LowerStore
from consoles.parts.viid.lowers import Lowers, LowerState
from edge.limits import VIID_LOWER_RESOURCES, VIID_OBJECTS
from edge.viid.catalogue import Listed
from edge.viid.ids import business_id
from edge.viid.lower import Lower

log = logging.getLogger(__name__)
VIID_LOWERS_PATH, VIID_CATALOGUE_PATH = "/api/v1/viid/lowers", "/api/v1/viid/catalogue"
DeviceId = Annotated[str, Meta(pattern=r"^[0-9]{20}\Z")]
Origin = Annotated[str, Meta(pattern=r"^https?://[^/@\s]+/?\Z", max_length=200)]
"""Of a system's own server."""
Title = Annotated[str, Meta(min_length=1, max_length=100)]


class AskedLower(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Subscribe at a system: all that it has, unless `resources` name devices, tollgates or civil codes."""

    peer: DeviceId
    url: Origin
    title: Title
    resources: Annotated[
        list[Annotated[str, Meta(pattern=r"^([0-9]{20}|([0-9]{2}){1,4})\Z")]], Meta(max_length=VIID_LOWER_RESOURCES)
    ] = []


class ShownLower(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and how it does; `passages` came for it to this hub since it started."""

    lower: Lower
    leased_ms: int
    ended: bool
    state: LowerState
    passages: int


class ShownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that a system told, and which camera of ours it is; empty: none yet."""

    device: Listed
    peer: str
    told_ms: int
    camera: str


class Adopted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Devices that are to be cameras here, with the name and place that were told."""

    devices: Annotated[list[DeviceId], Meta(min_length=1, max_length=VIID_OBJECTS)]


class LowerRoutes:
    """`routes()` are for administrators alone. `receive_at` is our origin as lower systems reach it, empty: none."""

    def __init__(
        self, server_id: str, receive_at: str, hub: Hub, devices: Devices, store: LowerStore, lowers: Lowers,
        library: ViidLibrary,
    ) -> None:  # fmt: skip
        self._server_id = server_id
        self._receive_at = receive_at
        self._hub = hub
        self._devices = devices
        self._store = store
        self._lowers = lowers
        self._library = library

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(VIID_LOWERS_PATH, self._show),
            web.post(VIID_LOWERS_PATH, self._subscribe),
            web.delete(VIID_LOWERS_PATH + "/{id}", self._end),
            web.post(VIID_LOWERS_PATH + "/{id}/again", self._again),
            web.get(VIID_CATALOGUE_PATH, self._show_devices),
            web.put(VIID_CATALOGUE_PATH, self._adopt),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        states = self._lowers.states()
        shown = [
            ShownLower(
                lower=kept.lower, leased_ms=kept.leased_ms, ended=kept.ended,
                state=states.get(kept.lower.id, LowerState(id=kept.lower.id)),
                passages=self._library.notices[kept.lower.id],
            )
            for kept in await self._store.lowers()
        ]  # fmt: skip
        return json_response({"lowers": shown, "receive_at": self._receive_at})

    async def _subscribe(self, request: web.Request) -> web.Response:
        actor = actor_of(request)
        require(actor, "administrator")
        asked = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=AskedLower)
        if not self._receive_at:
            raise InvalidInputError("the settings have no `receive_at` in [viid]: nobody could tell us anything")
        if asked.peer == self._server_id:
            raise InvalidInputError("this is our own id")
        resources, url = tuple(dict.fromkeys(asked.resources)) or (asked.peer,), asked.url.rstrip("/")
        name = business_id(
            self._server_id, "subscription", self._hub.clock.now_ms(), f"{asked.peer}/{url}/{','.join(resources)}"
        )  # fmt: skip
        lower = Lower(id=name, peer=asked.peer, url=url, title=asked.title, resources=resources)
        await self._store.add(lower)
        log.info("%s subscribes at GA/T 1400 system %s (%s)", actor.id, asked.peer, url)
        return json_response(lower)

    async def _end(self, request: web.Request) -> web.Response:
        actor = actor_of(request)
        require(actor, "administrator")
        name = request.match_info["id"]
        if not await self._store.end(name):
            raise UnknownIdError(f"no subscription {name} of ours")
        log.info("%s ends the subscription %s at a GA/T 1400 system", actor.id, name)
        return web.Response(status=204)

    async def _again(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        if not self._lowers.again(request.match_info["id"]):
            raise ConflictError("this hub keeps no such subscription in force: another one may")
        return web.Response(status=204)

    async def _show_devices(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        cameras = {known.device: known.camera for known in await self._devices.known()}
        shown = [
            ShownDevice(
                device=kept.listed, peer=kept.peer, told_ms=kept.told_ms, camera=cameras.get(kept.listed.id, "")
            )
            for kept in await self._store.devices()
        ]
        return json_response({"devices": shown})

    async def _adopt(self, request: web.Request) -> web.Response:
        actor = actor_of(request)
        require(actor, "administrator")
        asked = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=Adopted)
        cameras = {known.device: known.camera for known in await self._devices.known()}
        adopted: dict[str, str] = {}
        left: dict[str, str] = {}
        for device in dict.fromkeys(asked.devices):
            try:
                kept = await self._store.device(device)
                adopted[device] = await self._as_camera(actor, device, kept, cameras.get(device, ""))
            except TriuneError as error:
                left[device] = error.detail
        return json_response({"adopted": adopted, "left": left})

    async def _as_camera(self, actor: Actor, device: str, kept: KeptDevice | None, camera: str) -> str:
        """Return the camera that a device is now: one of its own, at the place that was told.

        One that it was said to be before stays, and is moved only where it was made of the device.
        """
        if kept is None:
            raise UnknownIdError("no system has told of this device")
        told, own = kept.listed, f"v{device}"
        if camera not in ("", own):
            return camera
        if told.lat is None or told.lon is None:
            raise InvalidInputError("no place was told of it: enrol a camera by hand and say which it is")
        enrol = EnrolCamera(camera=own, name=told.name, lat=told.lat, lon=told.lon, bearing_deg=told.heading_deg or 0.0)
        await self._hub.ask(enrol, actor)
        await self._devices.assign(device, own)
        return own
