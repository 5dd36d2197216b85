"""The folder of backups: whose they are, which of them is good, and which may go. Rules R913-R916 of docs/SPEC.md."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from command.access.keys import SiteKey
from command.backup import folder
from command.backup.archive import ArchiveWriter
from command.backup.folder import (
    Archives,
    Owner,
    archive_at,
    archives_in,
    begun_ms,
    being_written,
    newest_good,
    to_drop,
)
from command.backup.records import Blob, Contents, Manifest
from command.kernel.errors import UnavailableError
from tests.command.backup.keeping import KEY
from tests.command.support import HOUR_MS, START_MS

OWNER = Owner(history="0123456789abcdef", key=KEY)
COPY = Owner(history="fedcba9876543210", key=KEY)
"""Restored elsewhere, under the same key."""
OTHER = Owner(history=OWNER.history, key=SiteKey(bytes(range(1, 33))))
LATER_MS = START_MS + 1000 * HOUR_MS


def written(path: Path, key: SiteKey = KEY, lost: tuple[str, ...] = ()) -> Path:
    """Write an archive with little in it, which lacks what was lost."""
    with path.open("wb") as file:
        writer = ArchiveWriter(file, key, START_MS)
        writer.add(Blob(name="a", data=b"a"))
        contents = Contents(spaces={}, positions=0, sightings=0, blobs=1, files=0, rows={})
        writer.end(Manifest(made_ms=START_MS, release="1", contents=contents, lost=lost, sha256=writer.sha256))
    return path


def begun(folder: Path, hour: int, *lost: str) -> Path:
    return written(archive_at(folder, START_MS + hour * HOUR_MS, OWNER), lost=lost)


def found_in(folder: Path, owner: Owner | None = OWNER) -> Archives:
    return archives_in(folder, owner, LATER_MS)


def test_a_name_says_when_it_was_begun_and_of_which_record(tmp_path: Path) -> None:
    """R913."""
    own = begun(tmp_path, 1)
    copied = written(archive_at(tmp_path, START_MS + HOUR_MS, COPY))
    assert begun_ms(own) == begun_ms(copied) == START_MS + HOUR_MS
    found = found_in(tmp_path)
    assert (found.dated, found.ahead, found.others) == ([own], [], 1)
    assert found_in(tmp_path, COPY).dated == [copied]
    assert found_in(tmp_path, None).others == 2


def test_of_those_with_an_instant_alone_the_key_tells_whose_they_are(tmp_path: Path) -> None:
    """R914."""
    own = written(tmp_path / "triune-20231114T000000Z.backup")
    written(tmp_path / "triune-20231114T010000Z.backup", OTHER.key)
    (tmp_path / "triune-20231114T020000Z.backup").touch()  # nobody can tell
    (tmp_path / "triune-20231114T030000Z.backup").mkdir()
    newer = begun(tmp_path, 0)
    found = found_in(tmp_path)
    assert (found.dated, found.others) == ([own, newer], 3)
    assert to_drop(found, KEY, 1, ()) == [own]


def test_files_that_are_named_otherwise_are_somebodys(tmp_path: Path) -> None:
    for name in ("20231114T000000Z", "20231114T000000Z-", "20231114T000000Z-xyz", "20231199T000000Z-0123456789abcdef"):
        written(tmp_path / f"triune-{name}.backup")
    found = found_in(tmp_path)
    assert [path.name for path in found.dated] == ["triune-20231114T000000Z.backup"]
    assert found.others == 0


def test_the_newest_good_one_is_the_newest_whose_end_can_be_opened(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """R915."""
    assert newest_good(found_in(tmp_path), KEY) is None
    good, cut_off = begun(tmp_path, 1, "ab12"), begun(tmp_path, 2)
    cut_off.write_bytes(cut_off.read_bytes()[:-1])
    archive_at(tmp_path, START_MS + 3 * HOUR_MS, OWNER).touch()
    written(archive_at(tmp_path, START_MS + 4 * HOUR_MS, OWNER), OTHER.key)
    newest = newest_good(found_in(tmp_path), KEY)
    assert newest is not None
    assert (newest[0], newest[1].lost) == (good, ("ab12",))
    assert [line.getMessage().split()[0] for line in caplog.records] == [
        path.name for path in reversed(found_in(tmp_path).dated[1:])
    ]


def test_what_is_lost_since_is_not_dropped_with_the_last_that_has_it(tmp_path: Path) -> None:
    """R916."""
    begun(tmp_path, 0)
    all_there = begun(tmp_path, 1)
    begun(tmp_path, 2, "x")
    back_again = begun(tmp_path, 3, "y")
    begun(tmp_path, 4, "x", "y")
    newest = begun(tmp_path, 5, "x", "y")
    names = found_in(tmp_path).dated
    assert to_drop(found_in(tmp_path), KEY, 1, ("x", "y")) == [names[0], all_there, names[4]]
    assert to_drop(found_in(tmp_path), KEY, 1, ("y",)) == [path for path in names[:-1] if path != names[2]]
    assert to_drop(found_in(tmp_path), KEY, 1, ()) == names[:-1]
    assert to_drop(found_in(tmp_path), KEY, 3, ("x",)) == names[:3], "one of those kept has it"
    back_again.write_bytes(b"")  # what it has nobody can tell
    assert to_drop(found_in(tmp_path), KEY, 1, ("x", "y")) == [names[0], names[4]]
    assert newest not in to_drop(found_in(tmp_path), KEY, 1, ("z",))


def test_who_writes_waits_for_who_clears_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1203."""
    clearing = os.open(tmp_path / ".triune-backups.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(clearing, fcntl.LOCK_EX)
    monkeypatch.setattr(folder, "BACKUP_LOCK_MS", 200)
    with pytest.raises(UnavailableError, match="another hub removes"), being_written(tmp_path):
        pass
    monkeypatch.setattr(folder, "BACKUP_LOCK_MS", 60_000)
    tried = Event()

    def cleared(lock: int, how: int) -> None:
        try:
            flock(lock, how)
        finally:
            tried.set()

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", cleared)
    with ThreadPoolExecutor() as pool:
        written = pool.submit(_written, tmp_path)
        assert tried.wait(30)
        os.close(clearing)
        assert written.result(30)


def _written(where: Path) -> bool:
    with being_written(where):
        return True
