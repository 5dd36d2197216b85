"""The outbox of an edge agent: items through cuts of its link and kills of its process, counted in the record itself.

A hub and the agent run as processes of their own, with a proxy between them whose connections are broken off. Once the
agent has nothing more to tell, the hub is stopped and every item looked for in its journal, readings and blobs.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from command import requests as q
from command.access.accounts import AGENT, Accounts
from command.actors import HUB
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from command.readings import SightingQuery, place_of
from command.readings.sqlite import SqliteReadings
from consoles.bench.crowded_site import sign_in
from consoles.bench.measure import stopwatch_ms
from consoles.bench.outbox_agent import CAMERAS, WATCH_PATTERN, Job, kind_of, picture_of
from consoles.bench.report import Report, Step
from consoles.http.context import LIVE
from consoles.settings import Settings
from consoles.site import running_site
from edge.agent.items import CAMERA, HIT, PICTURE, SIGHTING

_NAME = "bench"
_HOST = "127.0.0.1"
_DAY_MS = 24 * 60 * 60 * 1000
_READ_BYTES = 64 * 1024
_LOOK_MS = 10
_START_S, _RESUME_S = 120.0, 60.0


@dataclass(frozen=True)
class Sizes:
    """How much is told, and how often the link is cut and the agent killed while it is."""

    items: int = 100_000
    cuts: int = 20
    kills: int = 5


QUICK = Sizes(items=1600, cuts=3, kills=1)


@dataclass
class _Run:
    """What one run came to."""

    items: int
    lost: int = 0
    doubled: int = 0
    shed: int = 0
    seconds: float = 0.0
    hub_cpu_s: float = 0.0
    agent_cpu_s: float = 0.0
    resumed_s: list[float] = field(default_factory=list)


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Tell a 16th and a quarter of the items undisturbed, and all of them through cuts and kills."""
    runs = [
        await _run(
            folder / f"load-{times}", sizes.items * times // 16, sizes if times == 16 else Sizes(cuts=0, kills=0)
        )
        for times in (1, 4, 16)
    ]
    most = runs[-1]
    return Report(
        "outbox",
        {
            "items": most.items,
            "lost": most.lost,
            "doubled": most.doubled,
            "resume_s": round(max(most.resumed_s), 3),
            "resume_p50_s": round(sorted(most.resumed_s)[len(most.resumed_s) // 2], 3),
            "cuts": sizes.cuts,
            "kills": sizes.kills,
            "shed": most.shed,
            "seconds": round(most.seconds, 1),
            "hub_cpu_s": round(most.hub_cpu_s, 2),
            "agent_cpu_s": round(most.agent_cpu_s, 2),
        },
        [
            Step(times, "items, hub and agent together", one.items, (one.hub_cpu_s + one.agent_cpu_s) / one.items * 1e6)
            for times, one in zip((1, 4, 16), runs, strict=True)
        ],
    )


async def _run(folder: Path, items: int, sizes: Sizes) -> _Run:
    run, base_ms = _Run(items), SystemClock().now_ms() - _DAY_MS // 24
    key, watch, cookie = await _prepare(folder)
    async with _hub(folder) as hub, _Proxy(hub.port) as proxy:
        job = Job(
            hub=f"ws://{_HOST}:{proxy.port}", key=key, folder=str(folder), items=items, watch=watch, base_ms=base_ms
        )
        async with aiohttp.ClientSession(hub.url, headers={"Cookie": cookie}) as http:
            started_ms, hub_s = stopwatch_ms(), _cpu_s(hub.pid)
            await _disturbed(run, http, proxy, job, sizes)
            run.seconds = (stopwatch_ms() - started_ms) / 1000
            run.hub_cpu_s = _cpu_s(hub.pid) - hub_s
    await _count(run, folder, base_ms)
    return run


async def _prepare(folder: Path) -> tuple[str, str, str]:
    """Fill a hub's data folder; return the agent's key, the watch in force, and the session of a technician."""
    settings = Settings(data=str(folder / "var"), http_port=0, jt808_port=0, case_port=0, approval_port=0,
                        plate_workers=0)  # fmt: skip
    async with running_site(settings) as site:
        accounts: Accounts = site.context.accounts
        for n in range(CAMERAS):
            await site.hub.ask(q.EnrolCamera(camera=f"k{n}", name=f"路口{n}", lat=29.0, lon=113.0), HUB)
            await accounts.set_camera_address(f"k{n}", f"edge://{_NAME}/rtsp://{_HOST}:9/k{n}")
        until_ms = site.clock.now_ms() + 30 * _DAY_MS
        asked = q.RequestWatch(pattern=WATCH_PATTERN, reason="measurement", level=3, until_ms=until_ms)
        watch = (await site.hub.ask(asked, HUB)).subject
        await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
        return await accounts.issue(AGENT + _NAME), watch, (await sign_in(accounts, "dispatcher")).cookie


async def _disturbed(run: _Run, http: aiohttp.ClientSession, proxy: _Proxy, job: Job, sizes: Sizes) -> None:
    """Have the agent tell everything; at even steps of the way cut its link or kill it."""
    disturbances = sizes.cuts + sizes.kills
    every = disturbances // sizes.kills if sizes.kills else 0
    agent = await _start(job)
    try:
        for turn in range(disturbances):
            before = await _until(http, job.items * (turn + 1) // (disturbances + 2))
            if every and turn % every == every - 1 and turn // every < sizes.kills:
                run.agent_cpu_s += _cpu_s(agent.pid)
                agent.kill()
                await agent.wait()
                at_ms = stopwatch_ms()
                agent = await _start(job)
            else:
                proxy.cut()
                at_ms = stopwatch_ms()
            again = await _until(http, 0, not_since_ms=before.since_ms)
            await _until(http, again.taken + 1)
            run.resumed_s.append((stopwatch_ms() - at_ms) / 1000)
        assert agent.stdout is not None
        told = json.loads(await agent.stdout.readline())
        await agent.wait()
    finally:
        if agent.returncode is None:
            agent.kill()
            await agent.wait()
    run.agent_cpu_s += told["cpu_s"]
    run.shed = told["shed"]


async def _start(job: Job) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consoles.bench.outbox_agent", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(job) + b"\n")
    await process.stdin.drain()
    return process


class _Agent(msgspec.Struct, frozen=True):
    """Of what the hub tells of an agent, what matters here."""

    up: bool
    since_ms: int
    taken: int


_agents = msgspec.json.Decoder(list[_Agent])


async def _until(http: aiohttp.ClientSession, least: int, not_since_ms: int | None = None) -> _Agent:
    """Return the agent once the hub took at least so many items, over another connection where one is named."""
    clock, begun_ms = SystemClock(), stopwatch_ms()
    while True:
        async with http.get("/api/v1/agents") as answer:
            answer.raise_for_status()
            agents = _agents.decode(await answer.read())  # none before the agent has come for the first time
        for agent in agents:
            if agent.up and agent.taken >= least and agent.since_ms != not_since_ms:
                return agent
        if stopwatch_ms() - begun_ms > _RESUME_S * 1000:
            raise UnavailableError(f"the hub took {[agent.taken for agent in agents]} items and no more")
        await clock.sleep(_LOOK_MS)


async def _count(run: _Run, folder: Path, base_ms: int) -> None:
    """Look for every item where the hub keeps such things."""
    found: Counter[int] = Counter()
    journal = SqliteJournal(folder / "var" / "journal.sqlite3")
    seq = 0
    while facts := await journal.read(LIVE, seq, 10_000):
        seq = facts[-1].seq
        for fact in facts:
            said = msgspec.json.decode(fact.data)
            if said["fact"] == "camera_went_down" and said["reason"].startswith("item "):
                found[int(said["reason"].removeprefix("item "))] += 1
            elif said["fact"] == "plate_hit":
                found[said["seen_ms"] - base_ms] += 1
    await journal.close()
    readings = SqliteReadings(folder / "var" / "readings.sqlite3")
    query = SightingQuery(from_ms=0, to_ms=base_ms + _DAY_MS, limit=10_000)
    while passages := await readings.search(LIVE, query):
        found.update(passage.first_ms - base_ms for passage in passages)
        query = msgspec.structs.replace(query, after=place_of(passages[-1]))
    await readings.close()
    for n in range(1, run.items + 1):
        if kind_of(n) == PICTURE:
            name = hashlib.sha256(picture_of(n)).hexdigest()
            found[n] += (folder / "var" / "blobs" / name[:2] / name).exists()
    assert {kind_of(n) for n in range(100)} == {CAMERA, HIT, PICTURE, SIGHTING}
    run.lost = sum(1 for n in range(1, run.items + 1) if not found[n])
    run.doubled = sum(times - 1 for times in found.values() if times > 1)


class _Proxy:
    """A TCP proxy whose connections can be broken off."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self._to = port
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> _Proxy:
        self._server = await asyncio.start_server(self._serve, _HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection off, with what was on its way."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hub_reader, hub_writer = await asyncio.open_connection(_HOST, self._to)
        self._writers |= {writer, hub_writer}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_carry(reader, hub_writer))
            tasks.create_task(_carry(hub_reader, writer))
        self._writers -= {writer, hub_writer}


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_READ_BYTES):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@dataclass(frozen=True)
class _Hub:
    url: str
    port: int
    pid: int


@asynccontextmanager
async def _hub(folder: Path) -> AsyncIterator[_Hub]:
    """Start the command on the folder; it ends in order when the block is left."""
    config = folder / "settings.toml"
    config.write_text("plate_workers = 0\n")
    ports = [argument for name in ("http", "jt808", "case", "approval") for argument in (f"--{name}-port", "0")]
    command = ("-m", "consoles.cli", "serve", "--data", str(folder / "var"), "--config", str(config), *ports)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        url = ""
        async with asyncio.timeout(_START_S):
            async for line in process.stdout:
                if line.startswith(b"{"):
                    url = str(json.loads(line)["url"])
                    break
        if not url:
            raise UnavailableError("the hub ended before it served")
        yield _Hub(url, int(url.rpartition(":")[2]), process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process took so far (Linux)."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
