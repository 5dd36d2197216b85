"""Tokens of devices and edge agents, as they are kept: one each, and of it only the digest."""

from __future__ import annotations

import hashlib
import secrets

from command.access.changes import TURN, By, note
from command.kernel.database import Database, Statement
from command.kernel.errors import UnknownIdError

_ISSUE = (
    "INSERT INTO device_tokens (token, device) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET token = excluded.token"
)


async def issue(db: Database, device: str, by: By | None) -> str:
    """Return a new token; the one before no longer works. Without `by` a terminal came for it, and nobody let it in."""
    token = secrets.token_urlsafe(18)
    issuing: Statement = (_ISSUE, (digest(token), device))
    await db.write(*([TURN, note(by, "token", device, "")] if by else []), issuing)
    return token


async def revoke(db: Database, device: str, by: By) -> None:
    """Take a device's token back; `UnknownIdError` where it has none."""
    # What cannot be an id is not asked for: a database may refuse to read it.
    if device.isprintable():
        noting = note(by, "token_revoked", device, "FROM device_tokens WHERE device = ?", device)
        *_, revoked = await db.write(TURN, noting, ("DELETE FROM device_tokens WHERE device = ?", (device,)))
        if revoked:
            return
    raise UnknownIdError(f"{device!r} has no token", id=device)


async def device_of(db: Database, token: str) -> str | None:
    """Return which device a token belongs to."""
    rows = await db.rows("SELECT device FROM device_tokens WHERE token = ?", digest(token))
    return rows[0][0] if rows else None


async def holders(db: Database) -> list[str]:
    """Return every device that has a token, and every agent, whose name begins otherwise."""
    return [device for (device,) in await db.rows("SELECT device FROM device_tokens ORDER BY device")]


def digest(token: str) -> str:
    """Tokens are random and long, so that a plain hash is enough to keep a stolen file from opening doors."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
