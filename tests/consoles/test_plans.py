"""Plans over HTTP and at the command line: checked by line, published once, running ones keep theirs."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pytest

from consoles.cli import main
from tests.consoles.support import Person, signed_in, site_with_people

TANKER = (files("consoles.demo") / "county" / "plans" / "tanker-accident.yaml").read_bytes()


async def post(person: Person, path: str, body: bytes) -> tuple[int, str]:
    async with person.http.post(path, data=body, headers={"X-CSRF-Token": person.csrf}) as response:
        return response.status, await response.text()


async def test_a_plan_is_checked_published_once_and_never_changed_under_its_version(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "commander") as site, signed_in(site.http_url, "commander") as person:
        assert (await post(person, "/api/v1/plans/check", TANKER))[0] == 200
        assert await site.hub.read(lambda t: len(t.plans)) == 0, "checking publishes nothing"
        assert (await post(person, "/api/v1/plans", TANKER))[0] == 200
        assert (await post(person, "/api/v1/plans", TANKER))[0] == 200
        assert await site.hub.read(lambda t: [p.id for p in t.plans]) == ["tanker-accident"]
        changed = TANKER.replace("核实地点".encode(), "核对地点".encode())
        assert changed != TANKER
        assert (await post(person, "/api/v1/plans", changed))[0] == 409


async def test_mistakes_come_with_their_lines(tmp_path: Path) -> None:
    lines = TANKER.decode().splitlines()
    broken = next(i for i, line in enumerate(lines) if "due_min" in line)
    lines[broken] = lines[broken].replace("due_min", "due_minutes")
    async with site_with_people(tmp_path, "commander") as site, signed_in(site.http_url, "commander") as person:
        status, text = await post(person, "/api/v1/plans", "\n".join(lines).encode())
        assert status == 400
        assert "invalid_plan" in text
        assert f"line {broken + 1}" in text
        for hostile in (b"\xff\xfe", b"a: &a [*a]", b"", b"[" * 10_000, b"- !!python/object:os.system x"):
            assert (await post(person, "/api/v1/plans", hostile))[0] == 400, hostile[:20]
        assert (await post(person, "/api/v1/plans", TANKER))[0] == 200, "the hub lives"


async def test_only_who_may_publishes(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "call_taker") as site, signed_in(site.http_url, "call_taker") as person:
        assert (await post(person, "/api/v1/plans", TANKER))[0] == 403


def test_the_command_names_file_line_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_bytes(TANKER)
    bad.write_text("id: x\nversion: 1\nnonsense: true\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["triune", "plan", "check", str(good)])
    assert main() == 0
    monkeypatch.setattr(sys, "argv", ["triune", "plan", "check", str(bad)])
    assert main() == 1
    said = capsys.readouterr()
    assert f"{bad}:3:1: " in said.err
    assert said.out.splitlines()[-1].startswith('{"plans": 1, "problems": ')
