"""The edge agents of all hubs as one list: each as the hub knows it that it is connected to, or was last."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from command.roll import HubState
from consoles.parts.agents.registry import Agents, AgentState
from consoles.parts.hubs.listing import Told, tells, told_by_others, url_of_own
from consoles.parts.hubs.part import AGENT_KIND, Hubs

AGENTS = "agents"
"""The kind of errand: answered with an `AgentState` for each agent that came to that hub since it began."""


class ListOfAgents:
    """Lists them. `hubs` are the others, None for a hub that is alone."""

    def __init__(self, agents: Agents, hubs: Hubs | None) -> None:
        self._agents = agents
        self._hubs = hubs
        if hubs:
            hubs.door.register(AGENTS, tells(self._own))

    async def _own(self) -> list[AgentState]:
        return [state for state in self._agents.states.values() if state.version]

    async def find(self) -> list[AgentState]:
        """Return all agents that there are, by their names. Raises `UnavailableError` where nobody can tell."""
        known = self._agents.states
        if self._hubs is None:
            return sorted(known.values(), key=lambda state: state.id)
        told = await told_by_others(self._hubs, AGENTS, AgentState)
        own = url_of_own(self._hubs)
        here = [replace(state, hub=own if state.version else "") for state in known.values()]
        return joined(here, told, await self._hubs.places.all_of(AGENT_KIND))


def joined(here: Iterable[AgentState], told: Told[AgentState], at: dict[str, HubState]) -> list[AgentState]:
    """Return each agent once. `at` says which hub each one that is connected came to last.

    Of several that knew it the one counts that it is at, then the one that lost it last. One at a hub that does not
    answer is listed as being there and not `told`; it is up as long as that hub is heard of.
    """
    best: dict[str, AgentState] = {}
    for state in [*here, *(replace(state, hub=place.url) for place, states in told.by for state in states)]:
        known = best.get(state.id)
        if known is None or _weight(state, at) > _weight(known, at):
            best[state.id] = replace(state, cameras=state.cameras or (known.cameras if known else []))
    for agent, hub in at.items():
        if hub.place.url in told.away and agent in best and not best[agent].up:
            best[agent] = AgentState(
                id=agent, up=not hub.is_away, since_ms=0, hub=hub.place.url, told=False, cameras=best[agent].cameras
            )
    return [best[agent] for agent in sorted(best)]


def _weight(state: AgentState, at: dict[str, HubState]) -> tuple[bool, bool, bool, int]:
    is_there = state.id in at and at[state.id].place.url == state.hub
    return state.up, is_there, bool(state.version), state.since_ms
