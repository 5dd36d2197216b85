"""The doors of the HTTP port over real sockets: one too many, and those who take all day to ask. Rule R206."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import uvloop
from aiohttp import web
from prometheus_client import REGISTRY

from command.kernel.clock import SystemClock
from consoles.http.proxies import Proxies
from consoles.limits import OPEN_FILES
from consoles.parts import serving as doors
from consoles.parts.serving import serving

Runner = Callable[[Coroutine[Any, Any, None]], None]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _live(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


@asynccontextmanager
async def served(*proxies: str) -> AsyncIterator[int]:
    app = web.Application()
    app.add_routes([web.get("/hello", _hello), web.get("/live", _live)])
    async with serving(app, "127.0.0.1", 0, Proxies(proxies)) as url:
        yield int(url.rpartition(":")[2])


async def connect(stack: AsyncExitStack, port: int, source: str = "127.0.0.1") -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    stack.callback(writer.close)
    return reader, writer


async def answer(stream: Stream, sent: bytes = GET) -> bytes:
    """Send, and return the first line of what is answered, or nothing."""
    reader, writer = stream
    writer.write(sent)
    async with asyncio.timeout(60):
        try:
            line = await reader.readline()
            while (await reader.readline()).strip():
                pass
        except ConnectionError:
            return b""
    return line


async def closed(stream: Stream) -> None:
    async with asyncio.timeout(60):
        try:
            while await stream[0].read(65536):
                pass
        except ConnectionError:
            pass


def turned_away(why: str) -> float:
    return REGISTRY.get_sample_value("triune_http_turned_away_total", {"why": why}) or 0.0


@both_loops
def test_one_connection_too_many_is_told_so_and_room_comes_back(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "HTTP_CONNECTIONS", 3)

    async def scenario() -> None:
        async with served() as port, AsyncExitStack() as stack:
            inside = [await connect(stack, port) for _ in range(3)]
            for stream in inside:
                assert b"200" in await answer(stream)
            before = turned_away("total")
            outside = await connect(stack, port)
            assert b"503" in await answer(outside, b"")
            await closed(outside)
            assert turned_away("total") == before + 1
            assert b"200" in await answer(inside[0]), "who is inside stays"
            inside[1][1].close()
            await closed(inside[1])
            async with asyncio.timeout(60):
                while b"200" not in await answer(await connect(stack, port)):
                    pass

    run(scenario())


@both_loops
def test_one_address_cannot_take_every_place(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "HTTP_CONNECTIONS_PER_ADDRESS", 2)

    async def scenario() -> None:
        async with served() as port, AsyncExitStack() as stack:
            before = turned_away("address")
            for _ in range(2):
                assert b"200" in await answer(await connect(stack, port, "127.0.0.2"))
            assert b"429" in await answer(await connect(stack, port, "127.0.0.2"), b"")
            assert turned_away("address") == before + 1
            assert b"200" in await answer(await connect(stack, port, "127.0.0.3"))
            for _ in range(3):
                assert b"200" in await answer(await connect(stack, port)), "a proxy speaks for many"

    run(scenario())


def test_a_proxy_of_another_machine_speaks_for_many_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1231."""
    monkeypatch.setattr(doors, "HTTP_CONNECTIONS_PER_ADDRESS", 1)

    async def scenario() -> None:
        async with served("127.0.0.2") as port, AsyncExitStack() as stack:
            for _ in range(3):
                assert b"200" in await answer(await connect(stack, port, "127.0.0.2"))
            assert b"200" in await answer(await connect(stack, port, "127.0.0.3"))
            assert b"429" in await answer(await connect(stack, port, "127.0.0.3"), b"")

    uvloop.run(scenario())


@both_loops
def test_a_head_that_never_ends_is_not_waited_for(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slowloris: a header now and then, so that the connection is never silent and never asks."""
    monkeypatch.setattr(doors, "HTTP_HEAD_MS", 300)

    async def scenario() -> None:
        async with served() as port, AsyncExitStack() as stack:
            before = turned_away("slow")
            quick = await connect(stack, port)
            assert b"200" in await answer(quick)
            upgrade = (
                b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
            )
            live = await connect(stack, port)
            assert b"101" in await answer(live, upgrade)
            silent, slow = await connect(stack, port), await connect(stack, port)
            async with asyncio.TaskGroup() as tasks:
                dribbling = tasks.create_task(_dribble(slow[1]))
                await closed(slow)
                await closed(silent)
                dribbling.cancel()
            assert turned_away("slow") == before + 2
            assert b"200" in await answer(quick), "whoever asked in time may ask again"
            live[1].write(b"\x81\x82\0\0\0\0hi")
            async with asyncio.timeout(60):
                assert await live[0].readexactly(4) == b"\x81\x02hi"

    run(scenario())


async def _dribble(writer: asyncio.StreamWriter) -> None:
    clock = SystemClock()
    writer.write(b"GET /hello HTTP/1.1\r\n")
    for nth in range(100):
        writer.write(b"X-%d: y\r\n" % nth)
        await clock.sleep(20)


@both_loops
def test_a_connection_that_asks_no_more_is_closed(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "HTTP_IDLE_MS", 200)

    async def scenario() -> None:
        async with served() as port, AsyncExitStack() as stack:
            stream = await connect(stack, port)
            assert b"200" in await answer(stream)
            stream[1].write(b"GET /hello HTTP/1.1\r\nX-")  # begun and never ended
            await closed(stream)

    run(scenario())


async def test_there_are_files_for_the_connections_of_a_county() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        async with served():
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            assert soft == (OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard))
            assert hard == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
