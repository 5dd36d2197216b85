"""Folders that one program has at a time, and files that are whole on the disk or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from command.kernel.errors import UnavailableError
from command.kernel.folders import held, write_durably

_HOLD = """
import sys
from pathlib import Path
from command.kernel.folders import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_one_programs_until_that_ends_however_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "var"
    with held(folder), pytest.raises(UnavailableError, match="in use by another hub"), held(folder):
        pass
    program = [sys.executable, "-c", _HOLD, str(folder)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UnavailableError, match="in use by another hub"), held(folder):
            pass
        other.kill()
        other.wait()
    with held(folder):
        pass


def test_what_cannot_be_a_data_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be used: File exists"), held(tmp_path / "file"):
        pass


def test_a_file_is_whole_on_the_disk_before_it_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = tmp_path / "kept.json", list[str]()
    path.write_bytes(b"before")

    def fsync(descriptor: int) -> None:
        of = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append(f"{'folder' if of.is_dir() else of.read_text()}, named: {path.read_text()}")

    monkeypatch.setattr(os, "fsync", fsync)
    write_durably(path, b"after")
    assert steps == ["after, named: before", "folder, named: after"]
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]
    assert path.stat().st_mode & 0o077 == 0
