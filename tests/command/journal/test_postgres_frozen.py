"""A hub that is frozen loses its turn, wherever in its talk with PostgreSQL that happens (SPEC R172, R890, R891)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import suppress
from types import TracebackType
from typing import Self

import pytest

from command.journal import Entry, Head, StoredFact
from command.journal.postgres import PostgresJournal
from command.kernel import postgres as module
from command.kernel.errors import UnavailableError
from command.kernel.limits import BATCH_REQUESTS, POSTGRES_IDLE_MS, READ_FACTS
from tests.command.journal.test_postgres import hub
from tests.postgres import PostgresServer

_ENDS = b"QSHc"
"""Messages that end what a client sends at once: a simple query, Sync, Flush, the end of COPY's data."""


class Wire:
    """Lies between a hub and its server, and goes dead as a hub does that is frozen: nothing is closed."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server = server
        self._name = name
        self._left: int | None = None
        self._thawed = asyncio.Event()
        self._told: int | None = None
        self.frozen = asyncio.Event()

    def freeze_after(self, sent: int) -> None:
        """Freeze in the middle of what is sent after so many more times."""
        self._left = sent

    def read_no_more_after(self, told_bytes: int) -> None:
        self._told = told_bytes

    def thaw(self) -> None:
        self._thawed.set()

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = self._listening.sockets[0].getsockname()[1]
        self.url = self._server.url(self._name).replace(f":{self._server.port}/", f":{port}/")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._thawed.set()
        self._listening.close()

    async def _carry(self, hub: asyncio.StreamReader, to_hub: asyncio.StreamWriter) -> None:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # so that little is taken beyond what is read
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", self._server.port))
        server, to_server = await asyncio.open_connection(sock=small)
        with suppress(OSError):
            await asyncio.gather(self._up(hub, to_server), self._down(server, to_hub))

    async def _down(self, server: asyncio.StreamReader, to_hub: asyncio.StreamWriter) -> None:
        try:
            while data := await server.read(65_536):
                if self._told is not None:
                    self._told -= len(data)
                    if self._told < 0:
                        self.frozen.set()
                        await self._thawed.wait()
                        return
                to_hub.write(data)
        finally:
            to_hub.close()

    async def _up(self, hub: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        waiting = bytearray()
        try:
            while data := await hub.read(65_536):
                if self._left is None:
                    to_server.write(data)
                    continue
                waiting += data
                while len(waiting) >= 5 and len(waiting) >= (size := 1 + int.from_bytes(waiting[1:5])):
                    if not self._left:
                        to_server.write(waiting[: size // 2])
                        self.frozen.set()
                        await self._thawed.wait()
                        return
                    self._left -= waiting[0] in _ENDS
                    to_server.write(waiting[:size])
                    del waiting[:size]
        finally:
            to_server.close()


def batch(name: str, first: int, count: int, size: int = 100) -> list[Entry]:
    facts = [StoredFact(seq=first + n, at_ms=n, actor="张三", data=b"x" * size) for n in range(count)]
    return [Entry(key=f"{name}{fact.seq}", subject="s", facts=(fact,)) for fact in facts]


async def store(journal: PostgresJournal, entries: list[Entry], after: Head) -> bool:
    async with journal.turn("live") as turn:
        return (await turn.append(entries, after, [])).stored


def shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let last two seconds what lasts as long as a hub may be silent in its turn; a busy one is silent for one."""
    for setting, value in list(module._SETTINGS.items()):
        if value == str(POSTGRES_IDLE_MS):
            monkeypatch.setitem(module._SETTINGS, setting, "2000")


async def refused(storing: Awaitable[bool]) -> bool:
    """Return whether the hub was told that the database took it back; it stored where not."""
    try:
        assert await storing
    except UnavailableError:
        return True
    return False


async def test_a_hub_that_is_frozen_at_whatever_it_sends_in_its_turn_loses_it(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R172, R890
    name = postgres_url.rpartition("/")[2]
    async with hub(postgres_url) as other:
        shorten(monkeypatch)
        sent = 1  # what is sent first asks for the turn
        while True:
            async with Wire(postgres_server, name) as wire, hub(wire.url) as frozen, asyncio.TaskGroup() as tasks:
                head = await frozen.head("live")
                wire.freeze_after(sent)
                storing = tasks.create_task(refused(store(frozen, batch("a", head.seq + 1, BATCH_REQUESTS), head)))
                dead = tasks.create_task(wire.frozen.wait())
                await asyncio.wait([storing, dead], return_when=asyncio.FIRST_COMPLETED)
                if not wire.frozen.is_set():
                    wire.thaw()  # it says good-bye
                    dead.cancel()
                    if await storing:
                        continue  # this machine itself stood still for too long
                    break
                async with asyncio.timeout(30):
                    assert await store(other, batch("b", head.seq + 1, 1), head), sent
                    assert await storing
                sent += 1
        assert sent == 4  # the look, the rows, the commit
        assert (await other.head("live")).seq == 3 + BATCH_REQUESTS


async def test_a_hub_that_is_frozen_while_it_is_told_what_others_wrote_loses_its_turn(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R891
    async with hub(postgres_url) as other:
        assert await store(other, batch("a", 1, READ_FACTS, 2000), Head())
        shorten(monkeypatch)
        async with (
            Wire(postgres_server, postgres_url.rpartition("/")[2]) as wire,
            hub(wire.url) as frozen,
            asyncio.TaskGroup() as tasks,
        ):
            head = await frozen.head("live")
            wire.read_no_more_after(100_000)
            storing = tasks.create_task(refused(store(frozen, batch("b", 1, 1), Head())))
            await wire.frozen.wait()
            async with asyncio.timeout(30):
                assert await store(other, batch("c", head.seq + 1, 1), head)
            wire.thaw()
            assert await storing
