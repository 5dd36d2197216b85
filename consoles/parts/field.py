"""What reports from the field: JT/T 808 terminals, HTTP trackers and the officers' own phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import InvalidInputError
from command.kernel.geo import check_point
from command.kernel.limits import CLOCK_SKEW_MS, POSITIONS_PER_BATCH, REQUEST_BODY_BYTES
from command.readings import Position
from command.requests import EnrolDevice, Instant, Lat, Lon
from command.services.bodies import read_body
from command.uplink.hub_uplink import HubUplink
from consoles.http import metrics
from consoles.http.context import actor_of, require
from consoles.http.identity import Handler, is_open
from consoles.parts.base import Base
from edge.jt808.gateway import Jt808Gateway
from edge.trackers import http as trackers
from edge.trackers.counters import TrackerCounters
from edge.trackers.fix import number, within


class PhoneFix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fix as a browser's geolocation gives it, WGS-84. What is no number that can be meant counts as not told."""

    at_ms: Instant
    lat: Lat
    lon: Lon
    accuracy_m: Any = None
    speed_kmh: Any = None
    heading_deg: Any = None


class PhoneFixes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fixes that a terminal kept while it was offline, and the newest."""

    fixes: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=POSITIONS_PER_BATCH)]


@dataclass
class Field:
    """The running gateways and the routes of those that speak HTTP."""

    jt808: Jt808Gateway
    uplink: HubUplink
    routes: list[web.RouteDef]


@asynccontextmanager
async def field(base: Base) -> AsyncIterator[Field]:
    """Listen to the field."""
    hub, settings = base.hub, base.settings
    uplink = HubUplink(hub, base.kept.readings, base.kept.accounts, hub.clock)
    await uplink.restore()
    base.tasks.start(uplink.run(), "patrol-silence")
    async with Jt808Gateway(uplink, hub.clock, settings.host, settings.jt808_port) as jt808:
        base.measured.append(metrics.counted("uplink", "Positions and what followed from them", uplink.counters))
        base.measured.append(metrics.counted("jt808", "JT/T 808 terminals", jt808.counters))
        base.connected.append(lambda: jt808.counters.connections)
        told = TrackerCounters()
        base.measured.append(metrics.counted("trackers", "Trackers over HTTP and officers' phones", told))
        own = web.post("/api/v1/positions", _own_position(hub, uplink, told))
        yield Field(jt808, uplink, [own, *(_by_token(route) for route in trackers.routes(uplink, hub.clock, told))])


def _by_token(route: web.RouteDef) -> web.RouteDef:
    """Let a tracker's route through the door: it asks for the device's token itself, in ways that trackers can send."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await route.handler(request)

    return web.RouteDef(route.method, route.path, is_open(handler), route.kwargs)


def _own_position(hub: Hub, uplink: HubUplink, counters: TrackerCounters) -> Handler:
    async def own_position(request: web.Request) -> web.Response:
        """`POST /api/v1/positions`: an officer's phone; answered once the fixes are durable.

        Each is judged by itself, for the phone lets go of all of them when they are refused.
        """
        actor = actor_of(request)
        require(actor, "officer")
        if not actor.unit:
            raise InvalidInputError("this account belongs to no unit")
        told = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=PhoneFixes)
        now_ms, device = hub.clock.now_ms(), f"mobile:{actor.id}"
        enrolled = await hub.read(lambda t: t.devices.get(device))
        if enrolled is None or enrolled.unit != actor.unit:  # its person is of another unit by now
            await hub.ask(EnrolDevice(device=device, kind="mobile", unit=actor.unit), HUB)
        positions: list[Position] = []
        wrong: list[Exception] = []
        for fix in told.fixes:
            try:
                positions.append(_position(msgspec.json.decode(fix, type=PhoneFix), device, now_ms))
            except (InvalidInputError, msgspec.DecodeError) as error:
                wrong.append(error)
        counters.locations_refused += len(wrong)
        if not positions:
            raise wrong[0]
        await uplink.positions(positions)
        counters.locations += len(positions)
        return web.Response(status=204)

    return own_position


def _position(fix: PhoneFix, device: str, now_ms: int) -> Position:
    """Return what to store. Raises `InvalidInputError` for no place, and for a clock that runs ahead.

    That would keep later fixes of better clocks from counting as newest.
    """
    check_point(fix.lat, fix.lon)
    if fix.at_ms > now_ms + CLOCK_SKEW_MS:
        raise InvalidInputError("the phone's clock runs ahead")
    return Position(
        device=device,
        at_ms=min(fix.at_ms, now_ms),
        lat=fix.lat,
        lon=fix.lon,
        source="mobile",
        accuracy_m=within(number(fix.accuracy_m), 0, 100_000),
        speed_kmh=within(number(fix.speed_kmh), 0, 1000),
        heading_deg=within(number(fix.heading_deg), 0, 360),
    )
