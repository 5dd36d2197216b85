"""Guessed passwords: who has to wait and who has not. Rules R104 and R1027 of docs/SPEC.md."""

from __future__ import annotations

import asyncio

import pytest

from command.access import failures, passwords
from command.kernel.errors import (
    SignInRequiredError,
    TooManyError,
    UnavailableError,
)
from command.kernel.limits import (
    SIGN_IN_FAILURES,
    SIGN_IN_FAILURES_PER_ADDRESS,
    SIGN_IN_PAUSE_MS,
)
from tests.command.access.support import PASSWORD, START_MS, doorkeeper, refused
from tests.databases import Databases


async def test_guesses_made_all_at_once_do_not_slip_past_the_count(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, clock):
        answers = await asyncio.gather(*(refused(keeper) for _ in range(20)))
        assert answers.count(SignInRequiredError) == SIGN_IN_FAILURES
        assert await refused(keeper, password=PASSWORD) is TooManyError
        clock.advance(START_MS + SIGN_IN_PAUSE_MS)
        assert (await keeper.sign_in("li", PASSWORD)).actor.id == "li"
        assert keeper.refused == 21


async def test_an_address_that_tries_many_names_has_to_wait_and_others_do_not(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, _):
        for n in range(SIGN_IN_FAILURES_PER_ADDRESS):
            if n == SIGN_IN_FAILURES_PER_ADDRESS - 1:
                await keeper.sign_in("li", PASSWORD, "10.0.0.9")  # who knows one password begins no count anew
            assert await refused(keeper, f"guess{n}", address="10.0.0.9") is SignInRequiredError
        assert await refused(keeper, password=PASSWORD, address="10.0.0.9") is TooManyError
        await keeper.sign_in("li", PASSWORD, "10.0.0.8")


async def test_right_passwords_count_against_nobody(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, _):
        tokens = {(await keeper.sign_in("li", PASSWORD, "10.0.0.9")).token for _ in range(30)}
        assert len(tokens) == 30


@pytest.mark.parametrize("fails", ["rows", "write"])
async def test_what_nobody_could_find_out_was_no_wrong_password(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """R1027: the database is away, at the look-up or when the session is to be kept; the right password is known."""

    async def away(*_: object) -> None:
        raise UnavailableError("the database is away")

    async with doorkeeper(databases) as (keeper, _):
        await keeper.create("wang", "王", frozenset({"dispatcher"}), "", PASSWORD)
        token = (await keeper.sign_in("li", PASSWORD, "10.0.0.9")).token
        with monkeypatch.context() as outage:
            outage.setattr(keeper._db, fails, away)
            for _ in range(SIGN_IN_FAILURES_PER_ADDRESS):
                with pytest.raises(UnavailableError):
                    await keeper.sign_in("li", PASSWORD, "10.0.0.9")
                with pytest.raises(UnavailableError):
                    await keeper.change_own_password(token, PASSWORD, "a new password", "10.0.0.9")
        assert (await keeper.sign_in("wang", PASSWORD, "10.0.0.9")).actor.id == "wang"
        assert (await keeper.sign_in("li", PASSWORD, "10.0.0.9")).actor.id == "li"


async def test_an_outage_takes_no_wrong_password_back(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1027: those found out before it count as they did."""

    async def away(*_: object) -> None:
        raise UnavailableError("the database is away")

    async with doorkeeper(databases) as (keeper, _):
        for _ in range(SIGN_IN_FAILURES - 1):
            assert await refused(keeper) is SignInRequiredError
        with monkeypatch.context() as outage:
            outage.setattr(keeper._db, "rows", away)
            for _ in range(SIGN_IN_FAILURES):
                with pytest.raises(UnavailableError):
                    await keeper.sign_in("li", "wrong")
        assert await refused(keeper) is SignInRequiredError
        assert await refused(keeper, password=PASSWORD) is TooManyError


async def test_who_goes_away_before_the_answer_was_not_wrong(databases: Databases) -> None:
    """R1027: but for as long as it takes to find out."""
    async with doorkeeper(databases) as (keeper, _):
        asking = [asyncio.ensure_future(keeper.sign_in("li", PASSWORD, "10.0.0.9")) for _ in range(SIGN_IN_FAILURES)]
        assert await asyncio.ensure_future(refused(keeper, password=PASSWORD)) is TooManyError  # begins after them
        for one in asking:
            one.cancel()
        await asyncio.wait(asking)
        assert (await keeper.sign_in("li", PASSWORD, "10.0.0.9")).actor.id == "li"


async def test_too_many_at_once_are_refused_and_not_queued_without_end(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "SIGN_INS_WAITING", 3)
    async with doorkeeper(databases) as (keeper, _):
        answers = await asyncio.gather(*(refused(keeper, f"n{n}", address=f"a{n}") for n in range(10)))
        assert (answers.count(SignInRequiredError), answers.count(TooManyError)) == (3, 7)


async def test_what_is_remembered_of_failures_is_bounded(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "SIGN_IN_REMEMBERED", 4)
    async with doorkeeper(databases) as (keeper, _):
        for n in range(9):
            await refused(keeper, f"n{n}", address=f"a{n}")
        kept = keeper._passwords._failed_names._of
        assert list(kept) == ["n5", "n6", "n7", "n8"]
