"""Pictures that come after their passages: agents tell of them later, and stores may refuse them (R835, R836)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.facts.violations import PictureRegion
from command.kernel.errors import ConflictError
from command.readings import Sighting
from command.requests import ClaimViolation, ConfirmViolation, RejectViolation, SetRegions
from command.rows import ViolationRow
from consoles.limits import JUDGE_SWEEP_EVERY_MS, VIOLATION_PACK_AGAIN_MS, VIOLATION_PICTURE_AWAY_MS
from consoles.parts.cameras.passing import OwnPassages
from consoles.parts.violations import part
from edge.outbox import NewItem, Priority
from streams.violations import pack
from streams.violations.paper import paper
from tests.command.rules.test_violations import LEFT
from tests.command.support import ACTORS, ADMIN
from tests.consoles.test_violation_review import row_of
from tests.consoles.test_violations import Watch, scene, watch
from tests.edge.agent.support import an_agent, hub_with_agent, port_of, until
from tests.edge.agent.test_link import picture_item
from tests.streams.test_fmp4 import AT_MS
from tests.streams.violations.support import read_out

LANE = PictureRegion(name="应急车道", ring=LEFT, lane=1, use="emergency", travel="away")
INSIDE: dict[str, Any] = {"lane": 1, "box": (340, 300, 80, 26), "direction": "towards"}
REVIEWER = ACTORS["camera_watch"]
BOTH = {"emergency_lane", "wrong_way"}


def named(jpeg: bytes) -> str:
    return hashlib.sha256(jpeg).hexdigest()


@asynccontextmanager
async def lane(tmp_path: Path) -> AsyncIterator[Watch]:
    async with watch(tmp_path) as w:
        await w.d.ask(SetRegions(camera="k1", regions=(LANE,)), ADMIN)
        yield w


async def kinds(w: Watch) -> set[str]:
    await w.violations.idle()
    return {row.finding.kind for row in await w.found()}


async def test_in_the_order_of_an_agent_a_lane_is_judged_once_its_picture_came(tmp_path: Path) -> None:  # R835
    async with lane(tmp_path) as w:
        inside, outside = scene(91), scene(92)
        await w.seen("k1", 60, **INSIDE, picture=named(inside), source="edge")
        await w.seen("k1", 61, **{**INSIDE, "box": (800, 300, 80, 26)}, picture=named(outside), plate="京B22222")
        assert (await kinds(w), w.violations.counters.no_picture_yet) == (set(), 2)
        for jpeg in (scene(93), outside):
            w.passages.picture_came(await w.blobs.add(jpeg))
        assert await kinds(w) == set(), "of another passage, or not in the lane"
        w.passages.picture_came(await w.blobs.add(inside))
        assert await kinds(w) == BOTH
        w.passages.picture_came(await w.blobs.add(inside))
        assert await kinds(w) == BOTH
        assert (w.violations.counters.found, w.violations.counters.no_picture) == (2, 0)


async def test_a_picture_that_waits_for_the_blobs_has_its_passage_judged_again(tmp_path: Path) -> None:  # R835
    jpeg = scene(91)
    in_the_way = tmp_path / "blobs" / named(jpeg)[:2]
    async with lane(tmp_path) as w:
        own = OwnPassages(w.blobs, w.passages, w.one.clock)
        seen = await w.sighting("k1", 60, **INSIDE, picture=None)
        if in_the_way.exists():
            in_the_way.rename(tmp_path / "away")
        in_the_way.write_text("a file where a folder is wanted")
        await own.take(seen, jpeg)
        assert await kinds(w) == set()
        in_the_way.unlink()
        await own.finish()
        assert await kinds(w) == BOTH


async def test_a_picture_that_came_to_another_hub_is_found_by_looking(tmp_path: Path) -> None:  # R835
    async with lane(tmp_path) as w:
        looking = w.tasks.create_task(w.violations.look_for_pictures())
        await w.seen("k1", 60, **INSIDE, picture=named(scene(91)))
        await w.seen("k1", 61, **INSIDE, picture=named(scene(92)), plate="京B22222")
        await w.blobs.add(scene(91))
        await until(lambda: w.one.clock.next_wake_ms() is not None)
        w.one.clock.advance(AT_MS + JUDGE_SWEEP_EVERY_MS)
        await until(lambda: w.violations.counters.found == 2)
        assert {row.plate for row in await w.found()} == {"京A12345"}
        w.one.clock.advance(AT_MS + VIOLATION_PICTURE_AWAY_MS + 2 * JUDGE_SWEEP_EVERY_MS)
        await until(lambda: w.violations.counters.no_picture == 1)
        w.passages.picture_came(await w.blobs.add(scene(92)))
        assert len(await w.found()) == 2, "it was given up"
        looking.cancel()


async def test_after_a_restart_the_sweep_finds_what_waited(tmp_path: Path) -> None:  # R604, R835
    async with lane(tmp_path) as w:
        w.one.clock.advance(AT_MS + 100_000)
        await w.seen("k1", 60, **INSIDE, picture=named(scene(91)))
        await w.begin_anew()
        sweeping = w.tasks.create_task(w.violations.sweep_on())
        await until(lambda: w.violations.counters.no_picture_yet == 1)
        await w.blobs.add(scene(91))
        await until(lambda: w.one.clock.next_wake_ms() is not None)
        w.one.clock.advance(w.one.clock.now_ms() + JUDGE_SWEEP_EVERY_MS)
        await until(lambda: w.violations.counters.found == 2)
        assert await kinds(w) == BOTH
        sweeping.cancel()


async def test_no_more_wait_for_pictures_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R835
    monkeypatch.setattr(part, "VIOLATIONS_WITHOUT_PICTURE", 1)
    async with lane(tmp_path) as w:
        for shade, plate in ((91, "京A12345"), (92, "京B22222")):
            await w.seen("k1", 60, **INSIDE, picture=named(scene(shade)), plate=plate)
        assert w.violations.counters.no_picture == 1
        for shade in (91, 92):
            w.passages.picture_came(await w.blobs.add(scene(shade)))
        await w.violations.idle()
        assert {row.plate for row in await w.found()} == {"京B22222"}


async def test_a_real_agent_tells_of_the_passage_and_then_of_its_picture(tmp_path: Path) -> None:  # R835
    jpeg = scene(91)
    async with hub_with_agent(tmp_path) as (site, key):
        await site.hub.ask(SetRegions(camera="k0", regions=(replace(LANE, travel=None),)), HUB)
        now_ms = site.clock.now_ms()
        seen = Sighting(
            "k0", "京A12345", "blue", now_ms, now_ms + 500, reads=6, confidence=0.97, picture=named(jpeg),
            source="edge", **INSIDE,
        )  # fmt: skip
        item = NewItem(Priority.SIGHTING, "sighting", msgspec.json.encode(seen), "k0")
        async with an_agent(tmp_path, port_of(site), key) as agent:
            await agent.outbox.put([item, picture_item(jpeg)])
            row = await row_of(site, lambda row: bool(row.manifest))
        assert row.finding.kind == "emergency_lane"


async def agents_drive(w: Watch) -> tuple[bytes, bytes]:
    """A car too fast, told of ten minutes later without its pictures, which are returned."""
    w.one.clock.advance(AT_MS + 10 * 60_000)
    pictures = scene(95), scene(96)
    for camera, after_s, jpeg in (("k1", 10, pictures[0]), ("k2", 90, pictures[1])):
        await w.seen(camera, after_s, picture=named(jpeg), source="edge")
    return pictures


async def evidence(w: Watch) -> tuple[ViolationRow, list[str]]:
    [row] = await w.found()
    return row, [part.name for part in pack.decode(await w.blobs.get(row.manifest)).parts]


async def test_evidence_waits_for_pictures_that_come_after_their_passages(tmp_path: Path) -> None:  # R836
    async with watch(tmp_path) as w:
        start, end = await agents_drive(w)
        packs = w.packs()
        for _ in range(3):  # the clip will not come any more
            await packs.look()
        row, parts = await evidence(w)
        assert (row.clip, row.unseen, parts) == ("pending", (0, 1), [])
        lines = read_out(paper(pack.decode(await w.blobs.get(row.manifest)), row.manifest, row, {}, "cd" * 32))
        assert lines.count("现场全景：图片尚未取得。") == 2
        confirm = ConfirmViolation(violation=row.id, manifest=row.manifest)
        await w.d.ask(ClaimViolation(violation=row.id), REVIEWER)
        with pytest.raises(ConflictError, match="does not show the scene"):
            await w.d.ask(confirm, REVIEWER)
        await w.blobs.add(start)
        await packs.look()
        row, parts = await evidence(w)
        assert (row.clip, row.unseen, parts) == ("pending", (1,), ["scene-1.jpg", "plate-1.jpg"])
        with pytest.raises(ConflictError, match="does not show the scene"):
            await w.d.ask(replace(confirm, manifest=row.manifest), REVIEWER)
        await w.blobs.add(end)
        await packs.look()
        row, parts = await evidence(w)
        assert (row.clip, row.clip_why, row.unseen) == ("missing", "not_recorded", ())
        assert parts == ["scene-1.jpg", "plate-1.jpg", "scene-2.jpg", "plate-2.jpg"]
        await w.d.ask(replace(confirm, manifest=row.manifest), REVIEWER)


async def test_evidence_whose_pictures_never_come_can_only_be_rejected(tmp_path: Path) -> None:  # R836
    async with watch(tmp_path) as w:
        await agents_drive(w)
        packs = w.packs()
        await packs.look()
        found_ms = w.one.clock.now_ms()
        w.one.clock.advance(found_ms + VIOLATION_PICTURE_AWAY_MS - 1)
        await packs.look()
        assert (await evidence(w))[0].clip == "pending"
        w.one.clock.advance(found_ms + VIOLATION_PICTURE_AWAY_MS + VIOLATION_PACK_AGAIN_MS)
        await packs.look()
        row, parts = await evidence(w)
        assert (row.clip, row.unseen, parts) == ("missing", (0, 1), [])
        lines = read_out(paper(pack.decode(await w.blobs.get(row.manifest)), row.manifest, row, {}, "cd" * 32))
        assert lines.count("现场全景：没有，图片没有取得或已不在。") == 2
        await w.d.ask(ClaimViolation(violation=row.id), REVIEWER)
        with pytest.raises(ConflictError, match="does not show the scene"):
            await w.d.ask(ConfirmViolation(violation=row.id, manifest=row.manifest), REVIEWER)
        await w.d.ask(RejectViolation(violation=row.id, manifest=row.manifest, reason="bad_picture"), REVIEWER)
