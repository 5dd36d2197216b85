"""What is kept of changes of accounts and tokens, and one's own password. Rules R980, R982 to R986."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from command.access import changes as module
from command.access.accounts import AGENT, SCHEMA, Accounts, WrongPasswordError
from command.access.rights import OwnAccountError
from command.actors import Role
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    SignInRequiredError,
    TooManyError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import (
    ACCOUNT_CHANGES,
    SESSION_RECHECK_MS,
    SIGN_IN_FAILURES,
    SIGN_IN_FAILURES_PER_ADDRESS,
    SIGN_IN_PAUSE_MS,
)
from tests.command.access.support import KEY, PASSWORD, START_MS, doorkeeper
from tests.databases import Databases

NEW = "new-horse-battery"


async def told(keeper: Accounts) -> list[tuple[str, str, str, str]]:
    return [(one.by, one.what, one.name, one.detail) for one in await keeper.changes(ACCOUNT_CHANGES)]


async def test_each_change_is_kept_with_who_when_what_and_whose(databases: Databases) -> None:  # R984
    async with doorkeeper(databases) as (keeper, clock):
        clock.advance(START_MS + 5)
        await keeper.create("wang", "王", frozenset({"officer", "wall"}), "u1", PASSWORD, "chief")
        await keeper.set_password("wang", NEW, "chief")
        await keeper.set_roles("wang", frozenset({"commander"}), "deputy")
        await keeper.disable("wang", "command line root")
        await keeper.enable("wang", "command line root")
        token = await keeper.issue("d1", "chief")
        await keeper.revoke("d1", "chief")
        await keeper.issue(AGENT + "gate", "command line root")
        assert await told(keeper) == [
            ("command line root", "token", "agent:gate", ""),
            ("chief", "token_revoked", "d1", ""),
            ("chief", "token", "d1", ""),
            ("command line root", "enabled", "wang", ""),
            ("command line root", "disabled", "wang", ""),
            ("deputy", "roles", "wang", "officer,wall → commander"),
            ("chief", "password", "wang", ""),
            ("chief", "added", "wang", "officer,wall u1"),
            ("hub", "added", "li", "dispatcher"),
        ]
        assert [one.at_ms - START_MS for one in await keeper.changes(ACCOUNT_CHANGES)] == [5] * 8 + [0]
        assert [one.what for one in await keeper.changes(2)] == ["token", "token_revoked"]
    async with databases(SCHEMA, "access") as db:
        kept = repr(await db.rows("SELECT * FROM account_changes"))
        for [secret] in (
            *await db.rows("SELECT password FROM accounts"),
            *await db.rows("SELECT token FROM device_tokens"),
        ):
            assert secret not in kept
        for said in (PASSWORD, NEW, token):
            assert said not in kept


async def test_what_was_refused_or_changed_nothing_is_not_kept(databases: Databases) -> None:  # R984
    async with doorkeeper(databases) as (keeper, _):
        await keeper.create("chief", "主任", frozenset({"administrator"}), "", PASSWORD)
        before = await told(keeper)
        officer = frozenset[Role]({"officer"})
        for refused, work in (
            (ConflictError, keeper.create("li", "李", officer, "", PASSWORD, "chief")),
            (InvalidInputError, keeper.create("wang", "王", officer, "", "short", "chief")),
            (ConflictError, keeper.disable("chief", "deputy")),
            (ConflictError, keeper.set_roles("chief", officer, "deputy")),
            (UnknownIdError, keeper.disable("nobody", "chief")),
            (UnknownIdError, keeper.enable("nobody", "chief")),
            (UnknownIdError, keeper.set_roles("nobody", officer, "chief")),
            (UnknownIdError, keeper.set_password("nobody", NEW, "chief")),
            (UnknownIdError, keeper.revoke("d1", "chief")),
        ):
            with pytest.raises(refused):
                await work
        await keeper.enable("li", "chief")
        await keeper.set_roles("li", frozenset({"dispatcher"}), "chief")
        await keeper.issue("d1")  # a terminal came for it by itself
        assert await told(keeper) == before
        await keeper.disable("li", "chief")
        await keeper.disable("li", "chief")
        assert await told(keeper) == [("chief", "disabled", "li", ""), *before]


async def test_a_person_marries_and_moves_and_stays_signed_in(databases: Databases) -> None:  # R1049, R1050
    async with doorkeeper(databases) as (keeper, clock), databases(SCHEMA, "access") as db:
        elsewhere = await Accounts.open(db, KEY, clock)
        await keeper.create("wang", "王芳", frozenset({"officer"}), "u1", PASSWORD)
        before = await told(keeper)
        session = await keeper.sign_in("wang", PASSWORD)
        assert (await elsewhere.session(session.token)).actor.name == "王芳"
        await keeper.set_person("wang", "王 小芳", "u2", "chief")
        now = await keeper.session(session.token)
        assert (now.actor.name, now.actor.unit, now.actor.roles) == ("王 小芳", "u2", frozenset({"officer"}))
        assert (now.csrf, now.until_ms) == (session.csrf, session.until_ms)
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        assert (await elsewhere.session(session.token)).actor == now.actor
        assert (await keeper.people())["wang"] == "王 小芳"
        both = [("chief", "unit", "wang", "u1 → u2"), ("chief", "display", "wang", "王芳 → 王 小芳")]
        assert await told(keeper) == [*both, *before]
        await keeper.set_person("wang", None, "", "deputy")
        await keeper.set_person("wang", "王芳", None, "deputy")
        await keeper.set_person("wang", "王芳", "", "deputy")  # as it is
        await keeper.set_person("wang", None, None, "deputy")
        back = [("deputy", "display", "wang", "王 小芳 → 王芳"), ("deputy", "unit", "wang", "u2 → ")]
        assert await told(keeper) == [*back, *both, *before]
        for display, unit in (
            ("", None),
            (" ", "u1"),
            ("王\u200b", None),
            ("王" * 65, "u1"),
            (None, "u" * 65),
            (None, "\0"),
        ):
            with pytest.raises(InvalidInputError):
                await keeper.set_person("wang", display, unit, "chief")
        for name in ("nobody", "a b", "\0"):
            with pytest.raises(UnknownIdError):
                await keeper.set_person(name, "王", "u1", "chief")
        assert await told(keeper) == [*back, *both, *before]
        [kept] = [account for account in await elsewhere.listed() if account.name == "wang"]
        assert (kept.display, kept.unit) == ("王芳", "")


async def test_a_change_that_cannot_be_kept_is_not_made(databases: Databases) -> None:  # R984
    lost = (*SCHEMA, "ALTER TABLE account_changes RENAME TO lost")
    async with doorkeeper(databases) as (keeper, _), databases(lost, "access") as db:
        for work in (
            keeper.create("wang", "王", frozenset({"officer"}), "", PASSWORD), keeper.set_password("li", NEW),
            keeper.disable("li"), keeper.set_roles("li", frozenset({"wall"})), keeper.issue("d1", "chief"),
            keeper.set_person("li", "王", None),
        ):  # fmt: skip
            with pytest.raises(UnavailableError):
                await work
        assert await keeper.names() == ["li"]
        actor = (await keeper.sign_in("li", PASSWORD)).actor
        assert (actor.roles, actor.name) == (frozenset({"dispatcher"}), "李")
        assert await keeper.devices() == []
        await db.close()


async def test_changes_made_at_once_at_several_hubs_are_all_kept_in_one_order(databases: Databases) -> None:  # R984
    async with AsyncExitStack() as stack:
        keepers = [(await stack.enter_async_context(doorkeeper(databases)))[0] for _ in range(3)]
        async with asyncio.TaskGroup() as tasks:
            for n in range(30):
                tasks.create_task(keepers[n % 3].issue(f"d{n % 4}", "chief"))
                tasks.create_task((keepers[n % 3].disable if n % 2 else keepers[n % 3].enable)("li", "chief"))
        async with databases(SCHEMA, "access") as db:
            numbers = [number for (number,) in await db.rows("SELECT number FROM account_changes ORDER BY number")]
            await db.close()
        assert numbers == list(range(1, len(numbers) + 1))
        states = [what for _, what, name, _ in await told(keepers[0]) if name == "li"]
        assert all(one != next_ for one, next_ in pairwise(states)), "each changed something"
        assert [what for _, what, _, _ in await told(keepers[0])].count("token") == 30


async def test_one_answer_holds_so_many_changes(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:  # R984
    monkeypatch.setattr(module, "ACCOUNT_CHANGES", 2)
    async with doorkeeper(databases) as (keeper, _):
        for n in range(3):
            await keeper.issue(f"d{n}", "chief")
        assert [one.name for one in await keeper.changes(1000)] == ["d2", "d1"]


async def test_accounts_of_the_release_before_are_taken_over_and_their_changes_begin(
    databases: Databases,
) -> None:  # R986
    async with databases(SCHEMA[:2], "access") as before:
        await before.write(
            ("INSERT INTO accounts VALUES ('li', '李', 'dispatcher', '', 'x', 0)", ()),
            ("INSERT INTO device_tokens VALUES ('digest', 'd1')", ()),
        )
        await before.close()
    async with doorkeeper(databases) as (keeper, _):
        assert await keeper.people() == {"li": "李"}
        assert await keeper.devices() == ["d1"]
        assert await told(keeper) == []
        await keeper.disable("li", "chief")
        assert await told(keeper) == [("chief", "disabled", "li", "")]


async def test_an_administrator_does_not_shut_himself_out(databases: Databases) -> None:  # R982
    async with doorkeeper(databases) as (keeper, _):
        for name in ("chief", "deputy"):
            await keeper.create(name, name, frozenset({"administrator"}), "", PASSWORD)
        for work in (
            keeper.disable("chief", "chief"), keeper.set_roles("chief", frozenset({"wall"}), "chief"),
            keeper.set_password("chief", NEW, "chief"),
        ):  # fmt: skip
            with pytest.raises(OwnAccountError):
                await work
        await keeper.set_roles("chief", frozenset({"administrator", "wall"}), "chief")
        await keeper.disable("chief", "deputy")


async def test_who_changes_the_own_password_stays_signed_in_here_and_nowhere_else(databases: Databases) -> None:  # R983
    async with doorkeeper(databases) as (keeper, clock), doorkeeper(databases, clock) as (other, _):
        here, elsewhere = await keeper.sign_in("li", PASSWORD), await other.sign_in("li", PASSWORD)
        await keeper.change_own_password(here.token, PASSWORD, NEW)
        assert (await keeper.session(here.token)).csrf == here.csrf
        with pytest.raises(SignInRequiredError):
            await keeper.session(elsewhere.token)
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        with pytest.raises(SignInRequiredError):
            await other.session(elsewhere.token)
        assert (await other.session(here.token)).actor.id == "li"
        assert (await other.sign_in("li", NEW)).actor.id == "li"
        with pytest.raises(SignInRequiredError):
            await other.sign_in("li", PASSWORD)
        assert (await told(keeper))[0] == ("li", "own_password", "li", "")


async def test_wrong_passwords_before_count_and_end_no_session(databases: Databases) -> None:  # R983, R104
    async with doorkeeper(databases) as (keeper, clock):
        session = await keeper.sign_in("li", PASSWORD)
        for _ in range(SIGN_IN_FAILURES):
            with pytest.raises(WrongPasswordError):
                await keeper.change_own_password(session.token, "wrong", NEW)
        assert keeper.refused == SIGN_IN_FAILURES
        with pytest.raises(TooManyError):
            await keeper.change_own_password(session.token, PASSWORD, NEW)
        with pytest.raises(TooManyError):
            await keeper.sign_in("li", PASSWORD)
        clock.advance(START_MS + SIGN_IN_PAUSE_MS)
        await keeper.change_own_password(session.token, PASSWORD, NEW)
        assert [what for _, what, _, _ in await told(keeper)] == ["own_password", "added"]


async def test_an_address_that_guesses_has_to_wait_here_too_and_right_ones_count_for_nobody(  # R983, R104
    databases: Databases,
) -> None:
    async with doorkeeper(databases) as (keeper, _):
        session = await keeper.sign_in("li", PASSWORD, "10.0.0.9")
        for n in range(SIGN_IN_FAILURES_PER_ADDRESS + 5):
            old, new = (PASSWORD, NEW)[:: 1 if n % 2 == 0 else -1]
            await keeper.change_own_password(session.token, old, new, "10.0.0.9")
        for n in range(SIGN_IN_FAILURES_PER_ADDRESS):
            with pytest.raises(SignInRequiredError):
                await keeper.sign_in(f"guess{n}", PASSWORD, "10.0.0.9")
        with pytest.raises(TooManyError):
            await keeper.change_own_password(session.token, NEW, PASSWORD, "10.0.0.9")
        await keeper.change_own_password(session.token, NEW, PASSWORD, "10.0.0.8")


async def test_who_was_given_another_password_meanwhile_does_not_change_it_back(databases: Databases) -> None:  # R983
    async with doorkeeper(databases) as (keeper, _), doorkeeper(databases) as (other, _):
        session = await keeper.sign_in("li", PASSWORD)
        real = keeper._passwords.kept

        async def later(password: str) -> str:
            await other.set_password("li", "given-by-the-chief", "chief")
            return await real(password)

        keeper._passwords.kept = later  # type: ignore[method-assign]
        with pytest.raises(WrongPasswordError):
            await keeper.change_own_password(session.token, PASSWORD, NEW)
        assert (await told(keeper))[0] == ("chief", "password", "li", "")
        assert (await other.sign_in("li", "given-by-the-chief")).actor.id == "li"
        with pytest.raises(SignInRequiredError):
            await keeper.session(session.token)


async def test_nobody_is_signed_in_by_a_session_that_is_not_there(databases: Databases) -> None:  # R983
    async with doorkeeper(databases) as (keeper, _):
        session = await keeper.sign_in("li", PASSWORD)
        await keeper.disable("li", "chief")
        for token in ("", "x", session.token):
            with pytest.raises(SignInRequiredError):
                await keeper.change_own_password(token, PASSWORD, NEW)
