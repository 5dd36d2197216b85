"""Cameras that edge agents know of and that are not enrolled yet, for adoption: of GB/T 28181, and found by ONVIF."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Literal

import msgspec

from command.kernel.errors import TriuneError, UnavailableError
from command.roll import HubPlace
from consoles.http.adoption import Finder, FoundCamera, TrialElsewhere
from consoles.limits import AGENT_LISTED_MS, AGENT_RECORDINGS_MS, CAMERA_TRIAL_MS
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.registry import SCHEME, Agents, in_charge
from consoles.parts.gb28181.of_hubs import DEVICE_KIND
from consoles.parts.hubs.part import AGENT_KIND, Hubs
from edge.agent.adopting import ATTEMPT, ONVIF_FOUND
from edge.agent.answering import Handler
from edge.agent.answering import Reply as Answering
from edge.agent.gb28181 import FoundChannel
from edge.agent.looking import Tried
from edge.agent.protocol import FOUND, Errand
from edge.onvif.trial import Step, Trial
from streams.sources import scheme_of

log = logging.getLogger(__name__)
_KINDS: dict[str, Literal["onvif", "gb28181"]] = {FOUND: "gb28181", ONVIF_FOUND: "onvif"}
"""Errands, and the kind of the cameras that agents tell of."""


def finder(agents: Agents, errands: Errands) -> Finder:
    """Return what asks all connected agents at once; one that does not answer keeps nobody from the others'."""

    async def of(kind: str, agent: str) -> list[FoundCamera]:
        try:
            async with asyncio.timeout(AGENT_LISTED_MS / 1000), errands.open_at(kind, agent) as reply:
                found = msgspec.json.decode(await anext(reply), type=list[FoundChannel])
        except (TriuneError, TimeoutError, StopAsyncIteration, msgspec.MsgspecError) as error:
            log.warning("what edge agent %s has found is not known: %s", agent, error)
            raise UnavailableError(f"edge agent {agent} does not say which cameras it has found") from error
        return [
            FoundCamera(kind=_KINDS[kind], address=f"{SCHEME}://{agent}/{each.address}", name=each.name, told=each.told)
            for each in found
        ]

    async def find() -> list[FoundCamera]:
        asked = [of(kind, agent) for kind in _KINDS for agent in agents.doing(kind)]
        return _those(await asyncio.gather(*asked, return_exceptions=True))

    return find


def trials_at(agents: Agents, errands: Errands) -> TrialElsewhere:
    """Return what has cameras behind agents tried there; None for those that this hub tries by itself.

    Of GB/T 28181 pictures come through any agent, so they are tried as cameras of the hub are. The others are reached
    from the agent alone, and their passwords are sealed for it by the hub that it is connected to.
    """

    async def attempt(agent: str, inner: str) -> Trial:
        if not agents.is_here(agent):
            why = f"edge agent {agent} is not connected to this hub: try it at the hub where it is, or once it is back"
            return Trial(steps=[Step("device", ok=False, told=why)])
        try:
            async with (
                asyncio.timeout(CAMERA_TRIAL_MS / 1000),
                errands.open_here(ATTEMPT, agent, "", msgspec.Raw(msgspec.json.encode(Tried(inner)))) as reply,
            ):
                return msgspec.json.decode(await anext(reply), type=Trial)
        except TriuneError as error:
            why = error.detail
        except (TimeoutError, StopAsyncIteration, msgspec.MsgspecError):
            why = f"edge agent {agent} does not tell how far it comes: its link stalls"
        return Trial(steps=[Step("device", ok=False, told=why)])

    def elsewhere(address: str) -> Awaitable[Trial] | None:
        place = in_charge(address)
        return None if place is None or scheme_of(place[1]) == "gb28181" else attempt(*place)

    return elsewhere


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
