"""A hub and its feed with many consoles, each over a socket of its own that takes little at once."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest
import uvloop

from command import wire
from command.actors import Actor
from command.hub import Hub
from command.journal import Journal
from command.kernel.clock import Clock, SystemClock
from command.rows import PositionRow
from consoles.console import Console
from consoles.frames import PING
from consoles.push import Feed
from tests.command.support import HERE, START_MS, Desk, desk

Runner = Callable[[Coroutine[Any, Any, None]], None]
both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
UNITS = 200


class Peer:
    """The other end of a console's socket; it reads only when told, and checks R98 on everything it reads."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, console: Console, pong: Callable[[], None]
    ) -> None:
        self.reader = reader
        self.pong = pong
        self.writer = writer
        self.console = console
        self.tables: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.seq = 0
        self.raw = b""

    async def take(self) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while (head := await self.reader.readexactly(2)) == PING:
                self.pong()
            assert head[0] == 0x81
            length = head[1]
            if length >= 126:
                head = await self.reader.readexactly(2 if length == 126 else 8)
                (length,) = struct.unpack("!H" if length == 126 else "!Q", head)
            self.raw = await self.reader.readexactly(length)
        message: dict[str, Any] = msgspec.json.decode(self.raw)
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.tables[message["table"]] = dict(message["rows"])
        elif message["type"] == "delta":
            assert message["seq"] >= self.seq
            self.seq = message["seq"]
            for table, rows in message["tables"].items():
                self._change(self.tables[table], table, rows)
        return message

    def _change(self, mine: dict[str, Any], table: str, rows: dict[str, Any]) -> None:
        for key, row in rows.items():
            if row is None:
                assert key in mine, "told that a row is gone which it never had"
                del mine[key]
            else:
                if table == "positions" and key in mine:
                    assert row["at_ms"] > mine[key]["at_ms"], "an older row after a newer one"
                mine[key] = row

    async def until(self, done: Callable[[], bool]) -> None:
        while not done():
            await self.take()

    def deltas(self) -> int:
        return sum(m["type"] == "delta" for m in self.messages)


class Crowd:
    """A hub, its feed, and consoles of it over TCP on the loopback."""

    def __init__(self, at: Desk, feed: Feed) -> None:
        self.desk = at
        self.hub: Hub = at.hub
        self.feed = feed
        self.port = 0
        self._accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.peers: list[Peer] = []

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted.put_nowait((reader, writer))

    async def connect(self, who: Actor, *tables: str, after: int | None = None, situation: str | None = None) -> Peer:
        """Connect, subscribe and read up to the beat that ends the answer."""
        peer = await self.dial(who)
        await self.subscribe(peer, *tables, after=after, situation=situation)
        await peer.until(lambda: peer.messages[-1:] != [] and peer.messages[-1]["type"] == "beat")
        return peer

    async def dial(self, who: Actor) -> Peer:
        """Connect and ask for nothing."""
        ours = socket.socket()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ours.setblocking(False)
        await asyncio.get_running_loop().sock_connect(ours, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=ours, limit=2048)
        theirs = (await self._accepted.get())[1]
        theirs.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        console = Console(who, cast("asyncio.Transport", theirs.transport))
        peer = Peer(reader, writer, console, lambda: self.feed.heard(console))
        self.peers.append(peer)
        return peer

    async def subscribe(
        self, peer: Peer, *tables: str, after: int | None = None, situation: str | None = None, seen: int = 0
    ) -> None:
        wanted = {name: wire.TableFilter(situation=situation) for name in tables}
        await self.feed.subscribe(peer.console, wire.Subscribe(tables=wanted, after=after, seen=seen))

    async def move(self, nth: int) -> None:
        """Every unit reports its `nth` place."""
        rows = [
            PositionRow(id=f"u{n}", device=f"d{n}", at_ms=START_MS + nth, lat=HERE[0], lon=HERE[1], source="mobile")
            for n in range(UNITS)
        ]
        self.hub.positions_changed(rows)
        await self.hub.read(lambda _: None)

    async def drive(self, nth: int) -> None:
        """One unit reports its `nth` place, which any socket takes at once."""
        row = PositionRow(id="u0", device="d0", at_ms=START_MS + nth, lat=HERE[0], lon=HERE[1], source="mobile")
        self.hub.positions_changed([row])
        await self.hub.read(lambda _: None)

    async def driven(self, peer: Peer, nth: int) -> None:
        """Return once the console has it."""
        await peer.until(lambda: peer.tables["positions"].get("u0", {}).get("at_ms") == START_MS + nth)

    async def seen(self, peer: Peer, nth: int) -> None:
        def newest() -> bool:
            rows = peer.tables.get("positions", {})
            return len(rows) == UNITS and all(row["at_ms"] == START_MS + nth for row in rows.values())

        await peer.until(newest)


@asynccontextmanager
async def crowd(
    journal: Journal | None = None, *, enrolled: bool = False, clock: Clock | None = None
) -> AsyncIterator[Crowd]:
    async with desk(journal, enrolled=enrolled) as at, asyncio.TaskGroup() as tasks:
        feed = Feed(at.hub, clock or SystemClock())
        running = tasks.create_task(feed.run())
        people = Crowd(at, feed)
        server = await asyncio.start_server(people.accept, "127.0.0.1", 0)
        people.port = server.sockets[0].getsockname()[1]
        try:
            yield people
        finally:
            feed.close()
            for peer in people.peers:
                peer.console.transport.abort()
                peer.writer.close()
            server.close()
            running.cancel()
