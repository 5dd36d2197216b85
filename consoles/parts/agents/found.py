"""Cameras that edge agents know of and that are not enrolled yet, for adoption: channels of GB/T 28181 devices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from command.kernel.errors import TriuneError, UnavailableError
from command.roll import HubPlace
from consoles.http.adoption import Finder, FoundCamera
from consoles.limits import AGENT_RECORDINGS_MS
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.registry import SCHEME, Agents
from consoles.parts.gb28181.of_hubs import DEVICE_KIND
from consoles.parts.hubs.part import AGENT_KIND, Hubs
from edge.agent.answering import Handler
from edge.agent.answering import Reply as Answering
from edge.agent.gb28181 import FoundChannel
from edge.agent.protocol import FOUND, Errand

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
        return _those(await asyncio.gather(*(of(agent) for agent in agents.doing(FOUND)), return_exceptions=True))

    return find


def tells_found(finders: Sequence[Finder]) -> Handler:
    """Return what tells other hubs of the cameras that came to this one."""

    async def answer(_errand: Errand, reply: Answering) -> None:
        found = [camera for find in finders for camera in await find()]
        await reply.send(msgspec.json.encode(found))

    return answer


def far_finder(hubs: Hubs) -> Finder:
    """Return what asks all other hubs to which agents or devices came."""

    async def of(place: HubPlace) -> list[FoundCamera]:
        try:
            async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000), hubs.peers.open(place, FOUND) as reply:
                return msgspec.json.decode(await anext(reply), type=list[FoundCamera])
        except (TriuneError, TimeoutError, StopAsyncIteration, msgspec.MsgspecError) as error:
            log.warning("what hub %s has found is not known: %s", place.url, error)
            raise UnavailableError(f"hub {place.url} does not say which cameras it has found") from error

    async def find() -> list[FoundCamera]:
        others = await hubs.places.others_having(AGENT_KIND, DEVICE_KIND)
        return _those(await asyncio.gather(*(of(place) for place in others), return_exceptions=True))

    return find


def _those(answers: Sequence[list[FoundCamera] | BaseException]) -> list[FoundCamera]:
    """Return what was found; where nothing was, raise why."""
    found = [camera for answer in answers if isinstance(answer, list) for camera in answer]
    for answer in answers:
        if isinstance(answer, BaseException) and not (found and isinstance(answer, UnavailableError)):
            raise answer
    return found
