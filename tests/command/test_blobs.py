"""Files: named by their bytes, sealed, written once, also by many at once. Rule R120 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path

import pytest

from command import blobs as module
from command.access.keys import SiteKey
from command.blobs import Blobs
from command.kernel.errors import TooLargeError, UnavailableError, UnknownIdError


def store(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs"))


async def test_the_same_bytes_brought_by_many_at_once_are_one_file_that_is_whole(tmp_path: Path) -> None:
    blobs = store(tmp_path)
    data = secrets.token_bytes(300_000)
    names = await asyncio.gather(*(blobs.add(data) for _ in range(24)))
    assert set(names) == {hashlib.sha256(data).hexdigest()}
    assert await blobs.get(names[0]) == data
    assert blobs.verify() == (1, [])
    assert [path.name for path in (tmp_path / "blobs").glob("*/*")] == [names[0]]


async def test_nothing_of_the_plain_bytes_lies_on_disk(tmp_path: Path) -> None:
    blobs = store(tmp_path)
    name = await blobs.add("报警人 13512345678".encode())
    kept = (tmp_path / "blobs" / name[:2] / name).read_bytes()
    assert b"13512345678" not in kept


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "0" * 63, "0" * 64 + "\n", "A" * 64, "0" * 64])
async def test_what_is_no_name_of_a_file_is_unknown(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownIdError):
        await store(tmp_path).get(name)


async def test_damage_is_found_and_never_handed_out(tmp_path: Path) -> None:
    blobs = store(tmp_path)
    whole, damaged, moved = await blobs.add(b"one"), await blobs.add(b"two"), await blobs.add(b"three")
    path = tmp_path / "blobs" / damaged[:2] / damaged
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    other = tmp_path / "blobs" / moved[:2] / moved
    other.write_bytes((tmp_path / "blobs" / whole[:2] / whole).read_bytes())
    for name in (damaged, moved):
        with pytest.raises(UnavailableError):
            await blobs.get(name)
    (path.parent / f".{damaged}.1.part").write_bytes(b"half")  # the machine stopped while it was written
    assert blobs.verify() == (3, sorted((damaged, moved)))


async def test_a_file_that_is_too_large_or_cannot_be_kept_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = store(tmp_path)
    monkeypatch.setattr(module, "EVIDENCE_BYTES", 10)
    with pytest.raises(TooLargeError):
        await blobs.add(b"x" * 11)
    name = hashlib.sha256(b"x").hexdigest()
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / name[:2]).write_text("in the way")
    with pytest.raises(UnavailableError):
        await blobs.add(b"x")
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == [name[:2]]
