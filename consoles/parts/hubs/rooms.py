"""The room for recordings of all hubs: each has disks of its own, and one of them records at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from consoles.http.rooms import HubRoom, Rooms, joined
from consoles.parts.hubs.listing import tells, told_by_others, url_of_own
from consoles.parts.hubs.part import Hubs

ROOM = "room"
"""The kind of errand: answered with one `HubRoom`."""


def rooms_of(hubs: Hubs | None, own: Callable[[], Awaitable[HubRoom]]) -> Callable[[], Awaitable[Rooms]]:
    """Return what finds the rooms of all hubs, and tell the others of ours."""

    async def to_tell() -> list[HubRoom]:
        return [await own()]

    async def find() -> Rooms:
        if hubs is None:
            return joined([await own()], [])
        told = await told_by_others(hubs, ROOM, HubRoom)
        ours = replace(await own(), hub=url_of_own(hubs))
        return joined([ours, *(replace(room, hub=place.url) for place, rooms in told.by for room in rooms)], told.away)

    if hubs is not None:
        hubs.door.register(ROOM, tells(to_tell))
    return find
