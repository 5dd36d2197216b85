"""Pictures of forgotten passages go unless a fact names them, and files of former lists (SPEC R572, R760)."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from command import sweeping as module
from command.access.keys import SiteKey
from command.actors import HUB
from command.blobs import SINCE, FolderBlobs
from command.facts.libraries import LibraryContent
from command.readings.bounds import DAY_MS
from command.requests import ApproveLibrary, NoteSituation, OfferLibraryFile, ReportHit, RequestLibrary
from command.sweeping import Sweep
from tests.command.support import DISPATCHER, LEADER, START_MS, desk

FORGOTTEN_MS = 20_000 * DAY_MS


async def brought(blobs: FolderBlobs, folder: Path, data: bytes, at_ms: int) -> str:
    name = await blobs.add(data)
    os.utime(folder / name[:2] / name, (at_ms / 1000, at_ms / 1000))
    return name


async def test_what_is_old_and_named_by_no_fact_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOBS_SWEPT", 3)
    monkeypatch.setattr(module, "BLOBS_REMOVED", 2)
    monkeypatch.setattr(module, "SWEPT_FACTS", 5)
    blobs = FolderBlobs(tmp_path, SiteKey(b"k" * 32).box("blobs"))
    (tmp_path / SINCE).touch()
    os.utime(tmp_path / SINCE, (0, 0))
    old = [await brought(blobs, tmp_path, b"old %d" % n, FORGOTTEN_MS - 2 * DAY_MS) for n in range(10)]
    evidence = await brought(blobs, tmp_path, b"evidence", FORGOTTEN_MS - 9 * DAY_MS)
    late = await brought(blobs, tmp_path, b"told late", FORGOTTEN_MS - DAY_MS)
    new = await blobs.add(b"new")
    async with desk() as d:
        situation = await d.situation()
        await d.ask(NoteSituation(situation=situation, text=f"见 {evidence}"), DISPATCHER)
        sweep = Sweep(d.hub.journal, blobs)
        assert await sweep.sweep(FORGOTTEN_MS + DAY_MS - 1, 0) == len(old)
        assert await blobs.names() == {evidence, late, new}
        assert sweep.removed == len(old)
        # Within the same day there is nothing more to do; on the next the one that was told late is due.
        again = await brought(blobs, tmp_path, b"old 0", FORGOTTEN_MS - 3 * DAY_MS)
        assert await sweep.sweep(FORGOTTEN_MS + DAY_MS - 1, 0) == 0
        assert await sweep.sweep(FORGOTTEN_MS + DAY_MS, 0) == 2
        assert await blobs.names() == {evidence, new}
        assert again == old[0]
        # What was named counts as brought by then: it is not held against all facts every day.
        assert await blobs.brought_before(FORGOTTEN_MS, "", 9) == []


async def test_a_file_that_no_list_has_goes_after_its_time_and_none_that_is_looked_for_or_led_to_a_hit(
    tmp_path: Path,
) -> None:  # R760
    blobs = FolderBlobs(tmp_path, SiteKey(b"k" * 32).box("blobs"))
    (tmp_path / SINCE).touch()
    os.utime(tmp_path / SINCE, (0, 0))
    files = [f"京A1234{n}\n".encode() for n in range(5)]
    told, led_to_a_hit, replaced, in_force, waiting = (
        [await brought(blobs, tmp_path, data, START_MS - 9 * DAY_MS) for data in files]
    )  # fmt: skip
    by = msgspec.structs.replace(HUB, id=DISPATCHER.id)
    async with desk() as d:
        content = [LibraryContent(sha256=name, entries=1, patterns=0, size=10) for name in (told, led_to_a_hit)]
        asked = RequestLibrary(name="库", reason="盗抢", level=2, until_ms=START_MS + 9000 * DAY_MS, content=content[1])
        library = await d.ask(asked, by)
        await d.ask(ApproveLibrary(library=library, sha256=led_to_a_hit), LEADER)
        seen = ReportHit(watch=library, plate="京A12341", camera="k1", seen_ms=START_MS, confidence=0.9)
        assert await d.ask(seen)
        situation = await d.situation()
        await d.ask(NoteSituation(situation=situation, text=f"见 {told}"), DISPATCHER)
        for before, name in ((led_to_a_hit, told), (told, replaced), (replaced, in_force), (in_force, waiting)):
            d.clock.advance(d.clock.now_ms() + DAY_MS)
            content[0] = msgspec.structs.replace(content[0], sha256=name)
            offered = OfferLibraryFile(library=library, content=content[0], replaces=before, added=1, removed=1)
            await d.ask(offered, by)
            if name != waiting:
                await d.ask(ApproveLibrary(library=library, sha256=name), LEADER)
        left_ms = START_MS + 3 * DAY_MS
        sweep = Sweep(d.hub.journal, blobs)
        assert await sweep.sweep(START_MS + 20 * DAY_MS, left_ms + DAY_MS) == 0, "its time is not over"
        assert await sweep.sweep(START_MS + 21 * DAY_MS, left_ms + DAY_MS + 1) == 1
        assert await blobs.names() == {told, led_to_a_hit, in_force, waiting}
        assert (sweep.removed, sweep.lists_removed) == (1, 1)
