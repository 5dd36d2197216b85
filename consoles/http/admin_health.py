"""How the hub is, for those who look after it (SPEC R995): what `/health/ready` says, and how much there is of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from aiohttp import web

from command.journal import Kind
from consoles.http.context import actor_of, context_of, require
from consoles.http.health import Examiner, Health, LinkState
from consoles.http.record import json_response


class JournalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The record of the live space. `facts_bytes` is what all of it takes: facts, answers, signed heads, indexes.

    The snapshot is what this hub started from or took since. `anchored_seq` is of the place outside that has least, and
    `anchor_waiting` how many signed heads wait for it, None where no place is set: those that are still to be read from
    the record count as one.
    """

    kind: Kind
    committed_seq: int
    facts_bytes: int | None
    snapshot_seq: int | None
    snapshot_at_ms: int | None
    signed_seq: int | None
    signed_at_ms: int | None
    anchored_seq: int | None
    anchor_waiting: int | None


class ReadingsHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Positions and sightings of the live space; `oldest_day` is a UTC day, `2026-05-27`."""

    days: int | None
    bytes: int | None
    oldest_day: str | None
    keep_days: int


class BackupHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The newest good backup of those that the hub makes by itself; `folder` is None where it makes none."""

    folder: str | None
    last_at_ms: int | None
    bytes: int | None
    seq: int | None
    every_ms: int | None
    trouble: str | None


class DiskHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that the hub stands on, by a folder on it."""

    what: Literal["data", "recordings", "backup", "anchor"]
    path: str
    free_bytes: int | None
    total_bytes: int | None


class LinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A link; `waiting` are facts, passages for an upper system, or items of an edge agent that it has still to tell.

    `state` is None where nobody has spoken to the service yet.
    """

    name: str
    state: LinkState | None
    waiting: int | None


class AdminHealth(Health, frozen=True, kw_only=True):
    """All of it, of the hub that was asked. What nobody can tell just now is None."""

    hub: str
    """As other hubs reach it; of one that is alone its id, new at each start."""
    version: str
    started_at_ms: int
    now_ms: int
    journal: JournalHealth
    readings: ReadingsHealth
    backup: BackupHealth
    disks: list[DiskHealth]
    links: list[LinkHealth]
    consoles: int
    """Connected to this hub now, of all spaces."""
    devices: int
    """Terminals, GB/T 28181 devices and edge agents that are connected to this hub now."""


Tell = Callable[[Health, Mapping[str, LinkState] | None], AdminHealth]
"""Adds the figures to what was found, and to how links are; None where nobody can tell."""


def routes(examiner: Examiner, tell: Tell) -> list[web.RouteDef]:
    """Return the route."""

    async def state(request: web.Request) -> web.Response:
        """`GET /api/v1/health`."""
        require(actor_of(request), "administrator")
        found = await examiner.health(context_of(request))
        return json_response(tell(found, examiner.links))

    return [web.get("/api/v1/health", state)]
