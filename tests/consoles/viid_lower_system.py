"""A lower GA/T 1400 system that answers as it is told to, and a hub that tells it our entries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from command.actors import HUB
from command.facts.base import Level
from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.clock import SystemClock, VirtualClock
from command.links.viid import SCHEMA
from command.requests import ApproveWatches, RequestWatches
from command.requests.watchlist import GivenArea, WatchEntry
from consoles.parts.viid.cascade_store import CascadeStore
from consoles.parts.viid.cascades import Cascades, CascadeState
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.lower_store import LowerStore
from consoles.parts.viid.store import ViidStore
from edge.viid.cascade import Cascade
from tests.databases import Databases
from tests.edge.viid.site import NOW_MS, SERVER

PEER = "43062100005030000009"
_SPEED = 200
"""Pauses of a second take 5 ms."""
Answer = Callable[[str, list[dict[str, Any]]], list[int] | int]
"""Codes of the objects of a request, or the HTTP status, by its method."""


def agrees(_method: str, told: list[dict[str, Any]]) -> list[int] | int:
    return [0] * len(told)


@dataclass
class Lower:
    """A lower system that answers as it is told to; 0 instead of a status never answers."""

    answer: Answer = agrees
    heard: list[tuple[str, list[str]]] = field(default_factory=list)
    """Methods and plates, or ids that were to be deleted."""
    standing: list[dict[str, Any]] | int = 404
    """What it says that it looks out for, or HTTP's status."""
    tollgates: dict[str, str] = field(default_factory=dict)
    """Told last, by plate."""
    names_refused_alone: bool = False
    url: str = ""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is answered before it is set."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """The test is."""

    def __post_init__(self) -> None:
        self.gate.set()

    async def take(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            told = self.standing
            if isinstance(told, int):
                return web.Response(status=told)
            return web.json_response({"DispositionListObject": {"DispositionObject": told}})
        body = await request.read()
        told = msgspec.json.decode(body)["DispositionListObject"]["DispositionObject"] if body else []
        ids = request.query.get("IDList", "").split(",") if request.method == "DELETE" else []
        method = "CANCEL" if told and told[0]["OperateType"] == 1 else request.method
        self.tollgates |= {one["TargetFeature"]: one.get("TollgateList", "") for one in told}
        self.heard.append((method, [one["TargetFeature"] for one in told] or ids))
        await self.gate.wait()
        codes = self.answer(method, told or [{"DispositionID": name} for name in ids])
        if codes == 0:
            await self.over.wait()
        if isinstance(codes, int):
            return web.Response(status=codes)
        status = [{"Id": "", "StatusCode": code, "StatusString": "says so"} for code in codes]
        if self.names_refused_alone:
            status = [one | {"Id": each["DispositionID"]} for one, each in zip(status, told, strict=True)]
            status = [one for one in reversed(status) if one["StatusCode"]]
        return web.json_response({"ResponseStatusListObject": {"ResponseStatusObject": status}})

    def plates(self, method: str) -> list[str]:
        return [plate for heard, plates in self.heard if heard == method for plate in plates]


@dataclass
class At:
    hub: Hub
    clock: VirtualClock
    store: CascadeStore
    cascades: Cascades
    lower: Lower
    devices: ViidStore
    catalogue: LowerStore

    async def watch(
        self, *plates: str, level: Level = 2, until_ms: int = NOW_MS + 10**9, area: GivenArea | None = None
    ) -> list[str]:
        entry = [WatchEntry(pattern=plate, reason="r", level=level, until_ms=until_ms, area=area) for plate in plates]
        batch = (await self.hub.ask(RequestWatches(entries=entry), HUB)).subject
        watches = await self.hub.read(lambda t: [row.id for row in t.watches if row.batch == batch])
        await self.hub.ask(ApproveWatches(watches=watches), HUB)
        return watches

    async def begin(self) -> None:
        await self.store.add(Cascade(peer=PEER, url=self.lower.url, title="t"))

    async def until(self, look: Callable[[CascadeState], bool]) -> CascadeState:
        """Return the state once it is so; the test's own limit ends it otherwise."""
        while (state := self.cascades.states().get(PEER)) is None or not look(state):
            await SystemClock().sleep(5)
        return state


@asynccontextmanager
async def served(lower: Lower) -> AsyncIterator[Lower]:
    app = web.Application()
    app.router.add_route("*", "/VIID/Dispositions", lower.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        lower.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield lower
    finally:
        lower.over.set()
        await runner.cleanup()


@asynccontextmanager
async def teller(
    databases: Databases, answer: Answer = agrees, kind: type[CascadeStore] = CascadeStore, speed: float = _SPEED
) -> AsyncIterator[At]:
    """A hub in memory whose time passes fast, and a lower system."""
    clock = VirtualClock(NOW_MS, speed=speed)
    hub = Hub("live", clock, MemoryJournal())

    async def no_channels() -> dict[str, str]:
        return {}

    async with (
        databases(SCHEMA, "viid") as db, served(Lower(answer)) as lower, aiohttp.ClientSession() as http,
        asyncio.TaskGroup() as tasks,
    ):  # fmt: skip
        store = kind(db, clock)
        known, catalogue = ViidStore(db, clock), LowerStore(db, clock)
        devices = Devices(hub, known, SERVER, no_channels)
        cascades = Cascades(hub, store, catalogue, devices, http, SERVER, "http://127.0.0.1:1", lambda _: "secret")
        hub.listen(cascades.on_change)
        await hub.load()
        work = [tasks.create_task(hub.run()), tasks.create_task(cascades.run())]
        yield At(hub, clock, store, cascades, lower, known, catalogue)
        for task in work:
            task.cancel()
