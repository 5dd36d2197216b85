"""The GB/T 28181 devices that came to edge agents of this hub, as each agent tells of them when it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from command.kernel.errors import TriuneError
from consoles.limits import AGENT_LISTED_MS, PEER_LISTED
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.registry import Agents
from edge.agent.gb28181 import DEVICES, ToldDevice
from edge.agent.protocol import FOUND

DevicesAtAgents = Callable[[], Awaitable[list[ToldDevice]]]


def devices_at(agents: Agents, errands: Errands) -> DevicesAtAgents:
    """Return what asks all connected agents to which devices may come; one that does not answer is named with why."""

    async def of(agent: str) -> list[ToldDevice]:
        told: list[ToldDevice] = []
        try:
            async with (
                asyncio.timeout(AGENT_LISTED_MS / 1000),
                errands.open_here(DEVICES, agent, "", _NOTHING) as reply,
            ):
                async for message in reply:
                    if len(told) >= PEER_LISTED:
                        return [*told, ToldDevice(agent=agent, silent=f"it tells of more than {PEER_LISTED}")]
                    told.append(replace(msgspec.json.decode(message, type=ToldDevice), agent=agent))
        except TriuneError as error:
            return [*told, ToldDevice(agent=agent, silent=error.detail)]
        except (TimeoutError, msgspec.MsgspecError):
            return [*told, ToldDevice(agent=agent, silent=f"edge agent {agent} does not tell which devices it has")]
        return told

    async def find() -> list[ToldDevice]:
        answers = await asyncio.gather(*(of(agent) for agent in agents.doing(FOUND)))
        return [each for told in answers for each in told]

    return find


_NOTHING = msgspec.Raw(b"{}")
