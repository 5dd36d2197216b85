"""The roll of hubs over HTTP: which there are, what is at each, and taking one out that is gone. For administrators."""

from __future__ import annotations

import logging

import msgspec
from aiohttp import web

from command.kernel.errors import UnknownIdError
from command.places import HubThere, Places
from consoles.http.context import actor_of, require
from consoles.http.record import json_response

log = logging.getLogger(__name__)
_NUMBER_CHARS = 9


class HubView(msgspec.Struct, frozen=True, kw_only=True):
    """A hub as those see it who look after hubs."""

    number: int
    url: str
    own: bool
    """Whether it is the one that was asked."""
    away: bool
    unheard_ms: int | None
    """For how long it was not heard of; None for a hub of a release before this, which does not say."""
    has: dict[str, int]
    """How many there are at it, by kind: `agent`, `gb28181` (devices), `recorded` (cameras), `whip` (publishers)."""


class HubViews(msgspec.Struct, frozen=True):
    """All hubs; none for one that is alone."""

    hubs: list[HubView]


def listed(whole: list[HubThere], places: Places) -> list[HubView]:
    """Return the hubs by their numbers."""
    return [
        HubView(
            number=each.state.place.number, url=each.state.place.url, own=each.state.place == places.own,
            away=each.state.is_away, unheard_ms=each.state.unheard_ms, has=each.has,
        )
        for each in whole
    ]  # fmt: skip


def routes(places: Places | None) -> list[web.RouteDef]:
    """Return the routes."""

    async def states(request: web.Request) -> web.Response:
        """`GET /api/v1/hubs/states`."""
        require(actor_of(request), "administrator")
        return json_response(HubViews(listed(await places.whole(), places) if places else []))

    async def take_out(request: web.Request) -> web.Response:
        """`DELETE /api/v1/hubs/{number}`: it is gone for good; 409 while it is heard of."""
        actor, number = actor_of(request), request.match_info["number"]
        require(actor, "administrator")
        if places is None or not (number.isascii() and number.isdecimal() and len(number) <= _NUMBER_CHARS):
            raise UnknownIdError("there is no such hub")
        await places.roll.take_out(int(number))
        log.warning("%s took hub %s out", actor.id, number)
        return web.Response(status=204)

    return [web.get("/api/v1/hubs/states", states), web.delete("/api/v1/hubs/{number}", take_out)]
