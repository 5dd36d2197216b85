"""The doorkeeper: guesses, sessions, password changes, tokens. Rules R104 to R106 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from command.access import accounts as module
from command.access.accounts import Accounts, Session
from command.access.keys import SiteKey
from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError, SignInRequiredError, TooManyError
from command.kernel.limits import (
    SESSION_MS,
    SESSION_RECHECK_MS,
    SIGN_IN_FAILURES,
    SIGN_IN_FAILURES_PER_ADDRESS,
    SIGN_IN_PAUSE_MS,
    WALL_SESSION_MS,
)

START_MS = 1_790_000_000_000
PASSWORD = "right-horse-battery"


def _cheap_hasher() -> PasswordHasher:
    """The same algorithm with the least work; how much it takes is not what these tests are about."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PasswordHasher", _cheap_hasher)


@asynccontextmanager
async def doorkeeper(tmp_path: Path, clock: VirtualClock | None = None) -> AsyncIterator[tuple[Accounts, VirtualClock]]:
    clock = clock or VirtualClock(START_MS)
    keeper = Accounts(tmp_path / "access.sqlite3", SiteKey(b"k" * 32), clock)
    try:
        if "li" not in await keeper.names():
            await keeper.create("li", "李", frozenset({"dispatcher"}), "", PASSWORD)
        yield keeper, clock
    finally:
        await keeper.close()


async def refused(keeper: Accounts, name: str = "li", password: str = "wrong", address: str = "") -> type[Exception]:
    with pytest.raises((SignInRequiredError, TooManyError)) as error:
        await keeper.sign_in(name, password, address)
    return error.type


async def test_guesses_made_all_at_once_do_not_slip_past_the_count(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, clock):
        answers = await asyncio.gather(*(refused(keeper) for _ in range(20)))
        assert answers.count(SignInRequiredError) == SIGN_IN_FAILURES
        assert await refused(keeper, password=PASSWORD) is TooManyError
        clock.advance(START_MS + SIGN_IN_PAUSE_MS)
        assert (await keeper.sign_in("li", PASSWORD)).actor.id == "li"
        assert keeper.refused == 21


async def test_an_address_that_tries_many_names_has_to_wait_and_others_do_not(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, _):
        for n in range(SIGN_IN_FAILURES_PER_ADDRESS):
            assert await refused(keeper, f"guess{n}", address="10.0.0.9") is SignInRequiredError
        assert await refused(keeper, password=PASSWORD, address="10.0.0.9") is TooManyError
        await keeper.sign_in("li", PASSWORD, "10.0.0.8")


async def test_right_passwords_count_against_nobody(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, _):
        tokens = {(await keeper.sign_in("li", PASSWORD, "10.0.0.9")).token for _ in range(30)}
        assert len(tokens) == 30


async def test_too_many_at_once_are_refused_and_not_queued_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIGN_INS_WAITING", 3)
    async with doorkeeper(tmp_path) as (keeper, _):
        answers = await asyncio.gather(*(refused(keeper, f"n{n}", address=f"a{n}") for n in range(10)))
        assert (answers.count(SignInRequiredError), answers.count(TooManyError)) == (3, 7)


async def test_what_is_remembered_of_failures_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIGN_IN_REMEMBERED", 4)
    async with doorkeeper(tmp_path) as (keeper, _):
        for n in range(9):
            await refused(keeper, f"n{n}", address=f"a{n}")
        kept = keeper._failed_names._of
        assert list(kept) == ["n5", "n6", "n7", "n8"]


async def test_a_session_ends_after_its_time_a_walls_much_later(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, clock):
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


async def test_sessions_survive_a_restart_and_only_as_digests(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, clock):
        session = await keeper.sign_in("li", PASSWORD)
    async with doorkeeper(tmp_path, clock) as (again, _):
        found = await again.session(session.token)
        assert (found.actor, found.csrf) == (session.actor, session.csrf)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("access.sqlite3*"))
    assert session.token.encode() not in kept
    assert PASSWORD.encode() not in kept


async def test_a_changed_password_ends_every_session_elsewhere_too(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, clock), doorkeeper(tmp_path, clock) as (command_line, _):
        session = await keeper.sign_in("li", PASSWORD)
        await keeper.session(session.token)
        await command_line.set_password("li", "another-password")
        clock.advance(START_MS + SESSION_RECHECK_MS + 1)
        with pytest.raises(SignInRequiredError):
            await keeper.session(session.token)
        assert await refused(keeper, password=PASSWORD) is SignInRequiredError


async def test_a_sign_in_under_way_while_the_password_changes_opens_nothing(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, _):
        real = keeper._begin_session

        async def later(*given: object, **named: object) -> Session:
            await keeper.set_password("li", "another-password")
            return await real(*given, **named)  # type: ignore[arg-type]  # passed on as it came

        keeper._begin_session = later  # type: ignore[method-assign]
        assert await refused(keeper, password=PASSWORD) is SignInRequiredError


async def test_one_account_has_so_many_sessions_and_the_oldest_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS_PER_ACCOUNT", 2)
    async with doorkeeper(tmp_path) as (keeper, clock):
        sessions = []
        for n in range(3):
            clock.advance(START_MS + n)
            sessions.append(await keeper.sign_in("li", PASSWORD))
        clock.advance(START_MS + SESSION_RECHECK_MS + 10)
        with pytest.raises(SignInRequiredError):
            await keeper.session(sessions[0].token)
        for session in sessions[1:]:
            await keeper.session(session.token)


@pytest.mark.parametrize("name", ["hub", "case-service", "", "a b", "x" * 65, "a/b", "李\n"])
async def test_nobody_is_called_what_the_record_calls_the_hub(tmp_path: Path, name: str) -> None:
    async with doorkeeper(tmp_path) as (keeper, _):
        with pytest.raises(InvalidInputError):
            await keeper.create(name, "x", frozenset({"dispatcher"}), "", PASSWORD)


async def test_a_new_device_token_ends_the_one_before_and_garbage_opens_nothing(tmp_path: Path) -> None:
    async with doorkeeper(tmp_path) as (keeper, _):
        first, second = await keeper.issue("d1"), await keeper.issue("d1")
        assert await keeper.device_of(first) is None
        assert await keeper.check("d1", second)
        for garbage in ("", "x", "\udcff", second + "x"):
            assert await keeper.device_of(garbage) is None
            with pytest.raises(SignInRequiredError):
                await keeper.session(garbage)
