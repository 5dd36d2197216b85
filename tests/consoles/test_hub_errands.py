"""How much one hub does for another at once (SPEC R646): pictures leave room for everything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from command.kernel.clock import SystemClock
from command.kernel.errors import TooManyError
from command.roll import HubPlace
from command.services.problems import problem_middleware
from consoles.parts.hubs.errands import PeerCounters, PeerDoor, Peers
from edge.agent.answering import Reply
from edge.agent.live import LIVE
from edge.agent.protocol import Errand

KEY = b"k" * 32
PICTURES, OTHERS = 8, 2


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consoles.parts.hubs.errands.PEER_PICTURES", PICTURES)
    monkeypatch.setattr("consoles.parts.hubs.errands.PEER_ERRANDS", OTHERS)


@asynccontextmanager
async def two_hubs() -> AsyncIterator[tuple[Peers, HubPlace, PeerCounters]]:
    """One that asks, and the place of one that shows cameras and moves them until it is let go."""
    door = PeerDoor(KEY, SystemClock(), PeerCounters())

    async def answer(errand: Errand, reply: Reply) -> None:
        await reply.send(errand.kind.encode())
        await asyncio.Event().wait()

    for kind in (LIVE, "ptz"):
        door.register(kind, answer)
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(door.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        door.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        counters = PeerCounters()
        yield Peers(KEY, counters), HubPlace(1, door.url), counters
    finally:
        await runner.cleanup()


async def test_as_many_pictures_as_there_may_be_leave_room_to_move_a_camera() -> None:
    async with two_hubs() as (peers, hub, counters), AsyncExitStack() as asked, asyncio.timeout(60):

        async def ask(kind: str, camera: int) -> bytes:
            return await anext(await asked.enter_async_context(peers.open(hub, kind, f"k{camera}")))

        for camera in range(PICTURES):
            assert await ask(LIVE, camera) == LIVE.encode()
        with pytest.raises(TooManyError, match="8 live pictures"):
            await ask(LIVE, PICTURES)
        for camera in range(OTHERS):
            assert await ask("ptz", camera) == b"ptz"
        with pytest.raises(TooManyError, match="2 errands of other hubs"):
            await ask("ptz", OTHERS)
        assert counters.away == 0


async def test_who_does_not_say_who_it_is_takes_no_room_from_errands() -> None:
    """A hub whose greeting has no room is not away: it has too much to do."""
    async with two_hubs() as (peers, hub, counters), aiohttp.ClientSession() as http, AsyncExitStack() as open_:
        for _ in range(OTHERS):
            silent = await open_.enter_async_context(http.ws_connect(hub.url + "/api/v1/hubs/errands"))
            await silent.receive_str()
        with pytest.raises(TooManyError, match="asked for too much"):
            async with peers.open(hub, "ptz", "k0"):
                pass
        assert counters.away == 0
