"""What is said at the prompt and what the settings file says are one: they are judged together (SPEC R1170)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from command.access.keys import SiteKey
from command.kernel.errors import UnavailableError
from consoles.cli import backup, doctor, replay, verify
from tests.consoles.cli.asking import command
from tests.ports import free_port


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (verify, ("verify",)),
        (backup, ("backup", "new.backup")),
        (replay, ("replay", "s1", "--at", "+00:00:00")),
    ],
)
def test_a_file_with_the_bus_is_taken_where_the_database_is_said_at_the_prompt(
    module: ModuleType, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # R1170
    with pytest.raises(UnavailableError):  # the database, which is nowhere
        command(module, capsys, *words, *said(tmp_path))


def test_the_doctor_looks_at_what_is_said_at_the_prompt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # R1170
    code, _, told = command(doctor, capsys, "doctor", *said(tmp_path))
    wrong = {finding["check"] for finding in told["findings"] if finding["verdict"] != "ok"}
    assert (code, wrong & {"database", "bus"}) == (1, {"database", "bus"})


def said(tmp_path: Path) -> tuple[str, ...]:
    """Return where a hub is whose database and bus are away: the bus by its settings, the others at the prompt."""
    config, data = tmp_path / "triune.toml", tmp_path / "var"
    SiteKey.load(data / "site.key")
    config.write_text(f'bus = "redis://127.0.0.1:{free_port()}"\n', encoding="utf-8")
    return (
        "--config", str(config), "--data", str(data), "--journal", f"postgresql://triune@127.0.0.1:{free_port()}/none",
    )  # fmt: skip
