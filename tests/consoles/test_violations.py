"""Passages are judged whenever they come, once; their evidence is pictures at once and the clip when it is there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.facts.violations import PictureRegion
from command.passages import Passages
from command.readings import Readings, Sighting
from command.readings.memory import MemoryReadings
from command.requests import EndRule, SetRegions, SetSection
from command.rows import ViolationRow
from consoles.parts.recording import Recorded
from consoles.parts.violations.packs import Packs
from consoles.parts.violations.part import Violations
from streams.recorder.archive import OwnArchive
from streams.violations import pack
from tests.command.rules.test_violations import DAY_MS, LEFT, section
from tests.command.support import ADMIN, Desk, desk
from tests.streams.recorder.support import Rig, rig
from tests.streams.test_fmp4 import AT_MS

_SECTION = replace(section(), measured_ms=AT_MS - DAY_MS, certificate_until_ms=AT_MS + 300 * DAY_MS)


def scene(shade: int = 90) -> bytes:
    """A street of one grey, as a JPEG of 960 x 540."""
    ok, jpeg = cv2.imencode(".jpg", np.full((540, 960, 3), shade, np.uint8))
    assert ok
    return jpeg.tobytes()


@dataclass
class Watch:
    """A hub that judges, as often begun anew as the test wants."""

    d: Desk
    one: Rig
    readings: Readings
    blobs: FolderBlobs
    violations: Violations
    passages: Passages
    tasks: asyncio.TaskGroup
    running: asyncio.Task[None]

    async def begin_anew(self) -> None:
        """Forget everything that is not stored."""
        self.running.cancel()
        self.passages = Passages(self.d.hub, self.readings)
        self.violations = Violations(self.d.hub, self.readings, self.blobs, self.passages)
        self.running = self.tasks.create_task(self.violations.run())

    async def seen(self, camera: str, after_s: float, **changes: Any) -> None:
        """A car passes; return once that is judged."""
        await self.passages.add([await self.sighting(camera, after_s, **changes)])
        await self.violations.idle()

    async def sighting(self, camera: str, after_s: float, **changes: Any) -> Sighting:
        first_ms = AT_MS + int(after_s * 1000)
        given: dict[str, Any] = {
            "camera": camera, "plate": "京A12345", "colour": "blue", "first_ms": first_ms, "last_ms": first_ms + 500,
            "reads": 6, "confidence": 0.97, "picture": await self.blobs.add(scene()), "box": (100, 300, 80, 26),
        }  # fmt: skip
        return Sighting(**given | changes)

    async def found(self) -> list[ViolationRow]:
        return list((await self.d.table("violations")).values())

    def packs(self) -> Packs:
        recorded = Recorded(lambda _: OwnArchive(self.one.store, self.one.clock), lambda: self.one.store)
        return Packs(self.d.hub, self.blobs, "abc", recorded)


@asynccontextmanager
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    blobs = FolderBlobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs"))
    async with rig(tmp_path / "recordings") as one, desk(clock=one.clock) as d, asyncio.TaskGroup() as tasks:
        readings = MemoryReadings()
        passages = Passages(d.hub, readings)
        violations = Violations(d.hub, readings, blobs, passages)
        running = tasks.create_task(violations.run())
        at_work = Watch(d, one, readings, blobs, violations, passages, tasks, running)
        await d.ask(SetSection(section="sec1", definition=_SECTION), ADMIN)
        try:
            yield at_work
        finally:
            at_work.running.cancel()


async def test_a_drive_is_found_although_the_hub_began_anew_in_between(tmp_path: Path) -> None:  # R604
    async with watch(tmp_path) as w:
        await w.seen("k1", 10)
        await w.begin_anew()
        await w.seen("k2", 90)
        [row] = await w.found()
        assert (row.finding.speed_kmh, row.plate) == (88.2, "京A12345")


async def test_halves_that_come_late_and_in_the_wrong_order_are_one_drive(tmp_path: Path) -> None:  # R604
    async with watch(tmp_path) as w:
        w.one.clock.advance(AT_MS + 5 * 3_600_000)
        await w.seen("k2", 90, source="edge")
        assert await w.found() == []
        await w.seen("k1", 10, source="edge")
        await w.seen("k1", 10, source="edge")  # told twice
        await w.seen("k2", 90, source="edge")
        assert len(await w.found()) == 1


async def test_what_a_hub_left_unjudged_is_judged_by_the_sweep(tmp_path: Path) -> None:  # R604
    async with watch(tmp_path) as w:
        w.one.clock.advance(AT_MS + 100_000)
        await w.readings.add_sightings("live", [await w.sighting("k1", 10), await w.sighting("k2", 90)])
        for _ in range(2):
            await w.violations.sweep()
        assert len(await w.found()) == 1
        assert w.violations.counters.found == 4  # each half, at each sweep: recorded once


async def test_in_doubt_or_by_a_rule_that_ended_nothing_is_found(tmp_path: Path) -> None:  # R602, R603
    async with watch(tmp_path) as w:
        await w.seen("k1", 10)
        await w.seen("k2", 90, plate="京A12346")
        await w.seen("k2", 91, confidence=0.6)
        await w.seen("k3", 95)
        assert await w.found() == []
        assert w.violations.counters.unsure == 1
        await w.d.ask(EndRule(register="sections", rule="sec1", why="改造"), ADMIN)
        await w.seen("k1", 1000)
        await w.seen("k2", 1080)
        assert await w.found() == []
        assert w.violations.counters.not_in_force == 0  # no version of it began, so nothing was judged


async def test_a_lane_is_judged_by_what_the_picture_shows_too(tmp_path: Path) -> None:  # R606
    async with watch(tmp_path) as w:
        lane = PictureRegion(name="应急车道", ring=LEFT, lane=1, use="emergency", travel="away")
        await w.d.ask(SetRegions(camera="k1", regions=(lane,)), ADMIN)
        await w.seen("k1", 10, lane=1, box=(800, 300, 80, 26))
        assert await w.found() == []
        await w.seen("k1", 60, lane=1, box=(340, 300, 80, 26), direction="towards")
        assert {row.finding.kind for row in await w.found()} == {"emergency_lane", "wrong_way"}
        await w.seen("k1", 65, lane=1, box=(340, 300, 80, 26), direction="towards")
        assert len(await w.found()) == 2  # still the same drive


async def test_evidence_is_pictures_at_once_and_the_clip_when_it_is_recorded(tmp_path: Path) -> None:  # R608
    async with watch(tmp_path) as w:
        lane = PictureRegion(name="应急车道", ring=LEFT, lane=1, use="emergency")
        await w.d.ask(SetRegions(camera="k1", regions=(lane,)), ADMIN)
        await w.one.run(20)
        await w.seen("k1", 18, lane=1, box=(340, 300, 80, 26))
        packs = w.packs()
        await packs.look()
        [row] = await w.found()
        assert row.clip == "pending"
        pictures = pack.decode(await w.blobs.get(row.manifest))
        assert [(part.name, part.about) for part in pictures.parts] == [
            ("scene-1.jpg", "scene"), ("plate-1.jpg", "plate"),
        ]  # fmt: skip
        [lock] = w.one.store.locks("k1")
        assert (lock.from_ms, lock.to_ms) == (AT_MS + 13_000, AT_MS + 23_500)
        await packs.look()
        assert (await w.found())[0].clip == "pending"  # what comes after the passage is not recorded yet
        await w.one.run(10)
        await packs.look()
        [row] = await w.found()
        whole = pack.decode(await w.blobs.get(row.manifest))
        assert (row.clip, whole.clips[0].missing_ms, whole.clips[0].state) == ("ready", 0, "ready")
        assert whole.rule.version == row.finding.version
        assert whole.rule.regions == (lane,)
        for part in whole.parts:
            data = await w.blobs.get(part.sha256)
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (part.sha256, part.size)
        assert w.one.store.locks("k1") == []
        assert not list((tmp_path / "recordings" / "clips").glob("*"))  # kept with the evidence, not twice


async def test_a_clip_that_never_comes_is_said_to_be_missing(tmp_path: Path) -> None:  # R608
    async with watch(tmp_path) as w:
        await w.seen("k1", 10)
        await w.seen("k2", 90)
        packs = w.packs()
        await packs.look()
        w.one.clock.advance(AT_MS + 150_000)
        await packs.look()
        assert (await w.found())[0].clip == "pending"
        w.one.clock.advance(AT_MS + 300_000)
        await packs.look()
        [row] = await w.found()
        assert (row.clip, row.clip_why) == ("missing", "not_recorded")
        whole = pack.decode(await w.blobs.get(row.manifest))
        assert [part.name for part in whole.parts] == ["scene-1.jpg", "plate-1.jpg", "scene-2.jpg", "plate-2.jpg"]
        assert [note.state for note in whole.clips] == ["missing", "missing"]
