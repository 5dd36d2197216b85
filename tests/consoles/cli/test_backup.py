"""`triune backup` and `triune restore` at the prompt: what they refuse, and that nothing half done looks whole."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command.access.keys import ENVIRONMENT, SiteKey
from command.backup import DamagedArchiveError
from command.blobs import FolderBlobs
from command.facts import encode
from command.facts.recording import RecorderRecovered
from command.journal import Entry, StoredFact
from command.journal.heads import PURPOSE, HeadKey
from command.journal.signer import HeadSigner
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.release import release
from consoles.cli import backup
from tests.command.support import START_MS
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind
from tests.damage import flipped
from tests.e2e.hub_process import TRIUNE

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


@pytest.fixture
def archive(left: Left, tmp_path: Path, capsys: Capture) -> Path:
    path = tmp_path / "out" / "a.backup"
    path.parent.mkdir()
    assert command(backup, capsys, "backup", path, "--data", left.data)[0] == 0
    return path


def key_of(left: Left) -> Path:
    return left.data / "site.key"


def restore(capsys: Capture, archive: Path, left: Left, to: Path, *words: object) -> int:
    return command(backup, capsys, "restore", archive, "--to", to, "--key", key_of(left), *words)[0]


def bring_large_files(left: Left) -> None:
    """Add what does not fit where there is no room."""
    blobs = FolderBlobs(left.data / "blobs", SiteKey.load(key_of(left)).box("blobs"))
    for _ in range(4):
        blobs._write(os.urandom(1024 * 1024))


def triune(*words: object, blocks: int | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process; no file of it may be larger than so many blocks of 512 bytes."""
    limit = f"ulimit -f {blocks};" if blocks else ""
    shell = ["/bin/sh", "-c", f"{limit} exec {shlex.join([str(TRIUNE), *map(str, words)])}"]
    return subprocess.run(shell, check=False, capture_output=True)


def test_what_it_says_of_a_backup_it_says_of_the_file_again(left: Left, archive: Path, capsys: Capture) -> None:
    code, lines, said = command(backup, capsys, "backup", "--check", archive, "--key", key_of(left))
    assert (code, lines, said["ok"], said["lost"]) == (0, [], True, [])
    assert said["spaces"]["live"]["seq"] == left.last_seq
    assert said["release"] == release()  # R1229
    assert (said["positions"], said["blobs"], said["bytes"]) == (5, 1, archive.stat().st_size)
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_it_never_writes_over_another(left: Left, archive: Path, capsys: Capture) -> None:  # R222
    before = archive.read_bytes()
    with pytest.raises(InvalidInputError, match="there already"):
        command(backup, capsys, "backup", archive, "--data", left.data)
    assert archive.read_bytes() == before


def test_a_damaged_archive_is_named_and_not_restored(
    left: Left, archive: Path, tmp_path: Path, capsys: Capture
) -> None:  # R221
    whole = archive.read_bytes()
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole + b"x", flipped(whole, -30)):
        archive.write_bytes(damaged)
        code, lines, said = command(backup, capsys, "backup", "--check", archive, "--key", key_of(left))
        assert (code, said["ok"]) == (1, False)
        assert said["fault"] in lines[0]
        with pytest.raises(DamagedArchiveError) as caught:
            restore(capsys, archive, left, tmp_path / "new")
        assert caught.value.detail == said["fault"]
        assert not (tmp_path / "new").exists()


def test_another_key_opens_nothing(archive: Path, tmp_path: Path, capsys: Capture) -> None:
    other = tmp_path / "other.key"
    SiteKey.load(other)
    with pytest.raises(InvalidInputError, match="another site key"):
        command(backup, capsys, "restore", archive, "--to", tmp_path / "new", "--key", other)
    with pytest.raises(InvalidInputError, match="no site key"):
        command(backup, capsys, "backup", "--check", archive, "--key", tmp_path / "none.key")
    with pytest.raises(InvalidInputError, match="give the site key"):
        command(backup, capsys, "restore", archive, "--to", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "none.key").exists()


def test_the_key_from_the_environment_is_not_written_down(
    left: Left, archive: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, key_of(left).read_text())
    assert command(backup, capsys, "restore", archive, "--to", tmp_path / "new")[0] == 0
    assert not (tmp_path / "new" / "site.key").exists()
    with pytest.raises(InvalidInputError, match="leave out --key"):
        restore(capsys, archive, left, tmp_path / "other")


def test_a_key_that_is_not_the_hubs_seals_no_backup(
    left: Left, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:  # R917
    asyncio.run(sign_head(left))
    words = ("backup", tmp_path / "a.backup", "--data", left.data)
    monkeypatch.setenv(ENVIRONMENT, "ab" * 32)
    with pytest.raises(InvalidInputError, match=f"this is not the site key of this hub \\({ENVIRONMENT}"):
        command(backup, capsys, *words)
    for check in ((), ("--check",)):
        with pytest.raises(InvalidInputError, match="leave out --key"):
            command(backup, capsys, *words, "--key", key_of(left), *check)
    monkeypatch.delenv(ENVIRONMENT)
    SiteKey.load(tmp_path / "other.key")
    with pytest.raises(InvalidInputError, match="this is not the site key of this hub"):
        command(backup, capsys, *words, "--key", tmp_path / "other.key")
    assert not list(tmp_path.glob("*a.backup*"))
    assert command(backup, capsys, *words, "--key", key_of(left))[0] == 0


async def sign_head(left: Left) -> None:
    """Sign the record's end, as a hub does."""
    journal, key = SqliteJournal(left.journal), SiteKey.load(key_of(left))
    await HeadSigner("live", journal, HeadKey(key.derive(PURPOSE)), SystemClock()).sign(is_due=True)
    await journal.close()


def test_a_folder_with_something_in_it_is_left_alone(
    left: Left, archive: Path, tmp_path: Path, capsys: Capture
) -> None:
    to = tmp_path / "to"
    to.mkdir()
    (to / "somebody's").touch()
    with pytest.raises(InvalidInputError, match="not empty"):
        restore(capsys, archive, left, to)
    (to / "somebody's").unlink()
    assert restore(capsys, archive, left, to) == 0  # an empty one will do
    assert (to / "site.key").stat().st_mode & 0o077 == 0


def test_settings_scenarios_and_what_rehearsals_came_to_come_along(
    left: Left, tmp_path: Path, capsys: Capture
) -> None:  # R1112
    settings, archive = tmp_path / "county.toml", tmp_path / "a.backup"
    settings.write_text("http_port = 9000\n")
    (left.data / "scenarios").mkdir()
    (left.data / "scenarios" / "flood.yaml").write_text("title: 防汛\n")
    (left.data / "rehearsals").mkdir()
    (left.data / "rehearsals" / "1-rehearsal-1.json").write_text("{}")
    command(backup, capsys, "backup", archive, "--data", left.data, "--config", settings)
    assert restore(capsys, archive, left, tmp_path / "new") == 0
    assert (tmp_path / "new" / "triune.toml").read_text() == settings.read_text()
    assert (tmp_path / "new" / "scenarios" / "flood.yaml").read_text() == "title: 防汛\n"
    assert (tmp_path / "new" / "rehearsals" / "1-rehearsal-1.json").read_text() == "{}"


def test_a_backup_that_finds_no_room_leaves_nothing(left: Left, tmp_path: Path) -> None:  # R222
    bring_large_files(left)
    out = tmp_path / "out"
    out.mkdir()
    done = triune("backup", out / "a.backup", "--data", left.data, blocks=4096)
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr
    assert list(out.iterdir()) == []
    done = triune("backup", out / "a.backup", "--data", left.data)
    assert done.returncode == 0


def test_what_the_medium_does_not_keep_is_no_backup_and_nothing_is_written_over_meanwhile(
    left: Left, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:  # R222
    to = tmp_path / "out" / "a.backup"
    to.parent.mkdir()
    sync = os.fsync

    def harmed(handle: int) -> None:
        os.pwrite(handle, b"\xff" * 8, 500)
        sync(handle)

    def overtaken(handle: int) -> None:
        to.write_bytes(b"of another, that was quicker")
        sync(handle)

    for done, error, left_there in ((harmed, DamagedArchiveError, []), (overtaken, InvalidInputError, [to])):
        with monkeypatch.context() as there:
            there.setattr(os, "fsync", done)
            with pytest.raises(error):
                command(backup, capsys, "backup", to, "--data", left.data)
        assert list(to.parent.iterdir()) == left_there
    assert to.read_bytes() == b"of another, that was quicker"


@pytest.mark.parametrize("at_prompt", [False, True])
def test_a_restore_takes_the_database_from_the_settings_and_one_at_the_prompt_goes_before_it(
    at_prompt: bool, left: Left, archive: Path, tmp_path: Path, capsys: Capture, postgres_url: str
) -> None:
    """R999: no password stands on a command line, and nothing else of the settings counts."""
    config, new, again = tmp_path / "county.toml", tmp_path / "new", tmp_path / "again.backup"
    named = "postgresql://triune@127.0.0.1:1/none" if at_prompt else postgres_url
    config.write_text(f'data = "{tmp_path / "elsewhere"}"\njournal = "{named}"\n', encoding="utf-8")
    words = ("--journal", postgres_url) if at_prompt else ()
    assert restore(capsys, archive, left, new, "--config", config, *words) == 0
    assert not (new / "journal.sqlite3").exists()
    assert not (tmp_path / "elsewhere").exists()
    shared = ("backup", again, "--data", new, "--journal", postgres_url)
    assert command(backup, capsys, *shared)[2]["spaces"]["live"]["seq"] == left.last_seq


def test_a_restore_with_settings_that_cannot_be_read_makes_nothing(
    left: Left, archive: Path, tmp_path: Path, capsys: Capture
) -> None:
    """R999."""
    config = tmp_path / "county.toml"
    config.write_text("data = 1\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"county\.toml"):
        restore(capsys, archive, left, tmp_path / "new", "--config", config)
    assert not (tmp_path / "new").exists()


def test_a_restore_that_finds_no_room_leaves_nothing(left: Left, archive: Path, tmp_path: Path) -> None:
    bring_large_files(left)
    larger = tmp_path / "b.backup"
    assert triune("backup", larger, "--data", left.data).returncode == 0
    to = tmp_path / "machine" / "var"
    done = triune("restore", larger, "--to", to, "--key", key_of(left), blocks=1024)
    assert done.returncode == 2
    assert done.stderr.startswith(b"triune: ")
    assert list(to.parent.iterdir()) == []


def test_what_a_killed_backup_left_is_no_backup_and_not_in_the_way(
    left: Left, archive: Path, tmp_path: Path, capsys: Capture
) -> None:
    part = tmp_path / "out" / ".b.backup.part"
    part.write_bytes(archive.read_bytes()[:-200])
    code, _, _ = command(backup, capsys, "backup", "--check", part, "--key", key_of(left))
    assert code == 1
    assert command(backup, capsys, "backup", tmp_path / "out" / "b.backup", "--data", left.data)[0] == 0
    assert not part.exists()


def test_standard_output_takes_a_backup_too(left: Left, tmp_path: Path, capsys: Capture) -> None:
    done = triune("backup", "-", "--data", left.data)
    assert done.returncode == 0
    assert json.loads(done.stderr)["spaces"]["live"]["seq"] == left.last_seq
    (tmp_path / "a.backup").write_bytes(done.stdout)
    assert restore(capsys, tmp_path / "a.backup", left, tmp_path / "new") == 0


def test_a_lost_picture_is_said_and_told_by_the_exit_code(left: Left, tmp_path: Path, capsys: Capture) -> None:
    (left.data / "blobs" / left.picture[:2] / left.picture).unlink()
    archive = tmp_path / "a.backup"
    for words in (
        ("backup", archive, "--data", left.data),
        ("backup", "--check", archive, "--key", key_of(left)),
        ("restore", archive, "--to", tmp_path / "new", "--key", key_of(left)),
    ):
        code, lines, said = command(backup, capsys, *words)
        assert (code, said["ok"], said["lost"]) == (1, False, [left.picture])
        assert any(left.picture in line for line in lines)


def test_no_journal_and_no_medium_are_said(left: Left, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no journal"):
        command(backup, capsys, "backup", tmp_path / "a", "--data", tmp_path / "empty", "--key", key_of(left))
    with pytest.raises(UnavailableError, match="cannot be written: No such file"):
        command(backup, capsys, "backup", tmp_path / "none" / "a", "--data", left.data)
    with pytest.raises(UnavailableError, match="the database"):
        command(
            backup, capsys, "backup", tmp_path / "a", "--data", left.data,
            "--journal", "postgresql://triune@127.0.0.1:1/none",
        )  # fmt: skip
    assert not (tmp_path / "a").exists()


def test_a_county_moves_into_a_database_and_out_again(
    left: Left, archive: Path, tmp_path: Path, capsys: Capture, postgres_url: str
) -> None:  # R223
    shared = tmp_path / "shared"
    assert restore(capsys, archive, left, shared, "--journal", postgres_url) == 0
    assert not (shared / "journal.sqlite3").exists()
    settings = tmp_path / "triune.toml"
    settings.write_text(f'data = "{shared}"\njournal = "{postgres_url}"\n')
    again = tmp_path / "again.backup"
    code, _, said = command(backup, capsys, "backup", again, "--config", settings)
    assert code == 0
    first = command(backup, capsys, "backup", "--check", archive, "--key", key_of(left))[2]
    for what in ("spaces", "answers", "positions", "blobs"):
        assert said[what] == first[what], what
    with pytest.raises(InvalidInputError, match="the database is not empty"):
        restore(capsys, archive, left, tmp_path / "other", "--journal", postgres_url)
    assert not (tmp_path / "other").exists()
    assert restore(capsys, again, left, tmp_path / "alone") == 0
    assert (tmp_path / "alone" / "journal.sqlite3").is_file()


def test_an_earlier_moment_says_what_is_cut_and_that_a_fact_is_dated_ahead(
    left: Left, tmp_path: Path, capsys: Capture
) -> None:  # R910
    hour_ms = 3_600_000
    in_a_year_ms = SystemClock().now_ms() + 365 * 24 * hour_ms
    instants = [START_MS + hour_ms + n * 1000 for n in range(8)]
    instants[2] = in_a_year_ms  # while the clock stood a year ahead
    asyncio.run(go_on(left, instants))
    archive, new = tmp_path / "a.backup", tmp_path / "new"
    assert command(backup, capsys, "backup", archive, "--data", left.data)[0] == 0
    until = datetime.fromtimestamp(instants[5] / 1000, UTC).isoformat()
    words = ("restore", archive, "--to", new, "--key", key_of(left), "--until", until)
    code, lines, said = command(backup, capsys, *words)
    assert (code, said["spaces"]) == (0, {"live": left.last_seq + 6})
    assert said["ended"]["live"] == {
        "seq": left.last_seq + 6, "cut": 2, "past_seq": left.last_seq + 7, "past_ms": instants[6],
        "earlier": 0, "earlier_seq": 0, "ahead": 1, "ahead_seq": left.last_seq + 3,
    }  # fmt: skip
    assert any(f"ends with fact {left.last_seq + 6}; 2 facts after it are cut" in line for line in lines)
    assert any(
        f"1 facts are dated after the backup was made, the first is fact {left.last_seq + 3}" in s for s in lines
    )


async def go_on(left: Left, instants: list[int]) -> None:
    journal = SqliteJournal(left.journal)
    for n, at_ms in enumerate(instants):
        head = await journal.head("live")
        fact = StoredFact(seq=head.seq + 1, at_ms=at_ms, actor="p", data=encode(RecorderRecovered(recorder="r")))
        async with journal.turn("live") as turn:
            assert (await turn.append([Entry(key=f"went on {n}", subject="r", facts=(fact,))], head, [])).stored
    await journal.close()
