"""A doorkeeper with one account, on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.access.accounts import SCHEMA, Accounts
from command.access.keys import SiteKey
from command.kernel.clock import VirtualClock
from command.kernel.errors import SignInRequiredError, TooManyError
from tests.databases import Databases

START_MS = 1_790_000_000_000
PASSWORD = "right-horse-battery"
KEY = SiteKey(b"k" * 32)


@asynccontextmanager
async def doorkeeper(
    databases: Databases, clock: VirtualClock | None = None
) -> AsyncIterator[tuple[Accounts, VirtualClock]]:
    """Open the accounts as a hub or the command line does; `li` is a dispatcher."""
    clock = clock or VirtualClock(START_MS)
    async with databases(SCHEMA, "access") as db:
        keeper = await Accounts.open(db, KEY, clock)
        if "li" not in await keeper.names():
            await keeper.create("li", "李", frozenset({"dispatcher"}), "", PASSWORD)
        yield keeper, clock
        await keeper.close()


async def refused(keeper: Accounts, name: str = "li", password: str = "wrong", address: str = "") -> type[Exception]:
    """Sign in in vain; return how it was refused."""
    with pytest.raises((SignInRequiredError, TooManyError)) as error:
        await keeper.sign_in(name, password, address)
    return error.type
