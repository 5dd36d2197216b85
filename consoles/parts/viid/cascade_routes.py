"""Lower view libraries that are told our watch list, for administrators: which, and how each of them does."""

from __future__ import annotations

import logging

import msgspec
from aiohttp import web

from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.services.bodies import read_body
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from consoles.parts.viid.cascade_store import CascadeStore
from consoles.parts.viid.cascades import Cascades, CascadeState
from consoles.parts.viid.library import ViidLibrary
from consoles.parts.viid.lower_routes import DeviceId, Origin, Title
from edge.viid.cascade import Cascade

log = logging.getLogger(__name__)
VIID_CASCADES_PATH = "/api/v1/viid/cascades"


class AskedCascade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell a system every entry of the watch list in force that can be told."""

    peer: DeviceId
    url: Origin
    title: Title


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    """What a system told this hub since it started: of vehicles asked for, of others, and what was not taken."""

    matched: int
    unmatched: int
    refused: int


class ShownCascade(msgspec.Struct, frozen=True, kw_only=True):
    """A lower system, how it does, and what it told. `ended`: what it was told is being cancelled."""

    cascade: Cascade
    ended: bool
    state: CascadeState
    notices: Notices


class CascadeRoutes:
    """`routes()` are for administrators alone. `receive_at` is our origin as lower systems reach it, empty: none."""

    def __init__(
        self, server_id: str, receive_at: str, store: CascadeStore, cascades: Cascades, library: ViidLibrary
    ) -> None:
        self._server_id = server_id
        self._receive_at = receive_at
        self._store = store
        self._cascades = cascades
        self._library = library

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(VIID_CASCADES_PATH, self._show),
            web.post(VIID_CASCADES_PATH, self._begin),
            web.delete(VIID_CASCADES_PATH + "/{peer}", self._end),
            web.post(VIID_CASCADES_PATH + "/{peer}/again", self._again),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        states, alarms = self._cascades.states(), self._library.alarms
        shown = [
            ShownCascade(
                cascade=kept.cascade, ended=kept.ended_ms > 0, state=states.get(peer, CascadeState(peer=peer)),
                notices=Notices(
                    matched=alarms[peer, "matched"], unmatched=alarms[peer, "unmatched"],
                    refused=alarms[peer, "refused"],
                ),
            )
            for kept in await self._store.cascades() for peer in [kept.cascade.peer]
        ]  # fmt: skip
        return json_response({"cascades": shown, "receive_at": self._receive_at})

    async def _begin(self, request: web.Request) -> web.Response:
        actor = actor_of(request)
        require(actor, "administrator")
        asked = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=AskedCascade)
        if not self._receive_at:
            raise InvalidInputError("the settings have no `receive_at` in [viid]: nobody could tell us anything")
        if asked.peer == self._server_id:
            raise InvalidInputError("this is our own id")
        cascade = Cascade(peer=asked.peer, url=asked.url.rstrip("/"), title=asked.title)
        await self._store.add(cascade)
        log.info("%s has the watch list told to GA/T 1400 system %s (%s)", actor.id, cascade.peer, cascade.url)
        return json_response(cascade)

    async def _end(self, request: web.Request) -> web.Response:
        actor = actor_of(request)
        require(actor, "administrator")
        peer = request.match_info["peer"]
        if not await self._store.end(peer):
            raise UnknownIdError(f"the watch list is not told to {peer}")
        log.info("%s ends that the watch list is told to GA/T 1400 system %s", actor.id, peer)
        return web.Response(status=204)

    async def _again(self, request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        peer = request.match_info["peer"]
        await self._store.ask_again(peer)
        if not self._cascades.again(peer):
            raise ConflictError("this hub tells no such system: another one may")
        return web.Response(status=204)
