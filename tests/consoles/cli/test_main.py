"""`triune` as a process: whatever it meets, it ends with a sentence and the right code, and never with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from command.kernel.release import NUMBER
from tests.paths import ROOT

PROGRAM = "import sys; from consoles.cli import main; sys.exit(main())"
PLAN = ROOT / "consoles/demo/county/plans/tanker-accident.yaml"


def triune(
    *words: object,
    out: int | IO[bytes] = subprocess.PIPE,
    err: int | IO[bytes] = subprocess.PIPE,
    code: str = PROGRAM,
    **environment: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], cwd=ROOT, env={**os.environ, **environment},
        stdout=out, stderr=err, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def test_a_library_that_cannot_be_loaded_is_named_and_what_helps(tmp_path: Path) -> None:
    """R1180."""
    missing = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({missing!r})", encoding="utf-8")
    ended = triune("doctor", PYTHONPATH=str(tmp_path))
    said = ended.stderr.decode()
    assert (ended.returncode, said.count("\n")) == (2, 1)
    assert missing in said
    assert "requirements.txt" in said


def test_the_release_is_told_without_a_command() -> None:
    """R1229."""
    ended = triune("--version")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["triune"].startswith(NUMBER)


def test_a_file_of_another_kind_than_thought_is_named(tmp_path: Path) -> None:
    """R1180: such as one that only the hub's own user reads; root, as which tests may run, reads them all."""
    ended = triune("account", "list", "--data", tmp_path / ("d" * 300))
    assert ended.returncode == 2
    assert ended.stderr.decode() == f"triune: {tmp_path / ('d' * 300) / 'site.key'}: File name too long\n"


def test_a_reader_that_has_enough_ends_a_command_without_a_word() -> None:
    """R1180: as `head` does."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        ended = triune("plan", "check", PLAN, out=gone)
    assert (ended.returncode, ended.stderr) == (2, b"")


def test_an_output_without_room_is_said() -> None:
    """R1180."""
    with Path("/dev/full").open("wb") as full:
        ended = triune("plan", "check", PLAN, out=full)
    assert (ended.returncode, ended.stderr) == (2, b"triune: [Errno 28] No space left on device\n")


def test_closed_outputs_change_nothing(tmp_path: Path) -> None:
    """R1180: some service managers start programs so."""
    closed = f"import sys; sys.stdout = sys.stderr = None; {PROGRAM}"
    assert [triune("plan", "check", file, code=closed).returncode for file in (PLAN, tmp_path / "none")] == [0, 2]


def test_an_error_output_without_room_leaves_the_code_what_it_is(tmp_path: Path) -> None:
    """R1302: else a record that could not be looked at would count as one that was changed."""
    with Path("/dev/full").open("wb") as full:
        assert triune("verify", "--data", tmp_path / "none", err=full).returncode == 2
        assert triune("serve", "--data", PLAN, err=full).returncode == 2
        assert triune("plan", "check", PLAN, out=full, err=full).returncode == 2
