"""Lists of what all hubs have: each tells its own to whichever is asked, and those that do not answer are named."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from command.kernel.errors import TriuneError, UnavailableError
from command.roll import HubPlace, HubState
from consoles.limits import AGENT_RECORDINGS_MS, PEER_LISTED
from consoles.parts.hubs.part import Hubs
from edge.agent.answering import Handler, Reply
from edge.agent.protocol import Errand

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Told(Generic[T]):
    """What the other hubs say that they have, and the addresses of those that do not say."""

    by: list[tuple[HubPlace, list[T]]]
    away: list[str]


def tells(find: Callable[[], Awaitable[Iterable[object]]]) -> Handler:
    """Return what answers errands with what `find` finds here: one message of JSON for each thing."""

    async def answer(_errand: Errand, reply: Reply) -> None:
        for each in await find():
            await reply.send(msgspec.json.encode(each))

    return answer


async def told_by_others(hubs: Hubs, kind: str, item: type[T]) -> Told[T]:
    """Ask all other hubs at once for errands of a kind. One that is not heard of is not even asked.

    Raises `UnavailableError` where nobody can tell which hubs there are.
    """

    async def of(state: HubState) -> list[T] | None:
        if state.is_away:
            return None
        try:
            async with asyncio.timeout(AGENT_RECORDINGS_MS / 1000), hubs.peers.open(state.place, kind) as reply:
                told: list[T] = []
                async for message in reply:
                    told.append(msgspec.json.decode(message, type=item))
                    if len(told) > PEER_LISTED:
                        raise UnavailableError(f"it tells of more than {PEER_LISTED}")
                return told
        except (TriuneError, TimeoutError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            log.warning("hub %s does not tell what it has (%s): %s", state.place.url, kind, error)
            return None

    others = await hubs.places.others()
    answers = list(zip(others, await asyncio.gather(*(of(state) for state in others)), strict=True))
    return Told(
        [(state.place, told) for state, told in answers if told is not None],
        [state.place.url for state, told in answers if told is None],
    )


def url_of_own(hubs: Hubs | None) -> str:
    """Return where this hub is, as lists name it; empty for one that is alone or not on the roll yet."""
    return hubs.places.own.url if hubs and hubs.places.own else ""
