"""`triune verify` holds exported clips to the record; those at other hubs are named by all commands (R918, R919)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.backup.clips import FOLDER
from command.journal import Journal
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.postgres import Postgres
from command.requests import EnrolCamera, RecordClip
from consoles.cli import backup, verify
from tests.command.backup.test_clips import bring
from tests.command.support import START_MS, desk
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind
from tests.postgres import PostgresServer

Capture = pytest.CaptureFixture[str]
THERE = "https://hub-2.example:8443"


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return left_behind(tmp_path)


async def record(journal: Journal, *clips: RecordClip) -> None:
    async with desk(journal, enrolled=False) as work:
        await work.hub.ask(EnrolCamera(camera="c1", name="东门", lat=29.0, lon=113.0), HUB)
        for clip in clips:
            await work.hub.ask(clip, HUB)


def exported(folder: Path, number: int) -> RecordClip:
    """A clip in a folder, and what is said of it to the record."""
    name = bring(folder, number, 100)
    sha256 = hashlib.sha256((folder / f"{name}.mp4").read_bytes()).hexdigest()
    return RecordClip(
        clip=name,
        camera="c1",
        from_ms=START_MS,
        to_ms=START_MS + 1000,
        sha256=sha256,
        size=100,
        missing_ms=0,
        why="移送",
    )


@pytest.fixture
def clips(left: Left) -> list[RecordClip]:
    """Two, on record."""
    made = [exported(left.data / FOLDER, number) for number in (1, 2)]

    async def put_on_record() -> None:
        journal = SqliteJournal(left.journal)
        await record(journal, *made)
        await journal.close()

    asyncio.run(put_on_record())
    return made


def test_clips_that_are_what_they_were_are_whole(left: Left, clips: list[RecordClip], capsys: Capture) -> None:
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert (code, lines, verdict["clips"]) == (0, [], 2)
    assert (verdict["damaged_clips"], verdict["missing_clips"], verdict["clips_elsewhere"]) == ([], [], [])


@pytest.mark.parametrize("harm", ["file", "both", "sheet", "no sheet"])
def test_an_altered_clip_is_found_also_where_its_sheet_was_made_to_fit(  # R918
    left: Left, clips: list[RecordClip], capsys: Capture, harm: str
) -> None:
    name = clips[0].clip
    file, sheet = (left.data / FOLDER / f"{name}{suffix}" for suffix in (".mp4", ".json"))
    match harm:
        case "file":
            file.write_bytes(b"X" * 100)
        case "both":
            bring(left.data / FOLDER, 1, 100)
        case "sheet":
            sheet.write_text(sheet.read_text().replace(clips[0].sha256, "0" * 64))
        case _:
            sheet.unlink()
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert (code, verdict["ok"], verdict["damaged_clips"], verdict["missing_clips"]) == (1, False, [name], [])
    assert lines == [f"clip {name}: its file or its sheet is not what the record says"]


def test_a_clip_that_is_gone_is_missing(left: Left, clips: list[RecordClip], capsys: Capture) -> None:  # R918
    name = clips[1].clip
    for suffix in (".mp4", ".json"):
        (left.data / FOLDER / f"{name}{suffix}").unlink()
    code, lines, verdict = command(verify, capsys, "verify", "--data", left.data)
    assert (code, lines, verdict["missing_clips"]) == (1, [f"clip {name}: missing"], [name])


def test_clips_of_a_folder_of_their_own_are_found_by_the_settings(
    left: Left, clips: list[RecordClip], tmp_path: Path, capsys: Capture
) -> None:
    (left.data / FOLDER.parent).rename(tmp_path / "disk")
    config = tmp_path / "triune.toml"
    config.write_text(f'data = "{left.data}"\n[recordings]\nfolder = "{tmp_path / "disk"}"\n')
    code, lines, verdict = command(verify, capsys, "verify", "--config", config)
    assert (code, lines, verdict["clips"], verdict["missing_clips"]) == (0, [], 2, [])


def test_a_folder_of_clips_that_cannot_be_read_is_a_fault(
    left: Left, clips: list[RecordClip], tmp_path: Path, capsys: Capture
) -> None:
    (left.data / FOLDER).rename(tmp_path / "away")
    (left.data / FOLDER).write_bytes(b"no folder")
    code, lines, _ = command(verify, capsys, "verify", "--data", left.data)
    assert code == 1
    assert " -: the folder of clips cannot be read: Not a directory" in lines


def test_clips_exported_at_another_hub_are_named_by_backup_restore_and_verify(  # R919
    left: Left, tmp_path: Path, postgres_server: PostgresServer, capsys: Capture
) -> None:
    url, key = postgres_server.url(postgres_server.create_database()), left.data / "site.key"
    first, second, archive, config = tmp_path / "hub1", tmp_path / "hub2", tmp_path / "a.backup", tmp_path / "hub1.toml"
    moved = tmp_path / "b.backup"
    assert command(backup, capsys, "backup", moved, "--data", left.data)[0] == 0
    assert command(backup, capsys, "restore", moved, "--to", first, "--journal", url, "--key", key)[0] == 0
    config.write_text(f'data = "{first}"\njournal = "{url}"\nadvertise = "https://hub-1.example:8443/"\n')
    here = replace(exported(first / FOLDER, 1), hub="https://hub-1.example:8443")
    there = replace(exported(second / FOLDER, 2), hub=THERE)
    of_before = exported(second / FOLDER, 3)

    async def put_on_record() -> None:
        postgres = await Postgres.open(url, (), "test")
        await record(await PostgresJournal.open(postgres), here, there, of_before)
        await postgres.close()

    asyncio.run(put_on_record())
    named = [{"clip": there.clip, "hub": THERE}, {"clip": of_before.clip, "hub": ""}]

    def says(code: int, run: Callable[[], tuple[int, list[str], dict[str, object]]]) -> dict[str, object]:
        found, lines, said = run()
        assert (found, said["ok"], said["clips_elsewhere"]) == (code, code == 0, named)
        assert any(there.clip in line and THERE in line for line in lines)
        assert any(of_before.clip in line and "another hub" in line for line in lines)
        return said

    said = says(0, lambda: command(backup, capsys, "backup", archive, "--config", config))
    assert (said["clips"], said["lost"]) == (1, [])
    says(0, lambda: command(backup, capsys, "backup", "--check", archive, "--key", key))
    assert says(0, lambda: command(verify, capsys, "verify", "--config", config))["clips"] == 3
    other = postgres_server.url(postgres_server.create_database())
    new = tmp_path / "new"
    says(0, lambda: command(backup, capsys, "restore", archive, "--to", new, "--journal", other, "--key", key))
    says(0, lambda: command(verify, capsys, "verify", "--data", new, "--journal", other))
    # What this hub exported itself and has no more is missed: nobody else has it.
    for suffix in (".mp4", ".json"):
        (first / FOLDER / f"{here.clip}{suffix}").unlink()
    archive.unlink()
    said = says(1, lambda: command(backup, capsys, "backup", archive, "--config", config))
    assert said["lost"] == [f"clips/{here.clip}.mp4"]
    assert says(1, lambda: command(verify, capsys, "verify", "--config", config))["missing_clips"] == [here.clip]
