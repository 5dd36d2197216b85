"""`triune account …` and `triune device …`: what they make opens a hub, kept in its files or in a shared database."""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import socket
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from command.access.accounts import Session
from command.access.keys import SiteKey
from command.hub import Hub
from command.journal import Journal
from command.journal.postgres import PostgresJournal
from command.journal.sqlite import SqliteJournal
from command.kernel.clock import SystemClock
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    SignInRequiredError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.postgres import Postgres
from command.requests import EnrolDevice, Request, RetireDevice
from command.snapshots import SnapshotFolder, TablesCopy
from command.wire import AccountChange
from consoles.cli import access, edge
from consoles.cli.who import at_machine, at_the_command_line
from consoles.http.context import LIVE
from consoles.parts.stores import accounts_alone
from consoles.settings import Settings
from tests.command.support import desk
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


async def enrol(kept: Settings, device: str) -> None:
    """Enrol an exchange, in the record that hubs with these settings write."""
    async with AsyncExitStack() as stack:
        journal: Journal
        if kept.journal:
            postgres = await Postgres.open(kept.journal, (), "site")
            stack.push_async_callback(postgres.close)
            journal = await PostgresJournal.open(postgres)
        else:
            journal = SqliteJournal(Path(kept.data) / "journal.sqlite3")
            stack.push_async_callback(journal.close)
        async with desk(journal, enrolled=False) as at_work:
            await at_work.ask(EnrolDevice(device=device, kind="pbx"))


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
    asyncio.run(enrol(kept, "d7"))
    first, second = (command(access, capsys, "device", "token", "d7", *at)[2]["token"] for _ in range(2))
    assert asyncio.run(device_of(second)) == "d7"
    assert asyncio.run(device_of(first)) is None


def test_an_account_is_shut_out_let_in_again_and_given_other_roles(  # R952, R953
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = where(kept, tmp_path)

    def account(*words: str) -> tuple[list[str], dict[str, Any]]:
        return command(access, capsys, "account", *words, *at)[1:]

    account("add", "chief", "--role", "administrator")
    password = account("add", "li", "--role", "officer", "--unit", "u9", "--display", "李警官")[1]["password"]
    assert account("disable", "li")[1] == {"account": "li", "disabled": True}
    with pytest.raises(SignInRequiredError):
        sign_in(kept, "li", password)
    lines, told = account("list")
    assert lines == ["chief chief administrator", "li 李警官 officer u9 disabled"]
    assert told["accounts"][1] == {
        "name": "li", "display": "李警官", "roles": ["officer"], "unit": "u9", "disabled": True,
    }  # fmt: skip
    assert account("enable", "li")[1] == {"account": "li", "disabled": False}
    assert sign_in(kept, "li", password).actor.roles == {"officer"}
    given = account("roles", "li", "--role", "dispatcher", "--role", "call_taker", "--role", "dispatcher")[1]
    assert given == {"account": "li", "roles": ["call_taker", "dispatcher"]}
    assert sign_in(kept, "li", password).actor.roles == {"dispatcher", "call_taker"}
    with pytest.raises(ConflictError, match="the last account that administers"):
        account("disable", "chief")
    with pytest.raises(UnknownIdError, match="no account lee"):
        account("disable", "lee")


def test_a_token_is_taken_back(  # R954
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = where(kept, tmp_path)
    SiteKey.load(Path(kept.data) / "site.key")
    asyncio.run(enrol(kept, "d7"))
    command(access, capsys, "device", "token", "d7", *at)
    _, _, told = command(access, capsys, "device", "revoke", "d7", *at)
    assert told == {"device": "d7", "token": None}
    with pytest.raises(UnknownIdError, match="'d7' has no token"):
        command(access, capsys, "device", "revoke", "d7", *at)


def test_the_first_account_of_a_folder_is_said_to_be_of_a_new_site(  # R956
    kept: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder named wrongly: its password would open nothing."""
    at = [str(word) for word in where(kept, tmp_path)]
    parser = argparse.ArgumentParser()
    access.add_parser(parser.add_subparsers(required=True))
    for name, told in (("li", [f"triune: the first account of a site in {kept.data}"]), ("wang", [])):
        arguments = parser.parse_args(["account", "add", name, "--role", "officer", *at])
        assert arguments.run(arguments) == 0
        assert [line.partition(": if ")[0] for line in capfd.readouterr().err.splitlines()] == told


def test_a_device_that_nobody_enrolled_is_given_no_token(  # R951
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip in its id is told, and the token that the device has stays."""
    at = where(kept, tmp_path)
    SiteKey.load(Path(kept.data) / "site.key")
    asyncio.run(enrol(kept, "d7"))
    command(access, capsys, "device", "token", "d7", *at)
    with pytest.raises(UnknownIdError, match="no device 'd71' is enrolled"):
        command(access, capsys, "device", "token", "d71", *at)


def test_whether_a_device_is_enrolled_is_found_from_a_snapshot_on(  # R987
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is before it is not read again: a record is years long. It is taken away here, to see that."""
    kept = Settings(data=str(tmp_path / "var"))
    at = where(kept, tmp_path)
    SiteKey.load(Path(kept.data) / "site.key")

    async def enrolled() -> None:
        journal = SqliteJournal(Path(kept.data) / "journal.sqlite3")
        async with desk(journal, enrolled=False) as at_work:
            for device in ("d7", "d8"):
                await at_work.ask(EnrolDevice(device=device, kind="pbx"))
            copied = await at_work.hub.read(lambda tables: TablesCopy(LIVE, tables, at_work.hub.head))
            SnapshotFolder(Path(kept.data) / "snapshots").write(copied)
            await at_work.ask(EnrolDevice(device="d9", kind="pbx"))
        await journal.close()

    asyncio.run(enrolled())
    with closing(sqlite3.connect(Path(kept.data) / "journal.sqlite3")) as db, db:
        assert db.execute("DELETE FROM facts WHERE seq = 1").rowcount == 1
    for device in ("d7", "d8", "d9"):
        assert command(access, capsys, "device", "token", device, *at)[2]["device"] == device
    for path in (Path(kept.data) / "snapshots").iterdir():
        path.unlink()
    with pytest.raises(UnknownIdError, match="no device 'd7' is enrolled"):
        command(access, capsys, "device", "token", "d7", *at)
    assert command(access, capsys, "device", "token", "d9", *at)[2]["device"] == "d9"


@pytest.mark.parametrize("is_kept", [True, False], ids=["a snapshot of before", "no snapshot"])
def test_a_device_that_was_retired_is_given_no_token_until_it_is_enrolled_again(  # R951, R987, R1055
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_kept: bool
) -> None:
    kept = Settings(data=str(tmp_path / "var"))
    at = where(kept, tmp_path)
    SiteKey.load(Path(kept.data) / "site.key")

    async def ask(*requests: Request) -> None:
        journal = SqliteJournal(Path(kept.data) / "journal.sqlite3")
        async with desk(journal, enrolled=False) as at_work:
            for request in requests:
                await at_work.ask(request)
                if is_kept and isinstance(request, EnrolDevice):
                    copied = await at_work.hub.read(lambda tables: TablesCopy(LIVE, tables, at_work.hub.head))
                    SnapshotFolder(Path(kept.data) / "snapshots").write(copied)
        await journal.close()

    enrolling = EnrolDevice(device="d7", kind="pbx")
    asyncio.run(ask(enrolling, RetireDevice(device="d7")))
    with pytest.raises(UnknownIdError, match="no device 'd7' is enrolled"):
        command(access, capsys, "device", "token", "d7", *at)
    asyncio.run(ask(enrolling))
    assert command(access, capsys, "device", "token", "d7", *at)[2]["device"] == "d7"


def test_a_snapshot_of_another_record_is_not_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # R987
    for folder, device in (("var", "d7"), ("other", "d8")):
        kept = Settings(data=str(tmp_path / folder))
        SiteKey.load(Path(kept.data) / "site.key")
        asyncio.run(enrol(kept, device))

    async def take() -> None:
        journal = SqliteJournal(tmp_path / "other" / "journal.sqlite3")
        hub = Hub(LIVE, SystemClock(), journal)
        await hub.load()
        SnapshotFolder(tmp_path / "var" / "snapshots").write(TablesCopy(LIVE, hub._tables, hub.head))
        await journal.close()

    asyncio.run(take())
    at = where(Settings(data=str(tmp_path / "var")), tmp_path)
    command(access, capsys, "device", "token", "d7", *at)
    with pytest.raises(UnknownIdError, match="no device 'd8' is enrolled"):
        command(access, capsys, "device", "token", "d8", *at)


def test_what_is_changed_at_the_command_line_is_kept_with_who_was_there(  # R984, R1049
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = where(kept, tmp_path)
    SiteKey.load(Path(kept.data) / "site.key")
    asyncio.run(enrol(kept, "d7"))
    for module, *words in (
        (access, "account", "add", "li", "--role", "officer", "--unit", "u9"), (access, "account", "password", "li"),
        (access, "account", "roles", "li", "--role", "wall"), (access, "account", "disable", "li"),
        (access, "account", "person", "li", "--display", "李", "--unit", "u8"),
        (access, "account", "person", "li", "--unit", "u9"), (access, "account", "enable", "li"),
        (access, "device", "token", "d7"), (access, "device", "revoke", "d7"),
        (edge, "agent", "enrol", "gate"), (access, "account", "list"),
    ):  # fmt: skip
        command(module, capsys, *words, *at)

    async def changes() -> list[AccountChange]:
        key = SiteKey.load(Path(kept.data) / "site.key")
        async with accounts_alone(kept, key, SystemClock()) as accounts:
            return await accounts.changes(100)

    told = asyncio.run(changes())
    assert {change.by for change in told} == {f"command line {pwd.getpwuid(os.getuid()).pw_name}"}
    assert [(change.what, change.name, change.detail) for change in told] == [
        ("token", "agent:gate", ""), ("token_revoked", "d7", ""), ("token", "d7", ""), ("enabled", "li", ""),
        ("unit", "li", "u8 → u9"), ("unit", "li", "u9 → u8"), ("display", "li", "li → 李"),
        ("disabled", "li", ""), ("roles", "li", "officer → wall"), ("password", "li", ""),
        ("added", "li", "officer u9"),
    ]  # fmt: skip


def test_a_person_is_given_something_to_be_changed(  # R1049
    kept: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SiteKey.load(Path(kept.data) / "site.key")
    with pytest.raises(InvalidInputError, match="--display, --unit or both"):
        command(access, capsys, "account", "person", "li", *where(kept, tmp_path))


def test_a_user_whom_the_machine_knows_no_name_of_is_kept_by_number(monkeypatch: pytest.MonkeyPatch) -> None:  # R984
    """As in a container; what the environment says counts for nothing."""
    monkeypatch.setenv("USER", "somebody-else")
    nobody = next(number for number in range(54_321, 60_000) if number not in {each.pw_uid for each in pwd.getpwall()})
    monkeypatch.setattr(os, "getuid", lambda: nobody)
    assert at_the_command_line() == f"command line {nobody}"
    assert at_machine() == f"{nobody}@{socket.gethostname()}"  # R1169


def test_no_device_is_enrolled_before_a_hub_was_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SiteKey.load(tmp_path / "site.key")
    with pytest.raises(UnknownIdError, match="no device 'd7' is enrolled"):
        command(access, capsys, "device", "token", "d7", "--data", tmp_path)


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


NEED_A_HUB = [
    ("device", "token", "d7"), ("device", "revoke", "d7"), ("account", "password", "li"), ("account", "list"),
    ("account", "disable", "li"), ("account", "enable", "li"), ("account", "roles", "li", "--role", "wall"),
    ("account", "person", "li", "--unit", "u1"),
]  # fmt: skip


@pytest.mark.parametrize("words", NEED_A_HUB)
def test_a_folder_without_a_hub_is_refused_and_not_made(  # R784
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnavailableError, match="no hub's data"):
        command(access, capsys, *words, "--data", tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()
