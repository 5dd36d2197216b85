"""Passages are judged whenever they come, once; their evidence is pictures at once and the clip when it is there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.facts.violations import PictureRegion, Restriction, ViolationKind
from command.kernel.clock_sync import KernelClock
from command.kernel.limits import VIOLATION_TAKE_BACK_MS
from command.passages import Passages
from command.readings import Readings, Sighting
from command.readings.memory import MemoryReadings
from command.requests import (
    ClaimViolation,
    ConfirmViolation,
    EndRule,
    EnrolCamera,
    Request,
    SetRegions,
    SetRestriction,
    SetSection,
)
from command.rows import ViolationRow
from consoles.parts.agents.registry import AgentState
from consoles.parts.recording import Recorded
from consoles.parts.violations.devices import Devices
from consoles.parts.violations.packs import Packs
from consoles.parts.violations.part import Violations
from streams.recorder.archive import OwnArchive
from streams.violations import pack
from streams.violations.pack import DeviceNote
from streams.violations.paper import paper
from tests.command.rules.test_violations import DAY_MS, LEFT, section
from tests.command.support import ACTORS, ADMIN, Desk, desk
from tests.streams.recorder.support import CONTINUOUS, Feed, Rig, rig
from tests.streams.test_fmp4 import AT_MS
from tests.streams.violations.support import english, read_out

_CHANNEL = "43062100001320000017"
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

    def packs(
        self, addresses: Mapping[str, str] | None = None, agents: Mapping[str, AgentState] | None = None
    ) -> Packs:
        async def known() -> Mapping[str, str]:
            return addresses or {}

        recorded = Recorded(lambda _: OwnArchive(self.one.store, self.one.clock), lambda: self.one.store)
        devices = Devices(known, agents or {}, lambda: KernelClock(0, 0, 1000, 11_500))
        return Packs(self.d.hub, self.blobs, "abc", recorded, devices)


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
        for sweeps in (1, 2):
            await w.violations.sweep()
            assert len(await w.found()) == 1
            assert w.violations.counters.found == 2, sweeps  # each half, at the first sweep: recorded once
        await w.begin_anew()
        await w.violations.sweep()
        assert (len(await w.found()), w.violations.counters.found) == (1, 2)


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


@dataclass(frozen=True)
class Case:
    """What is registered, and a car that breaks it: before which camera, when, and how it was seen."""

    kind: ViolationKind
    rule: Request | None
    seen: tuple[tuple[str, float], ...] = (("k1", 18),)
    how: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        return 2 + int(self.seen[-1][1])


def _lane(**means: Any) -> SetRegions:
    return SetRegions(camera="k1", regions=(PictureRegion(name="左侧车道", ring=LEFT, lane=1, **means),))


_IN_LANE = {"lane": 1, "box": (340, 300, 80, 26)}
_AREA = Restriction(name="城区限行", cameras=("k1",), last_digits=(5,))
CASES = (
    Case("interval_speed", None, (("k1", 8), ("k2", 40))),
    Case("restricted_area", SetRestriction(restriction="r1", definition=_AREA)),
    Case("bus_lane", _lane(use="bus"), how=_IN_LANE),
    Case("emergency_lane", _lane(use="emergency"), how=_IN_LANE),
    Case("wrong_way", _lane(travel="away"), how={**_IN_LANE, "direction": "towards"}),
)


async def broken(w: Watch, case: Case) -> ViolationRow:
    """Record both cameras, let the car pass, and return what was found."""
    w.one.cameras["k2"] = Feed()
    w.one.recorder.set_policies({"k1": CONTINUOUS, "k2": CONTINUOUS})
    await w.one.recorder.flush()
    if case.rule is not None:
        await w.d.ask(case.rule, ADMIN)
    await w.one.run(case.seconds)
    for camera, after_s in case.seen:
        await w.seen(camera, after_s, **case.how)
    [row] = await w.found()
    return row


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
async def test_evidence_is_pictures_at_once_and_the_clip_when_it_is_recorded(
    tmp_path: Path, case: Case
) -> None:  # R608, R820, R821, R823
    async with watch(tmp_path) as w:
        row = await broken(w, case)
        assert row.finding.kind == case.kind
        packs = w.packs()
        await packs.look()
        [row] = await w.found()
        assert row.clip == "pending"
        pictures = pack.decode(await w.blobs.get(row.manifest))
        assert [(part.name, part.about) for part in pictures.parts] == [
            (f"{about}-{number}.jpg", about) for number in range(1, len(case.seen) + 1) for about in ("scene", "plate")
        ]
        for camera, after_s in case.seen:
            [lock] = w.one.store.locks(camera)
            first_ms = AT_MS + int(after_s * 1000)
            assert (lock.from_ms, lock.to_ms) == (first_ms - 5000, first_ms + 5500)
        await packs.look()
        assert (await w.found())[0].clip == "pending"  # what comes after the passage is not recorded yet
        await w.one.run(10)
        await packs.look()
        [row] = await w.found()
        whole = pack.decode(await w.blobs.get(row.manifest))
        assert (row.clip, [(note.missing_ms, note.state) for note in whole.clips]) == (
            "ready", [(0, "ready")] * len(case.seen),
        )  # fmt: skip
        for part in whole.parts:
            data = await w.blobs.get(part.sha256)
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (part.sha256, part.size)
        for camera, _ in case.seen:
            assert w.one.store.locks(camera) == []
        assert not list((tmp_path / "recordings" / "clips").glob("*"))  # kept with the evidence, not twice
        judged_by(whole, row, case)
        tells_all(whole, row, case)


def judged_by(whole: pack.Manifest, row: ViolationRow, case: Case) -> None:
    """The version of the rule stands there whole."""
    assert (whole.rule.version, whole.rule.registered_ms, whole.rule.from_ms) == (row.finding.version, AT_MS, AT_MS)
    match case.rule:
        case SetRegions(regions=regions):
            assert whole.rule.regions == regions
        case SetRestriction(definition=definition):
            assert whole.rule.restriction == definition
        case _:
            assert whole.rule.section == _SECTION


def tells_all(whole: pack.Manifest, row: ViolationRow, case: Case) -> None:
    """The paper has device, clock, calibration and every hash, in Chinese; the section's camera is a known device."""
    assert [note.number for note in whole.devices] == ["GD"] * len(case.seen)
    assert {(note.agent, note.hub_clock_error_ms) for note in whole.devices} == {("", 12)}
    lines = read_out(paper(whole, row.manifest, row, {"administrator": "管理员甲"}, "cd" * 32))
    ids = ("k1", "k2", "sec1", "r1", "JL-1", "GD", "abc", row.id, *row.plate, row.plate)
    assert english([*lines, *whole.calculation], *ids, "administrator") == []
    for label, said in (
        ("设备编号", "GD（按检定登记）；型号、出厂编号：未登记"),
        ("国标编码", "未登记"),
        ("边缘节点", "无，不经边缘节点"),
        ("时钟误差", "与真实时刻之差不超过 ±100 毫秒，帧时误差不超过 ±40 毫秒（登记值）；"
         "与授时源的误差：平台时钟不超过 ±12 毫秒（取证时的校时状态）"),
    ):  # fmt: skip
        assert [lines[at + 1] for at, line in enumerate(lines) if line == label] == [said] * len(case.seen)
    assert {*(part.sha256 for part in whole.parts), row.manifest} <= set(lines)
    assert "管理员甲（账号 administrator）" in lines
    assert any(
        line.endswith("违法时有效" if case.kind == "interval_speed" else "没有登记计量检定证书") for line in lines
    )


async def test_what_nobody_registered_or_measured_is_not_made_up(tmp_path: Path) -> None:  # R821
    async with watch(tmp_path) as w:
        await w.d.ask(EndRule(register="sections", rule="sec1", why="改造"), ADMIN)
        w.one.clock.advance(AT_MS + 1000)
        await w.d.ask(_lane(use="bus"), ADMIN)
        behind = f"edge://north/gb28181://{_CHANNEL}/{_CHANNEL}"
        agents = {"north": AgentState(id="north", up=True, since_ms=0, clock_ahead_ms=70)}
        found = []
        told: tuple[tuple[str, dict[str, str] | None], ...] = (("edge", None), ("edge", {}), ("viid", None))
        for at, (source, libraries) in enumerate(told):
            await w.seen("k1", 5 + 4000 * at, source=source, **_IN_LANE)
            agents["north"].libraries = libraries
            await w.packs({"k1": behind}, agents).look()
            found.append(pack.decode(await w.blobs.get((await w.found())[-1].manifest)).devices)
        unheard, heard, outside = found
        assert unheard == (DeviceNote(source="edge", agent="north", channel=_CHANNEL, hub_clock_error_ms=12),)
        assert heard == (replace(unheard[0], agent_ahead_ms=70),)
        assert outside == (DeviceNote(source="viid", channel=_CHANNEL),)


async def test_a_camera_adopted_from_a_catalogue_is_known_by_its_device(tmp_path: Path) -> None:  # R821
    async with watch(tmp_path) as w:
        camera = f"v{_CHANNEL}"
        await w.d.ask(EnrolCamera(camera=camera, name="城东卡口", lat=30.5, lon=114.3), ADMIN)
        await w.d.ask(SetRestriction(restriction="r1", definition=replace(_AREA, cameras=(camera,))), ADMIN)
        await w.seen(camera, 5, source="viid")
        await w.packs().look()
        [row] = await w.found()
        whole = pack.decode(await w.blobs.get(row.manifest))
        assert whole.devices == (DeviceNote(source="viid", channel=_CHANNEL),)
        lines = read_out(paper(whole, row.manifest, row, {}, "cd" * 32))
        assert lines[lines.index("国标编码") + 1] == _CHANNEL
        assert lines[lines.index("违法地点") + 1] == "城东卡口"


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


async def test_a_clip_that_comes_after_the_decision_is_not_added(tmp_path: Path) -> None:  # R837
    async with watch(tmp_path) as w:
        row = await broken(w, CASES[1])
        packs = w.packs()
        await packs.look()
        [row] = await w.found()
        seen = row.manifest
        reviewer = ACTORS["camera_watch"]
        await w.d.ask(ClaimViolation(violation=row.id), reviewer)
        await w.d.ask(ConfirmViolation(violation=row.id, manifest=seen), reviewer)
        confirmed_ms = w.one.clock.now_ms()
        await w.one.run(8)
        await packs.look()
        [row] = await w.found()
        assert (row.clip, len(w.one.store.locks("k1"))) == ("pending", 1), "it may be taken back"
        w.one.clock.advance(confirmed_ms + VIOLATION_TAKE_BACK_MS + 1)
        await packs.look()
        [row] = await w.found()
        assert (row.state, row.manifest, row.clip, row.clip_why) == ("confirmed", seen, "missing", "decided")
        assert w.one.store.locks("k1") == []
        whole = pack.decode(await w.blobs.get(seen))
        lines = read_out(paper(whole, seen, row, {}, "cd" * 32))
        assert "录像片段：没有，列出本清单时尚未取得" in lines
        before = read_out(paper(whole, seen, replace(row, state="found"), {}, "cd" * 32))
        assert "录像片段：尚未取得，审核前取得则列入" in before
