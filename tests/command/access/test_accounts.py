"""The doorkeeper: passwords, sessions, rights, names. Rules R104 to R106, R173, R174, R952 to R954."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from command.access import accounts as module
from command.access import passwords
from command.access.accounts import SCHEMA, Accounts, Session
from command.access.keys import SiteKey
from command.actors import Role
from command.kernel.clock import VirtualClock
from command.kernel.database import SqliteDatabase
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    SignInRequiredError,
    UnknownIdError,
)
from command.kernel.limits import (
    SESSION_MS,
    SESSION_RECHECK_MS,
    WALL_SESSION_MS,
)
from tests.command.access.support import KEY, PASSWORD, START_MS, doorkeeper, refused
from tests.databases import Databases


async def test_a_password_is_kept_as_argon2id_at_the_cost_rfc_9106_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        passwords, "PasswordHasher", PasswordHasher
    )  # all other tests have a cheap one: tests/conftest.py
    db = SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA, "access")
    keeper = await Accounts.open(db, KEY, VirtualClock(START_MS))
    await keeper.create("li", "李", frozenset({"dispatcher"}), "", PASSWORD)
    [(stored,)] = await db.rows("SELECT password FROM accounts")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (await keeper.sign_in("li", PASSWORD)).actor.id == "li"
    await keeper.close()


async def test_a_session_ends_after_its_time_a_walls_much_later(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, clock):
        await keeper.create("hall", "大屏", frozenset({"wall"}), "", PASSWORD)
        desk, wall = await keeper.sign_in("li", PASSWORD), await keeper.sign_in("hall", PASSWORD)
        clock.advance(START_MS + SESSION_MS - 1)
        assert (await keeper.session(desk.token)).actor == desk.actor
        clock.advance(START_MS + SESSION_MS)
        with pytest.raises(SignInRequiredError):
            await keeper.session(desk.token)
        assert (await keeper.session(wall.token)).actor == wall.actor
        clock.advance(START_MS + WALL_SESSION_MS)
        with pytest.raises(SignInRequiredError):
            await keeper.session(wall.token)


async def test_sessions_survive_a_restart_and_only_as_digests(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, clock):
        session = await keeper.sign_in("li", PASSWORD)
    async with doorkeeper(databases, clock) as (again, _):
        found = await again.session(session.token)
        assert (found.actor, found.csrf) == (session.actor, session.csrf)
    async with databases(SCHEMA, "access") as db:
        kept = repr([await db.rows(f"SELECT * FROM {table}") for table in ("accounts", "sessions")])
    assert session.csrf in kept
    assert session.token not in kept
    assert PASSWORD not in kept


async def test_a_changed_password_ends_every_session_elsewhere_too(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, clock), doorkeeper(databases, clock) as (command_line, _):
        session = await keeper.sign_in("li", PASSWORD)
        await keeper.session(session.token)
        await command_line.set_password("li", "another-password")
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        with pytest.raises(SignInRequiredError):
            await keeper.session(session.token)
        assert await refused(keeper, password=PASSWORD) is SignInRequiredError


async def test_a_sign_in_under_way_while_the_password_changes_opens_nothing(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, _):
        real = keeper._begin_session

        async def later(*given: object, **named: object) -> Session:
            await keeper.set_password("li", "another-password")
            return await real(*given, **named)  # type: ignore[arg-type]  # passed on as it came

        keeper._begin_session = later  # type: ignore[method-assign]
        assert await refused(keeper, password=PASSWORD) is SignInRequiredError


async def test_one_account_has_so_many_sessions_and_the_oldest_ends(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS_PER_ACCOUNT", 2)
    async with doorkeeper(databases) as (keeper, clock):
        sessions = []
        for n in range(3):
            clock.advance(START_MS + n)
            sessions.append(await keeper.sign_in("li", PASSWORD))
        clock.advance(START_MS + SESSION_RECHECK_MS + 10)
        with pytest.raises(SignInRequiredError):
            await keeper.session(sessions[0].token)
        for session in sessions[1:]:
            await keeper.session(session.token)


async def test_who_signed_in_at_one_hub_is_known_at_another_until_signed_out(databases: Databases) -> None:
    async with doorkeeper(databases) as (one, clock), doorkeeper(databases, clock) as (other, _):
        session = await one.sign_in("li", PASSWORD)
        assert (await other.session(session.token)).actor == session.actor
        await one.sign_out(session.token)
        with pytest.raises(SignInRequiredError):
            await one.session(session.token)
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        with pytest.raises(SignInRequiredError):
            await other.session(session.token)


async def test_sign_ins_and_a_change_of_password_at_several_hubs_leave_no_session_of_the_old_one(
    databases: Databases,
) -> None:
    async with AsyncExitStack() as stack:
        keepers = [(await stack.enter_async_context(doorkeeper(databases)))[0] for _ in range(3)]
        sessions: list[Session] = []

        async def sign_in(keeper: Accounts) -> None:
            with suppress(SignInRequiredError):
                sessions.append(await keeper.sign_in("li", PASSWORD))

        async with asyncio.TaskGroup() as tasks:
            for keeper in keepers * 4:
                tasks.create_task(sign_in(keeper))
            tasks.create_task(keepers[0].set_password("li", "another-password"))
        async with databases(SCHEMA, "access") as db:
            assert await db.rows("SELECT * FROM sessions") == []
        fresh, _ = await stack.enter_async_context(doorkeeper(databases))
        for session in sessions:
            with pytest.raises(SignInRequiredError):
                await fresh.session(session.token)


async def test_a_look_up_under_way_does_not_bring_back_a_session_that_is_ended(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, clock), doorkeeper(databases, clock) as (other, _):
        session = await other.sign_in("li", PASSWORD)
        real = keeper._look_up

        async def slow(token: str, digest: str) -> Session:
            found = await real(token, digest)
            await keeper.sign_out(session.token)
            return found

        keeper._look_up = slow  # type: ignore[method-assign]
        await keeper.session(session.token)
        keeper._look_up = real  # type: ignore[method-assign]
        with pytest.raises(SignInRequiredError):
            await keeper.session(session.token)


@pytest.mark.parametrize("change", ["disabled", "role taken"])
async def test_who_is_shut_out_or_loses_a_role_is_signed_in_nowhere(databases: Databases, change: str) -> None:  # R952
    async with doorkeeper(databases) as (hub, clock), doorkeeper(databases, clock) as (command_line, _):
        await hub.create("wang", "王", frozenset({"commander"}), "", PASSWORD)
        session, others = await hub.sign_in("li", PASSWORD), await hub.sign_in("wang", PASSWORD)
        match change:
            case "disabled":
                await command_line.disable("li")
            case _:
                await command_line.set_roles("li", frozenset({"officer", "wall"}))
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        with pytest.raises(SignInRequiredError):
            await hub.session(session.token)
        assert (await hub.session(others.token)).actor.roles == {"commander"}
        if change == "disabled":
            assert await refused(hub, password=PASSWORD) is SignInRequiredError
            await command_line.enable("li")
            with pytest.raises(SignInRequiredError):
                await hub.session(session.token)
            assert (await hub.sign_in("li", PASSWORD)).actor.roles == {"dispatcher"}
        else:
            assert (await hub.sign_in("li", PASSWORD)).actor.roles == {"officer", "wall"}


@pytest.mark.parametrize("change", ["disabled", "role taken"])
async def test_a_sign_in_under_way_while_rights_are_taken_opens_nothing(databases: Databases, change: str) -> None:
    async with doorkeeper(databases) as (keeper, _):  # R952
        real = keeper._begin_session

        async def later(*given: object, **named: object) -> Session:
            if change == "disabled":
                await keeper.disable("li")
            else:
                await keeper.set_roles("li", frozenset({"officer"}))
            return await real(*given, **named)  # type: ignore[arg-type]  # passed on as it came

        keeper._begin_session = later  # type: ignore[method-assign]
        assert await refused(keeper, password=PASSWORD) is SignInRequiredError


async def test_somebody_stays_who_administers(databases: Databases) -> None:  # R953
    async with doorkeeper(databases) as (keeper, clock):
        assert not await keeper.administered()
        for name in ("chief", "deputy"):
            await keeper.create(name, name, frozenset({"administrator", "duty_leader"}), "", PASSWORD)
        await keeper.disable("deputy")
        session = await keeper.sign_in("chief", PASSWORD)
        for _ in range(2):
            with pytest.raises(ConflictError, match="the last"):
                await keeper.disable("chief")
            with pytest.raises(ConflictError, match="the last"):
                await keeper.set_roles("chief", frozenset({"duty_leader"}))
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        assert (await keeper.session(session.token)).actor.has("administrator")
        await keeper.set_roles("chief", frozenset({"administrator"}))
        await keeper.disable("li")
        await keeper.disable("deputy")
        await keeper.enable("deputy")
        await keeper.set_roles("chief", frozenset({"duty_leader"}))
        with pytest.raises(ConflictError, match="the last"):
            await keeper.disable("deputy")
        assert await keeper.administered()
        listed = [(one.name, one.roles, one.disabled) for one in await keeper.listed()]
        assert listed == [
            ("chief", ["duty_leader"], False), ("deputy", ["administrator", "duty_leader"], False),
            ("li", ["dispatcher"], True),
        ]  # fmt: skip
        for work in (keeper.disable("x"), keeper.enable("x"), keeper.set_roles("x", frozenset({"wall"}))):
            with pytest.raises(UnknownIdError):
                await work
        for none in (frozenset[Role](), frozenset[Role]({"hub"})):
            with pytest.raises(InvalidInputError):
                await keeper.set_roles("li", none)


async def test_of_two_who_are_let_go_at_once_one_still_administers(databases: Databases) -> None:  # R953
    async with doorkeeper(databases) as (one, _), doorkeeper(databases) as (other, _):
        for name in ("chief", "deputy"):
            await one.create(name, name, frozenset({"administrator"}), "", PASSWORD)
        for _ in range(10):
            told = await asyncio.gather(
                one.disable("chief"), other.set_roles("deputy", frozenset({"wall"})), return_exceptions=True
            )
            assert [type(answer) for answer in told if answer] == [ConflictError]
            await one.enable("chief")
            await one.set_roles("deputy", frozenset({"administrator"}))


async def test_a_name_is_taken_once_whoever_asks(databases: Databases) -> None:
    async with doorkeeper(databases) as (one, _), doorkeeper(databases) as (other, _):
        asked = (keeper.create("wang", "王", frozenset({"officer"}), "u1", PASSWORD) for keeper in (one, other))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) for answer in told if answer] == [ConflictError]
        assert await other.people() == {"li": "李", "wang": "王"}
        with pytest.raises(UnknownIdError):
            await other.set_password("nobody", PASSWORD)


async def test_a_camera_has_the_newest_address_on_every_hub_and_none_in_the_clear(databases: Databases) -> None:
    async with doorkeeper(databases) as (one, _), doorkeeper(databases) as (other, _):
        told: list[str] = []
        one.listen_addresses(lambda: told.append("changed"))
        await one.set_camera_address("c1", "rtsp://u:old@10.0.0.1/")
        await one.set_camera_address("c1", "rtsp://u:secret@10.0.0.1/")
        assert told == ["changed", "changed"]
        assert await other.camera_addresses() == {"c1": "rtsp://u:secret@10.0.0.1/"}
    async with databases(SCHEMA, "access") as db:
        [(kept,)] = await db.rows("SELECT address FROM camera_addresses")
        assert b"secret" not in kept


async def test_a_hub_learns_of_an_address_that_another_has_changed(databases: Databases) -> None:
    async with doorkeeper(databases) as (one, _), doorkeeper(databases) as (other, clock):
        changes: asyncio.Queue[None] = asyncio.Queue()
        other.listen_addresses(lambda: changes.put_nowait(None))
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(30):
            watching = tasks.create_task(other.watch_addresses())
            for address in ("rtsp://10.0.0.1/", "rtsp://10.0.0.2/"):
                while clock.next_wake_ms() is None:  # it looks, and then sleeps
                    await other.names()
                assert changes.empty()
                await one.set_camera_address("c1", address)
                clock.advance(clock.now_ms() + SESSION_RECHECK_MS)
                await changes.get()
                assert await other.camera_addresses() == {"c1": address}
            watching.cancel()


async def test_a_hub_with_another_site_key_is_refused(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, clock):
        async with databases(SCHEMA, "access") as db:
            with pytest.raises(InvalidInputError, match="site key"):
                await Accounts.open(db, SiteKey(b"x" * 32), clock)
        assert (await keeper.sign_in("li", PASSWORD)).actor.id == "li"
    async with doorkeeper(databases, clock) as (again, _):
        assert await again.names() == ["li"]


async def test_a_file_from_before_there_were_fingerprints_is_taken_over(tmp_path: Path) -> None:
    db = SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA[:1], "access")
    await db.write(("INSERT INTO accounts VALUES ('li', '李', 'dispatcher', '', 'x', 0)", ()))
    await db.close()
    clock = VirtualClock(START_MS)
    keeper = await Accounts.open(SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA, "access"), KEY, clock)
    assert await keeper.people() == {"li": "李"}
    await keeper.close()
    with pytest.raises(InvalidInputError):
        await Accounts.open(SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA, "access"), SiteKey(b"x" * 32), clock)


@pytest.mark.parametrize("name", ["\0", "\udcff", "a\0", "李" * 500])
async def test_what_cannot_be_a_name_signs_nobody_in(databases: Databases, name: str) -> None:
    async with doorkeeper(databases) as (keeper, _):
        assert await refused(keeper, name) is SignInRequiredError


@pytest.mark.parametrize("name", ["hub", "case-service", "", "a b", "x" * 65, "a/b", "李\n"])
async def test_nobody_is_called_what_the_record_calls_the_hub(databases: Databases, name: str) -> None:
    async with doorkeeper(databases) as (keeper, _):
        with pytest.raises(InvalidInputError):
            await keeper.create(name, "x", frozenset({"dispatcher"}), "", PASSWORD)


async def test_a_person_is_shown_by_a_name_that_can_be_seen(tmp_path: Path) -> None:  # R790
    db = SqliteDatabase(tmp_path / "access.sqlite3", SCHEMA, "access")
    keeper = await Accounts.open(db, KEY, VirtualClock(START_MS))
    with pytest.raises(InvalidInputError, match="cannot be seen"):
        await keeper.create("li", "李\u200b警官", frozenset({"dispatcher"}), "", PASSWORD)
    assert await keeper.names() == []
    await keeper.close()
