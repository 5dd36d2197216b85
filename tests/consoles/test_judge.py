"""Passages that come are judged whatever is with those that came before. Rules R855 and R856."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from command.facts.violations import Restriction
from command.kernel.errors import DamagedFileError
from command.readings import Sighting
from command.requests import ReportHit, SetRestriction, SetSection
from consoles.parts.hits import HitFinder, Hits
from consoles.parts.violations.part import Violations
from tests.command.rules.test_violations import section
from tests.command.support import ADMIN, HOUR_MS, MINUTE_MS, START_MS
from tests.consoles.hits_hub import PLATE, a_hub, passage
from tests.consoles.test_hits import scene

MIDNIGHT_MS = 1_700_006_400_000  # UTC, when a day of readings ends
_PAGE_BYTES = 4096


async def a_day_before(tmp_path: Path) -> Path:
    """Return the file of readings of the day that ended 10 minutes ago at a hub with an entry for `PLATE`."""
    async with a_hub(tmp_path, MIDNIGHT_MS - 20 * MINUTE_MS, finds=False) as hub:
        await hub.watch()
        passed = [passage(at_ms=MIDNIGHT_MS - 10 * MINUTE_MS + n, plate=f"湘A{n:05d}") for n in range(200)]
        await hub.passages.add(passed)
    return tmp_path / "readings" / "live" / "2023-11-14.sqlite3"


def damage(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:_PAGE_BYTES] + b"\xa5" * (len(whole) - _PAGE_BYTES))


async def test_a_damaged_day_of_readings_keeps_no_hit_back_and_is_told_until_it_is_not_looked_for(  # R855
    tmp_path: Path,
) -> None:
    damage(await a_day_before(tmp_path))
    async with a_hub(tmp_path, MIDNIGHT_MS + 10 * MINUTE_MS) as hub:
        await hub.until(lambda: list(hub.finder.degraded()) != [])
        await hub.passages.add([passage(at_ms=hub.d.clock.now_ms())])
        await hub.until(lambda: hub.hits.counters.found == 1)
        await hub.finder.sweep()
        assert list(hub.finder.degraded()) == ["the watch list: what passed of late cannot be looked through"]
        hub.d.clock.advance(MIDNIGHT_MS + 61 * MINUTE_MS)
        await hub.until(lambda: list(hub.finder.degraded()) == [])


async def test_passages_that_come_are_judged_while_the_readings_are_away(tmp_path: Path) -> None:  # R855
    file = await a_day_before(tmp_path)
    kept = file.rename(tmp_path / "kept.sqlite3")
    file.mkdir()
    async with a_hub(tmp_path, MIDNIGHT_MS + 10 * MINUTE_MS) as hub:
        await hub.until(lambda: list(hub.finder.degraded()) != [])
        await hub.passages.add([passage(at_ms=hub.d.clock.now_ms())])
        await hub.until(lambda: hub.hits.counters.found == 1)
        assert list(hub.finder.degraded()) != []
        file.rmdir()
        kept.rename(file)
        await hub.until(lambda: list(hub.finder.degraded()) == [])


class Damaged(HitFinder):
    """One that finds a damaged file with one plate."""

    async def judge(self, sighting: Sighting, *, late: bool) -> None:
        if sighting.plate == "湘F00001":
            raise DamagedFileError("the readings of yesterday are damaged")
        await super().judge(sighting, late=late)


async def test_a_passage_for_which_a_damaged_file_is_wanted_keeps_no_other_back(tmp_path: Path) -> None:  # R855
    async with a_hub(tmp_path, finds=False) as hub:
        await hub.watch()
        finder = Damaged(hub.d.hub, hub.readings, hub.passages, hub.hits)
        await hub.passages.add([passage(plate="湘F00001"), passage()])
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(finder.run())
            await hub.until(lambda: not finder._waiting)
            running.cancel()
        assert [hit.plate for hit in await hub.found()] == [PLATE]
        assert hub.hits.counters.failed == 1


async def test_an_area_is_judged_although_the_other_end_of_a_drive_cannot_be_looked_for(tmp_path: Path) -> None:  # R855
    damage(await a_day_before(tmp_path))
    async with a_hub(tmp_path, MIDNIGHT_MS, finds=False) as hub, asyncio.TaskGroup() as tasks:
        driven = section(measured_ms=MIDNIGHT_MS - 2 * HOUR_MS, certificate_until_ms=MIDNIGHT_MS + 900 * HOUR_MS)
        await hub.d.ask(SetSection(section="sec1", definition=driven), ADMIN)
        area = Restriction(name="城区限行", cameras=("k1",), last_digits=(5,))
        await hub.d.ask(SetRestriction(restriction="r1", definition=area), ADMIN)
        violations = Violations(hub.d.hub, hub.readings, hub.blobs, hub.passages)
        running = tasks.create_task(violations.run())
        hub.d.clock.advance(MIDNIGHT_MS + MINUTE_MS)
        picture = await hub.blobs.add(scene())
        await hub.passages.add([passage(at_ms=MIDNIGHT_MS + MINUTE_MS, plate="京A12345", picture=picture, reads=6)])
        await violations.idle()
        assert (violations.counters.found, violations.counters.failed) == (1, 1)
        running.cancel()


class Overtaken(Hits):
    """Those of a hub whose inbox is filled by others while it gathers what helps to find the car."""

    fill: Callable[[], None]

    async def told_more(self, hit: ReportHit) -> ReportHit:
        told = await super().told_more(hit)
        self.fill()
        return told


async def test_a_hit_that_finds_the_inbox_full_is_asked_for_again_each_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R856
    async with a_hub(tmp_path, finds=False) as hub, asyncio.TaskGroup() as tasks:
        await hub.watch()
        hits = Overtaken(hub.d.hub, hub.readings, hub.blobs, None)
        finder = HitFinder(hub.d.hub, hub.readings, hub.passages, hits)
        running = tasks.create_task(finder.run())
        with monkeypatch.context() as for_now:
            hits.fill = lambda: for_now.setattr("command.hub.INBOX_REQUESTS", 0)
            await hub.passages.add([passage()])
            await hub.until(lambda: hub.d.clock.now_ms() > START_MS + 5000)
        hits.fill = lambda: None
        await hub.until(lambda: hits.counters.found == 1)
        assert (hits.counters.refused, [hit.plate for hit in await hub.found()]) == (0, [PLATE])
        running.cancel()
