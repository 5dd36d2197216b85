"""The site key: made once, durable before anything is sealed with it, and never made anew beside what it sealed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command.access.keys import SiteKey
from command.kernel.errors import UnavailableError


def test_a_missing_key_is_not_made_anew_beside_what_it_sealed(tmp_path: Path) -> None:  # R732
    path = tmp_path / "site.key"
    made = SiteKey.load(path)
    assert path.stat().st_mode & 0o077 == 0
    assert SiteKey.load(path).derive("x") == made.derive("x")
    path.unlink()
    assert SiteKey.load(path).derive("x") != made.derive("x")
    path.unlink()
    (tmp_path / "access.sqlite3").touch()
    with pytest.raises(UnavailableError, match=r"site\.key is missing beside what is sealed with it"):
        SiteKey.load(path)
    assert [each.name for each in tmp_path.iterdir()] == ["access.sqlite3"]


# R732
def test_a_new_key_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut leaves the key whole, or none: an empty file would keep the hub from ever starting."""
    path, steps = tmp_path / "var" / "site.key", list[str]()

    def fsync(descriptor: int) -> None:
        of = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append("folder" if of.is_dir() else f"{of.stat().st_size} bytes, {'named' if path.exists() else 'new'}")

    monkeypatch.setattr(os, "fsync", fsync)
    SiteKey.load(path)
    assert steps == ["64 bytes, new", "folder"]
    assert [each.name for each in path.parent.iterdir()] == ["site.key"]


def test_a_key_that_cannot_be_had_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be had: "):
        SiteKey.load(tmp_path / "file" / "site.key")
    (tmp_path / "site.key").mkdir()
    with pytest.raises(UnavailableError, match="cannot be had: Is a directory"):
        SiteKey.load(tmp_path / "site.key")
