"""`triune account …` and `triune device …`: what they make opens a hub, kept in its files or in a shared database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from command.access.accounts import Session
from command.access.keys import SiteKey
from command.kernel.clock import SystemClock
from command.kernel.errors import ConflictError, InvalidInputError, SignInRequiredError, UnavailableError
from consoles.cli import access
from consoles.parts.stores import accounts_alone
from consoles.settings import Settings
from tests.consoles.cli.asking import command


@pytest.fixture(params=["files", "a shared database"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    data = str(tmp_path / "var")
    if request.param == "files":
        return Settings(data=data)
    url: str = request.getfixturevalue("postgres_url")
    return Settings(data=data, journal=url)


def where(kept: Settings, tmp_path: Path) -> tuple[object, ...]:
    """Say where by a settings file, as a hub is told."""
    config = tmp_path / "triune.toml"
    config.write_text(f'data = "{kept.data}"\njournal = "{kept.journal}"\n', encoding="utf-8")
    return "--config", config


def sign_in(kept: Settings, name: str, password: str) -> Session:
    async def work() -> Session:
        key = SiteKey.load(Path(kept.data) / "site.key")
        async with accounts_alone(kept, key, SystemClock()) as accounts:
            return await accounts.sign_in(name, password, "127.0.0.1")

    return asyncio.run(work())


def test_an_account_signs_in_with_what_was_printed_until_the_next_password(
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = where(kept, tmp_path)
    words = ("account", "add", "li", "--role", "officer", "--unit", "u9", "--display", "李警官")
    _, _, added = command(access, capsys, *words, *at)
    actor = sign_in(kept, "li", added["password"]).actor
    assert (added["account"], actor.name, list(actor.roles), actor.unit) == ("li", "李警官", ["officer"], "u9")
    _, _, changed = command(access, capsys, "account", "password", "li", *at)
    with pytest.raises(SignInRequiredError):
        sign_in(kept, "li", added["password"])
    assert sign_in(kept, "li", changed["password"]).actor.id == "li"
    with pytest.raises(ConflictError):
        command(access, capsys, *words, *at)


def test_a_device_is_known_by_its_newest_token(
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def device_of(token: str) -> str | None:
        key = SiteKey.load(Path(kept.data) / "site.key")
        async with accounts_alone(kept, key, SystemClock()) as accounts:
            return await accounts.device_of(token)

    at = where(kept, tmp_path)
    SiteKey.load(Path(kept.data) / "site.key")
    first, second = (command(access, capsys, "device", "token", "d7", *at)[2]["token"] for _ in range(2))
    assert asyncio.run(device_of(second)) == "d7"
    assert asyncio.run(device_of(first)) is None


def test_what_is_said_at_the_prompt_goes_before_the_file(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = where(Settings(data=str(tmp_path / "elsewhere")), tmp_path)
    shared = Settings(data=str(tmp_path / "var"), journal=postgres_url)
    said = ("--data", shared.data, "--journal", shared.journal)
    _, _, added = command(access, capsys, "account", "add", "li", "--role", "dispatcher", *at, *said)
    assert sign_in(shared, "li", added["password"]).actor.id == "li"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_with_another_site_key_is_refused(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, key in (("one", "5a" * 32), ("two", "5b" * 32)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "site.key").write_text(key)
    add = ("account", "add", "li", "--role", "dispatcher", "--journal", postgres_url, "--data")
    command(access, capsys, *add, tmp_path / "one")
    with pytest.raises(InvalidInputError, match=r"same site\.key"):
        command(access, capsys, *add, tmp_path / "two")


@pytest.mark.parametrize("words", [("device", "token", "d7"), ("account", "password", "li")])
def test_a_folder_without_a_hub_is_refused_and_not_made(  # R784
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnavailableError, match="no hub's data"):
        command(access, capsys, *words, "--data", tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()
