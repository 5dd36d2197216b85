"""`triune gb28181` and `triune viid`: what they print is what the hub takes, and no folder becomes a site by asking."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from command.access.keys import ENVIRONMENT, SiteKey
from consoles import cli
from consoles.cli import gb28181, viid
from consoles.parts.gb28181.part import password_of as password_of_devices
from consoles.parts.viid.part import password_of as password_of_systems
from consoles.settings import load_settings
from tests.consoles.cli.asking import command

_TABLES = """
[gb28181]
server_id = "43062100002000000001"

[viid]
server_id = "43062100005030000001"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    file = tmp_path / "triune.toml"
    file.write_text(f'data = "{tmp_path / "var"}"\n{_TABLES}', encoding="utf-8")
    return file


@pytest.mark.parametrize("name", ["gb28181", "viid"])
def test_a_folder_without_a_site_is_refused_and_stays_as_it_is(
    name: str, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # R789
    monkeypatch.setattr(sys, "argv", ["triune", name, "--config", str(config)])
    assert cli.main() == 2
    assert f"no hub's data in {config.parent / 'var'}" in capsys.readouterr().err
    assert not (config.parent / "var").exists()


def test_no_agent_is_let_in_where_no_hub_has_run(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # R796
    monkeypatch.setattr(sys, "argv", ["triune", "agent", "enrol", "gate", "--config", str(config)])
    assert cli.main() == 2
    assert f"no hub's data in {config.parent / 'var'}" in capsys.readouterr().err
    assert not (config.parent / "var").exists()


@pytest.mark.parametrize("module", [gb28181, viid])
def test_a_site_prints_the_password_that_it_takes(
    module: ModuleType, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # R789
    settings = load_settings(config)
    assert settings.gb28181
    assert settings.viid
    key = SiteKey.load(Path(settings.data) / "site.key")
    taken = password_of_devices(settings.gb28181, key) if module is gb28181 else password_of_systems(settings.viid, key)

    _, _, told = command(module, capsys, module.__name__.rpartition(".")[2], "--config", config)

    assert told["password"] == taken


@pytest.mark.parametrize("module", [gb28181, viid])
def test_folder_and_database_of_the_hub_may_be_said_at_the_prompt(
    module: ModuleType, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # R1199
    """As `triune serve` takes them: a password of the database stands in no file that devices' people read."""
    config.write_text('bus = "redis://10.0.0.1"\n' + _TABLES, encoding="utf-8")
    key = SiteKey.load(tmp_path / "elsewhere" / "site.key")
    said = ("--config", config, "--data", tmp_path / "elsewhere", "--journal", "postgresql://triune@10.0.0.1/triune")

    _, _, told = command(module, capsys, module.__name__.rpartition(".")[2], *said)

    own = load_settings(config, journal="postgresql://triune@10.0.0.1/triune")
    assert own.gb28181
    assert own.viid
    taken = password_of_devices(own.gb28181, key) if module is gb28181 else password_of_systems(own.viid, key)
    assert told["password"] == taken
