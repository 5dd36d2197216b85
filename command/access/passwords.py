"""Passwords: kept as argon2id, checked few at a time, and each wrong one counted against its name and its address."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from command.access.failures import Failures
from command.access.rights import NAME
from command.kernel.clock import Clock
from command.kernel.database import Database, Row
from command.kernel.errors import InvalidInputError, SignInRequiredError, TooManyError, TriuneError
from command.kernel.limits import (
    PASSWORD_LEAST_CHARS,
    PASSWORD_MOST_CHARS,
    SIGN_IN_FAILURES,
    SIGN_IN_FAILURES_PER_ADDRESS,
    SIGN_INS_AT_ONCE,
    SIGN_INS_WAITING,
)

T = TypeVar("T")
R = TypeVar("R")


def new_password() -> str:
    """Return a password for an account that somebody else makes, or whose person forgot theirs."""
    return secrets.token_urlsafe(12)


def refuse_length(password: str) -> None:
    """Raise `InvalidInputError` for a new password that is too short, or longer than anybody may sign in with."""
    if not PASSWORD_LEAST_CHARS <= len(password) <= PASSWORD_MOST_CHARS:
        raise InvalidInputError(f"a password has {PASSWORD_LEAST_CHARS} to {PASSWORD_MOST_CHARS} characters")


class Passwords:
    """Who knows the password of an account. `refused` counts: wrong, too many wrong before, or too many at once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._hasher = PasswordHasher()
        # Threads of their own, few: each check takes 64 MB, and strangers decide how many they ask for.
        self._checks = ThreadPoolExecutor(SIGN_INS_AT_ONCE, thread_name_prefix="passwords")
        self._checking = 0
        self._failed_names = Failures(SIGN_IN_FAILURES)
        self._failed_addresses = Failures(SIGN_IN_FAILURES_PER_ADDRESS)
        self._nobody: str | None = None
        self.refused = 0

    async def kept(self, password: str) -> str:
        """Return what is kept of a new password. Raises `InvalidInputError` for its length."""
        refuse_length(password)
        return await self._in_checks(self._hasher.hash, password)

    @asynccontextmanager
    async def proven(self, name: str, password: str, address: str) -> AsyncIterator[Row]:
        """Give the account's display, roles, unit and kept password, where this is its password.

        Counts as wrong until the block is left, and from then on where that is by `SignInRequiredError`: raised here
        where name or password is wrong or the account shut out. Where nobody found out, since a database was away or
        whoever asked has gone, nothing was wrong. Raises `TooManyError` where the name or the address has to wait,
        whatever the password.
        """
        now_ms = self._clock.now_ms()
        if self._failed_names.has_to_wait(name, now_ms) or self._failed_addresses.has_to_wait(address, now_ms):
            raise self.counted(TooManyError("too many wrong passwords; try again in a minute"))
        if self._checking >= SIGN_INS_WAITING:
            raise self.counted(TooManyError("too many are signing in just now; try again"))
        # Counted as failed until it is known to be right: many guesses at once must not all slip past the count.
        self._failed_names.add(name, now_ms)
        self._failed_addresses.add(address, now_ms)
        try:
            yield await self._found(name, password)
        except SignInRequiredError:
            raise
        except BaseException:
            self._failed_names.take_back(name)
            self._failed_addresses.take_back(address)
            raise
        self._failed_names.forget(name)
        self._failed_addresses.take_back(address)  # others' at the same address stand

    async def _found(self, name: str, password: str) -> Row:
        self._checking += 1
        try:
            query = "SELECT display, roles, unit, password, disabled FROM accounts WHERE name = ?"
            # What cannot be a name is not asked for: a database may refuse to read it.
            found = await self._db.rows(query, name) if NAME.fullmatch(name) else []
            row = found[0] if found else None
            right = await self._in_checks(lambda stored: self._verify(stored, password), row[3] if row else None)
        finally:
            self._checking -= 1
        if row is None or not right or row[4]:
            raise self.counted(SignInRequiredError("name or password is wrong"))
        return row[:4]

    def counted(self, error: TriuneError) -> TriuneError:
        """Return what somebody is refused with."""
        self.refused += 1
        return error

    def _verify(self, stored: str | None, password: str) -> bool:
        if stored is None:
            # An unknown name takes as long as a known one, so that names cannot be found out by timing.
            self._nobody = self._nobody or self._hasher.hash(secrets.token_hex(16))
            stored = self._nobody
        try:
            return self._hasher.verify(stored, password)
        except VerificationError:
            return False

    async def _in_checks(self, work: Callable[[T], R], argument: T) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._checks, work, argument)

    def close(self) -> None:
        """Wait for the check under way."""
        self._checks.shutdown(wait=True)
