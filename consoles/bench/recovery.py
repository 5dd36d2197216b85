"""Recovery: from starting `triune serve` on a long record to its being ready, and the memory of a hub in full use."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from command import requests as q
from command.access.keys import SiteKey
from command.actors import HUB
from command.hub import Hub
from command.journal.heads import PURPOSE, HeadKey
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import SqliteDatabase
from command.links import cursors as link_cursors
from command.links.cursors import Cursors
from command.snapshots import SnapshotFolder, keep_snapshots, start_from_snapshot
from command.tables import Tables
from command.wire import TABLES
from consoles.bench import crowd
from consoles.bench.crowded_site import crowd_at, sign_in
from consoles.bench.matters import FACTS_PER_MATTER, record
from consoles.bench.report import Report, Step
from consoles.bench.served import Served, accounts_of, started
from consoles.http.context import LIVE

_DAYS = 60
_DAY_MS = 24 * 60 * 60 * 1000
_PEOPLE = 5


@dataclass(frozen=True)
class Sizes:
    """How long the record is, and what the hub serves once it is back."""

    facts: int = 1_000_000
    units: int = 5_000
    cameras: int = 2_000
    consoles: int = 500


QUICK = Sizes(facts=4_000, units=20, cameras=10, consoles=8)


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Start on a 16th, a quarter and all of the record; the figures are of the last, whose consoles come back too."""
    steps: list[Step] = []
    await (await accounts_of(folder)).close()  # a record without them is one that lost them
    for times in (1, 4, 16):
        facts = await _lengthen(folder, sizes, sizes.facts * times // 16)
        async with started(folder) as (hub, start):
            steps.append(Step(times, "facts, served again", facts, start.cpu_s / facts * 1e6))
            alone_mib = hub.rss_mib()
            if times == 16:
                rss_mib = await _in_full_use(folder, hub, sizes.consoles)
    return Report(
        "recovery",
        {
            "facts": facts,
            "seconds": round(start.seconds, 2),
            "rss_mib": round(rss_mib),
            "rss_alone_mib": round(alone_mib),
            "cpu_s": round(start.cpu_s, 2),
            "units": sizes.units,
            "cameras": sizes.cameras,
            "consoles": sizes.consoles,
        },
        steps,
    )


async def _lengthen(folder: Path, sizes: Sizes, facts: int) -> int:
    """Record days of matters until there are so many facts; return how many there are.

    What goes on beside a hub was done all along, not left for its next start: snapshots, signed heads, links told.
    """
    key = HeadKey(SiteKey.load(folder / "site.key").derive(PURPOSE))
    journal = SqliteJournal(folder / "journal.sqlite3")
    begun = await journal.read(LIVE, 0, 1)
    newest = await journal.read(LIVE, (await journal.head(LIVE)).seq - 1, 1)
    clock = VirtualClock(newest[0].at_ms if begun else SystemClock().now_ms() - _DAYS * _DAY_MS)
    hub, snapshots = Hub(LIVE, clock, journal), SnapshotFolder(folder / "snapshots")
    signer = HeadSigner(LIVE, journal, key, SystemClock())
    await signer.resume()
    from_seq = await start_from_snapshot(hub, snapshots)
    await hub.load()
    async with asyncio.TaskGroup() as tasks:
        work = (hub.run(), keep_snapshots(hub, snapshots, clock, from_seq), signer.run())
        running = [tasks.create_task(each) for each in work]
        if not begun:
            await _enrol(hub, sizes)
        while hub.committed_seq < facts:
            first = hub.committed_seq
            day = min(sizes.facts // _DAYS, facts - first)
            await record(hub, range(first, first + day, FACTS_PER_MATTER))
            await _pass(hub, clock, clock.now_ms() + _DAY_MS)
        for task in running:
            task.cancel()
    while signer.signed_seq < hub.committed_seq:
        await signer.sign(is_due=True)
    await journal.close()
    cursors = Cursors(SqliteDatabase(folder / "links.sqlite3", link_cursors.SCHEMA, "links"))
    for link in ("case", "approval"):
        await cursors.store(link, hub.committed_seq)
    await cursors.close()
    return hub.committed_seq


async def _pass(hub: Hub, clock: VirtualClock, to_ms: int) -> None:
    """Let time pass from one deadline to the next; each of them brings a fact about."""
    while (at_ms := await hub.read(_next_deadline_ms)) is not None and at_ms <= to_ms:
        seq = hub.committed_seq
        clock.advance(at_ms)
        await hub.wait_beyond(seq)
    clock.advance(to_ms)


def _next_deadline_ms(t: Tables) -> int | None:
    return min((deadline.at_ms for deadline in t.deadlines), default=None)


async def _enrol(hub: Hub, sizes: Sizes) -> None:
    station = q.EnrolStation(
        station="st1", name="城关所", service="110", lat=29.0, lon=113.0, leader="李所长", leader_phone="13900000001"
    )
    await hub.ask(station, HUB)
    units = [
        q.EnrolUnit(
            unit=f"u{n}", name=f"巡{n}", kind="patrol_car", service="110", station="st1", phone=f"138{n:08}",
            officers=[f"民警{n}"], area=None,
        )
        for n in range(sizes.units)
    ]  # fmt: skip
    devices = [q.EnrolDevice(device=f"d{n}", kind="jt808", unit=f"u{n}") for n in range(sizes.units)]
    cameras = [
        q.EnrolCamera(camera=f"k{n}", name=f"路口{n}", lat=29.0 + n % 100 / 1000, lon=113.0 + n // 100 / 1000)
        for n in range(sizes.cameras)
    ]
    requests: list[q.Request] = [*units, *devices, *cameras]
    for some in range(0, len(requests), 1000):
        await asyncio.gather(*(hub.ask(request, HUB) for request in requests[some : some + 1000]))


async def _in_full_use(folder: Path, hub: Served, consoles: int) -> float:
    """Return the memory with so many consoles, each of which follows every table."""
    accounts = await accounts_of(folder)
    people = [await sign_in(accounts, f"dispatcher-{nth}") for nth in range(_PEOPLE)]
    await accounts.close()
    host, _, port = hub.url.removeprefix("http://").partition(":")
    tables = sorted(set(TABLES) - {"devices"})
    async with crowd_at(crowd.Site(host=host, port=int(port), people=people, tables=tables)) as followers:
        await followers.grow(consoles)
        return hub.rss_mib()
