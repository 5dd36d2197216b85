"""`triune doctor` says in plain words what keeps a hub from running, and what helps."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from consoles.cli import doctor
from consoles.settings import Settings
from tests.consoles.cli.asking import command
from tests.consoles.cli.recording import left_behind
from tests.consoles.support import settings, site_with_people


def findings(capsys: pytest.CaptureFixture[str], data: Path, config: Path | None = None) -> dict[str, dict[str, Any]]:
    words = ("--config", config) if config else ()
    code, lines, result = command(doctor, capsys, "doctor", "--data", data, *words)
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


def test_a_fresh_machine_is_fit_and_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
    key.unlink()
    assert "missing beside a journal" in findings(capsys, left.data, config)["key"]["what"]
    assert not key.exists()


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
        assert found["port http"].verdict == "ok"
        assert "a hub of ours" in found["port http"].what
        assert found["journal"].verdict == "ok"


def test_a_clock_behind_the_newest_fact_and_a_torn_journal_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left, config = left_behind(tmp_path), free_ports(tmp_path)
    assert findings(capsys, left.data, config)["journal"]["verdict"] == "ok"
    left.alter("UPDATE facts SET at_ms = 4000000000000 WHERE seq = ?", left.last_seq)
    assert "behind the newest fact" in findings(capsys, left.data, config)["journal"]["what"]
    left.journal.write_bytes(b"not a database at all" * 100)
    assert findings(capsys, left.data, config)["journal"]["verdict"] == "fail"


def test_little_room_and_missing_pages_are_told(tmp_path: Path) -> None:
    gib = 1024**3
    assert [doctor._disk(free).verdict for free in (gib // 2, 5 * gib, 50 * gib)] == ["fail", "warn", "ok"]
    assert doctor._pages(tmp_path).verdict == "fail"
    assert doctor._model("no-such-wheel", "x.onnx").verdict == "warn"
    assert doctor._python((3, 10, 9)).verdict == "fail"
    assert doctor._sqlite((3, 24, 0)).verdict == "fail"


def test_a_data_folder_that_cannot_be_made_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert findings(capsys, tmp_path / "file" / "var", free_ports(tmp_path))["data"]["verdict"] == "fail"
