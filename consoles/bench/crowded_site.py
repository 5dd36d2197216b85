"""A whole hub in this process and a crowd of consoles in another."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from command.access.accounts import Accounts
from command.actors import Role
from command.kernel.errors import UnavailableError
from consoles.bench import crowd
from consoles.bench.measure import allow_many_sockets
from consoles.http.identity import CSRF_COOKIE, SESSION_COOKIE
from consoles.settings import Settings
from consoles.site import Site, running_site

A = TypeVar("A", crowd.Asked, crowd.Counted)
_PEOPLE = 5
_ANSWER_S = 120.0


class CrowdProcess:
    """The crowd, by the pipe to its process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._consoles = 0

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def tell(self, message: msgspec.Struct) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(message) + b"\n")

    async def grow(self, consoles: int) -> None:
        """Return once so many consoles follow."""
        self._consoles = consoles
        await self._counted(crowd.Grow(consoles))

    async def came(self) -> crowd.Counted:
        """Return what came to all consoles together so far."""
        return await self._counted(crowd.Count())

    async def ask(self, order: crowd.Ask) -> crowd.Asked:
        """Return how long requests took to become rows."""
        return await self._ask(order, crowd.Asked)

    async def _counted(self, order: crowd.Grow | crowd.Count) -> crowd.Counted:
        counted = await self._ask(order, crowd.Counted)
        if counted.consoles < self._consoles:
            raise UnavailableError(f"only {counted.consoles} of {self._consoles} consoles are connected")
        return counted

    async def _ask(self, order: crowd.Order, answer: type[A]) -> A:
        assert self._process.stdout is not None
        self.tell(order)
        async with asyncio.timeout(_ANSWER_S):
            line = await self._process.stdout.readline()
        if not line:
            raise UnavailableError("the process of the consoles has ended; its last words are above")
        return msgspec.json.decode(line, type=answer)


@asynccontextmanager
async def crowd_at(where: crowd.Site) -> AsyncIterator[CrowdProcess]:
    """Run a crowd, nobody at first, for a server that is there."""
    allow_many_sockets()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consoles.bench.crowd", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    people = CrowdProcess(process)
    people.tell(where)
    try:
        yield people
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def crowded_site(folder: Path, *tables: str) -> AsyncIterator[tuple[Site, CrowdProcess]]:
    """Run both. The consoles, none at first, subscribe to the tables."""
    settings = Settings(data=str(folder), http_port=0, jt808_port=0, case_port=0, approval_port=0, plate_workers=0)
    async with running_site(settings) as site:
        people = [await sign_in(site.context.accounts, f"dispatcher-{nth}") for nth in range(_PEOPLE)]
        host, _, port = site.http_url.removeprefix("http://").partition(":")
        where = crowd.Site(host=host, port=int(port), people=people, tables=list(tables))
        async with crowd_at(where) as consoles:
            yield site, consoles


async def sign_in(accounts: Accounts, name: str, role: Role = "dispatcher", unit: str = "") -> crowd.Person:
    """Make an account, of somebody who may see the tables unless another role is said, and sign in."""
    password = secrets.token_urlsafe(12)
    await accounts.create(name, name, frozenset({role}), unit, password)
    session = await accounts.sign_in(name, password)
    return crowd.Person(f"{SESSION_COOKIE}={session.token}; {CSRF_COOKIE}={session.csrf}", session.csrf)
