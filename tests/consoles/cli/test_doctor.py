"""`triune doctor` says in plain words what keeps a hub from running, and what helps."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from command.access.keys import SiteKey
from command.backup.folder import Owner, archive_at
from command.backup.making import Source, make_backup
from command.blobs import FolderBlobs
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.release import release
from consoles.cli import backup, doctor
from consoles.doctor import record
from consoles.settings import Settings
from tests.command.support import HOUR_MS, START_MS
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import Left, left_behind
from tests.consoles.support import settings, site_with_people
from tests.damage import flipped


def findings(capsys: pytest.CaptureFixture[str], data: Path, config: Path | None = None) -> dict[str, dict[str, Any]]:
    words = ("--config", config) if config else ()
    code, lines, result = command(doctor, capsys, "doctor", "--lang", "en", "--data", data, *words)
    found = {finding["check"]: finding for finding in result["findings"]}
    assert len(lines) == len(found)
    assert code == int(any(finding["verdict"] == "fail" for finding in found.values()))
    assert all(finding["todo"] for finding in found.values() if finding["verdict"] != "ok")
    return found


def free_ports(tmp_path: Path, **ports: int) -> Path:
    config = tmp_path / "triune.toml"
    named = {"http_port": 0, "jt808_port": 0, "case_port": 0, "approval_port": 0} | ports
    config.write_text("".join(f"{name} = {port}\n" for name, port in named.items()), encoding="utf-8")
    return config


def test_a_fresh_machine_is_fit_and_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # R130
    found = findings(capsys, tmp_path / "var", free_ports(tmp_path))
    checks = {"python", "sqlite", "data", "key", "port http", "model clp_det", "model ch_PP-OCRv4_rec_infer", "journal"}
    assert {check: found[check]["verdict"] for check in checks} == dict.fromkeys(checks, "ok")
    assert found["model clp_det"]["what"].startswith("sha256 ")
    assert not (tmp_path / "var").exists()


def test_a_key_that_others_can_read_or_that_is_none_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRIUNE_KEY", raising=False)
    left = left_behind(tmp_path)
    config, key = free_ports(tmp_path), left.data / "site.key"
    assert findings(capsys, left.data, config)["key"]["verdict"] == "ok"
    key.chmod(0o640)
    assert findings(capsys, left.data, config)["key"]["verdict"] == "fail"
    key.chmod(0o600)
    key.write_text("short", encoding="ascii")
    assert findings(capsys, left.data, config)["key"]["verdict"] == "fail"
    key.write_bytes(b"\xff" * 64)
    assert findings(capsys, left.data, config)["key"]["verdict"] == "fail"
    key.unlink()
    assert "missing beside a journal" in findings(capsys, left.data, config)["key"]["what"]
    assert not key.exists()


def test_a_folder_that_others_can_look_into_is_warned_of(  # R966
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, config = tmp_path / "var", free_ports(tmp_path)
    assert findings(capsys, data, config)["folder"]["verdict"] == "ok"
    data.mkdir()
    data.chmod(0o755)
    assert findings(capsys, data, config)["folder"]["verdict"] == "warn"
    data.chmod(0o750)
    assert findings(capsys, data, config)["folder"]["verdict"] == "ok"


def test_anchors_of_the_settings_are_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # R1200
    config = free_ports(tmp_path)
    config.write_text(config.read_text("utf-8") + 'anchors = ["http://10.0.0.9/"]\n', "utf-8")
    assert findings(capsys, tmp_path / "var", config)["anchor 1"]["verdict"] == "warn"


def test_a_port_that_somebody_else_has_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = findings(capsys, tmp_path, free_ports(tmp_path, jt808_port=port))
    assert found["port jt808"]["verdict"] == "fail"
    assert str(port) in found["port jt808"]["what"]


async def test_a_hub_of_ours_that_runs_is_known(tmp_path: Path) -> None:
    async with site_with_people(tmp_path) as site:
        port = int(site.http_url.rsplit(":", 1)[1])
        named = Settings(data=settings(tmp_path).data, http_port=port, jt808_port=0, case_port=0, approval_port=0)
        found = {finding.check: finding for finding in await doctor.examine(named, site.clock)}
        assert release() in found["release"].what.en  # R1229
        assert found["port http"].verdict == "ok"
        assert "a hub of ours" in found["port http"].what.en
        assert found["journal"].verdict == "ok"
        assert "a write reaches the disk in" in found["disk speed"].what.en, "how soon is the machine's"
        assert not [path for path in Path(named.data).iterdir() if "doctor" in path.name], "its own file is gone"


async def test_a_clock_behind_the_newest_fact_fails(tmp_path: Path) -> None:
    left = await asyncio.to_thread(left_behind, tmp_path)
    before = VirtualClock(START_MS - 60_000, speed=1)
    named = Settings(data=str(left.data), http_port=0, jt808_port=0, case_port=0, approval_port=0)
    found = {finding.check: finding for finding in await doctor.examine(named, before)}
    assert found["journal"].verdict == "fail"
    assert "behind the newest fact" in found["journal"].what.en


async def test_what_a_hub_writes_while_the_doctor_looks_is_no_fault_of_the_clock(tmp_path: Path) -> None:
    left = await asyncio.to_thread(left_behind, tmp_path)
    db = sqlite3.connect(left.journal)
    (newest_ms,) = db.execute("SELECT max(at_ms) FROM facts").fetchone()
    db.close()
    named = Settings(data=str(left.data), http_port=0, jt808_port=0, case_port=0, approval_port=0)
    # It looks at the machine first, half a second long; what came meanwhile is newer than its beginning.
    found = {finding.check: finding for finding in await doctor.examine(named, VirtualClock(newest_ms - 400, speed=1))}
    assert found["journal"].verdict == "ok"


def test_ports_of_all_gateways_are_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        config = free_ports(tmp_path)
        tables = {"gb28181": ("43062100002000000001", one), "viid": ("43062100005030000001", other)}
        with config.open("a", encoding="utf-8") as file:
            for name, (server, taken) in tables.items():
                file.write(f'[{name}]\nserver_id = "{server}"\nport = {taken.getsockname()[1]}\n')
        found = findings(capsys, tmp_path, config)
    assert found["port gb28181"]["verdict"] == found["port viid"]["verdict"] == "fail"


def test_a_journal_that_was_changed_torn_or_written_by_a_newer_release_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left, config = left_behind(tmp_path), free_ports(tmp_path)
    found = findings(capsys, left.data, config)
    assert found["journal"]["verdict"] == found["evidence"]["verdict"] == "ok"
    assert f"ends with fact {left.last_seq}" in found["journal"]["what"]
    left.alter("UPDATE facts SET actor = 'somebody else' WHERE seq = ?", left.last_seq - 1)
    changed = findings(capsys, left.data, config)["journal"]
    assert changed["verdict"] == "fail"
    assert f"fact {left.last_seq - 1} does not fit the chain" in changed["what"]
    left.alter("DELETE FROM facts WHERE seq = ?", left.last_seq - 1)
    assert f"fact {left.last_seq - 1} is missing" in findings(capsys, left.data, config)["journal"]["what"]
    left.alter("DELETE FROM facts WHERE seq = ?", 1)
    assert "fact 1 is missing" in findings(capsys, left.data, config)["journal"]["what"]
    with contextlib.closing(sqlite3.connect(left.journal)) as db:
        db.execute("PRAGMA user_version = 99")
    assert "schema 99" in findings(capsys, left.data, config)["journal"]["what"]
    left.journal.write_bytes(b"not a database at all" * 100)
    assert findings(capsys, left.data, config)["journal"]["verdict"] == "fail"


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("data", "xx", "fact 2 does not fit the chain"),
        ("data", 99999999999999, "fact 2 does not fit the chain"),
        ("digest", 99999999999999, "fact 2 does not fit the chain"),
        ("digest", "xx", "fact 2 does not fit the chain"),
        ("at_ms", "xx", "fact 2 does not fit the chain"),
        ("actor", b"xx", "fact 2 does not fit the chain"),
        ("seq", "xx", "fact 2 is missing"),
    ],
)
def test_a_journal_in_which_values_of_another_type_stand_fails(
    column: str, value: object, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R881."""
    left, config = left_behind(tmp_path), free_ports(tmp_path)
    left.alter(f"UPDATE facts SET {column} = ? WHERE seq = 2", value)
    found = findings(capsys, left.data, config)["journal"]
    assert found["verdict"] == "fail"
    assert says in found["what"]


def test_a_journal_whose_numbers_are_all_text_or_whose_oldest_fact_looked_at_has_no_time_is_examined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R881. Of the oldest fact looked at only the digest counts."""
    left, config = left_behind(tmp_path), free_ports(tmp_path)
    monkeypatch.setattr(record, "TAIL_FACTS", 3)
    left.alter("UPDATE facts SET at_ms = 'xx' WHERE seq = ?", left.last_seq - 3)
    assert findings(capsys, left.data, config)["journal"]["verdict"] == "ok"
    left.alter("UPDATE facts SET seq = 'x' || seq")
    assert "fact 1 is missing" in findings(capsys, left.data, config)["journal"]["what"]


async def test_evidence_that_a_hub_at_work_removes_meanwhile_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R881."""
    left = await asyncio.to_thread(left_behind, tmp_path)
    blobs = FolderBlobs(left.data / "blobs", SiteKey.load(left.data / "site.key").box("blobs"))
    # A link to nowhere is listed and then not found, as a file is that goes between the two.
    gone = left.data / "blobs" / "ab" / ("ab" * 32)
    gone.parent.mkdir()
    gone.symlink_to("nowhere")
    told = await record.evidence(left.data)
    assert (told.verdict, told.what.en) == ("ok", "1 files; the newest 1 open")
    gone.unlink()
    later = await blobs.add(b"jpeg of another scene")
    opens = FolderBlobs.get

    async def removed_before(kept: FolderBlobs, name: str) -> bytes:
        await blobs.remove([later], 2**52)
        return await opens(kept, name)

    monkeypatch.setattr(FolderBlobs, "get", removed_before)
    told = await record.evidence(left.data)
    assert (told.verdict, told.what.en) == ("ok", "2 files; the newest 1 open")


def test_evidence_that_was_changed_or_that_the_key_does_not_open_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRIUNE_KEY", raising=False)
    left, config = left_behind(tmp_path), free_ports(tmp_path)
    (picture,) = (left.data / "blobs").glob("??/*")
    sealed = picture.read_bytes()
    picture.write_bytes(flipped(sealed))
    assert findings(capsys, left.data, config)["evidence"]["verdict"] == "fail"
    picture.write_bytes(sealed)
    assert findings(capsys, left.data, config)["evidence"]["verdict"] == "ok"
    (left.data / "site.key").write_text("1" * 64, encoding="ascii")
    assert findings(capsys, left.data, config)["evidence"]["verdict"] == "fail"
    (left.data / "site.key").unlink()
    assert findings(capsys, left.data, config)["evidence"]["verdict"] == "fail"


def test_backups_that_are_late_dated_ahead_damaged_or_have_no_folder_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R902, R913-R915."""
    out, config, now_ms = tmp_path / "out", free_ports(tmp_path), SystemClock().now_ms()
    assert "backups" not in findings(capsys, tmp_path / "var", config)
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[backup]\nfolder = "{out}"\n')
    assert findings(capsys, tmp_path / "var", config)["backups"]["verdict"] == "fail"
    out.mkdir()
    assert findings(capsys, tmp_path / "var", config)["backups"]["verdict"] == "ok"
    left = left_behind(tmp_path)
    owner, source = owner_of(left), Source(data=left.data, release="test")

    def told() -> tuple[str, str]:
        found = findings(capsys, left.data, config)["backups"]
        return found["verdict"], found["what"]

    none = "none yet; the hub makes one once it runs"
    assert told() == ("ok", none)
    (out / "triune-20260101T000000Z.backup").touch()  # whose it is nobody can tell
    assert told() == ("ok", f"{none}; 1 of other records are there")
    made = archive_at(out, now_ms - 49 * HOUR_MS, owner)
    make_backup(source, owner.key, made)
    assert told() == ("warn", "1, the newest 49 h old; 1 of other records are there")
    # By the release before, without its record in the name.
    made.rename(newest := out / f"{archive_at(out, now_ms, owner).name.rsplit('-', 1)[0]}.backup")
    assert told() == ("ok", "1, the newest 0 h old; 1 of other records are there")
    newest.write_bytes(newest.read_bytes()[:-1])
    assert told() == ("warn", "none of 1 can be opened")
    (left.data / "blobs" / left.picture[:2] / left.picture).unlink()
    make_backup(source, owner.key, archive_at(out, now_ms, owner))
    assert told()[0] == "warn"
    assert told()[1].startswith("the newest lacks 1 pictures or files that were lost before, the first is ")
    archive_at(out, now_ms + 24 * HOUR_MS, owner).touch()
    assert told() == ("warn", f"1 dated ahead of the clock, up to {archive_at(out, now_ms + 24 * HOUR_MS, owner).name}")


def test_whose_backups_there_are_is_asked_of_the_record_and_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R913."""
    monkeypatch.delenv("TRIUNE_KEY", raising=False)
    left, out, config = left_behind(tmp_path), tmp_path / "out", free_ports(tmp_path)
    out.mkdir()
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[backup]\nfolder = "{out}"\n')
    in_files = archive_at(out, START_MS, owner_of(left))
    make_backup(Source(data=left.data, release="test"), owner_of(left).key, in_files)
    shared = tmp_path / "triune-shared.toml"
    shared.write_text(f'journal = "{postgres_url}"\n{config.read_text("utf-8")}', encoding="utf-8")
    assert findings(capsys, left.data, shared)["backups"]["what"].startswith("none yet; ")
    restored = ("restore", in_files, "--to", tmp_path / "new", "--key", left.data / "site.key")
    assert command(backup, capsys, *restored, "--journal", postgres_url)[0] == 0
    copy = findings(capsys, tmp_path / "new", shared)["backups"]["what"]
    assert copy == "none yet; the hub makes one once it runs; 1 of other records are there"
    assert findings(capsys, left.data, config)["backups"]["what"].startswith("1, the newest ")
    (left.data / "site.key").unlink()
    untold = findings(capsys, left.data, config)["backups"]
    assert (untold["verdict"], "cannot be told" in untold["what"]) == ("warn", True)


def owner_of(left: Left) -> Owner:
    with contextlib.closing(sqlite3.connect(left.journal)) as db:
        (history,) = db.execute("SELECT id FROM history").fetchone()
    return Owner(history=history, key=SiteKey.load(left.data / "site.key"))


def test_it_speaks_chinese_where_the_environment_does_and_json_alone_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", "zh_CN.UTF-8")):
        monkeypatch.setenv(name, value)
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    words = ("doctor", "--data", tmp_path / "file" / "var", "--config", free_ports(tmp_path))
    code, lines, result = command(doctor, capsys, *words)
    assert code == 1
    assert any(line.startswith("故障") and " data: " in line and "不可写" in line for line in lines)
    assert all(re.search("[\u4e00-\u9fff]", one["todo"]) for one in result["findings"] if one["verdict"] != "ok")
    _, lines, again = command(doctor, capsys, *words, "--json", "--lang", "en")
    assert lines == []
    assert [one["check"] for one in again["findings"]] == [one["check"] for one in result["findings"]]


def test_a_data_folder_that_cannot_be_made_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert findings(capsys, tmp_path / "file" / "var", free_ports(tmp_path))["data"]["verdict"] == "fail"
