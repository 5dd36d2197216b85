"""The packets of a camera behind an edge agent: the agent pulls it and sends them here while somebody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NoReturn

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.kernel.listening import Listening
from consoles.limits import DIAGNOSIS_MS
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.registry import Agents, in_charge
from consoles.parts.hubs.replies import AGENT_HOP, Reply
from edge.agent.live import ASK_KEY, LIVE, packet_of
from edge.agent.looking import DIAGNOSIS, TRIAL, Tried
from streams.diagnosis import ARRIVAL, Diagnosis, Hops, Way
from streams.limits import CAMERA_FROZEN_MS, CAMERA_OPEN_MS, CAMERA_PICTURE_MS
from streams.packets import Packet
from streams.sources import AskedPackets, Open, SourceError, scheme_of

Opens = Callable[[], AbstractAsyncContextManager[Reply]]
"""Asks for the pictures of a camera."""


def live_source(agents: Agents, errands: Errands) -> Open:
    """Return what opens `edge://AGENT/ADDRESS`, for `Sources.register`; of GB/T 28181 also what nobody has enrolled."""

    def opens(address: str) -> AbstractAsyncContextManager[Reply]:
        place = in_charge(address)
        if place is not None and scheme_of(place[1]) == "gb28181" and not agents.runs(*place):
            return errands.open_at(TRIAL, place[0], body=Tried(place[1]))
        return errands.open(LIVE, agents.camera_at(address))

    return lambda address, clock: pictures(lambda: opens(address), clock)


def way_by(agents: Agents, errands: Errands) -> Way:
    """Return how cameras at `edge://AGENT/ADDRESS` are gone to: the agent goes, and tells."""

    async def go(address: str, clock: Clock, hops: Hops) -> None:
        del clock
        await go_by(lambda: errands.open(DIAGNOSIS, agents.camera_at(address)), hops)

    return Way(go=go, connects=False)


async def go_by(opens: Opens, hops: Hops) -> None:
    """Note the hops that somebody nearer to a camera goes. Raises `WayEndedError` where they end."""
    hops.pull = (ARRIVAL,)
    try:
        async with asyncio.timeout(DIAGNOSIS_MS / 1000), opens() as reply:
            found = msgspec.json.decode(await anext(reply), type=Diagnosis)
            hops.ok(reply.hop, reply.who)
    except TriuneError as error:
        hop = str(error.extra.get("hop") or AGENT_HOP)
        if not error.extra.get("too_old"):
            hops.fail(hop, error.detail)
        hops.ok(hop, error.detail)  # its pictures come all the same
    except (TimeoutError, StopAsyncIteration, msgspec.MsgspecError):
        hops.fail(AGENT_HOP, "it does not tell how far it comes: its link stalls")
    else:
        hops.take(found)


@asynccontextmanager
async def pictures(opens: Opens, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
    """Be the source of what an errand sends (`edge.agent.live`)."""
    async with AsyncExitStack() as stack:
        try:
            reply = await stack.enter_async_context(opens())
        except TriuneError as error:
            _fail(error)
        yield AskedPackets(_packets(reply, clock), lambda: reply.send(ASK_KEY))


async def _packets(reply: Reply, clock: Clock) -> AsyncIterator[Packet]:
    # The agent knows within this whether its camera shows a picture; then it is on its way.
    limit_ms = CAMERA_PICTURE_MS + CAMERA_OPEN_MS
    while True:
        before_bytes, from_ms = reply.received_bytes, clock.now_ms()
        try:
            async with Listening(limit_ms):
                packet = packet_of(await anext(reply), clock.now_ms())
        except TimeoutError:
            carried_bytes = reply.received_bytes - before_bytes
            raise SourceError(_silence(reply.who, carried_bytes, clock.now_ms() - from_ms), reply.hop) from None
        except TriuneError as error:
            _fail(error)
        except StopAsyncIteration:
            raise SourceError(f"{reply.who} ended the pictures", reply.hop) from None
        limit_ms = CAMERA_FROZEN_MS
        yield packet


def _silence(who: str, carried_bytes: int, in_ms: int) -> str:
    """Say why no whole picture came: the agent itself says where its camera sends none."""
    if carried_bytes:
        rate = f"{carried_bytes / max(1, in_ms):.0f} kB/s"
        return f"the link of {who} carries {rate}, too little for this camera: let it send smaller pictures"
    return f"nothing came from {who} for {in_ms // 1000} s: its link stalls"


def _fail(error: TriuneError) -> NoReturn:
    raise SourceError(error.detail, str(error.extra.get("hop") or "packets")) from None
