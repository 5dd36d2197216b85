"""What every query says and every answer carries: with a reason, so many an hour, on record before it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.kernel.errors import InvalidInputError
from command.readings import Readings
from command.requests import RecordQuery
from command.requests.base import Instant, Reason
from command.requests.scene import QueryOf
from command.rules.queries import made_lately
from command.tables import Tables
from consoles.http.context import Space
from consoles.http.record import json_response


class Stated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something is looked up, for which case or situation, and which time it is about."""

    reason: Reason
    case: Annotated[str, Meta(max_length=64)] = ""
    from_ms: Instant
    to_ms: Instant


def checked(stated: Stated) -> None:
    """Raise `InvalidInputError` for a blank reason or a time that ends before it begins."""
    if not stated.reason.strip():
        raise InvalidInputError("a query says why it is made")
    if stated.from_ms > stated.to_ms:
        raise InvalidInputError("a time ends after it begins")


def station_of(t: Tables, actor: Actor) -> str:
    """Return the station whose the person is, so that others' are not theirs to look up; empty for the centre's."""
    unit = t.units.get(actor.unit) if actor.unit else None
    return actor.station or (unit.station if unit else "")


@dataclass(frozen=True)
class Inquiry:
    """A query that is allowed and not yet answered; `terms` are what it asks, in the words of the record."""

    actor: Actor
    space: Space
    readings: Readings
    stated: Stated
    terms: str
    an_hour: int

    async def recorded(self, what: QueryOf, results: int, query: str | None = None, sha256: str = "") -> str:
        """Return its id, once it stands in the record in the name of whoever asked; nobody writes one by hand."""
        record = RecordQuery(
            what=what, terms=self.terms, reason=self.stated.reason.strip(), results=results, case=self.stated.case,
            query=query, an_hour=self.an_hour, sha256=sha256,
        )  # fmt: skip
        return (await self.space.hub.ask(record, replace(HUB, id=self.actor.id))).subject

    async def kept_from_ms(self, default_ms: int) -> int:
        """Return from when on there are readings of the space."""
        days = await self.readings.days()
        return min((day.start_ms for day in days if day.space == self.space.name), default=default_ms)

    async def answer(self, query: str, **found: object) -> web.Response:
        """Answer with what was found, the query's id and how many more may be made now."""
        now_ms = self.space.hub.clock.now_ms()
        made = await self.space.hub.read(lambda t: made_lately(t, self.actor.id, now_ms))
        return json_response({**found, "query": query, "left": max(0, self.an_hour - len(made))})
