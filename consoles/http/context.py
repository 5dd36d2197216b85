"""What handlers reach the rest of the product by."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from command.access.accounts import Accounts
from command.access.kept_cameras import KeptTo
from command.actors import Actor
from command.blobs import Blobs
from command.hub import Hub
from command.kernel.clock import Clock
from command.kernel.errors import NoRightError, UnknownIdError
from command.kernel.rate import RateLimit
from command.readings import Readings
from consoles.http.proxies import Proxies
from consoles.limits import EVIDENCE_TRANSFERS
from consoles.push import Feed

LIVE = "live"


@dataclass
class Space:
    """One world: the live one, or a rehearsal with its own clock."""

    name: str
    hub: Hub
    feed: Feed
    readings: Readings | None = None
    """A rehearsal's own; those of the live space are the context's."""


@dataclass
class Context:
    """The parts that answer HTTP. `hub_id` is new at each start; `county` is the folder of base map layers."""

    clock: Clock
    accounts: Accounts
    blobs: Blobs
    readings: Readings
    hub_id: str
    release: str
    pages: Path
    county: Path | None
    kept_to: KeptTo
    """Roles that alone see what some cameras show."""
    proxies: Proxies
    spaces: dict[str, Space] = field(default_factory=dict)
    transfers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EVIDENCE_TRANSFERS))
    """Files on their way in or out, each whole in memory."""
    watching: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)
    """Spaces and sessions of which it is on record that they see vehicles pass, those that came last at the end."""

    def space(self, request: web.Request) -> Space:
        """Return the space that the request names, the live one by default."""
        name = request.query.get("space", LIVE)
        space = self.spaces.get(name)
        if space is None:
            raise UnknownIdError(f"no space {name[:64]!r}")
        return space

    def readings_of(self, space: Space) -> Readings:
        """Return where the positions and sightings of a space are."""
        return space.readings or self.readings


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
ACTOR: web.RequestKey[Actor] = web.RequestKey("actor", Actor)
RATES: web.AppKey[OrderedDict[str, RateLimit]] = web.AppKey("rates", OrderedDict)
"""How much each person and device asked of late, the newest last."""


def context_of(request: web.Request) -> Context:
    """Return the context."""
    return request.app[CONTEXT]


def actor_of(request: web.Request) -> Actor:
    """Return who asks; every handler that is not open has one."""
    return request[ACTOR]


def require(actor: Actor, *roles: str) -> None:
    """Raise `NoRightError` unless the actor holds one of the roles."""
    if actor.roles.isdisjoint(roles):
        raise NoRightError(f"needs one of the roles {', '.join(roles)}")
