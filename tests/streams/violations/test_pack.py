"""Evidence packs prove themselves: whatever is changed, taken out or put in is noticed (SPEC R608)."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command.facts.violations import Finding
from streams.violations import pack, wording
from streams.violations.pack import CameraNote, ClipNote, Manifest, Part, RuleNote
from streams.violations.speed import judge_speed
from tests.streams.violations.support import START_MS, seen, version

_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
_PARTS = {"scene-1.jpg": b"a scene", "plate-1.jpg": b"a plate", "scene-2.jpg": b"another scene"}
_PAPER = b"a paper"


def _finding() -> Finding:
    found = judge_speed("sec1", version(), seen("k1", 10), seen("k2", 90), 10)
    assert isinstance(found, Finding)
    return found


def _sentences(finding: Finding) -> list[str]:
    names = {"k1": "路口1", "k2": "路口2"}
    return wording.sentences(finding, names, pack.devices_of(finding, version().definition))


def _manifest() -> bytes:
    finding, now = _finding(), version()
    return pack.encode(
        Manifest(
            format=pack.FORMAT, site="abc", space="live", violation="v12", title=wording.title(finding),
            found_ms=START_MS + 99_000, finding=finding, calculation=tuple(_sentences(finding)),
            rule=RuleNote(
                rule="sec1", version=7, registered_by="zhang", registered_ms=START_MS, from_ms=START_MS,
                section=now.definition,
            ),
            cameras=(CameraNote(camera="k1", name="路口1", lat=30.5, lon=114.3, bearing_deg=0),),
            parts=tuple(
                Part(
                    name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data),
                    about="plate" if "plate" in name else "scene", passage=int(name[6]) - 1,
                )
                for name, data in _PARTS.items()
            ),
            clips=(ClipNote(camera="k1", from_ms=START_MS, to_ms=START_MS + 9, state="missing", why="not recorded"),),
        )
    )  # fmt: skip


def _written(tmp_path: Path) -> Path:
    path = tmp_path / "v12.zip"
    path.write_bytes(pack.zipped(_manifest(), _PARTS, b'{"state":"found"}', _PAPER, _KEY))
    return path


def test_a_pack_is_whole_and_the_same_whenever_it_is_taken_out(tmp_path: Path) -> None:  # R608
    path = _written(tmp_path)
    verdict = pack.verify(path)
    assert verdict.problems == []
    assert verdict.manifest == hashlib.sha256(_manifest()).hexdigest()
    assert verdict.public_key == _KEY.public_key().public_bytes_raw().hex()
    assert _written(tmp_path).read_bytes() == path.read_bytes()


def test_it_can_be_checked_without_us(tmp_path: Path) -> None:  # R608
    with zipfile.ZipFile(_written(tmp_path)) as archive:
        archive.extractall(tmp_path / "out")
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "out", capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", [*_PARTS, pack.MANIFEST, pack.REVIEW, pack.PAPER, pack.SUMS, pack.SIGNATURE])
@pytest.mark.parametrize("how", ["changed", "taken out"])
def test_a_file_that_is_not_what_it_was_is_noticed(tmp_path: Path, name: str, how: str) -> None:  # R608
    with zipfile.ZipFile(_written(tmp_path)) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
    if how == "changed":
        files[name] = files[name].replace(b"a", b"b")
    else:
        del files[name]
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(forged, "w") as archive:
        for each, data in files.items():
            archive.writestr(each, data)
    assert pack.verify(forged).problems


def test_one_that_was_made_anew_has_another_key(tmp_path: Path) -> None:  # R608
    """Whoever changes everything that hangs together still has not got the site's key."""
    path = tmp_path / "forged.zip"
    path.write_bytes(pack.zipped(_manifest(), _PARTS, b"{}", _PAPER, Ed25519PrivateKey.generate()))
    assert pack.verify(path).public_key != _KEY.public_key().public_bytes_raw().hex()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no", b"\x00" * 1000])
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    assert pack.verify(path).problems


def test_a_file_added_is_noticed(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.jpg", b"x")
    assert pack.verify(path).problems == ["more.jpg does not belong to it"]


def test_the_calculation_is_spelled_out_in_chinese() -> None:  # R607
    said = _sentences(_finding())
    assert said[0].startswith(
        "路口1（相机编号 k1）：首帧 2023-11-15 06:13:30.000，末帧 2023-11-15 06:13:31.000，读牌 6 次"
    )
    assert said[0].endswith("时刻为平台时钟对该帧的标记，误差不超过 ±140 毫秒。")
    assert said[2].startswith("区间长度 2000.0 米（市计量所，2022-11-15 06:13:20.000 测量），减去误差 20.0 米")
    assert said[4] == "1980.0 米 ÷ 81280 毫秒 × 3600 = 87.6 km/h（舍去尾数）。"
    assert said[5] == "小型车，限速 60 km/h，容差 10%；至少超过限速 46%。"
    assert wording.title(_finding()) == "区间超速 87.6 km/h（限速 60 km/h） 京A12345"
