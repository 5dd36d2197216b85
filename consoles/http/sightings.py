"""Queries of sightings: with a reason, by who may and as often as they may, on record before they are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec.structs import replace

from command.actors import Actor, Role
from command.kernel.errors import InvalidInputError, NoRightError, TooLargeError, UnknownIdError
from command.kernel.limits import QUERIES_AN_HOUR, TERMINAL_QUERIES_AN_HOUR, TERMINAL_QUERY_MS
from command.kernel.local_time import local_text
from command.readings import SightingQuery, inquiries, place_of
from command.readings.inquiries import Span
from command.readings.legs import drive, pairs_of
from command.readings.likely_ways import LikelyWays
from command.rules.queries import check_one_more, has_asked
from command.services.bodies import read_body
from command.tables import Tables
from consoles.http import sighting_bodies as bodies
from consoles.http.context import actor_of, context_of, require
from consoles.http.inquiries import Inquiry, checked
from consoles.http.record import transfer
from consoles.http.sightings_csv import csv_of
from consoles.limits import EXPORT_PASSAGES, QUERY_BODY_BYTES
from plans.past import HIT_MEDIA_TYPE

_DAY_MS = 24 * 60 * 60 * 1000
A = TypeVar("A", bound=bodies.Asked)
Scope = Callable[[Tables, Actor], Sequence[str] | None]
"""Which cameras' passages somebody may look up; None for all."""

AT_DESKS: tuple[Role, ...] = ("camera_watch", "dispatcher", "commander", "duty_leader")
EXPORTS: tuple[Role, ...] = ("commander", "duty_leader")
_PATH = "/api/v1/sightings"


def an_hour(actor: Actor) -> int:
    """Return how many queries the person may make in an hour. `NoRightError` for who makes none."""
    if actor.has(*AT_DESKS):
        return QUERIES_AN_HOUR
    require(actor, *AT_DESKS, "officer")
    return TERMINAL_QUERIES_AN_HOUR


class Stood(msgspec.Struct, frozen=True):
    """Where a camera stands, degrees, and the name of that place."""

    name: str
    lat: float
    lon: float


@dataclass(frozen=True)
class _Query(Inquiry):
    """A query that is allowed and not yet answered."""

    asked: bodies.Asked
    span: Span

    async def places(self) -> dict[str, tuple[float, float]]:
        """Return where the cameras stand: latitude and longitude."""
        return await self.space.hub.read(lambda t: {row.id: (row.lat, row.lon) for row in t.cameras})


class Sightings:
    """The handlers; `scope` says whose passages are whose to look up, `likely` finds ways along the road net."""

    def __init__(self, scope: Scope, likely: LikelyWays) -> None:
        self._scope = scope
        self._likely = likely

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post(f"{_PATH}/search", self.search),
            web.post(f"{_PATH}/export", self.export),
            web.post(f"{_PATH}/track", self.track),
            web.post(f"{_PATH}/companions", self.companions),
            web.post(f"{_PATH}/first_time", self.first_time),
            web.post(f"{_PATH}/frequent", self.frequent),
            web.post(f"{_PATH}/clones", self.clones),
            web.get(f"{_PATH}/picture", self.picture),
        ]

    async def search(self, request: web.Request) -> web.Response:
        """`POST …/search`: passages by pattern, place, time and looks, newest first, a page at a time.

        From a terminal in the field: a whole plate, of the last day.
        """
        asked = await _body(request, bodies.Search)
        cursor = bodies.cursor_of(asked.cursor)
        query = await self._allowed(request, asked, further=cursor is not None)
        question = _question(query, asked)
        found = await query.readings.search(
            query.space.name,
            replace(question, limit=asked.limit + 1, after=cursor.after if cursor else None),
        )
        page = found[: asked.limit]
        name = await query.recorded("sightings", len(page), cursor.query if cursor else None)
        following = bodies.Cursor(name, place_of(page[-1])).text() if len(found) > asked.limit else None
        # Terminals in the field mirror no cameras: where it was comes with the answer.
        places = await query.space.hub.read(lambda t: _places(t, {seen.camera for seen in page}))
        return await query.answer(name, sightings=page, next=following, places=places)

    async def export(self, request: web.Request) -> web.Response:
        """`POST …/export`: what `search` finds, whole, as the text of a file with who took it, when and why."""
        require(actor_of(request), *EXPORTS)
        asked = await _body(request, bodies.Search)
        query = await self._allowed(request, asked)
        question = replace(_question(query, asked), limit=EXPORT_PASSAGES + 1)
        found = await query.readings.search(query.space.name, question)
        if len(found) > EXPORT_PASSAGES:
            raise TooLargeError(f"a file holds {EXPORT_PASSAGES} passages; ask for less", most=EXPORT_PASSAGES)
        name = await query.recorded("export", len(found))
        cameras = await query.space.hub.read(lambda t: dict(t.cameras.rows))
        at_ms = query.space.hub.clock.now_ms()
        about = {
            "query": name, "taken_by": f"{query.actor.name} ({query.actor.id})", "taken_at": local_text(at_ms),
            "reason": asked.reason.strip(), "case": asked.case, "terms": query.terms,
            "passages": str(len(found)),
        }  # fmt: skip
        file_name = f"sightings-{name}.csv"
        return await query.answer(name, file_name=file_name, csv=csv_of(about, found, cameras))

    async def track(self, request: web.Request) -> web.Response:
        """`POST …/track`: the passages of one car in order of time, and what lies between them."""
        asked = await _body(request, bodies.Track)
        query = await self._allowed(request, asked)
        plate = bodies.plate_of(asked.plate)
        stops, earlier = await inquiries.track(query.readings, query.space.name, plate, query.span)
        places = await query.places()
        ways = await self._likely.between(pairs_of(stops, places))
        name = await query.recorded("track", len(stops))
        way = drive(stops, places, ways)
        return await query.answer(name, stops=stops, legs=way.legs, ways=way.ways, earlier=earlier)

    async def companions(self, request: web.Request) -> web.Response:
        """`POST …/companions`: plates that pass where a car passes, at about its time, most surprising first."""
        asked = await _body(request, bodies.Companions)
        query = await self._allowed(request, asked)
        found = await inquiries.companions(
            query.readings, query.space.name, bodies.plate_of(asked.plate), query.span,
            at_least=asked.at_least, within_ms=asked.within_s * 1000,
        )  # fmt: skip
        return await query.answer(await query.recorded("companions", len(found)), companions=found)

    async def first_time(self, request: web.Request) -> web.Response:
        """`POST …/first_time`: cars that were not seen there in the days before, as far back as readings are kept."""
        asked = await _body(request, bodies.FirstTime)
        query = await self._allowed(request, asked)
        since_ms = max(asked.from_ms - asked.days * _DAY_MS, await query.kept_from_ms(asked.from_ms))
        found = await inquiries.first_time(query.readings, query.space.name, query.span, since_ms)
        return await query.answer(await query.recorded("first_time", len(found)), passes=found, since_ms=since_ms)

    async def frequent(self, request: web.Request) -> web.Response:
        """`POST …/frequent`: cars that pass a place often, by day, by night or in all."""
        asked = await _body(request, bodies.Frequent)
        if asked.cameras is None and asked.area is None:
            raise InvalidInputError("a place has to be named: cameras or an area")
        query = await self._allowed(request, asked)
        found = await inquiries.frequent(
            query.readings, query.space.name, query.span, at_least=asked.at_least, when=asked.when
        )
        return await query.answer(await query.recorded("frequent", len(found)), visits=found)

    async def clones(self, request: web.Request) -> web.Response:
        """`POST …/clones`: plates that two cars may wear, with both passages, the most often first."""
        asked = await _body(request, bodies.Clones)
        query = await self._allowed(request, asked)
        found = await inquiries.clones(
            query.readings, query.space.name, query.span, await query.places(), self._likely
        )  # fmt: skip
        name = await query.recorded("clones", len(found.clones))
        return await query.answer(name, clones=found.clones, ways=found.ways, more=found.more)

    async def picture(self, request: web.Request) -> web.Response:
        """`GET …/picture?camera=&plate=&first_ms=`: the picture of a passage, to who asked of late and said why."""
        actor = actor_of(request)
        an_hour(actor)
        context = context_of(request)
        space = context.space(request)
        camera, plate, first_ms = _passage(request)
        now_ms = space.hub.clock.now_ms()
        may, asked = await space.hub.read(lambda t: (self._scope(t, actor), has_asked(t, actor.id, now_ms)))
        recent = actor.has(*AT_DESKS) or first_ms >= now_ms - TERMINAL_QUERY_MS
        there = SightingQuery(plate=plate, cameras=(camera,), from_ms=first_ms, to_ms=first_ms, limit=1)
        found = await context.readings_of(space).search(space.name, there)
        if not (asked and found and found[0].picture and recent and (may is None or camera in may)):
            raise UnknownIdError("no picture of such a passage that you may see, or asked for, with a reason, of late")
        async with transfer(context):
            data = await context.blobs.get(found[0].picture)
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        return web.Response(body=data, content_type=HIT_MEDIA_TYPE, headers=headers)

    async def _allowed(self, request: web.Request, asked: bodies.Asked, *, further: bool = False) -> _Query:
        """Return the query, where the person may make it now. Raises `NoRightError` and `TooManyError`."""
        actor, context = actor_of(request), context_of(request)
        space, most = context.space(request), an_hour(actor)
        checked(asked)
        if not actor.has(*AT_DESKS):
            _check_terminal(asked, space.hub.clock.now_ms())

        def look(t: Tables) -> tuple[str, ...] | None:
            if not further:
                check_one_more(t, actor.id, most, space.hub.clock.now_ms())
            return bodies.cameras_of(asked, t, self._scope(t, actor))

        cameras = await space.hub.read(look)
        span = Span(cameras, asked.from_ms, asked.to_ms)
        told = bodies.told(asked)
        return _Query(actor, space, context.readings_of(space), asked, told, most, asked, span)


def _check_terminal(asked: bodies.Asked, now_ms: int) -> None:
    """Raise unless the question is what a terminal in the field may ask: one whole plate, of the last day."""
    if not isinstance(asked, bodies.Search):
        raise NoRightError("this is asked at a desk, not in the field")
    bodies.plate_of(asked.plate)
    if asked.from_ms < now_ms - TERMINAL_QUERY_MS:
        raise NoRightError("in the field passages of the last 24 hours are told", since_ms=now_ms - TERMINAL_QUERY_MS)


def _question(query: _Query, asked: bodies.Search) -> SightingQuery:
    cameras = None if query.span.cameras is None else tuple(query.span.cameras)
    return SightingQuery(
        plate=bodies.pattern_of(asked), from_ms=asked.from_ms, to_ms=asked.to_ms, cameras=cameras, colour=asked.colour,
        kind=asked.kind, direction=asked.direction, headings=asked.headings,
    )  # fmt: skip


def _places(t: Tables, cameras: Iterable[str]) -> dict[str, Stood]:
    rows = (t.cameras.get(camera) for camera in cameras)
    return {row.id: Stood(row.name, row.lat, row.lon) for row in rows if row}


async def _body(request: web.Request, kind: type[A]) -> A:
    an_hour(actor_of(request))  # who may not ask at all is not told what is wrong with the question
    return msgspec.json.decode(await read_body(request, QUERY_BODY_BYTES), type=kind)


def _passage(request: web.Request) -> tuple[str, str, int]:
    first_ms = request.query.get("first_ms", "")
    if not (first_ms.isascii() and first_ms.isdecimal() and len(first_ms) <= 15):
        raise InvalidInputError("first_ms is milliseconds since 1970")
    return request.query.get("camera", ""), bodies.plate_of(request.query.get("plate", "")), int(first_ms)
