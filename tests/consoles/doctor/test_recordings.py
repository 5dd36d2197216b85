"""Doctor says whether recordings lie on an encrypted disk, as Linux tells of it (SPEC R458)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from consoles.doctor.recordings import examine


def device(devices: Path, folder: Path) -> Path:
    number = folder.stat().st_dev
    path = devices / f"{os.major(number)}:{os.minor(number)}"
    path.mkdir(parents=True)
    return path


def layer(path: Path, uuid: str, *below: str) -> None:
    """A mapped device and what it lies on, as in sysfs."""
    (path / "dm").mkdir(parents=True)
    (path / "dm" / "uuid").write_text(uuid + "\n")
    for name in below:
        (path / "slaves" / name).mkdir(parents=True)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("crypt", "ok"), ("volume on crypt", "ok"), ("volume", "warn"), ("half", "warn"), ("disk", "warn"), ("", "warn")],
)
def test_it_looks_through_volumes_to_what_is_below(tmp_path: Path, kind: str, verdict: str) -> None:
    folder, devices = tmp_path / "recordings", tmp_path / "block"
    folder.mkdir()
    if kind:
        at = device(devices, folder)
    if kind == "crypt":
        layer(at, "CRYPT-LUKS2-0123", "sda1")
    if kind == "volume on crypt":
        layer(at, "LVM-abc", "dm-0")
        layer(at / "slaves" / "dm-0", "CRYPT-LUKS2-0123", "sda1")
    if kind == "volume":
        layer(at, "LVM-abc", "sda1")
    if kind == "half":
        layer(at, "LVM-abc", "dm-0", "sdb1")
        layer(at / "slaves" / "dm-0", "CRYPT-LUKS2-0123", "sda1")
    (finding,) = examine(folder, devices)
    assert (finding.check, finding.verdict) == ("recordings", verdict)
    assert bool(finding.todo.en) == (verdict == "warn")


def test_where_nothing_is_recorded_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert examine(tmp_path / "recordings") == []
