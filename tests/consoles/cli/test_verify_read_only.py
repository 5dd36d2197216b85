"""`triune verify` where nothing can be written: a copy of the record on a medium mounted read-only (SPEC R1197)."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.kernel.errors import UnavailableError
from command.kernel.sqlite_only_read import OnlyRead
from consoles.cli import verify
from tests.consoles.cli.asking import command
from tests.consoles.cli.conftest import Mount
from tests.consoles.cli.recording import Left, left_behind

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


def read_only(folder: Path, mount: Mount) -> Path:
    return mount("--bind", "-o", "ro", folder)


def copied_at_work(left: Left, to: Path, *endings: str) -> None:
    """Copy the folder while a hub has more in its log than in its file: a fact that does not belong there."""
    with closing(sqlite3.connect(left.journal)) as hub:
        hub.execute("PRAGMA wal_autocheckpoint = 0")
        with hub:
            hub.execute("UPDATE facts SET actor = 'somebody' WHERE seq = 20")
        shutil.copytree(left.data, to, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
        for ending in endings:
            shutil.copy(f"{left.journal}{ending}", to)


def test_a_record_on_a_medium_mounted_read_only_is_verified(left: Left, mount: Mount, capsys: Capture) -> None:
    with closing(sqlite3.connect(left.data / "links.sqlite3")) as links, links:
        links.execute("PRAGMA journal_mode = WAL")
        links.execute("CREATE TABLE cursors (link TEXT PRIMARY KEY, seq INTEGER NOT NULL)")
        links.execute("INSERT INTO cursors VALUES ('case', ?)", (left.last_seq,))
    disk = read_only(left.data, mount)
    code, lines, verdict = command(verify, capsys, "verify", "--data", disk)
    assert (code, lines, verdict["spaces"], verdict["blobs"]) == (0, [], {"live": left.last_seq}, 1)
    for table in ("facts", "answers"):
        left.alter(f"DELETE FROM {table} WHERE seq > ?", left.last_seq - 5)
    code, lines, verdict = command(verify, capsys, "verify", "--data", disk)
    assert (code, verdict["first_fault_seq"]) == (1, left.last_seq - 4)
    assert "and the link case was told of fact" in lines[0], "how far links came is read there too"


def test_what_waits_in_the_log_beside_it_is_never_left_out(
    left: Left, tmp_path: Path, mount: Mount, capsys: Capture
) -> None:
    copied_at_work(left, tmp_path / "copy", "-wal")
    disk = read_only(tmp_path / "copy", mount)
    with pytest.raises(UnavailableError, match=r"journal.sqlite3-wal holds what .* copy the folder"):
        command(verify, capsys, "verify", "--data", disk)
    # Where it can be written, and with what readers share, all of it is read.
    code, _, verdict = command(verify, capsys, "verify", "--data", tmp_path / "copy")
    assert (code, verdict["first_fault_seq"]) == (1, 20)


def test_with_what_readers_share_beside_it_the_log_is_read(
    left: Left, tmp_path: Path, mount: Mount, capsys: Capture
) -> None:
    copied_at_work(left, tmp_path / "copy", "-wal", "-shm")
    disk = read_only(tmp_path / "copy", mount)
    code, _, verdict = command(verify, capsys, "verify", "--data", disk)
    assert (code, verdict["first_fault_seq"]) == (1, 20)


def test_who_writes_to_it_meanwhile_on_the_other_side_is_noticed(left: Left, mount: Mount) -> None:
    disk = read_only(left.data, mount)
    with closing(OnlyRead(disk / "journal.sqlite3")) as looked_at:
        counted = looked_at.read(lambda db: db.execute("SELECT count(*) FROM facts").fetchone())
        assert counted == (left.last_seq,)
        left.alter("UPDATE facts SET actor = 'somebody' WHERE seq = 20")
        with pytest.raises(UnavailableError, match="written to meanwhile"):
            looked_at.read(lambda db: db.execute("SELECT count(*) FROM facts").fetchone())
