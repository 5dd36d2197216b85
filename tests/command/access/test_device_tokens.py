"""Tokens of devices. Rules R106, R954 and R998 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from command.access.accounts import SCHEMA
from command.kernel.errors import (
    NoRightError,
    SignInRequiredError,
    UnknownIdError,
)
from command.kernel.limits import (
    SESSION_RECHECK_MS,
)
from tests.command.access.support import doorkeeper
from tests.databases import Databases


async def test_a_new_device_token_ends_the_one_before_and_garbage_opens_nothing(databases: Databases) -> None:
    async with doorkeeper(databases) as (keeper, _):
        first, second = await keeper.issue("d1"), await keeper.issue("d1")
        assert await keeper.device_of(first) is None
        assert await keeper.check("d1", second)
        for garbage in ("", "x", "\udcff", second + "x"):
            assert await keeper.device_of(garbage) is None
            with pytest.raises(SignInRequiredError):
                await keeper.session(garbage)


async def test_a_token_is_taken_back(databases: Databases) -> None:  # R954
    async with doorkeeper(databases) as (keeper, _), doorkeeper(databases) as (command_line, _):
        token, other = await keeper.issue("d1"), await keeper.issue("d2")
        await command_line.revoke("d1")
        assert await keeper.device_of(token) is None
        assert not await keeper.check("d1", token)
        assert await keeper.device_of(other) == "d2"
        assert not await keeper.check("d1", other), "another device's opens nothing for this one"
        with pytest.raises(UnknownIdError):
            await command_line.revoke("d1")
        assert await keeper.device_of(await keeper.issue("d1")) == "d1"


async def test_a_device_whose_token_was_taken_back_gets_itself_none_until_it_is_given_one(
    databases: Databases,
) -> None:  # R998
    async with doorkeeper(databases) as (keeper, clock), doorkeeper(databases) as (command_line, _):
        first = await keeper.register("d1")
        assert await keeper.device_of(second := await keeper.register("d1")) == "d1"
        assert await keeper.device_of(first) is None
        assert not await keeper.is_revoked("d1")
        await command_line.revoke("d1")
        clock.advance(clock.now_ms() + SESSION_RECHECK_MS + 1)
        assert await keeper.is_revoked("d1")
        assert await keeper.devices() == []
        for _ in range(2):
            with pytest.raises(NoRightError, match="taken back"):
                await keeper.register("d1")
        assert await keeper.device_of(second) is None
        await keeper.register("d2")
        given = await command_line.issue("d1", "chief")
        assert not await keeper.is_revoked("d1")
        assert await keeper.devices() == ["d1", "d2"]
        assert await keeper.device_of(given) == "d1"
        assert await keeper.device_of(await keeper.register("d1")) == "d1"
        assert await keeper.device_of(given) is None


async def test_who_registers_while_the_token_is_taken_back_has_none_afterwards(databases: Databases) -> None:  # R998
    async with doorkeeper(databases) as (one, _), doorkeeper(databases) as (other, _):
        got: list[str] = []

        async def come() -> None:
            with suppress(NoRightError):
                while True:
                    got.append(await one.register("d1"))

        for _ in range(10):
            got.append(await one.issue("d1"))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(come())
                await one.register("d2")
                await other.revoke("d1")
            assert await other.device_of(got[-1]) is None
            assert await one.devices() == ["d2"]


async def test_tokens_of_the_release_before_are_taken_over_as_good_ones(databases: Databases) -> None:  # R998
    async with databases(SCHEMA[:3], "access") as before:
        await before.write(("INSERT INTO device_tokens VALUES ('digest', 'd1')", ()))
        await before.close()
    async with doorkeeper(databases) as (keeper, _):
        assert await keeper.devices() == ["d1"]
        assert not await keeper.is_revoked("d1")
        await keeper.revoke("d1")
        assert await keeper.devices() == []
