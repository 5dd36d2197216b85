"""Folders that one program has at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from command.kernel.errors import UnavailableError
from command.kernel.folders import held

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
