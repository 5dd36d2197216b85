"""Several hubs: what is at another is asked for there, so that every console sees all of it, whichever hub it is at."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from command.access.keys import SiteKey
from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from command.leases import Leases
from command.places import Places
from consoles.http import metrics
from consoles.parts.agents.errands import Errands
from consoles.parts.background import Background
from consoles.parts.base import Base
from consoles.parts.hubs.addressed import Addressed
from consoles.parts.hubs.errands import PURPOSE, PeerCounters, PeerDoor, Peers, Relay, checked_address
from consoles.parts.hubs.replies import AGENT_HOP, Reply
from consoles.parts.hubs.takings import record_takings
from consoles.parts.stores import WATCH
from consoles.settings import Settings
from edge.agent.answering import Handler
from edge.agent.answering import Reply as Answering
from edge.agent.live import LIVE
from edge.agent.protocol import Errand

log = logging.getLogger(__name__)
AGENT_KIND = "agent"
"""What `Places` says of the connections of edge agents, by their names."""


class Hubs:
    """The other hubs as this one reaches them, and what it does for them."""

    def __init__(self, places: Places, key: SiteKey, clock: Clock) -> None:
        self.counters = PeerCounters()
        self.places = places
        shared = key.derive(PURPOSE)
        self.peers = Peers(shared, self.counters)
        self.door = PeerDoor(shared, clock, self.counters)
        self.addressed = Addressed(self.peers, self.door, clock)

    @asynccontextmanager
    async def of_agent(self, agent: str, kind: str, camera: str, body: object) -> AsyncIterator[Reply]:
        """Have an errand done by an agent that is connected to another hub.

        Pictures are those of that hub's own pull, so that they come over the agent's link once for all hubs.
        """
        place = await self.places.elsewhere(AGENT_KIND, agent)
        if place is None:
            detail = f"edge agent {agent} is not connected to any hub: is its machine on, does its link reach here?"
            raise UnavailableError(detail, hop=AGENT_HOP)
        async with self.peers.open(place, kind, camera, body, "" if kind == LIVE else agent) as reply:
            yield reply


def relays(errands: Errands) -> Relay:
    """Return what has errands of other hubs done by agents that are connected to this one."""

    def of(agent: str) -> Handler:
        async def relay(errand: Errand, reply: Answering) -> None:
            camera = errand.camera if errand.camera != "-" else ""
            async with (
                errands.open_here(errand.kind, agent, camera, errand.body) as answer,
                asyncio.TaskGroup() as tasks,
            ):
                hearing = tasks.create_task(_pass_on(reply, answer), name="errand-relay")
                async for message in answer:
                    await reply.send(message)
                hearing.cancel()

        return relay

    return of


async def _pass_on(asker: Answering, answer: Reply) -> None:
    async for said in asker:
        await answer.send(said)


def several_hubs(base: Base) -> Hubs | None:
    """Return the other hubs; None for a hub that is alone. Raises `InvalidInputError` for an address that is none."""
    settings, places = base.settings, base.kept.places
    if settings.advertise:
        checked_address(settings.advertise)
    if places is None:
        return None
    hubs = Hubs(places, base.key, base.hub.clock)
    base.measured.append(metrics.counted("peers", "Errands between hubs", hubs.counters))

    def check() -> Iterator[str]:
        if not hubs.door.url and not _own_address(settings, ""):
            yield "hubs: the others cannot reach this one, set `advertise`"
        if hubs.addressed.leads_elsewhere:
            yield f"hubs: {hubs.door.url} leads to another hub, set `advertise` to an address of this one"
        for state in hubs.places.roll.hubs.values():
            if state.is_away and state.place != hubs.places.own:
                yield f"hub {state.place.number}: away"

    base.degraded.append(check)
    return hubs


def join(hubs: Hubs, base: Base, url: str) -> None:
    """Be one of them, now that this hub serves at `url`."""
    be_found(hubs, base.settings, url, base.kept.leases, base.tasks)
    base.tasks.start(record_takings(base.hub, hubs.places, base.kept.leases), "taken-out")


def be_found(hubs: Hubs, settings: Settings, url: str, leases: Leases, tasks: Background) -> None:
    """Tell the others where this hub is and what is at it, now that it serves at `url`.

    One that they cannot reach is on the roll all the same, by the name of its machine: what is at it is not lost.
    """
    address = _own_address(settings, url)
    if address:
        hubs.door.url = checked_address(address)
        tasks.start(hubs.addressed.run(hubs.door.url), "address")
    else:
        log.warning("what is connected to this hub cannot be seen at others: `advertise` says no address")
        hubs.addressed.looked.set()
    name = hubs.door.url or f"unadvertised://{socket.gethostname()}:{urlsplit(url).port}"
    tasks.start(_be_on_roll(hubs, name, leases), "places")


async def _be_on_roll(hubs: Hubs, name: str, leases: Leases) -> None:
    await hubs.addressed.looked.wait()  # whoever joins by the address of another wipes out what is at that
    may = hubs.addressed
    await hubs.places.run(name, lambda: leases.holds(WATCH), lambda: not may.leads_elsewhere)


def _own_address(settings: Settings, url: str) -> str:
    """Return where others reach this hub: where it is told, or on one machine with them where it listens there."""
    return settings.advertise or (url if settings.host in ("127.0.0.1", "::1", "localhost") else "")
