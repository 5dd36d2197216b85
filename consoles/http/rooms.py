"""How full recordings are over HTTP, at each hub and in all; for administrators (SPEC R456, R664)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from aiohttp import web

from command.kernel.errors import UnavailableError
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from edge.agent.protocol import Disk
from edge.agent.recording import told_of
from streams.recorder.disks import RecordedDisk
from streams.recorder.store import CameraRoom


class HubRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What the recordings of a hub take and may take, bytes, what is wrong with that, and each camera's part."""

    hub: str = ""
    """As other hubs reach it; empty for one that is alone."""
    records: bool = True
    """Whether it is the one of them that records now: what comes takes room here."""
    bytes: int = 0
    locked_bytes: int = 0
    capacity_bytes: int = 0
    reason: str = ""
    cameras: list[CameraRoom] = []
    disks: list[Disk] = []
    """Each by itself, in the order of the settings; none from a hub of before."""


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """All hubs together, each by itself, and the addresses of those that do not answer."""

    bytes: int
    locked_bytes: int
    capacity_bytes: int
    reason: str
    cameras: list[CameraRoom]
    hubs: list[HubRoom]
    away: list[str]


async def room_of(disks: Sequence[RecordedDisk], now_ms: int, *, records: bool) -> HubRoom:
    """Return how full the disks of one hub are. What is on one that does not answer is left out; it says why."""
    rooms = [told_of(disk) for disk in disks]
    cameras = await asyncio.gather(*(_cameras(disk, now_ms) for disk in disks))
    return HubRoom(
        records=records,
        bytes=sum(room.bytes for room in rooms),
        locked_bytes=sum(room.locked_bytes for room in rooms),
        capacity_bytes=sum(room.capacity_bytes for room in rooms),
        reason="; ".join(room.reason for room in rooms if room.reason),
        cameras=[camera for of_disk in cameras for camera in of_disk],
        disks=rooms,
    )


async def _cameras(disk: RecordedDisk, now_ms: int) -> list[CameraRoom]:
    try:
        return await disk.store().rooms(now_ms)
    except UnavailableError:
        return []


def joined(hubs: list[HubRoom], away: list[str]) -> Rooms:
    """Return the rooms of all hubs; of a camera that several recorded in turn, the sum."""
    cameras: dict[str, CameraRoom] = {}
    for each in (camera for hub in hubs for camera in hub.cameras):
        known = cameras.get(each.camera, CameraRoom(each.camera, 0, None, 0))
        since = [at_ms for at_ms in (known.oldest_ms, each.oldest_ms) if at_ms is not None]
        cameras[each.camera] = CameraRoom(
            each.camera, known.bytes + each.bytes, min(since, default=None), known.bytes_per_day + each.bytes_per_day
        )
    return Rooms(
        bytes=sum(hub.bytes for hub in hubs),
        locked_bytes=sum(hub.locked_bytes for hub in hubs),
        capacity_bytes=sum(hub.capacity_bytes for hub in hubs),
        reason="; ".join(f"{hub.hub}: {hub.reason}" if hub.hub else hub.reason for hub in hubs if hub.reason),
        cameras=[cameras[camera] for camera in sorted(cameras)],
        hubs=hubs,
        away=away,
    )


def routes(find_rooms: Callable[[], Awaitable[Rooms]]) -> list[web.RouteDef]:
    """Return the route; `find_rooms` raises `UnavailableError` where nobody can tell."""

    async def rooms(request: web.Request) -> web.Response:
        """`GET /api/v1/recordings/room`: how full it is, and how fast it fills."""
        require(actor_of(request), "administrator")
        return json_response(await find_rooms())

    return [web.get("/api/v1/recordings/room", rooms)]
