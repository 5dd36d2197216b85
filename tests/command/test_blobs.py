"""The folder of files: what lies on disk after a crash, and a disk that cannot be written. Rule R120 of docs/SPEC.md.

What it has in common with the table in PostgreSQL is in `tests/contract/test_blobs.py`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.kernel.errors import UnavailableError


def store(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs"))


async def test_a_file_is_written_once_and_leaves_no_part_behind(tmp_path: Path) -> None:
    name = await store(tmp_path).add(b"one")
    path = tmp_path / "blobs" / name[:2] / name
    written = path.read_bytes()
    await store(tmp_path).add(b"one")
    assert path.read_bytes() == written
    assert [file.name for file in (tmp_path / "blobs").glob("*/*")] == [name]


@pytest.mark.parametrize("left", [".{name}.0f0f.part", "{name}.part", "lost+found", ".DS_Store", "{name}~"])
async def test_what_was_half_written_when_the_machine_stopped_is_no_damage(tmp_path: Path, left: str) -> None:
    blobs = store(tmp_path)
    name = await blobs.add(b"one")
    (tmp_path / "blobs" / name[:2] / left.format(name=name)).write_bytes(b"half")
    assert await blobs.verify() == (1, [])
    assert await blobs.names() == {name}
    (tmp_path / "blobs" / name[:2] / name).write_bytes(b"half")
    assert await blobs.verify() == (1, [name])


async def test_a_file_that_cannot_be_kept_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    name = hashlib.sha256(b"x").hexdigest()
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / name[:2]).write_text("in the way")
    with pytest.raises(UnavailableError):
        await store(tmp_path).add(b"x")
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == [name[:2]]
