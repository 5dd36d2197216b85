"""A backup that a hub makes by itself: of which record it is (R913), and that it has the settings file (R903)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.kernel.clock import SystemClock
from consoles.cli import backup
from consoles.settings import load_settings
from consoles.site import running_site
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


@pytest.fixture
async def archive(left: Left, tmp_path: Path) -> Path:
    """Made by a hub as soon as it was started."""
    config, out = tmp_path / "county.toml", tmp_path / "out"
    out.mkdir()
    ports = "".join(f"{name}_port = 0\n" for name in ("http", "jt808", "case", "approval"))
    config.write_text(f'data = "{left.data}"\nplate_workers = 0\n{ports}[backup]\nfolder = "{out}"\n', "utf-8")
    async with running_site(load_settings(config)):
        while not (made := list(out.glob("*.backup"))):
            await SystemClock().sleep(20)
    return made[0]


def test_its_name_says_of_which_record_it_is(left: Left, archive: Path) -> None:
    """R913."""
    with closing(sqlite3.connect(left.journal)) as db:
        (history,) = db.execute("SELECT id FROM history").fetchone()
    assert archive.name.endswith(f"Z-{history}.backup")


def test_a_restore_of_a_scheduled_backup_has_the_settings_that_the_hub_was_started_with(
    left: Left, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R903."""
    words = ("restore", archive, "--to", tmp_path / "new", "--key", left.data / "site.key")
    assert command(backup, capsys, *words)[0] == 0
    assert (tmp_path / "new" / "triune.toml").read_bytes() == (tmp_path / "county.toml").read_bytes()
