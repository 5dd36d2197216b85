"""The packets of a camera behind an edge agent: the agent pulls it and sends them here while somebody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NoReturn

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.kernel.limits import CAMERA_FROZEN_MS, CAMERA_OPEN_MS, CAMERA_PICTURE_MS
from consoles.parts.agent_errands import Errands
from consoles.parts.agent_registry import Agents
from consoles.parts.replies import Reply
from edge.agent.live import ASK_KEY, LIVE, packet_of
from streams.packets import Packet
from streams.sources import AskedPackets, Open, SourceError


def live_source(agents: Agents, errands: Errands) -> Open:
    """Return what opens `edge://AGENT/ADDRESS`, for `Sources.register`."""

    @asynccontextmanager
    async def source(address: str, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
        async with AsyncExitStack() as stack:
            try:
                reply = await stack.enter_async_context(errands.open(LIVE, agents.camera_at(address)))
            except TriuneError as error:
                _fail(error)
            yield AskedPackets(_packets(reply, clock), lambda: reply.send(ASK_KEY))

    return source


async def _packets(reply: Reply, clock: Clock) -> AsyncIterator[Packet]:
    # The agent knows within this whether its camera shows a picture; then it is on its way.
    limit_ms = CAMERA_PICTURE_MS + CAMERA_OPEN_MS
    while True:
        before_bytes, from_ms = reply.received_bytes, clock.now_ms()
        try:
            async with asyncio.timeout(limit_ms / 1000):
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
