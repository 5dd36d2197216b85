"""Says which edge agents are connected to no hub at all: a state and an alarm on every screen until they are back.

Every hub keeps in mind since when each agent is missing, and of several the one that holds the lease speaks. So it is
said also where the hub that an agent was connected to died with it, and once: who takes the lease over says it again,
and what the record knows already is no news to it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from command.actors import HUB
from command.hub import Changes, Hub
from command.kernel.errors import TriuneError
from command.leases import Leases
from command.places import Places
from command.requests import ReportCamera, ReportLink
from command.rows import LinkRow
from consoles.parts.agents.registry import SCHEME, Agents
from consoles.parts.hubs.part import AGENT_KIND
from consoles.parts.stores import WATCH
from edge.limits import AGENT_AWAY_MS

log = logging.getLogger(__name__)
_TICK_MS = 1000


class AwayWatch:
    """`places` knows which agents are connected to other hubs; None for a hub that is alone."""

    def __init__(self, hub: Hub, agents: Agents, leases: Leases, places: Places | None) -> None:
        self._hub = hub
        self._agents = agents
        self._leases = leases
        self._places = places
        self._missing_ms: dict[str, int] = {}
        """For how long each agent that is nowhere has been so; counted in ticks, for clocks are set."""
        self._told: dict[str, frozenset[str]] = {}
        """Those of which it was said, with the cameras that they had then."""
        hub.listen(self._on_change)

    def _on_change(self, _seq: int, changes: Changes) -> None:
        """One that came is to be missed again, from now on, though it be gone before anybody looked."""
        for (table, key), row in changes.items():
            if table == "links" and isinstance(row, LinkRow) and row.state == "up":
                self._told.pop(key.removeprefix(f"{SCHEME}."), None)
                self._missing_ms.pop(key.removeprefix(f"{SCHEME}."), None)

    async def run(self) -> None:
        """Look and say it, until cancelled."""
        while True:
            await self._hub.clock.sleep(_TICK_MS)
            try:
                self._note(await self._connected())
            except TriuneError as error:
                log.warning("whether agents are away is not known now: %s", error.detail)
                continue
            if not self._leases.holds(WATCH):
                self._told.clear()  # whoever says it meanwhile may be the last to have heard of an agent
                continue
            for agent in list(self._missing_ms):
                cameras = frozenset(self._agents.states[agent].cameras)
                # While it was said of others this one may have come.
                if self._missing_ms.get(agent, -1) >= AGENT_AWAY_MS and self._told.get(agent) != cameras:
                    self._told[agent] = cameras
                    await self._say(agent, sorted(cameras))

    async def _connected(self) -> set[str]:
        here = set(self._agents.here())
        return here | await self._places.reached(AGENT_KIND) if self._places else here

    def _note(self, connected: set[str]) -> None:
        known = {agent for agent in self._agents.states if agent not in connected}
        self._missing_ms = {agent: self._missing_ms.get(agent, -_TICK_MS) + _TICK_MS for agent in known}
        self._told = {agent: cameras for agent, cameras in self._told.items() if agent in known}
        for agent, missing_ms in self._missing_ms.items():
            if missing_ms >= AGENT_AWAY_MS:
                self._agents.uploads.pop(agent, None)

    async def _say(self, agent: str, cameras: Sequence[str]) -> None:
        link = f"{SCHEME}.{agent}"
        try:
            if not cameras and not await self._hub.read(lambda t: t.links.get(link)):
                return  # enrolled, and nothing hangs on it yet
            reason = f"edge agent {agent} is away"
            await self._hub.ask(ReportLink(link=link, up=False, reason=reason), HUB)
            for camera in cameras:
                if (await self._hub.read(lambda t: t.links.need(link))).state == "up":
                    return  # it has come meanwhile, to whichever hub, and tells of its cameras itself
                await self._hub.ask(ReportCamera(camera=camera, up=False, reason=reason), HUB)
        except TriuneError as error:
            log.warning("that agent %s is away could not be recorded: %s", agent, error.detail)
            self._told.pop(agent, None)
