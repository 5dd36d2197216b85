"""Local accounts (argon2id), sessions, device tokens and camera addresses, in a file of their own: never facts."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from command.access.keys import SiteKey
from command.actors import PEOPLE, Actor, Role
from command.kernel.clock import Clock
from command.kernel.errors import ConflictError, InvalidInputError, SignInRequiredError, TooManyError, UnknownIdError
from command.kernel.limits import SESSION_MS, SESSION_RECHECK_MS, SIGN_IN_FAILURES, SIGN_IN_PAUSE_MS
from command.kernel.sqlite import SqliteThread

_SCHEMA = (
    """
    CREATE TABLE accounts (
        name TEXT PRIMARY KEY, display TEXT NOT NULL, roles TEXT NOT NULL, unit TEXT NOT NULL,
        password TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE sessions (
        token TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
        csrf TEXT NOT NULL, until_ms INTEGER NOT NULL
    );
    CREATE TABLE device_tokens (token TEXT PRIMARY KEY, device TEXT NOT NULL UNIQUE);
    CREATE TABLE camera_addresses (camera TEXT PRIMARY KEY, address BLOB NOT NULL);
    """,
)
MIN_PASSWORD_CHARS = 8


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser. `csrf` has to come back in a header with everything that changes something."""

    token: str
    csrf: str
    actor: Actor
    until_ms: int


class Accounts:
    """The doorkeeper."""

    def __init__(self, path: Path, key: SiteKey, clock: Clock) -> None:
        self._db = SqliteThread(path, _SCHEMA, "access")
        self._box = key.box("camera-addresses")
        self._clock = clock
        self._hasher = PasswordHasher()
        self._sessions: dict[str, tuple[int, Session]] = {}
        self._failures: dict[str, tuple[int, int]] = {}
        self._nobody: str | None = None
        self._address_listeners: list[Callable[[], None]] = []

    async def names(self) -> list[str]:
        """Return every account's name."""
        rows = await self._db.run(lambda db: db.execute("SELECT name FROM accounts ORDER BY name").fetchall())
        return [name for (name,) in rows]

    async def create(self, name: str, display: str, roles: frozenset[Role], unit: str, password: str) -> None:
        """Add an account; `ConflictError` where the name is taken."""
        if not roles or not roles <= PEOPLE:
            raise InvalidInputError("an account has at least one of the roles of people")
        stored = await asyncio.to_thread(self._hash, password)
        row = (name, display, ",".join(sorted(roles)), unit, stored)
        insert = "INSERT INTO accounts (name, display, roles, unit, password) VALUES (?, ?, ?, ?, ?)"
        try:
            await self._db.run(lambda db: db.execute(insert, row) and None)
        except sqlite3.IntegrityError as error:
            raise ConflictError(f"there is an account {name} already") from error

    async def set_password(self, name: str, password: str) -> None:
        """Change it and end the account's sessions."""
        stored = await asyncio.to_thread(self._hash, password)

        def change(db: sqlite3.Connection) -> int:
            db.execute("DELETE FROM sessions WHERE account = ?", (name,))
            return db.execute("UPDATE accounts SET password = ? WHERE name = ?", (stored, name)).rowcount

        if not await self._db.run(change):
            raise UnknownIdError(f"no account {name}")
        self._sessions.clear()

    def _hash(self, password: str) -> str:
        if len(password) < MIN_PASSWORD_CHARS:
            raise InvalidInputError(f"a password has at least {MIN_PASSWORD_CHARS} characters")
        return self._hasher.hash(password)

    async def sign_in(self, name: str, password: str) -> Session:
        """Return a new session. After several failures the name has to wait, whoever asks."""
        now_ms = self._clock.now_ms()
        failures, last_ms = self._failures.get(name, (0, 0))
        if failures >= SIGN_IN_FAILURES and now_ms - last_ms < SIGN_IN_PAUSE_MS:
            raise TooManyError("too many wrong passwords; try again in a minute")
        query = "SELECT display, roles, unit, password, disabled FROM accounts WHERE name = ?"
        row = await self._db.run(lambda db: db.execute(query, (name,)).fetchone())
        right = await asyncio.to_thread(self._verify, row[3] if row else None, password)
        if row is None or not right or row[4]:
            self._failures = {n: f for n, f in self._failures.items() if now_ms - f[1] < SIGN_IN_PAUSE_MS}
            self._failures[name] = (failures + 1, now_ms)
            raise SignInRequiredError("name or password is wrong")
        self._failures.pop(name, None)
        actor = _actor(name, row[0], row[1], row[2])
        session = Session(
            token=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(16), actor=actor, until_ms=now_ms + SESSION_MS
        )
        stored = (_digest(session.token), name, session.csrf, session.until_ms)
        await self._db.run(lambda db: db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", stored) and None)
        self._sessions[stored[0]] = (now_ms, session)
        return session

    def _verify(self, stored: str | None, password: str) -> bool:
        if stored is None:
            # An unknown name takes as long as a known one, so that names cannot be found out by timing.
            self._nobody = self._nobody or self._hasher.hash(secrets.token_hex(16))
            stored = self._nobody
        try:
            return self._hasher.verify(stored, password)
        except VerificationError:
            return False

    async def session(self, token: str) -> Session:
        """Return the session; `SignInRequiredError` where there is none or it ended. Survives a restart.

        Looked up again every few seconds, so that a password changed at the command line ends it soon.
        """
        digest, now_ms = _digest(token), self._clock.now_ms()
        looked_up_ms, session = self._sessions.get(digest, (0, None))
        if session is None or now_ms - looked_up_ms > SESSION_RECHECK_MS:
            session = await self._look_up(token, digest)
            self._sessions[digest] = (now_ms, session)
        if session.until_ms <= now_ms:
            await self.sign_out(token)
            raise SignInRequiredError("the session ended; sign in again")
        return session

    async def _look_up(self, token: str, digest: str) -> Session:
        query = (
            "SELECT a.name, a.display, a.roles, a.unit, s.csrf, s.until_ms FROM sessions s "
            "JOIN accounts a ON a.name = s.account WHERE s.token = ? AND NOT a.disabled"
        )
        row = await self._db.run(lambda db: db.execute(query, (digest,)).fetchone())
        if row is None:
            self._sessions.pop(digest, None)
            raise SignInRequiredError("nobody is signed in here")
        return Session(token=token, csrf=row[4], actor=_actor(*row[:4]), until_ms=row[5])

    async def sign_out(self, token: str) -> None:
        """End the session."""
        digest = _digest(token)
        self._sessions.pop(digest, None)
        await self._db.run(lambda db: db.execute("DELETE FROM sessions WHERE token = ?", (digest,)) and None)

    async def issue(self, device: str) -> str:
        """Return a new token for a device; the one before no longer works. Only its digest is kept."""
        token = secrets.token_urlsafe(18)
        row = (_digest(token), device)
        await self._db.run(lambda db: db.execute("INSERT OR REPLACE INTO device_tokens VALUES (?, ?)", row) and None)
        return token

    async def check(self, device: str, token: str) -> bool:
        """Say whether the token is that device's."""
        return await self.device_of(token) == device

    async def device_of(self, token: str) -> str | None:
        """Return which device a token belongs to."""
        query = "SELECT device FROM device_tokens WHERE token = ?"
        row = await self._db.run(lambda db: db.execute(query, (_digest(token),)).fetchone())
        return row[0] if row else None

    async def set_camera_address(self, camera: str, address: str) -> None:
        """Keep where a camera is reached, with its password, sealed."""
        row = (camera, self._box.seal(address.encode(), camera))
        insert = "INSERT OR REPLACE INTO camera_addresses VALUES (?, ?)"
        await self._db.run(lambda db: db.execute(insert, row) and None)
        for listener in self._address_listeners:
            listener()

    def listen_addresses(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of a camera's address."""
        self._address_listeners.append(listener)

    async def camera_addresses(self) -> dict[str, str]:
        """Return every camera's address."""
        rows = await self._db.run(lambda db: db.execute("SELECT camera, address FROM camera_addresses").fetchall())
        return {camera: self._box.open(bytes(sealed), camera).decode() for camera, sealed in rows}

    async def close(self) -> None:
        """Close the file."""
        await self._db.close()


def _actor(name: str, display: str, roles: str, unit: str) -> Actor:
    held: frozenset[Role] = frozenset(role for role in PEOPLE if role in roles.split(","))
    return Actor(id=name, name=display, roles=held, unit=unit)


def _digest(token: str) -> str:
    """Tokens are random and long, so that a plain hash is enough to keep a stolen file from opening doors."""
    return hashlib.sha256(token.encode()).hexdigest()
