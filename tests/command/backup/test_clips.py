"""Clips of recordings are in a backup, come back as they were, and a damaged or missing one is told.

SPEC R457, R918, R919.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.backup import DamagedArchiveError
from command.backup.archive import ArchiveWriter, read_archive
from command.backup.checking import check_archive
from command.backup.clips import FOLDER, clips_in, read_clips
from command.backup.records import ClipElsewhere, ClipPiece, ClipSheet, Manifest
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


async def name_on_record(stores: Stores, clip: str, sha256: str = "0" * 64, hub: str = "") -> None:
    async with desk(stores.journal) as work:
        await work.hub.ask(EnrolCamera(camera="c1", name="东门", lat=29.0, lon=113.0), HUB)
        fact = RecordClip(
            clip=clip, camera="c1", from_ms=START_MS, to_ms=START_MS + 1000, sha256=sha256, size=1, missing_ms=0,
            why="移送", hub=hub,
        )  # fmt: skip
        await work.hub.ask(fact, HUB)


def hash_of(folder: Path, clip: str) -> str:
    return hashlib.sha256((folder / f"{clip}.mp4").read_bytes()).hexdigest()


def alter(folder: Path, clip: str) -> None:
    """Change the file and rewrite its sheet to fit."""
    size = (folder / f"{clip}.mp4").stat().st_size
    bring(folder, int(clip, 16), size)


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


async def test_a_clip_altered_together_with_its_sheet_is_lost(tmp_path: Path) -> None:  # R918
    source, archive = tmp_path / "a", tmp_path / "archive"
    clips = source / FOLDER
    names = [bring(clips, 1, 100), bring(clips, 2, 100)]
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
        for name in names:
            await name_on_record(stores, name, hash_of(clips, name))
        alter(clips, names[0])
        manifest = await take(stores, archive)
    assert (manifest.contents.clips, manifest.lost) == (1, (f"clips/{names[0]}.mp4",))
    assert check_archive(archive, KEY) == manifest


async def test_an_altered_clip_that_a_release_before_took_is_named_and_not_put_back(tmp_path: Path) -> None:  # R918
    """That release held clips to their sheets alone, and its archives have to be read."""
    source, archive, old = tmp_path / "a", tmp_path / "archive", tmp_path / "old"
    clips, other = source / FOLDER, tmp_path / "other"
    names = [bring(clips, 1, 100), bring(clips, 2, 100)]
    altered = bring(other, 1, 100)
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
        for name in names:
            await name_on_record(stores, name, hash_of(clips, name))
        await take(stores, archive)
    with archive.open("rb") as file, old.open("wb") as to:
        writer = ArchiveWriter(to, KEY, 0)
        for record in read_archive(file, KEY):
            match record:
                case ClipSheet(clip=clip) if clip == altered:
                    writer.add(replace(record, sheet=(other / f"{clip}.json").read_bytes()))
                case ClipPiece(clip=clip) if clip == altered:
                    writer.add(replace(record, data=(other / f"{clip}.mp4").read_bytes()))
                case Manifest():
                    writer.end(replace(record, sha256=writer.sha256))
                case _:
                    writer.add(record)
    assert check_archive(old, KEY).lost == (f"clips/{altered}.mp4",)
    target = tmp_path / "b"
    target.mkdir()
    async with new_stores(target, KEY, None) as stores:
        await put_back(stores, old)
    assert list(clips_in(target / FOLDER)) == [names[1]]


@pytest.mark.parametrize("sheet", [b'{"sha256":"\xff","size":100}', b'{"sha256":"%s","size":99}', b"[]", None])
async def test_a_sheet_that_is_not_as_it_was_stops_no_backup(tmp_path: Path, sheet: bytes | None) -> None:  # R918
    source = tmp_path / "a"
    clips = source / FOLDER
    names = [bring(clips, 1, 100), bring(clips, 2, 100)]
    path = clips / f"{names[0]}.json"
    if sheet is None:
        path.unlink()
    else:
        path.write_bytes(sheet.replace(b"%s", hash_of(clips, names[0]).encode()))
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
        await name_on_record(stores, names[0], hash_of(clips, names[0]))
        manifest = await take(stores, tmp_path / "archive")
    assert (manifest.contents.clips, manifest.lost) == (1, (f"clips/{names[0]}.mp4",))


def test_a_clip_that_is_not_on_record_may_go_meanwhile_and_is_no_loss(tmp_path: Path) -> None:
    """As those that are taken into the evidence of violations, and one whose export the record refused."""
    for number in (1, 2):
        bring(tmp_path, number, 100)
    reading = read_clips(clips_in(tmp_path), {})
    first = [next(reading), next(reading)]
    (tmp_path / f"{2:016x}.mp4").unlink()
    assert [isinstance(each, ClipSheet) for each in (*first, *reading)] == [True, False], "the first alone, whole"


async def test_a_clip_of_which_nobody_knows_yet_whether_it_is_on_record_is_taken_where_it_is(tmp_path: Path) -> None:
    """R1026: put back without its mark one that is not would be handed out."""
    source, target = tmp_path / "a", tmp_path / "b"
    clips = source / FOLDER
    names = [bring(clips, 1, 100), bring(clips, 2, 100)]
    for name in names:
        (clips / f"{name}.unrecorded").touch()
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
        await name_on_record(stores, names[0], hash_of(clips, names[0]))
        manifest = await take(stores, tmp_path / "archive")
    assert (manifest.contents.clips, manifest.lost) == (1, ())
    async with new_stores(target, KEY, None) as stores:
        await put_back(stores, tmp_path / "archive")
    assert {path.name for path in (target / FOLDER).iterdir()} == {f"{names[0]}.mp4", f"{names[0]}.json"}


async def test_a_folder_of_clips_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    source = tmp_path / "a"
    (source / FOLDER.parent).mkdir(parents=True)
    (source / FOLDER).write_bytes(b"no folder")
    async with new_stores(source, KEY, None) as stores:
        await fill(stores)
        await name_on_record(stores, "00000000000000ff")
        manifest = await take(stores, tmp_path / "archive")
    assert manifest.lost == ("clips", "clips/00000000000000ff.mp4")


async def test_clips_at_other_hubs_are_named_and_no_loss_of_this_one(tmp_path: Path, postgres_url: str) -> None:  # R919
    source, archive, here, there = tmp_path / "a", tmp_path / "archive", "https://hub-1:8443", "https://hub-2:8443"
    clips = source / FOLDER
    kept = bring(clips, 1, 100)
    async with new_stores(source, KEY, postgres_url) as stores:
        await fill(stores)
        await name_on_record(stores, kept, hash_of(clips, kept), here)
        for clip, hub in (("a" * 16, here), ("b" * 16, there), ("c" * 16, "")):
            await name_on_record(stores, clip, hub=hub)
    async with stores_of(source, KEY, postgres_url, hub=here) as stores:
        manifest = await take(stores, archive)
    assert manifest.lost == (f"clips/{'a' * 16}.mp4",), "this hub exported it, and has it no more"
    elsewhere = (ClipElsewhere("b" * 16, there), ClipElsewhere("c" * 16, ""))
    assert (manifest.contents.clips, manifest.clips_elsewhere) == (1, elsewhere)
    assert check_archive(archive, KEY) == manifest
    async with stores_of(source, KEY, postgres_url) as stores:  # by whom it is not known
        manifest = await take(stores, archive)
    assert (manifest.lost, manifest.clips_elsewhere) == ((), (ClipElsewhere("a" * 16, here), *elsewhere))


async def test_of_an_archive_of_a_release_before_clips_at_other_hubs_are_named_too(
    tmp_path: Path, postgres_url: str
) -> None:  # R919
    archive, old = tmp_path / "archive", tmp_path / "old"
    async with new_stores(tmp_path, KEY, postgres_url) as stores:
        await fill(stores)
        await name_on_record(stores, "b" * 16)
        await take(stores, archive)
    with archive.open("rb") as file, old.open("wb") as to:
        writer = ArchiveWriter(to, KEY, 0)
        for record in read_archive(file, KEY):
            if isinstance(record, Manifest):
                writer.end(replace(record, clips_elsewhere=()))
            else:
                writer.add(record)
    assert check_archive(old, KEY).clips_elsewhere == (ClipElsewhere("b" * 16, ""),)
