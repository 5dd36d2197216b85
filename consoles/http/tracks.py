"""Where patrols were: the way of one, and who was somewhere (轨迹回放, 谁在现场); on record before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from command.actors import Actor, Role
from command.kernel.errors import InvalidInputError, NoRightError, TooLargeError
from command.kernel.geo import ring_around
from command.kernel.limits import (
    CIRCLE_CORNERS,
    CIRCLE_RADIUS_M,
    PATROL_DEVICES,
    PATROL_FIXES,
    QUERIES_AN_HOUR,
)
from command.kernel.local_time import local_text
from command.patrol import holders
from command.patrol.holders import Holding
from command.patrol.tracks import PatrolTrack, way_of
from command.readings import AreaQuery, Position, Presence, inquiries
from command.requests.base import Id, Lat, Lon
from command.requests.scene import QueryOf
from command.rows import retired_id
from command.rules.queries import check_one_more
from command.services.bodies import read_body
from command.settings import Limits
from command.tables import Tables
from consoles.http.context import actor_of, context_of, require
from consoles.http.inquiries import Inquiry, Stated, checked, station_of
from consoles.limits import QUERY_AREA_CORNERS, QUERY_BODY_BYTES

MAY_LOOK_UP: tuple[Role, ...] = ("dispatcher", "commander", "duty_leader")
"""Who sends patrols and answers for them. An officer's terminal and whoever only answers calls need none of it."""
_PATH = "/api/v1/positions"
_TOLD_CORNERS = 20
_NOT_YOURS = "a station's desk looks up its own units"


class Track(Stated, frozen=True, kw_only=True):
    """`POST …/track`: of a unit, all devices that it had, or of one device."""

    unit: Id | None = None
    device: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Circle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All within so far of a point, WGS-84."""

    lat: Lat
    lon: Lon
    radius_m: Annotated[float, Meta(gt=0, le=CIRCLE_RADIUS_M)]


class Present(Stated, frozen=True, kw_only=True):
    """`POST …/present`: in a polygon of (lon, lat) corners, WGS-84, or in a circle; borders are included."""

    area: Annotated[list[tuple[Lon, Lat]], Meta(min_length=3, max_length=QUERY_AREA_CORNERS)] | None = None
    circle: Circle | None = None


A = TypeVar("A", bound=Stated)


class UnitThere(msgspec.Struct, frozen=True):
    """A unit (empty where nobody is known to have had the device) with its first and last fix there, by device."""

    unit: str
    first_ms: int
    last_ms: int
    fixes: int
    devices: list[Presence]


@dataclass(frozen=True)
class FoundWays:
    """The ways with all their fixes, most fixes first; a gap is longer than `gap_ms`.

    `since_ms` is from when on positions are kept, `known_ms` since when holders are known; `to_ms` is not to come.
    """

    query: Inquiry
    ways: Sequence[tuple[PatrolTrack, Sequence[Position]]]
    to_ms: int
    gap_ms: int
    since_ms: int
    known_ms: int


@dataclass(frozen=True)
class FoundUnits:
    """Who was there, the first first; the rest is as in `FoundWays`."""

    query: Inquiry
    units: Sequence[UnitThere]
    since_ms: int
    known_ms: int


async def track(request: web.Request) -> web.Response:
    """`POST /api/v1/positions/track`: the ways of the devices that a unit had then, the one with most fixes first."""
    found = await ways_found(request, await body(request, Track), "patrol_track")
    return await found.query.answer(
        await found.query.recorded("patrol_track", sum(len(fixes) for _, fixes in found.ways)),
        tracks=[way for way, _ in found.ways], gap_ms=found.gap_ms, since_ms=found.since_ms,
        holders_since_ms=found.known_ms,
    )  # fmt: skip


async def present(request: web.Request) -> web.Response:
    """`POST /api/v1/positions/present`: which units reported from an area, and when first and last."""
    found = await units_found(request, await body(request, Present), "present")
    return await found.query.answer(
        await found.query.recorded("present", len(found.units)),
        present=found.units, since_ms=found.since_ms, holders_since_ms=found.known_ms,
    )  # fmt: skip


async def ways_found(request: web.Request, asked: Track, what: QueryOf) -> FoundWays:
    """Return what a question about a way finds, which is then to be recorded as `what`, as too much is here."""
    if (asked.unit is None) == (asked.device is None):
        raise InvalidInputError("a track is of a unit or of a device, one of them")
    space, actor = context_of(request).space(request), actor_of(request)
    to_ms = min(asked.to_ms, space.hub.clock.now_ms())
    of, name, limits, known_ms = await space.hub.read(lambda t: _whose(t, actor, asked, to_ms))
    query = await _allowed(request, asked, f"{_time(asked)}; {name}")
    try:
        found = await _found(query, of)
        ways = await asyncio.to_thread(_ways, found, limits)
    except TooLargeError:
        await query.recorded(what, 0)  # looking so far was as much work as an answer
        raise
    since_ms = await query.kept_from_ms(asked.from_ms)
    return FoundWays(query, ways, to_ms, limits.silent_s * 1000, since_ms, known_ms)


async def units_found(request: web.Request, asked: Present, what: QueryOf) -> FoundUnits:
    """Return whom a question about a place finds, which is then to be recorded as `what`, as too much is here."""
    if (asked.area is None) == (asked.circle is None):
        raise InvalidInputError("an area is a polygon or a circle, one of them")
    query = await _allowed(request, asked, f"{_time(asked)}; {_where(asked)}")
    hub = query.space.hub
    turns = await hub.read(lambda t: holders.turns(t, asked.from_ms, asked.to_ms))
    area = AreaQuery(ring=_ring(asked), from_ms=asked.from_ms, to_ms=asked.to_ms, turns=turns)
    try:
        seen = await query.readings.devices_in(query.space.name, area)
    except TooLargeError:
        await query.recorded(what, 0)
        raise
    there, known_ms = await hub.read(lambda t: _with_whom(t, query.actor, seen))
    since_ms = await query.kept_from_ms(asked.from_ms)
    return FoundUnits(query, _by_unit(there), since_ms, known_ms)


async def _found(query: Inquiry, of: Sequence[Holding]) -> list[tuple[Holding, list[Position]]]:
    """Return what each device reported while it was had. Raises `TooLargeError` past what one answer looks at."""
    if len({held.device for held in of}) > PATROL_DEVICES:
        raise TooLargeError(f"more than {PATROL_DEVICES} devices then; ask for one of them", most=PATROL_DEVICES)
    found: list[tuple[Holding, list[Position]]] = []
    read = 0
    for held in of:
        fixes = await inquiries.fixes(query.readings, query.space.name, held.device, held.from_ms, held.to_ms, read)
        found.append((held, fixes))
        read += len(fixes)
    return found


def _ways(
    found: Sequence[tuple[Holding, Sequence[Position]]], limits: Limits
) -> list[tuple[PatrolTrack, Sequence[Position]]]:
    most = PATROL_FIXES // max(1, sum(bool(fixes) for _, fixes in found))
    ways = [(way_of(fixes, held, limits, most), fixes) for held, fixes in found]
    return sorted(ways, key=lambda one: (-one[0].read, one[0].device, one[0].from_ms))


routes = [web.post(f"{_PATH}/track", track), web.post(f"{_PATH}/present", present)]


async def body(request: web.Request, kind: type[A]) -> A:
    """Return the question. Who may not ask at all is not told what is wrong with it."""
    require(actor_of(request), *MAY_LOOK_UP)
    asked = msgspec.json.decode(await read_body(request, QUERY_BODY_BYTES), type=kind)
    checked(asked)
    return asked


async def _allowed(request: web.Request, asked: Stated, terms: str) -> Inquiry:
    """Return the query, where the person may make it now. Raises `TooManyError`."""
    actor, context = actor_of(request), context_of(request)
    space = context.space(request)
    now_ms = space.hub.clock.now_ms()
    await space.hub.read(lambda t: check_one_more(t, actor.id, QUERIES_AN_HOUR, now_ms))
    return Inquiry(actor, space, context.readings_of(space), asked, terms, QUERIES_AN_HOUR)


def _whose(t: Tables, actor: Actor, asked: Track, to_ms: int) -> tuple[Sequence[Holding], str, Limits, int]:
    """Return which devices are meant, and when, how the record tells of them, and since when holders are known.

    A desk of a station is told of its own units only. Raises `UnknownIdError` and `NoRightError`.
    """
    if asked.unit is not None:
        unit = holders.known_unit(t, asked.unit) or t.units.need(asked.unit)
        if not _is_own(t, actor, asked.unit):
            raise NoRightError(_NOT_YOURS)
        known_ms = holders.known_from_ms(t, holders.devices_of(t, asked.unit))
        of = holders.of_unit(t, asked.unit, asked.from_ms, to_ms)
        return of, f"unit {asked.unit} {unit.name}", t.limits, known_ms
    device = asked.device or ""
    if retired_id("device", device) not in t.retired.rows:
        t.devices.need(device)
    of = list(holders.holdings(t, device, asked.from_ms, to_ms))
    own = [held for held in of if _is_own(t, actor, held.unit)]
    if of and not own:
        raise NoRightError(_NOT_YOURS)
    return own, f"device {device}", t.limits, holders.known_from_ms(t, [device])


def _is_own(t: Tables, actor: Actor, unit: str) -> bool:
    row, station = holders.known_unit(t, unit), station_of(t, actor)
    return not station or (row is not None and row.station == station)


def _with_whom(t: Tables, actor: Actor, seen: Sequence[Presence]) -> tuple[list[tuple[str, Presence]], int]:
    """Return who had the devices there, as far as the actor is told of them, and since when that is known."""
    there = [(holders.holder_at(t, one.device, one.first_ms), one) for one in seen]
    told = [(unit, one) for unit, one in there if _is_own(t, actor, unit)]
    return told, holders.known_from_ms(t, {one.device for _, one in told})


def _by_unit(there: Iterable[tuple[str, Presence]]) -> list[UnitThere]:
    """Return them by unit, who was there first at the beginning; a device that nobody had stands by itself."""
    by: dict[tuple[str, str], list[Presence]] = {}
    for unit, presence in there:
        by.setdefault((unit, "" if unit else presence.device), []).append(presence)
    found = [
        UnitThere(
            unit, min(one.first_ms for one in of), max(one.last_ms for one in of), sum(one.fixes for one in of), of
        )
        for (unit, _), of in by.items()
    ]
    return sorted(found, key=lambda one: (one.first_ms, one.unit))


def _ring(asked: Present) -> tuple[tuple[float, float], ...]:
    if (circle := asked.circle) is not None:
        return tuple(ring_around(circle.lat, circle.lon, circle.radius_m, CIRCLE_CORNERS))
    return tuple(asked.area or ())


def _time(asked: Stated) -> str:
    return f"{local_text(asked.from_ms)} – {local_text(asked.to_ms)}"


def _where(asked: Present) -> str:
    if (circle := asked.circle) is not None:
        return f"circle {circle.lat:.5f},{circle.lon:.5f} {circle.radius_m:.0f} m"
    corners = asked.area or []
    more = f" +{len(corners) - _TOLD_CORNERS}" if len(corners) > _TOLD_CORNERS else ""
    return f"area {' '.join(f'{lat:.4f},{lon:.4f}' for lon, lat in corners[:_TOLD_CORNERS])}{more}"
