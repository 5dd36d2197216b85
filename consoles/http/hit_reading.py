"""What was read of the car of a hit: where the plate is in the picture, and how sure each character is."""

from __future__ import annotations

import msgspec
from aiohttp import web

from command.access.visibility import tables_of
from command.kernel.errors import NoRightError, UnknownIdError
from command.passages import passage_of_hit
from command.readings import PlateColour
from consoles.http.context import actor_of, context_of
from consoles.http.record import json_response


class HitReading(msgspec.Struct, frozen=True, kw_only=True):
    """As in the sighting: `box` is x, y, width, height in pixels of the hit's picture."""

    colour: PlateColour
    box: tuple[int, int, int, int] | None
    char_confidences: tuple[float, ...]


async def hit_reading(request: web.Request) -> web.Response:
    """`GET /api/v1/hits/{hit}/reading`: for whoever is shown the hit; 404 where its passage is not kept any more."""
    if "hits" not in tables_of(actor_of(request)):
        raise NoRightError("hits are not for your role")
    context = context_of(request)
    space = context.space(request)
    hit = await space.hub.read(lambda t: t.hits.need(request.match_info["hit"]))
    seen = await passage_of_hit(context.readings_of(space), space.name, hit)
    if seen is None:
        raise UnknownIdError("the passage of this hit is not kept")
    return json_response(HitReading(colour=seen.colour, box=seen.box, char_confidences=seen.char_confidences))


routes = [web.get("/api/v1/hits/{hit}/reading", hit_reading)]
