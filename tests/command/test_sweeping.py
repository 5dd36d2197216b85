"""Pictures of forgotten passages go, unless a fact names them (SPEC R572)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import sweeping as module
from command.access.keys import SiteKey
from command.blobs import SINCE, FolderBlobs
from command.readings.bounds import DAY_MS
from command.requests import NoteSituation
from command.sweeping import PictureSweep
from tests.command.support import DISPATCHER, desk

FORGOTTEN_MS = 20_000 * DAY_MS


async def brought(blobs: FolderBlobs, folder: Path, data: bytes, at_ms: int) -> str:
    name = await blobs.add(data)
    os.utime(folder / name[:2] / name, (at_ms / 1000, at_ms / 1000))
    return name


async def test_what_is_old_and_named_by_no_fact_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOBS_SWEPT", 3)
    monkeypatch.setattr(module, "BLOBS_REMOVED", 2)
    monkeypatch.setattr(module, "READ_FACTS", 5)
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
        sweep = PictureSweep(d.hub.journal, blobs)
        assert await sweep.sweep(FORGOTTEN_MS + DAY_MS - 1) == len(old)
        assert await blobs.names() == {evidence, late, new}
        assert sweep.removed == len(old)
        # Within the same day there is nothing more to do; on the next the one that was told late is due.
        again = await brought(blobs, tmp_path, b"old 0", FORGOTTEN_MS - 3 * DAY_MS)
        assert await sweep.sweep(FORGOTTEN_MS + DAY_MS - 1) == 0
        assert await sweep.sweep(FORGOTTEN_MS + DAY_MS) == 2
        assert await blobs.names() == {evidence, new}
        assert again == old[0]
        # What was named counts as brought by then: it is not held against all facts every day.
        assert await blobs.brought_before(FORGOTTEN_MS, "", 9) == []
