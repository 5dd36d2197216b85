"""`triune restore` into a mounted disk or by a link, and that it refuses before it has done any work (SPEC R920)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from command.backup import DamagedArchiveError
from command.backup.placing import placed
from command.kernel.errors import InvalidInputError, UnavailableError
from consoles.cli import backup
from tests.consoles.cli.asking import command
from tests.consoles.cli.conftest import Mount
from tests.consoles.cli.recording import Left, left_behind

Capture = pytest.CaptureFixture[str]
Restore = Callable[[Path], int]
NOBODY = 65534


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


@pytest.fixture
def archive(left: Left, tmp_path: Path, capsys: Capture) -> Path:
    path = tmp_path / "a.backup"
    assert command(backup, capsys, "backup", path, "--data", left.data)[0] == 0
    return path


@pytest.fixture
def restore(left: Left, archive: Path, capsys: Capture) -> Restore:
    def run(to: Path) -> int:
        return command(backup, capsys, "restore", archive, "--to", to, "--key", left.data / "site.key")[0]

    return run


def holds_everything(folder: Path, left: Left) -> bool:
    """Whether all came, and nothing of what was made on the way stays."""
    names = {path.name for path in folder.iterdir()} - {"lost+found"}
    assert not any("restoring" in path.name for path in (*folder.iterdir(), *folder.parent.iterdir()))
    return {"journal.sqlite3", "readings.sqlite3", "blobs", "site.key"} <= names and (
        (folder / "site.key").read_bytes() == (left.data / "site.key").read_bytes()
    )


@pytest.mark.parametrize("kind", ["disk", "bound", "ext4"])
def test_a_mounted_disk_that_is_empty_will_do(
    left: Left, tmp_path: Path, restore: Restore, mount: Mount, kind: str
) -> None:
    if kind == "bound":  # of the same disk: nothing that the folder is shows it
        (tmp_path / "volume").mkdir()
        disk = mount("--bind", tmp_path / "volume")
    else:
        disk = mount("-t", "tmpfs", "tmpfs")
    if kind == "ext4":
        (disk / "lost+found").mkdir()
    assert restore(disk) == 0
    assert holds_everything(disk, left)
    assert disk.stat().st_mode & 0o077 == 0


def test_a_restore_that_comes_to_nothing_leaves_a_mounted_disk_as_it_was(
    archive: Path, restore: Restore, mount: Mount
) -> None:
    disk = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs")
    with pytest.raises(UnavailableError):
        restore(disk)
    assert list(disk.iterdir()) == []
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(DamagedArchiveError):
        restore(disk)
    assert list(disk.iterdir()) == []


def test_what_a_killed_restore_left_on_a_mounted_disk_is_not_in_the_way(
    left: Left, restore: Restore, mount: Mount
) -> None:
    disk = mount("-t", "tmpfs", "tmpfs")
    (disk / ".restoring").mkdir()
    (disk / ".restoring" / "journal.sqlite3").write_bytes(b"half")
    assert restore(disk) == 0
    assert holds_everything(disk, left)


def test_a_mounted_disk_that_somebody_uses_meanwhile_is_left_to_them(
    restore: Restore, mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = mount("-t", "tmpfs", "tmpfs")
    monkeypatch.setattr(os, "sync", (disk / "journal.sqlite3").touch)  # a hub was started there
    with pytest.raises(InvalidInputError, match="not empty"):
        restore(disk)
    assert [path.name for path in disk.iterdir()] == ["journal.sqlite3"]
    assert (disk / "journal.sqlite3").stat().st_size == 0


def test_a_restore_that_is_killed_while_all_moves_up_leaves_no_record_without_what_belongs_to_it(
    restore: Restore, mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, moved, rename = mount("-t", "tmpfs", "tmpfs"), list[str](), Path.rename

    def noted(path: Path, to: Path) -> Path:
        moved.append(path.name)
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", noted)
    assert restore(disk) == 0
    assert moved[-1] == "journal.sqlite3", "a hub does not start without it"
    assert "readings.sqlite3" in moved


def test_a_mounted_disk_with_something_on_it_is_refused_before_the_archive_is_read(
    archive: Path, restore: Restore, mount: Mount
) -> None:
    disk = mount("-t", "tmpfs", "tmpfs")
    (disk / "somebody's").touch()
    archive.unlink()
    with pytest.raises(InvalidInputError, match="not empty"):
        restore(disk)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_to_a_folder_stays_a_link(left: Left, tmp_path: Path, restore: Restore, *, there: bool) -> None:
    folder, link = tmp_path / "disk" / "triune", tmp_path / "srv" / "triune"
    (folder if there else folder.parent).mkdir(parents=True)
    link.parent.mkdir()
    link.symlink_to(folder)
    assert restore(link) == 0
    assert link.is_symlink()
    assert holds_everything(folder, left)
    assert [path.name for path in link.parent.iterdir()] == ["triune"]


def test_what_can_be_no_folder_is_refused_before_the_archive_is_read(
    tmp_path: Path, archive: Path, restore: Restore
) -> None:
    archive.unlink()
    (tmp_path / "file").touch()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for to in (tmp_path / "file", tmp_path / "round"):
        with pytest.raises(InvalidInputError, match="no folder"):
            restore(to)
    with pytest.raises(UnavailableError, match="cannot be written"):
        restore(tmp_path / "file" / "below")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_of_ours_in_one_of_somebody_else_will_do() -> None:
    """As an administrator makes it for the hub's user, who may not write beside it."""
    with TemporaryDirectory() as others:
        Path(others).chmod(0o755)
        to = Path(others) / "triune"
        to.mkdir()
        os.chown(to, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            with placed(to) as making:
                (making / "journal.sqlite3").touch()
        finally:
            os.seteuid(0)
        assert [path.name for path in to.iterdir()] == ["journal.sqlite3"]
        assert [path.name for path in to.parent.iterdir()] == ["triune"]
