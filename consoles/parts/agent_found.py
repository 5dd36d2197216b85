"""Cameras that edge agents know of and that are not enrolled yet, for adoption: channels of GB/T 28181 devices."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import AGENT_RECORDINGS_MS
from consoles.http.adoption import Finder, FoundCamera
from consoles.parts.agent_errands import Errands
from consoles.parts.agent_registry import SCHEME, Agents
from edge.agent.gb28181 import FoundChannel
from edge.agent.protocol import FOUND

log = logging.getLogger(__name__)


def finder(agents: Agents, errands: Errands) -> Finder:
    """Return what asks all connected agents at once; one that does not answer keeps nobody from the others'."""

    async def of(agent: str) -> list[FoundCamera]:
        try:
            async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000), errands.open_at(FOUND, agent) as reply:
                found = msgspec.json.decode(await anext(reply), type=list[FoundChannel])
        except (TriuneError, TimeoutError, StopAsyncIteration, msgspec.MsgspecError) as error:
            log.warning("what edge agent %s has found is not known: %s", agent, error)
            raise UnavailableError(f"edge agent {agent} does not say which cameras it has found") from error
        return [
            FoundCamera(kind="gb28181", address=f"{SCHEME}://{agent}/{each.address}", name=each.name, told=each.told)
            for each in found
        ]

    async def find() -> list[FoundCamera]:
        answers = await asyncio.gather(*(of(agent) for agent in agents.doing(FOUND)), return_exceptions=True)
        found = [camera for answer in answers if isinstance(answer, list) for camera in answer]
        for answer in answers:
            if isinstance(answer, BaseException) and not (found and isinstance(answer, UnavailableError)):
                raise answer
        return found

    return find
