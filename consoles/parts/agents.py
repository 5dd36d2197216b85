"""The hub's side of edge agents, put together: who may come, what they are told, and what becomes of what they tell."""

from __future__ import annotations

from aiohttp import web

from command.hub import Hub
from command.uplink import HubUplink
from consoles.http import agents as http
from consoles.http import metrics
from consoles.parts.agent_items import Items
from consoles.parts.agent_registry import Agents
from consoles.parts.background import Background
from consoles.parts.stores import Stores


def edge_agents(
    hub: Hub, kept: Stores, uplink: HubUplink, tasks: Background, measured: list[metrics.Source]
) -> list[web.RouteDef]:
    """Let agents come; returns the routes, and adds to `measured` what is counted of them."""
    agents = Agents(hub, kept.accounts, alone=not kept.shared)
    items = Items(hub, kept.readings, kept.blobs, uplink)
    counters = http.DoorCounters()
    tasks.start(agents.run(), "agents")
    tasks.start(agents.watch_away(), "agents-away")
    measured += [
        agents.metrics,
        metrics.counted("agent_items", "Items of edge agents", items.counters),
        metrics.counted("agents", "Connections of edge agents", counters),
    ]
    return http.routes(http.Door(agents, items, uplink, counters))
