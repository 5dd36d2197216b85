"""The hub's side of edge agents, put together: who may come, what they are told and asked, and what they tell."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from command.access.keys import Box, SiteKey
from command.kernel.errors import TriuneError
from command.uplink.hub_uplink import HubUplink
from consoles.http import agents as http
from consoles.http import metrics
from consoles.parts.agents.away import AwayWatch
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.figures import figures
from consoles.parts.agents.items import Items
from consoles.parts.agents.listing import ListOfAgents
from consoles.parts.agents.live import live_source, way_by
from consoles.parts.agents.registry import SCHEME, Agents, in_charge
from consoles.parts.agents.turning import moves, opens_ptz
from consoles.parts.base import Base
from consoles.parts.gb28181.part import password_of
from consoles.parts.hubs.part import AGENT_KIND, Hubs, relays
from consoles.parts.vehicles import Vehicles
from consoles.settings import Settings
from edge.agent.gb28181 import SECRETS, Secrets
from edge.agent.protocol import Gb28181
from streams.schemes import Schemes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EdgeAgents:
    """The agents' side of a running hub, and what the rest of it takes from there."""

    agents: Agents
    errands: Errands
    listing: ListOfAgents
    routes: list[web.RouteDef]

    def reaches(self, address: str) -> bool:
        """Say whether the camera at an address is one of an agent that is connected to this hub."""
        place = in_charge(address)
        return place is not None and self.agents.is_here(place[0])

    async def troubles(self) -> dict[str, str]:
        """Return why agents read no plates, by their cameras; what nobody can tell is left out."""
        try:
            known = await self.listing.find()
        except TriuneError as error:
            log.warning("how plates are read at agents is not known: %s", error.detail)
            return {}
        return {camera: state.no_plates for state in known if state.up and state.no_plates for camera in state.cameras}

    def register(self, schemes: Schemes) -> None:
        """Let cameras at `edge://AGENT/ADDRESS` be seen, moved and looked into."""
        schemes.register(SCHEME, live_source(self.agents, self.errands), way_by(self.agents, self.errands))
        schemes.movable.register(SCHEME, opens_ptz(self.agents, self.errands), moves)


def edge_agents(base: Base, uplink: HubUplink, cars: Vehicles, hubs: Hubs | None) -> EdgeAgents:
    """Let agents come."""
    hub, kept = base.hub, base.kept
    places = kept.places
    agents = Agents(hub, kept.accounts, lambda: places is None or places.own is not None)
    items = Items(hub, cars.passages, cars.hits, kept.blobs, uplink, cars.quality)
    errands = Errands(agents, hubs.of_agent if hubs else None)
    if hubs:
        hubs.places.tell(AGENT_KIND, agents.here)
        hubs.door.relay_by(relays(errands))
    counters = http.DoorCounters()
    base.tasks.start(agents.run(), "agents")
    base.tasks.start(agents.keep_said(), "agents-said")
    base.tasks.start(AwayWatch(hub, agents, kept.leases, places).run(), "agents-away")
    base.connected.append(lambda: len(agents.here()))
    base.waits.append(lambda: _behind(agents))
    base.measured.extend((
        lambda: figures(agents.states),
        metrics.counted("agent_items", "Items of edge agents", items.counters),
        metrics.counted("agents", "Connections of edge agents", counters),
        metrics.counted("agent_errands", "What edge agents were asked for", errands.counters),
    ))  # fmt: skip
    listing = ListOfAgents(agents, hubs)
    gb28181 = _gb28181(base.settings, base.key)
    door = http.Door(agents, listing, items, errands, uplink, counters, gb28181, cars.libraries)
    return EdgeAgents(agents, errands, listing, http.routes(door))


def _behind(agents: Agents) -> dict[str, int | None]:
    """Return how many items each agent that is connected here has still to tell."""
    return {f"{SCHEME}.{agent}": agents.states[agent].behind for agent in agents.here()}


def _gb28181(settings: Settings, key: SiteKey) -> Callable[[Box], Gb28181] | None:
    """Return what seals who agents are to GB/T 28181 devices: whom the hub itself is."""
    own = settings.gb28181
    if own is None:
        return None
    secrets = msgspec.json.encode(Secrets(password_of(own, key), own.passwords))
    return lambda box: Gb28181(
        server_id=own.server_id, domain=own.domain, datum=own.datum, secrets=box.seal(secrets, SECRETS)
    )
