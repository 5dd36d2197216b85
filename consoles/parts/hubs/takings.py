"""Records who took hubs out and why, whether that was done here, at another hub or by a command beside them all."""

from __future__ import annotations

import logging

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import TriuneError
from command.leases import Leases, while_held
from command.places import Places
from command.requests import RecordHubTakenOut
from consoles.limits import TAKEN_OUT_LOOK_MS
from consoles.parts.stores import WATCH

log = logging.getLogger(__name__)


async def record_takings(hub: Hub, places: Places, leases: Leases) -> None:
    """Record them while this hub holds the lease, until cancelled. The key of each makes that happen once."""

    async def work() -> None:
        while True:
            try:
                await record_waiting(hub, places)
            except TriuneError as error:
                log.warning("that hubs were taken out is recorded later: %s", error.detail)
            await hub.clock.sleep(TAKEN_OUT_LOOK_MS)

    await while_held(leases, WATCH, work)


async def record_waiting(hub: Hub, places: Places) -> None:
    """Record all that wait. Raises the `TriuneError` of whatever does not take it."""
    for each in await places.roll.taken_out_waiting():
        request = RecordHubTakenOut(
            hub=each.hub, url=each.url, who=each.who, why=each.why, heard_ms=each.heard_ms, taken_ms=each.at_ms
        )
        await hub.ask(request, HUB, f"hub-taken-out:{each.hub}:{each.heard_ms}")
        await places.roll.taken_out_recorded(each)
