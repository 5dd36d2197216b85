"""Local accounts (argon2id), sessions, device tokens and camera addresses, in a database of their own: never facts.

Several hubs may share the database: who signed in at one is known at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from command.access import rights
from command.access.failures import Failures
from command.access.keys import SiteKey
from command.access.rights import AccountInfo
from command.access.same_key import SAME_KEY, refuse_another_key
from command.actors import Actor, Role
from command.kernel.clock import Clock
from command.kernel.database import Database, Row
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    SignInRequiredError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import (
    SESSION_MS,
    SESSION_RECHECK_MS,
    SESSIONS_PER_ACCOUNT,
    SESSIONS_REMEMBERED,
    SIGN_IN_FAILURES,
    SIGN_IN_FAILURES_PER_ADDRESS,
    SIGN_INS_AT_ONCE,
    SIGN_INS_WAITING,
    WALL_SESSION_MS,
)
from command.kernel.names import REFUSED, is_seen

T = TypeVar("T")
R = TypeVar("R")
SCHEMA = (
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
    SAME_KEY,
)
"""What the database is to be opened with."""
AGENT = "agent:"
"""What the name of an edge agent begins with among the devices that have a token."""
MIN_PASSWORD_CHARS = 8
_NAME = re.compile(r"[\w.@\-]{1,64}")
_ALL = 2**63 - 1
"""A limit that is none, since SQLite knows no OFFSET without LIMIT."""
_NOT_PEOPLE = re.compile(r"hub|triune|.*-service")
"""Names that facts carry for the hub and the services: a person of that name could pass for them in the record."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser. `csrf` has to come back in a header with everything that changes something."""

    token: str
    csrf: str
    actor: Actor
    until_ms: int


class Accounts:
    """The doorkeeper. Use `open`."""

    def __init__(self, db: Database, key: SiteKey, clock: Clock) -> None:
        self._db = db
        self._box = key.box("camera-addresses")
        self._clock = clock
        self._hasher = PasswordHasher()
        # Threads of their own, few: each check takes 64 MB, and strangers decide how many they ask for.
        self._checks = ThreadPoolExecutor(SIGN_INS_AT_ONCE, thread_name_prefix="passwords")
        self._checking = 0
        self._sessions: OrderedDict[str, tuple[int, Session]] = OrderedDict()
        self._ended = 0
        self._failed_names = Failures(SIGN_IN_FAILURES)
        self._failed_addresses = Failures(SIGN_IN_FAILURES_PER_ADDRESS)
        self._nobody: str | None = None
        self.refused = 0
        """Sign-ins refused: wrong, too many wrong before, or too many at once."""
        self._address_listeners: list[Callable[[], None]] = []

    @classmethod
    async def open(cls, db: Database, key: SiteKey, clock: Clock) -> Accounts:
        """Take over `db`, opened with `SCHEMA`; `InvalidInputError` where it was filled under another site key."""
        try:
            await refuse_another_key(db, key)
        except TriuneError:
            await db.close()
            raise
        return cls(db, key, clock)

    async def names(self) -> list[str]:
        """Return every account's name."""
        return [name for (name,) in await self._db.rows("SELECT name FROM accounts ORDER BY name")]

    async def people(self) -> dict[str, str]:
        """Return every account's name and the person's name that screens show."""
        return dict(await self._db.rows("SELECT name, display FROM accounts"))

    async def listed(self) -> list[AccountInfo]:
        """Return every account."""
        return await rights.listed(self._db)

    async def administered(self) -> bool:
        """Say whether anybody who may sign in is administrator."""
        return await rights.administered(self._db)

    async def create(self, name: str, display: str, roles: frozenset[Role], unit: str, password: str) -> None:
        """Add an account; `ConflictError` where the name is taken, `InvalidInputError` for one that is no person's."""
        if not _NAME.fullmatch(name) or _NOT_PEOPLE.fullmatch(name):
            raise InvalidInputError("an account's name has letters, digits, . - _ and @, and is not the hub's")
        stored_roles = rights.stored(roles)
        if not is_seen(display):
            raise InvalidInputError(REFUSED)
        stored = await self._in_checks(self._hash, password)
        row = (name, display, stored_roles, unit, stored)
        insert = (
            "INSERT INTO accounts (name, display, roles, unit, password) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO NOTHING"
        )
        if await self._db.write((insert, row)) == [0]:
            raise ConflictError(f"there is an account {name} already")

    async def set_password(self, name: str, password: str) -> None:
        """Change it and end the account's sessions."""
        stored = await self._in_checks(self._hash, password)

        # In this order: the change waits for a sign-in under way elsewhere, whose session is then ended as well.
        changed, _ = await self._db.write(
            ("UPDATE accounts SET password = ? WHERE name = ?", (stored, name)),
            ("DELETE FROM sessions WHERE account = ?", (name,)),
        )
        if not changed:
            raise UnknownIdError(f"no account {name}")
        self._forget_sessions()

    async def disable(self, name: str) -> None:
        """Let nobody sign in by it any more and end its sessions; `ConflictError` for the last administrator."""
        await rights.disable(self._db, name)
        self._forget_sessions()

    async def enable(self, name: str) -> None:
        """Let its person sign in again, by the password that it has."""
        await rights.enable(self._db, name)

    async def set_roles(self, name: str, roles: frozenset[Role]) -> None:
        """Give it these roles and no others, and end its sessions; `ConflictError` for the last administrator."""
        await rights.set_roles(self._db, name, roles)
        self._forget_sessions()

    def _hash(self, password: str) -> str:
        if len(password) < MIN_PASSWORD_CHARS:
            raise InvalidInputError(f"a password has at least {MIN_PASSWORD_CHARS} characters")
        return self._hasher.hash(password)

    async def _in_checks(self, work: Callable[[T], R], argument: T) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._checks, work, argument)

    async def sign_in(self, name: str, password: str, address: str = "") -> Session:
        """Return a new session. After several failures the name has to wait, whoever asks, and so has the address.

        Raises `SignInRequiredError` where either is wrong, `TooManyError` where one has to wait.
        """
        try:
            return await self._sign_in(name, password, address)
        except (SignInRequiredError, TooManyError):
            self.refused += 1
            raise

    async def _sign_in(self, name: str, password: str, address: str) -> Session:
        now_ms = self._clock.now_ms()
        if self._failed_names.has_to_wait(name, now_ms) or self._failed_addresses.has_to_wait(address, now_ms):
            raise TooManyError("too many wrong passwords; try again in a minute")
        if self._checking >= SIGN_INS_WAITING:
            raise TooManyError("too many are signing in just now; try again")
        # Counted as failed until it is known to be right: many guesses at once must not all slip past the count.
        self._failed_names.add(name, now_ms)
        self._failed_addresses.add(address, now_ms)
        self._checking += 1
        try:
            query = "SELECT display, roles, unit, password, disabled FROM accounts WHERE name = ?"
            # What cannot be a name is not asked for: a database may refuse to read it.
            found = await self._db.rows(query, name) if _NAME.fullmatch(name) else []
            row = found[0] if found else None
            right = await self._in_checks(lambda stored: self._verify(stored, password), row[3] if row else None)
        finally:
            self._checking -= 1
        if row is None or not right or row[4]:
            raise SignInRequiredError("name or password is wrong")
        session = await self._begin_session(rights.actor_of(name, *row[:3]), checked=(row[3], row[1]), now_ms=now_ms)
        self._failed_names.forget(name)
        self._failed_addresses.take_back(address)
        return session

    async def _begin_session(self, actor: Actor, checked: tuple[str, str], now_ms: int) -> Session:
        lasts_ms = WALL_SESSION_MS if actor.roles == {"wall"} else SESSION_MS
        session = Session(
            token=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(16), actor=actor, until_ms=now_ms + lasts_ms
        )
        digest = _digest(session.token)

        *_, begun = await self._db.write(
            # First of all keep others from this account: it may be changed, or somebody sign in, meanwhile.
            ("UPDATE accounts SET disabled = disabled WHERE name = ?", (actor.id,)),
            ("DELETE FROM sessions WHERE account = ? AND until_ms <= ?", (actor.id, now_ms)),
            (
                "DELETE FROM sessions WHERE token IN (SELECT token FROM sessions WHERE account = ? "
                "ORDER BY until_ms DESC LIMIT ? OFFSET ?)",
                (actor.id, _ALL, SESSIONS_PER_ACCOUNT - 1),
            ),
            # Only with the password that was checked, and the roles that it opens.
            (
                "INSERT INTO sessions SELECT CAST(? AS TEXT), name, CAST(? AS TEXT), CAST(? AS BIGINT) FROM accounts "
                "WHERE name = ? AND password = ? AND roles = ? AND disabled = 0",
                (digest, session.csrf, session.until_ms, actor.id, *checked),
            ),
        )
        if not begun:
            raise SignInRequiredError("name or password is wrong")
        self._remember(digest, now_ms, session)
        return session

    def _remember(self, digest: str, now_ms: int, session: Session) -> None:
        self._sessions[digest] = (now_ms, session)
        self._sessions.move_to_end(digest)
        if len(self._sessions) > SESSIONS_REMEMBERED:
            self._sessions.popitem(last=False)

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

        Looked up again every few seconds, so that one ended at the command line or another hub ends here soon.
        """
        if not token:
            raise SignInRequiredError("nobody is signed in here")
        digest, now_ms = _digest(token), self._clock.now_ms()
        looked_up_ms, session = self._sessions.get(digest, (0, None))
        if session is None or now_ms - looked_up_ms > SESSION_RECHECK_MS:
            ended = self._ended
            session = await self._look_up(token, digest)
            if ended == self._ended:  # else it may be this one that was ended while it was looked up
                self._remember(digest, now_ms, session)
        if session.until_ms <= now_ms:
            await self.sign_out(token)
            raise SignInRequiredError("the session ended; sign in again")
        return session

    async def _look_up(self, token: str, digest: str) -> Session:
        query = (
            "SELECT a.name, a.display, a.roles, a.unit, s.csrf, s.until_ms FROM sessions s "
            "JOIN accounts a ON a.name = s.account WHERE s.token = ? AND a.disabled = 0"
        )
        rows = await self._db.rows(query, digest)
        if not rows:
            self._sessions.pop(digest, None)
            raise SignInRequiredError("nobody is signed in here")
        row = rows[0]
        return Session(token=token, csrf=row[4], actor=rights.actor_of(*row[:4]), until_ms=row[5])

    async def sign_out(self, token: str) -> None:
        """End the session."""
        digest = _digest(token)
        await self._db.write(("DELETE FROM sessions WHERE token = ?", (digest,)))
        self._sessions.pop(digest, None)
        self._ended += 1

    def _forget_sessions(self) -> None:
        self._sessions.clear()
        self._ended += 1

    async def issue(self, device: str) -> str:
        """Return a new token for a device; the one before no longer works. Only its digest is kept."""
        token = secrets.token_urlsafe(18)
        insert = (
            "INSERT INTO device_tokens (token, device) VALUES (?, ?) "
            "ON CONFLICT (device) DO UPDATE SET token = excluded.token"
        )
        await self._db.write((insert, (_digest(token), device)))
        return token

    async def revoke(self, device: str) -> None:
        """Take a device's token back; `UnknownIdError` where it has none."""
        if await self._db.write(("DELETE FROM device_tokens WHERE device = ?", (device,))) == [0]:
            raise UnknownIdError(f"{device!r} has no token", id=device)

    async def check(self, device: str, token: str) -> bool:
        """Say whether the token is that device's."""
        return await self.device_of(token) == device

    async def device_of(self, token: str) -> str | None:
        """Return which device a token belongs to."""
        rows = await self._db.rows("SELECT device FROM device_tokens WHERE token = ?", _digest(token))
        return rows[0][0] if rows else None

    async def agents(self) -> list[str]:
        """Return the edge agents that have a key, by name."""
        rows = await self._db.rows("SELECT device FROM device_tokens ORDER BY device")
        return [device.removeprefix(AGENT) for (device,) in rows if device.startswith(AGENT)]

    async def set_camera_address(self, camera: str, address: str) -> None:
        """Keep where a camera is reached, with its password, sealed."""
        insert = (
            "INSERT INTO camera_addresses (camera, address) VALUES (?, ?) "
            "ON CONFLICT (camera) DO UPDATE SET address = excluded.address"
        )
        await self._db.write((insert, (camera, self._box.seal(address.encode(), camera))))
        self._tell_addresses()

    def listen_addresses(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of a camera's address."""
        self._address_listeners.append(listener)

    async def watch_addresses(self) -> None:
        """Tell listeners what other hubs changed, within `SESSION_RECHECK_MS`, until cancelled."""
        seen: list[Row] | None = None
        while True:
            with suppress(UnavailableError):  # later, then
                rows = await self._db.rows("SELECT camera, address FROM camera_addresses ORDER BY camera")
                if seen is not None and rows != seen:
                    self._tell_addresses()
                seen = rows
            await self._clock.sleep(SESSION_RECHECK_MS)

    def _tell_addresses(self) -> None:
        for listener in self._address_listeners:
            listener()

    async def camera_addresses(self) -> dict[str, str]:
        """Return every camera's address."""
        rows = await self._db.rows("SELECT camera, address FROM camera_addresses")
        return {camera: self._box.open(sealed, camera).decode() for camera, sealed in rows}

    async def close(self) -> None:
        """Close the database."""
        await self._db.close()
        self._checks.shutdown(wait=True)


def _digest(token: str) -> str:
    """Tokens are random and long, so that a plain hash is enough to keep a stolen file from opening doors."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
