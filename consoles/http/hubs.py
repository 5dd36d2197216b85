"""The roll of hubs over HTTP: which there are, what is at each, and taking one out that is gone. For administrators."""

from __future__ import annotations

import logging

import msgspec
from aiohttp import web

from command.kernel.errors import InvalidInputError, UnknownIdError
from command.places import HubThere, Places
from command.taken_out import TakenOut
from consoles.http.context import actor_of, require
from consoles.http.record import json_response

log = logging.getLogger(__name__)
_NUMBER_CHARS = 9
_WHY_CHARS = 500


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
    """All hubs; none for one that is alone. And those that were taken out last, the newest first."""

    hubs: list[HubView]
    taken_out: list[TakenOut] = []


async def views(places: Places) -> HubViews:
    """Return the hubs by their numbers. Raises `UnavailableError`."""
    return HubViews(_listed(await places.whole(), places), await places.roll.taken_out())


def _listed(whole: list[HubThere], places: Places) -> list[HubView]:
    return [
        HubView(
            number=each.state.place.number, url=each.state.place.url, own=each.state.place == places.own,
            away=each.state.is_away, unheard_ms=each.state.unheard_ms, has=each.has,
        )
        for each in whole
    ]  # fmt: skip


def checked_why(text: str) -> str:
    """Return why a hub is taken out, as it goes on record. Raises `InvalidInputError` where that is not said."""
    why = " ".join(text.split())
    if not 0 < len(why) <= _WHY_CHARS or not why.isprintable():
        raise InvalidInputError(f"why the hub is taken out is said in 1 to {_WHY_CHARS} characters")
    return why


def routes(places: Places | None) -> list[web.RouteDef]:
    """Return the routes."""

    async def states(request: web.Request) -> web.Response:
        """`GET /api/v1/hubs/states`."""
        require(actor_of(request), "administrator")
        return json_response(await views(places) if places else HubViews([]))

    async def take_out(request: web.Request) -> web.Response:
        """`DELETE /api/v1/hubs/{number}?why=…`: it is gone for good; 409 while it is heard of."""
        actor, number = actor_of(request), request.match_info["number"]
        require(actor, "administrator")
        if places is None or not (number.isascii() and number.isdecimal() and len(number) <= _NUMBER_CHARS):
            raise UnknownIdError("there is no such hub")
        await places.roll.take_out(int(number), actor.id, checked_why(request.query.get("why", "")))
        log.warning("%s took hub %s out", actor.id, number)
        return web.Response(status=204)

    return [web.get("/api/v1/hubs/states", states), web.delete("/api/v1/hubs/{number}", take_out)]
