"""Two hubs that share PostgreSQL and Redis: however the halves of a drive come to them, it is one violation (R692)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.bus import RedisBus
from command.facts.violations import Restriction
from command.journal.postgres import PostgresJournal
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.postgres import Postgres
from command.passages import Passages
from command.readings import Position, Sighting, SightingQuery
from command.readings.postgres import PostgresReadings
from command.requests import SetRestriction, SetSection
from consoles.parts.violations.part import Violations
from tests.command.rules.test_violations import section
from tests.command.support import ADMIN, START_MS, Desk, desk

_SECTION = replace(section(), measured_ms=START_MS - 86_400_000, certificate_until_ms=START_MS + 300 * 86_400_000)
DRIVES = 12


@dataclass
class Judge:
    """A hub that judges what comes to it."""

    d: Desk
    passages: Passages
    violations: Violations
    readings: PostgresReadings
    bus: RedisBus

    async def plates(self) -> list[str]:
        """Of all violations that it knows once it knows what any hub recorded."""
        await self.violations.idle()
        self.d.hub.look()
        await self.d.hub.catch_up(self.d.hub.committed_seq + 1)
        return sorted(row.plate for row in (await self.d.table("violations")).values())


async def _no_fixes(_: Sequence[Position]) -> None:
    pass


@asynccontextmanager
async def judges(folder: Path, database: str, redis: str, *, heard: bool = True) -> AsyncIterator[tuple[Judge, Judge]]:
    """Run two hubs, on a bus by which they hear of each other at once unless `heard` says otherwise."""
    blobs = FolderBlobs(folder, SiteKey(b"k" * 32).box("blobs"))
    clock = VirtualClock(START_MS)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        made: list[Judge] = []
        running: list[asyncio.Task[None]] = []
        for name in ("one", "other"):
            postgres = await Postgres.open(database, (), "site")
            stack.push_async_callback(postgres.close)
            readings = await PostgresReadings.open(database)
            stack.push_async_callback(readings.close)
            journal = await PostgresJournal.open(postgres)
            d = await stack.enter_async_context(desk(journal, clock=clock, enrolled=name == "one"))
            passages = Passages(d.hub, readings)
            violations = Violations(d.hub, readings, blobs, passages)
            bus = RedisBus(redis, d.hub, name, SystemClock(), _no_fixes)
            running.append(tasks.create_task(violations.run()))
            if heard:
                running.append(tasks.create_task(bus.run()))
            made.append(Judge(d, passages, violations, readings, bus))
        one, other = made
        try:
            while heard and not (one.bus.up and other.bus.up):
                await SystemClock().sleep(20)
            yield one, other
        finally:
            for task in running:
                task.cancel()


def halves(nth: int) -> tuple[Sighting, Sighting]:
    """A car that is too fast, at the start and at the end."""
    first_ms = START_MS + 1000 + nth * 10
    start = Sighting(
        camera="k1", plate=f"京A123{nth:02}", colour="blue", first_ms=first_ms, last_ms=first_ms + 500, reads=6,
        confidence=0.97, picture="ab" * 32, box=(100, 300, 80, 26),
    )  # fmt: skip
    return start, replace(start, camera="k2", first_ms=first_ms + 80_000, last_ms=first_ms + 80_500)


async def test_halves_that_two_hubs_store_and_judge_at_the_same_moment_are_one_violation(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    async with judges(tmp_path, postgres_url, redis_url) as (one, other):
        await one.d.ask(SetSection(section="sec1", definition=_SECTION), ADMIN)
        await other.d.hub.catch_up(one.d.hub.committed_seq)
        wanted = []
        for nth in range(DRIVES):
            start, end = halves(nth)
            wanted.append(start.plate)
            at, after = (one, other) if nth % 2 else (other, one)
            match nth % 4:
                case 0 | 1:  # at once, each at its hub
                    await asyncio.gather(at.passages.add([start]), after.passages.add([end]))
                case 2:  # both are stored before either is judged, so that both hubs find it
                    await at.readings.add_sightings("live", [start, end])
                    at.violations.hear([start])
                    after.violations.hear([end])
                case _:  # the end is there, and judged in vain, before the start comes
                    await after.passages.add([end])
                    await after.violations.idle()
                    await at.passages.add([start])
            await asyncio.gather(one.violations.idle(), other.violations.idle())
        assert await one.plates() == await other.plates() == wanted
        assert one.violations.counters.found + other.violations.counters.found >= DRIVES + DRIVES // 4
        refused = one.violations.counters.refused + other.violations.counters.refused
        assert refused == one.violations.counters.failed + other.violations.counters.failed == 0


async def test_both_halves_at_both_hubs_at_once_are_one_violation(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    """As when an agent tells a passage again at another hub, since the answer of the first was lost."""
    async with judges(tmp_path, postgres_url, redis_url) as (one, other):
        await one.d.ask(SetSection(section="sec1", definition=_SECTION), ADMIN)
        await other.d.hub.catch_up(one.d.hub.committed_seq)
        everything = [half for nth in range(4) for half in halves(nth)]
        await asyncio.gather(one.passages.add(everything), other.passages.add(everything[::-1]))
        await asyncio.gather(one.violations.idle(), other.violations.idle())
        assert await one.plates() == await other.plates() == sorted({half.plate for half in everything})


@pytest.mark.parametrize("first", ["start", "end"])
async def test_a_hub_that_hears_of_the_section_after_its_half_passed_still_finds_the_drive(
    first: str, tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    async with judges(tmp_path, postgres_url, redis_url, heard=False) as (one, other):
        await other.d.table("violations")  # it reads the record as it is before there is a section
        await one.d.ask(SetSection(section="sec1", definition=_SECTION), ADMIN)
        start, end = halves(0)
        one.d.clock.advance(end.last_ms + 1000)
        if first == "start":
            await one.passages.add([start])
            await one.violations.idle()
            await other.passages.add([end])
        else:
            await one.passages.add([end])
            await one.violations.idle()
            await other.passages.add([start])
        await other.violations.idle()
        assert await one.plates() == []
        await other.d.hub.catch_up(one.d.hub.committed_seq)
        assert await other.plates() == await one.plates() == [start.plate]


async def test_a_passage_is_judged_by_a_rule_that_is_heard_of_while_it_is_judged(
    tmp_path: Path, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # R604
    async with judges(tmp_path, postgres_url, redis_url, heard=False) as (one, other):
        await one.d.ask(SetSection(section="sec1", definition=_SECTION), ADMIN)
        await other.d.hub.catch_up(one.d.hub.committed_seq)
        await other.d.table("sections")
        area = Restriction(name="城区限行", cameras=("k1",), last_digits=(0,))
        await one.d.ask(SetRestriction(restriction="r1", definition=area), ADMIN)
        start, _ = halves(0)
        one.d.clock.advance(start.last_ms + 1000)
        search = other.readings.search

        async def hear_first(space: str, query: SightingQuery) -> list[Sighting]:
            await other.d.hub.catch_up(one.d.hub.committed_seq)
            return await search(space, query)

        monkeypatch.setattr(other.readings, "search", hear_first)
        await other.passages.add([start])
        await other.violations.idle()
        assert await other.plates() == [start.plate]
