"""The other hubs of the site: heard at once over the bus, and looked for in the stores whether or not there is one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from command.hub import Hub
from command.kernel.errors import TriuneError
from command.passages import Passages
from command.places import Places
from command.readings import Readings
from command.uplink.hub_uplink import HubUplink
from consoles.http import health, metrics
from consoles.limits import FOLLOW_ALONE_MS, FOLLOW_MS
from consoles.parts.base import Base

if TYPE_CHECKING:
    from command.bus import RedisBus

log = logging.getLogger(__name__)


@asynccontextmanager
async def other_hubs(base: Base, uplink: HubUplink, passages: Passages) -> AsyncIterator[None]:
    """Follow what other hubs record until the block is left."""
    hub, tasks = base.hub, base.tasks
    bus: RedisBus | None = None
    if base.settings.bus:
        from command.bus import RedisBus  # noqa: PLC0415 - a hub alone needs no Redis, and it takes long to load

        bus = RedisBus(base.settings.bus, hub, base.hub_id, hub.clock, uplink.follow)
        uplink.on_stored(bus.tell_fixes)
        passages.on_stored(bus.tell_passages)
        bus.hear_passages(passages.follow)
        base.measured.append(metrics.counted("bus", "Messages between hubs", bus.counters))
        base.degraded.append(_unheard(bus, partial(_at_work, base.kept.places)))
        tasks.start(bus.run(), "bus")
    tasks.start(_look(hub, base.kept.readings, uplink, bus), "other-hubs")
    tasks.start(look_for_passages(hub, passages, bus, partial(_at_work, base.kept.places)), "other-hubs-passages")
    yield


def _at_work(places: Places | None) -> int:
    """Return how many other hubs the shared database hears of; those of a release that does not tell it not counted."""
    states = places.roll.hubs.values() if places else ()
    own = places.own if places else None
    return sum(state.place != own and state.unheard_ms is not None and not state.is_away for state in states)


def _unheard(bus: RedisBus, others: Callable[[], int]) -> health.Check:
    def check() -> Iterator[str]:
        if not bus.up:
            yield "bus: away, other hubs are followed more slowly"
        elif not bus.hears(others()):
            yield "bus: another hub is not heard over it, is it the same for all?"

    return check


async def look_for_passages(hub: Hub, passages: Passages, bus: RedisBus | None, others: Callable[[], int]) -> None:
    """Look into the store for what no hub tells of: while not all `others` are heard, and what was stored meanwhile."""
    while True:
        await hub.clock.sleep(FOLLOW_MS)
        if bus and bus.hears(others()):
            if not bus.missed:
                continue
            bus.missed = False
        if not await passages.look() and bus:
            bus.missed = True


async def _look(hub: Hub, readings: Readings, uplink: HubUplink, bus: RedisBus | None) -> None:
    stamp = 0
    while True:
        await hub.clock.sleep(FOLLOW_MS if bus and bus.up else FOLLOW_ALONE_MS)
        hub.look()
        try:
            changes = await readings.changed_positions(hub.space, stamp)
            await uplink.follow(changes.positions, old=stamp == 0)
        except TriuneError as error:
            log.warning("what other hubs stored cannot be read now: %s", error.detail)
        else:
            stamp = changes.stamp
