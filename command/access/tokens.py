"""Tokens of devices and edge agents, as they are kept: one each, and of it only the digest.

One that was taken back stays, marked: a terminal that gets itself tokens gets none until somebody gave it another.
"""

from __future__ import annotations

import hashlib
import secrets

from command.access.changes import TURN, By, note
from command.kernel.database import Database, Statement
from command.kernel.errors import NoRightError, UnknownIdError

SCHEMA = "ALTER TABLE device_tokens ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0"
"""A step of the schema."""
_REGISTER = (
    "INSERT INTO device_tokens (token, device) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET token = excluded.token"
)
_ISSUE = f"{_REGISTER}, revoked = 0"
_REVOKE = "UPDATE device_tokens SET revoked = 1 WHERE device = ? AND revoked = 0"


async def issue(db: Database, device: str, by: By | None) -> str:
    """Return a new token, also where one was taken back; the one before no longer works. Without `by` none is noted."""
    token = secrets.token_urlsafe(18)
    issuing: Statement = (_ISSUE, (digest(token), device))
    await db.write(*([TURN, note(by, "token", device, "")] if by else []), issuing)
    return token


async def register(db: Database, device: str) -> str:
    """Return a new token for a terminal that comes for it by itself; `NoRightError` where its token was taken back."""
    token = secrets.token_urlsafe(18)
    # The row is held meanwhile: who takes the token back at another hub takes this one, or comes before it.
    if await db.write((f"{_REGISTER} WHERE device_tokens.revoked = 0", (digest(token), device))) == [0]:
        raise NoRightError(f"the token of {device!r} was taken back: it gets one when somebody gave it another")
    return token


async def revoke(db: Database, device: str, by: By) -> None:
    """Take a device's token back; `UnknownIdError` where it has none."""
    # What cannot be an id is not asked for: a database may refuse to read it.
    if device.isprintable():
        noting = note(by, "token_revoked", device, "FROM device_tokens WHERE device = ? AND revoked = 0", device)
        *_, revoked = await db.write(TURN, noting, (_REVOKE, (device,)))
        if revoked:
            return
    raise UnknownIdError(f"{device!r} has no token", id=device)


async def device_of(db: Database, token: str) -> str | None:
    """Return which device a token belongs to."""
    rows = await db.rows("SELECT device FROM device_tokens WHERE token = ? AND revoked = 0", digest(token))
    return rows[0][0] if rows else None


async def holders(db: Database) -> list[str]:
    """Return every device that has a token, and every agent, whose name begins otherwise."""
    return [device for (device,) in await db.rows("SELECT device FROM device_tokens WHERE revoked = 0 ORDER BY device")]


async def revoked(db: Database) -> frozenset[str]:
    """Return the devices whose token was taken back, and that nobody gave another since."""
    return frozenset(device for (device,) in await db.rows("SELECT device FROM device_tokens WHERE revoked = 1"))


async def is_revoked(db: Database, device: str) -> bool:
    """Say whether a device is one of them."""
    return bool(await db.rows("SELECT 1 FROM device_tokens WHERE device = ? AND revoked = 1", device))


def digest(token: str) -> str:
    """Tokens are random and long, so that a plain hash is enough to keep a stolen file from opening doors."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
