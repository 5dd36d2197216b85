"""What reports from the field: JT/T 808 terminals, HTTP trackers and the officers' own phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import InvalidInputError
from command.kernel.limits import CLOCK_SKEW_MS, POSITIONS_PER_BATCH, REQUEST_BODY_BYTES
from command.readings import Position
from command.requests import EnrolDevice, Instant, Lat, Lon
from command.services.bodies import read_body
from command.uplink import HubUplink
from consoles.http import metrics
from consoles.http.context import actor_of, require
from consoles.http.identity import Handler, is_open
from consoles.parts.base import Base
from edge.jt808.gateway import Jt808Gateway
from edge.trackers import http as trackers


class PhoneFix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fix as a browser's geolocation gives it, WGS-84."""

    at_ms: Instant
    lat: Lat
    lon: Lon
    accuracy_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    speed_kmh: Annotated[float, Meta(ge=0, le=1000)] | None = None
    heading_deg: Annotated[float, Meta(ge=0, le=360)] | None = None


class PhoneFixes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fixes that a terminal kept while it was offline, and the newest."""

    fixes: Annotated[list[PhoneFix], Meta(min_length=1, max_length=POSITIONS_PER_BATCH)]


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
        own = web.post("/api/v1/positions", _own_position(hub, uplink))
        yield Field(jt808, uplink, [own, *(_by_token(route) for route in trackers.routes(uplink, hub.clock))])


def _by_token(route: web.RouteDef) -> web.RouteDef:
    """Let a tracker's route through the door: it asks for the device's token itself, in ways that trackers can send."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await route.handler(request)

    return web.RouteDef(route.method, route.path, is_open(handler), route.kwargs)


def _own_position(hub: Hub, uplink: HubUplink) -> Handler:
    async def own_position(request: web.Request) -> web.Response:
        """`POST /api/v1/positions`: an officer's phone; answered once the fixes are durable."""
        actor = actor_of(request)
        require(actor, "officer")
        if not actor.unit:
            raise InvalidInputError("this account belongs to no unit")
        told = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=PhoneFixes)
        now_ms, device = hub.clock.now_ms(), f"mobile:{actor.id}"
        if await hub.read(lambda t: t.devices.get(device)) is None:
            await hub.ask(EnrolDevice(device=device, kind="mobile", unit=actor.unit), HUB)
        # A phone whose clock runs ahead would keep later fixes of better clocks from counting as newest.
        fixes = [fix for fix in told.fixes if fix.at_ms <= now_ms + CLOCK_SKEW_MS]
        await uplink.positions(
            [
                Position(
                    device=device,
                    at_ms=min(fix.at_ms, now_ms),
                    lat=fix.lat,
                    lon=fix.lon,
                    source="mobile",
                    accuracy_m=fix.accuracy_m,
                    speed_kmh=fix.speed_kmh,
                    heading_deg=fix.heading_deg,
                )
                for fix in fixes
            ]
        )
        return web.Response(status=204)

    return own_position
