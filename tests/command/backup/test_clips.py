"""Clips of recordings are in a backup, come back as they were, and a damaged or missing one is told (SPEC R457)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from command.actors import HUB
from command.backup import DamagedArchiveError
from command.backup.archive import ArchiveWriter
from command.backup.checking import check_archive
from command.backup.clips import FOLDER
from command.backup.records import ClipPiece, ClipSheet, Manifest
from command.backup.stores import Stores, new_stores, stores_of
from command.backup.tally import Tally
from command.requests import EnrolCamera, RecordClip
from tests.command.backup.keeping import KEY, fill, put_back, take
from tests.command.support import START_MS, desk


def bring(folder: Path, number: int, size: int) -> str:
    """A file and its sheet, as an export leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    data, name = os.urandom(size), f"{number:016x}"
    (folder / f"{name}.mp4").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    (folder / f"{name}.json").write_text(f'{{"id":"{name}","sha256":"{digest}","size":{size},"asked":{{}}}}')
    return name


async def name_on_record(stores: Stores, clip: str) -> None:
    async with desk(stores.journal) as work:
        await work.hub.ask(EnrolCamera(camera="c1", name="东门", lat=29.0, lon=113.0), HUB)
        fact = RecordClip(
            clip=clip, camera="c1", from_ms=START_MS, to_ms=START_MS + 1000, sha256="0" * 64, size=1, missing_ms=0,
            why="移送",
        )  # fmt: skip
        await work.hub.ask(fact, HUB)


async def test_clips_come_back_byte_for_byte_and_losses_are_named(tmp_path: Path) -> None:
    source, target, archive = tmp_path / "a", tmp_path / "b", tmp_path / "archive"
    clips = source / FOLDER
    names = [bring(clips, 1, 3_000_000), bring(clips, 2, 1), bring(clips, 3, 2_000_000)]
    (clips / "0000000000000009.half").write_bytes(b"being exported")
    (clips / "0000000000000009.json").write_bytes(b"{}")
    source.mkdir(exist_ok=True)
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
        await name_on_record(stores, "00000000000000ff")  # nobody has it any more
        with (clips / f"{names[2]}.mp4").open("r+b") as file:  # one byte is another
            file.seek(1_000_000)
            file.write(b"\0\1\2\3")
    async with stores_of(source, KEY, None) as stores:
        manifest = await take(stores, archive)
    assert manifest.contents.clips == 2
    assert manifest.lost == (f"clips/{names[2]}.mp4", "clips/00000000000000ff.mp4")
    assert check_archive(archive, KEY) == manifest
    target.mkdir()
    async with new_stores(target, KEY, None) as stores:
        await put_back(stores, archive)
    assert sorted(path.name for path in (target / FOLDER).iterdir()) == sorted(
        f"{name}{suffix}" for name in names[:2] for suffix in (".mp4", ".json")
    )
    for path in (target / FOLDER).iterdir():
        assert path.read_bytes() == (clips / path.name).read_bytes()


async def test_recordings_of_their_own_folder(tmp_path: Path) -> None:
    source, elsewhere = tmp_path / "a", tmp_path / "disk" / "clips"
    source.mkdir()
    bring(elsewhere, 7, 100)
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
    async with stores_of(source, KEY, None, elsewhere) as stores:
        assert (await take(stores, tmp_path / "archive")).contents.clips == 1


@pytest.mark.parametrize("harm", ["short", "other", "strange", "loose", "sheet"])
def test_a_clip_that_is_not_what_its_sheet_says_damages_an_archive(tmp_path: Path, harm: str) -> None:
    name = bring(tmp_path, 1, 100)
    sheet, data = (tmp_path / f"{name}.json").read_bytes(), (tmp_path / f"{name}.mp4").read_bytes()
    pieces = [data[:60], data[60:]]
    if harm == "short":
        pieces.pop()
    if harm == "other":
        pieces[1] = b"x" * 40
    records: list[ClipSheet | ClipPiece] = [
        ClipSheet(clip="../../etc/x" if harm == "strange" else name, sheet=b"[]" if harm == "sheet" else sheet),
        *(ClipPiece(clip="0" * 16 if harm == "loose" else name, data=piece) for piece in pieces),
    ]
    path = tmp_path / "archive"
    with path.open("wb") as file:
        writer = ArchiveWriter(file, KEY, 0)
        for record in records:
            writer.add(record)
        writer.end(Manifest(made_ms=0, release="x", contents=Tally().contents, lost=(), sha256=writer.sha256))
    with pytest.raises(DamagedArchiveError, match="clip"):
        check_archive(path, KEY)
