"""Local accounts (argon2id), sessions, device tokens and camera addresses, in a database of their own: never facts.

Several hubs may share the database: who signed in at one is known at all.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

import msgspec

from command.access import changes, rights, tokens
from command.access.changes import By
from command.access.keys import SiteKey
from command.access.passwords import Passwords, refuse_length
from command.access.same_key import SAME_KEY, refuse_another_key
from command.access.tokens import digest as _digest
from command.actors import HUB, Actor, Role
from command.kernel.clock import Clock
from command.kernel.database import Database, Row
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NoRightError,
    SignInRequiredError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import (
    SESSION_MS,
    SESSION_RECHECK_MS,
    SESSIONS_PER_ACCOUNT,
    SESSIONS_REMEMBERED,
    WALL_SESSION_MS,
)
from command.wire import AccountChange, AccountInfo

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
    changes.SCHEMA,
    tokens.SCHEMA,
)
"""What the database is to be opened with."""
AGENT = "agent:"
"""What the name of an edge agent begins with among the devices that have a token."""
_ALL = 2**63 - 1
"""A limit that is none, since SQLite knows no OFFSET without LIMIT."""
_NOT_PEOPLE = re.compile(r"hub|triune|.*-service")
"""Names that facts carry for the hub and the services: a person of that name could pass for them in the record."""


class WrongPasswordError(NoRightError):
    """Who is signed in offers another password than theirs as a proof that it is they: the session stays."""

    code = "wrong_password"


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
        self._passwords = Passwords(db, clock)
        self._sessions: OrderedDict[str, tuple[int, Session]] = OrderedDict()
        self._ended = 0
        self._revoked: tuple[int, frozenset[str]] | None = None
        """Devices whose token was taken back, and when that was looked up."""
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

    @property
    def refused(self) -> int:
        """Return how many passwords were refused: wrong, after too many wrong ones, or too many at once."""
        return self._passwords.refused

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

    async def changes(self, limit: int) -> list[AccountChange]:
        """Return the newest changes of accounts and tokens, the newest first: at most `ACCOUNT_CHANGES`."""
        return await changes.newest(self._db, limit)

    def _by(self, who: str) -> By:
        return By(who, self._clock.now_ms())

    async def create(
        self, name: str, display: str, roles: frozenset[Role], unit: str, password: str, by: str = HUB.id
    ) -> None:
        """Add an account; `ConflictError` where the name is taken, `InvalidInputError` for one that is no person's.

        Here and below `by` is who does it, for `changes`.
        """
        if not rights.NAME.fullmatch(name) or _NOT_PEOPLE.fullmatch(name):
            raise InvalidInputError("an account's name has letters, digits, . - _ and @, and is not the hub's")
        stored_roles = rights.stored(roles)
        rights.check_person(display, unit)
        stored = await self._passwords.kept(password)
        free, detail = "WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE name = ?)", f"{stored_roles} {unit}".strip()
        *_, created = await self._db.write(
            changes.TURN,
            changes.note(self._by(by), "added", name, free, detail, name, detail="CAST(? AS TEXT)"),
            (
                "INSERT INTO accounts (name, display, roles, unit, password) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO NOTHING",
                (name, display, stored_roles, unit, stored),
            ),
        )
        if not created:
            raise ConflictError(f"there is an account {name} already")

    async def set_password(self, name: str, password: str, by: str = HUB.id) -> None:
        """Change it and end the account's sessions; `OwnAccountError` for who does it, see `change_own_password`."""
        if by == name:
            raise rights.OwnAccountError("the own password is changed by whoever knows the one before")
        stored = await self._passwords.kept(password)
        # In this order: the change waits for a sign-in under way elsewhere, whose session is then ended as well.
        *_, changed, _ = await self._db.write(
            changes.TURN,
            changes.note(self._by(by), "password", rights.formed(name), "FROM accounts WHERE name = ?", name),
            ("UPDATE accounts SET password = ? WHERE name = ?", (stored, name)),
            ("DELETE FROM sessions WHERE account = ?", (name,)),
        )
        if not changed:
            raise UnknownIdError(f"no account {name}")
        self._forget_sessions()

    async def change_own_password(self, token: str, old: str, new: str, address: str = "") -> None:
        """Change the password of whoever is signed in by this session, and end their other sessions.

        Raises `WrongPasswordError`, counted as at a sign-in, `TooManyError`, `InvalidInputError` for a new one that is
        too short or too long, `SignInRequiredError` where there is no such session.
        """
        name = (await self.session(token)).actor.id
        refuse_length(new)
        try:
            async with self._passwords.proven(name, old, address) as (*_, known):
                await self._replace_password(name, known, await self._passwords.kept(new), token)
        except SignInRequiredError:
            raise WrongPasswordError("the password before is wrong") from None

    async def _replace_password(self, name: str, known: str, stored: str, token: str) -> None:
        """Change it unless it is another one by now, or the account shut out: `SignInRequiredError`."""
        proven = "FROM accounts WHERE name = ? AND password = ? AND disabled = 0"
        *_, changed, _ = await self._db.write(
            changes.TURN,
            changes.note(self._by(name), "own_password", name, proven, name, known),
            (
                "UPDATE accounts SET password = ? WHERE name = ? AND password = ? AND disabled = 0",
                (stored, name, known),
            ),
            ("DELETE FROM sessions WHERE account = ? AND token <> ?", (name, _digest(token))),
        )
        self._forget_sessions()
        if not changed:
            raise SignInRequiredError("the password is another one by now")

    async def disable(self, name: str, by: str = HUB.id) -> None:
        """Let nobody sign in by it any more and end its sessions; `ConflictError` for the last administrator.

        Here and in `set_roles`: `OwnAccountError` where who does it would shut himself out.
        """
        await rights.disable(self._db, name, self._by(by))
        self._forget_sessions()

    async def enable(self, name: str, by: str = HUB.id) -> None:
        """Let its person sign in again, by the password that it has."""
        await rights.enable(self._db, name, self._by(by))

    async def set_roles(self, name: str, roles: frozenset[Role], by: str = HUB.id) -> None:
        """Give it these roles and no others, and end its sessions; `ConflictError` for the last administrator."""
        await rights.set_roles(self._db, name, roles, self._by(by))
        self._forget_sessions()

    async def set_person(self, name: str, display: str | None, unit: str | None, by: str = HUB.id) -> None:
        """Give it this person's name and this unit, None being the one it has; its sessions go on, as that person.

        `InvalidInputError` as in `create`.
        """
        await rights.set_person(self._db, name, display, unit, self._by(by))
        self._forget_sessions()

    async def sign_in(self, name: str, password: str, address: str = "") -> Session:
        """Return a new session. After several failures the name has to wait, whoever asks, and so has the address.

        Raises `SignInRequiredError` where either is wrong, `TooManyError` where one has to wait.
        """
        async with self._passwords.proven(name, password, address) as (display, roles, unit, known):
            return await self._begin_session(rights.actor_of(name, display, roles, unit), checked=(known, roles))

    async def _begin_session(self, actor: Actor, checked: tuple[str, str]) -> Session:
        now_ms = self._clock.now_ms()
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
            raise self._passwords.counted(SignInRequiredError("name or password is wrong"))
        self._remember(digest, now_ms, session)
        return session

    def _remember(self, digest: str, now_ms: int, session: Session) -> None:
        self._sessions[digest] = (now_ms, session)
        self._sessions.move_to_end(digest)
        if len(self._sessions) > SESSIONS_REMEMBERED:
            self._sessions.popitem(last=False)

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

    async def issue(self, device: str, by: str | None = None) -> str:
        """Return a new token for a device; the one before no longer works. Only its digest is kept.

        Without `by` it is no change that anybody made.
        """
        return await tokens.issue(self._db, device, self._by(by) if by else None)

    async def register(self, device: str) -> str:
        """Return a new token for a terminal that comes for it by itself; `NoRightError` where that was taken back."""
        return await tokens.register(self._db, device)

    async def revoke(self, device: str, by: str = HUB.id) -> None:
        """Take a device's token back; `UnknownIdError` where it has none."""
        await tokens.revoke(self._db, device, self._by(by))
        self._revoked = None

    async def is_revoked(self, device: str) -> bool:
        """Say whether its token was taken back, and nobody gave it another since; known within `SESSION_RECHECK_MS`.

        Cheap for those of which it was not, so that all that are connected can be asked about again and again.
        """
        now_ms = self._clock.now_ms()
        if self._revoked is None or now_ms - self._revoked[0] > SESSION_RECHECK_MS:
            self._revoked = now_ms, await tokens.revoked(self._db)
        return device in self._revoked[1] and await tokens.is_revoked(self._db, device)

    async def check(self, device: str, token: str) -> bool:
        """Say whether the token is that device's."""
        return await self.device_of(token) == device

    async def device_of(self, token: str) -> str | None:
        """Return which device a token belongs to."""
        return await tokens.device_of(self._db, token)

    async def devices(self) -> list[str]:
        """Return the devices that have a token."""
        return [device for device in await tokens.holders(self._db) if not device.startswith(AGENT)]

    async def agents(self) -> list[str]:
        """Return the edge agents that have a key, by name."""
        return [device.removeprefix(AGENT) for device in await tokens.holders(self._db) if device.startswith(AGENT)]

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
        self._passwords.close()
