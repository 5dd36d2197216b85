"""A link between agent and hub that tests cut, stall and make thin; a hub with an agent's key; and things to tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.readings import Position, Sighting, SightingQuery
from consoles.site import Site, running_site
from edge.agent.agent import Agent, AgentSettings, running_agent
from edge.outbox import NewItem, Priority
from tests.consoles.support import settings

NAME = "gate"
_READ_BYTES = 8192
_LINE_PACKETS = 256


class Proxy:
    """A TCP proxy on the loopback. `bytes_per_s` thins the way to the hub; `up_bytes` counts what went there.

    All connections share that way, and what it has no room for yet waits in one line, as in a router: in the order in
    which it came, much of it.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self.up_bytes = 0
        self.connections = 0
        self.bytes_per_s = 0
        self.open = True
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._to = port
        self._clock = SystemClock()
        self._free_at_ms = 0.0
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_READ_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.flowing.set()
        self.cut()

    def cut(self) -> None:
        """Break every connection, without a word of the websocket protocol."""
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def waiting_ms(self) -> float:
        """How long what the thin way is given now has to wait."""
        return max(0.0, self._free_at_ms - self._clock.now_ms())

    def carried(self, more_bytes: int) -> Callable[[], bool]:
        """Say, when asked, whether so much more went to the hub."""
        until_bytes = self.up_bytes + more_bytes
        return lambda: self.up_bytes > until_bytes

    def stall(self) -> None:
        """Keep connections and carry nothing."""
        self.flowing.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if not self.open:
            writer.transport.abort()
            return
        try:
            hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self._to, limit=_READ_BYTES)
        except OSError:
            writer.transport.abort()
            return
        # So that the thin link fills up here and not in the buffers of this machine.
        hub_writer.transport.set_write_buffer_limits(high=_READ_BYTES)
        ends = {writer, hub_writer}
        self._writers |= ends
        with suppress(ConnectionError):
            async with asyncio.TaskGroup() as tasks:
                line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_LINE_PACKETS)
                tasks.create_task(self._queue_up(reader, line))
                tasks.create_task(self._carry_up(line, hub_writer))
                tasks.create_task(self._carry_down(hub_reader, writer))
        self._writers -= ends

    async def _queue_up(self, reader: asyncio.StreamReader, line: asyncio.Queue[tuple[float, bytes]]) -> None:
        data = b"to begin with"
        while data:
            try:
                data = await reader.read(1024 if self.bytes_per_s else _READ_BYTES)
            except ConnectionError:
                data = b""
            if self.bytes_per_s:
                self._free_at_ms = max(self._clock.now_ms(), self._free_at_ms) + 1000 * len(data) / self.bytes_per_s
            await line.put((self._free_at_ms, data))

    async def _carry_up(self, line: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while (going := await line.get())[1]:
                await self._clock.sleep_until(int(going[0]))
                await self.flowing.wait()
                self.up_bytes += len(going[1])
                writer.write(going[1])
                await writer.drain()
        writer.transport.abort()
        while (await line.get())[1]:
            pass  # nobody gets it any more

    async def _carry_down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_READ_BYTES):
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def hub_with_agent(tmp_path: Path, cameras: int = 2) -> AsyncIterator[tuple[Site, str]]:
    """A running hub, and the key of its agent, whose cameras k0, k1, … are."""
    async with running_site(settings(tmp_path)) as site:
        accounts = site.context.accounts
        for n in range(cameras):
            await site.hub.ask(q.EnrolCamera(camera=f"k{n}", name=f"路口{n}", lat=29.0, lon=113.0), HUB)
            await accounts.set_camera_address(f"k{n}", f"edge://{NAME}/rtsp://user:secret-{n}@127.0.0.1:9/k{n}")
        yield site, await accounts.issue(AGENT + NAME)


def port_of(site: Site) -> int:
    return int(site.http_url.rpartition(":")[2])


@asynccontextmanager
async def an_agent(
    tmp_path: Path, port: int, key: str, *, jt808: bool = False, plate_workers: int = 0
) -> AsyncIterator[Agent]:
    """A running agent that reaches its hub at a port of the loopback."""
    told = AgentSettings(
        hubs=[f"ws://127.0.0.1:{port}"], key=key, data=tmp_path / "edge", release="test",
        plate_workers=plate_workers, jt808_port=0 if jt808 else None,
    )  # fmt: skip
    async with running_agent(told, SystemClock()) as agent:
        yield agent


async def until(reached: Callable[[], bool | Awaitable[bool]], within_s: float = 60) -> None:
    """Return once something is so; fails where it does not come about."""
    async with asyncio.timeout(within_s):
        while True:
            now = reached()
            if now if isinstance(now, bool) else await now:
                return
            await SystemClock().sleep(10)


def sighting(n: int, camera: str = "k0") -> Sighting:
    return Sighting(
        camera=camera, plate=f"湘F{n:05d}", colour="blue", first_ms=1_790_000_000_000 + n,
        last_ms=1_790_000_000_500 + n, reads=3, confidence=0.9,
    )  # fmt: skip


def sighting_item(n: int, camera: str = "k0") -> NewItem:
    return NewItem(Priority.SIGHTING, "sighting", msgspec.json.encode(sighting(n, camera)), camera)


def state_item(n: int, camera: str = "k0") -> NewItem:
    body = {"camera": camera, "up": False, "at_ms": 1_790_000_000_000 + n, "reason": f"reason {n}"}
    return NewItem(Priority.STATE, "camera", msgspec.json.encode(body), camera)


def sos_item(device: str, at_ms: int) -> NewItem:
    fix = Position(device=device, at_ms=at_ms, lat=29.0, lon=113.0, source="jt808", sos=True)
    return NewItem(Priority.ALARM, "position", msgspec.json.encode(fix), device)


async def sightings_at(site: Site) -> list[Sighting]:
    query = SightingQuery(from_ms=0, to_ms=1_900_000_000_000, limit=20_000)
    return await site.context.readings.search("live", query)


async def reasons_at(site: Site) -> list[str]:
    """Why cameras went down, fact by fact."""
    facts = await site.hub.journal.read("live", 0, 100_000)
    told = [msgspec.json.decode(fact.data) for fact in facts]
    return [one["reason"] for one in told if one["fact"] == "camera_went_down"]
