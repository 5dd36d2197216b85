"""Memory: what a hub's process takes while it is at work, sampled at each quarter of the time, and how fast it grows.

The hub is the command in a process of its own and is loaded through its public port alone: desks work on matters,
officers' phones tell fixes, an edge agent tells passages, and consoles that follow every table come and go.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.journal import Answer
from command.kernel.clock import SystemClock
from command.wire import TABLES
from consoles.bench.crowd import Person
from consoles.bench.crowded_site import sign_in
from consoles.bench.dialects import Console
from consoles.bench.matters import matter
from consoles.bench.measure import paced
from consoles.bench.outbox_agent import CAMERAS, passage_of
from consoles.bench.report import Report
from consoles.bench.served import Served, started
from consoles.settings import Settings
from consoles.site import running_site
from edge.agent.link import HubLink
from edge.agent.protocol import Config
from edge.outbox import Outbox

_AGENT = "bench"
_DESKS, _PHONES = 2, 4
_QUARTERS = 4
_TABLES = sorted(set(TABLES) - {"devices"})


@dataclass(frozen=True)
class Sizes:
    """For how long there is work, and how much of it in a second; a console stays for `stay_s`."""

    seconds: float = 180.0
    matters_per_s: float = 5.0
    fixes_per_s: float = 400.0
    passages_per_s: float = 100.0
    consoles: int = 20
    stay_s: float = 10.0


QUICK = Sizes(seconds=2.0, consoles=4, stay_s=0.5)


@dataclass(frozen=True)
class _Site:
    """Who works at the hub, by their sessions, and the key of the agent."""

    desks: list[Person]
    phones: list[Person]
    agent_key: str


@dataclass(frozen=True)
class _Sample:
    rss_mib: float
    handled: int


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Let the hub work. It grows from the first quarter's end on: before, modules, pools and caches are filled."""
    people = await _prepare(folder)
    async with started(folder) as (hub, _):
        samples = await _Work(folder, hub, people, sizes).done()
    begun, quarter, *_, end = samples
    grown_mib, handled = end.rss_mib - quarter.rss_mib, end.handled - quarter.handled
    return Report(
        "memory",
        {
            "seconds": sizes.seconds,
            "handled": end.handled,
            "rss_start_mib": round(begun.rss_mib, 1),
            **{f"rss_{nth}_of_{_QUARTERS}_mib": round(sample.rss_mib, 1) for nth, sample in enumerate(samples) if nth},
            "growth_mib": round(end.rss_mib - begun.rss_mib, 1),
            "growth_mib_per_million": round(grown_mib / handled * 1e6) if handled else None,
        },
        remarks=(
            "growth_mib_per_million: from the first quarter's end on, for a million facts and readings",
            "situations leave a hub's tables a day after their end: until then it grows with its work",
        ),
    )


async def _prepare(folder: Path) -> _Site:
    """Fill a data folder: desks, units and their officers' phones, an agent and its cameras."""
    settings = Settings(data=str(folder), http_port=0, jt808_port=0, case_port=0, approval_port=0, plate_workers=0)
    async with running_site(settings) as site:
        hub, accounts = site.hub, site.context.accounts
        station = q.EnrolStation(
            station="st1",
            name="城关所",
            service="110",
            lat=29.0,
            lon=113.0,
            leader="李所长",
            leader_phone="13900000001",
        )
        await hub.ask(station, HUB)
        for nth in range(_PHONES):
            unit = q.EnrolUnit(
                unit=f"u{nth}", name=f"巡{nth}", kind="patrol_car", service="110", station="st1",
                phone=f"138{nth:08}", officers=[f"民警{nth}"], area=None,
            )  # fmt: skip
            await hub.ask(unit, HUB)
        for nth in range(CAMERAS):
            await hub.ask(q.EnrolCamera(camera=f"k{nth}", name=f"路口{nth}", lat=29.0, lon=113.0), HUB)
            await accounts.set_camera_address(f"k{nth}", f"edge://{_AGENT}/rtsp://127.0.0.1:9/k{nth}")
        return _Site(
            desks=[await sign_in(accounts, f"dispatcher-{nth}") for nth in range(_DESKS)],
            phones=[await sign_in(accounts, f"officer-{nth}", "officer", f"u{nth}") for nth in range(_PHONES)],
            agent_key=await accounts.issue(AGENT + _AGENT),
        )


class _Work:
    """What comes to the hub, and how much of it was taken."""

    def __init__(self, folder: Path, hub: Served, site: _Site, sizes: Sizes) -> None:
        self._folder = folder
        self._hub = hub
        self._site = site
        self._sizes = sizes
        self._clock = SystemClock()
        self._first_seq: int | None = None
        self._last_seq = 0
        self._fixes = 0
        self._outbox: Outbox

    async def done(self) -> list[_Sample]:
        """Do it, and return how the hub was at its beginning, after each quarter of the time, and once all is done."""
        self._outbox = await Outbox.open(self._folder / "outbox.sqlite3")
        link = HubLink(
            [self._hub.url.replace("http", "ws", 1)], self._site.agent_key, _AGENT, self._outbox, self._clock, _ignore
        )
        samples = [self._sample()]
        http = aiohttp.ClientSession(self._hub.url, cookie_jar=aiohttp.DummyCookieJar())
        async with http, asyncio.TaskGroup() as tasks:
            linking = tasks.create_task(link.run())
            async with asyncio.TaskGroup() as works:
                for nth in range(_DESKS):
                    works.create_task(self._at_desk(http, nth))
                for nth in range(_PHONES):
                    works.create_task(self._in_the_field(http, nth))
                for nth in range(self._sizes.consoles):
                    works.create_task(self._come_and_go(nth))
                works.create_task(self._tell_passages())
                for _ in range(_QUARTERS - 1):
                    await self._clock.sleep(round(self._sizes.seconds * 1000 / _QUARTERS))
                    samples.append(self._sample())
            samples.append(self._sample())
            linking.cancel()
        await self._outbox.close()
        return samples

    def _sample(self) -> _Sample:
        facts = self._last_seq - (self._first_seq or self._last_seq)
        passages = self._outbox.newest - self._outbox.items
        return _Sample(self._hub.rss_mib(), facts + self._fixes + passages)

    async def _at_desk(self, http: aiohttp.ClientSession, nth: int) -> None:
        who = self._site.desks[nth]

        async def ask(request: q.Request, key: str) -> str:
            headers = {"Cookie": who.cookie, "X-CSRF-Token": who.csrf, "Idempotency-Key": key}
            async with http.post("/api/v1/requests", data=msgspec.json.encode(request), headers=headers) as response:
                response.raise_for_status()
                answer = msgspec.json.decode(await response.read(), type=Answer)
            if self._first_seq is None:
                self._first_seq = answer.seq
            self._last_seq = max(self._last_seq, answer.seq)
            return answer.subject

        per_s = self._sizes.matters_per_s / _DESKS
        async for number in paced(self._clock, round(self._sizes.seconds * per_s), per_s):
            await matter(ask, number * _DESKS + nth)

    async def _in_the_field(self, http: aiohttp.ClientSession, nth: int) -> None:
        who = self._site.phones[nth]
        headers = {"Cookie": who.cookie, "X-CSRF-Token": who.csrf}
        fixes = round(self._sizes.fixes_per_s / _PHONES)
        async for _ in paced(self._clock, round(self._sizes.seconds), 1.0):
            now_ms = self._clock.now_ms()
            told = [{"at_ms": now_ms - step * 1000 // fixes, "lat": 29.0 + nth / 1000, "lon": 113.0, "accuracy_m": 5}
                    for step in range(fixes)]  # fmt: skip
            body = msgspec.json.encode({"fixes": told})
            async with http.post("/api/v1/positions", data=body, headers=headers) as response:
                response.raise_for_status()
            self._fixes += fixes

    async def _tell_passages(self) -> None:
        a_second = round(self._sizes.passages_per_s)
        async for second in paced(self._clock, round(self._sizes.seconds), 1.0):
            now_ms, first = self._clock.now_ms(), second * a_second
            await self._outbox.put([passage_of(n, now_ms + n - first) for n in range(first, first + a_second)])

    async def _come_and_go(self, nth: int) -> None:
        sizes, cookie = self._sizes, self._site.desks[nth % _DESKS].cookie
        await self._clock.sleep(round(nth * sizes.stay_s * 1000 / sizes.consoles))
        async for _ in paced(self._clock, round(sizes.seconds / sizes.stay_s), 1 / sizes.stay_s):
            await self._follow(cookie)

    async def _follow(self, cookie: str) -> None:
        host, _, port = self._hub.url.removeprefix("http://").partition(":")
        console = Console(f"{host}:{port}", cookie, _TABLES, None)
        await asyncio.get_running_loop().create_connection(lambda: console, host, int(port))
        await console.subscribed
        await self._clock.sleep(round(self._sizes.stay_s * 900))
        console.close()


async def _ignore(_config: Config) -> None:
    """The agent's cameras are what it tells of."""
