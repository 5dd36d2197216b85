"""What accounts may do, as it is kept: roles given and taken, accounts shut out, and always somebody who administers.

`LIKE '%administrator%'` finds the role in the list that an account has: no other's name holds that word.
"""

from __future__ import annotations

import msgspec

from command.actors import PEOPLE, Actor, Role
from command.kernel.database import Database, Statement
from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError

# First of all: of two who are let go at once, at two hubs, the second waits here and then finds itself the last.
_HOLD_ADMINISTRATORS: Statement = (
    "UPDATE accounts SET disabled = disabled WHERE disabled = 0 AND roles LIKE '%administrator%'",
    (),
)
_DISABLE = """
    UPDATE accounts SET disabled = 1 WHERE name = ? AND (disabled = 1 OR roles NOT LIKE '%administrator%' OR EXISTS (
        SELECT 1 FROM accounts WHERE disabled = 0 AND roles LIKE '%administrator%' AND name <> ?))
"""
_SET_ROLES = """
    UPDATE accounts SET roles = ? WHERE name = ? AND (
        CAST(? AS TEXT) LIKE '%administrator%' OR disabled = 1 OR roles NOT LIKE '%administrator%' OR EXISTS (
            SELECT 1 FROM accounts WHERE disabled = 0 AND roles LIKE '%administrator%' AND name <> ?))
"""
# After the change, as with a new password, and only where it was made.
_END_DISABLED = "DELETE FROM sessions WHERE account IN (SELECT name FROM accounts WHERE name = ? AND disabled = 1)"
_END_CHANGED = "DELETE FROM sessions WHERE account IN (SELECT name FROM accounts WHERE name = ? AND roles = ?)"


class AccountInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An account as administrators list it."""

    name: str
    display: str
    roles: list[Role]
    unit: str
    disabled: bool


async def listed(db: Database) -> list[AccountInfo]:
    """Return every account."""
    rows = await db.rows("SELECT name, display, roles, unit, disabled FROM accounts ORDER BY name")
    return [
        AccountInfo(name=row[0], display=row[1], roles=sorted(held(row[2])), unit=row[3], disabled=bool(row[4]))
        for row in rows
    ]


async def administered(db: Database) -> bool:
    """Say whether anybody who may sign in is administrator."""
    query = "SELECT 1 FROM accounts WHERE disabled = 0 AND roles LIKE '%administrator%' LIMIT 1"
    return bool(await db.rows(query))


async def disable(db: Database, name: str) -> None:
    """Shut an account out and end its sessions; `ConflictError` for the last administrator, `UnknownIdError`."""
    disabling = _HOLD_ADMINISTRATORS, (_DISABLE, (name, name)), (_END_DISABLED, (name,))
    await _change(db, name, *disabling)


async def enable(db: Database, name: str) -> None:
    """Let an account in again; `UnknownIdError`."""
    await _change(db, name, _HOLD_ADMINISTRATORS, ("UPDATE accounts SET disabled = 0 WHERE name = ?", (name,)))


async def set_roles(db: Database, name: str, roles: frozenset[Role]) -> None:
    """Give an account these roles and no others, and end its sessions; raises as `disable`, and `InvalidInputError`."""
    kept = stored(roles)
    setting = _HOLD_ADMINISTRATORS, (_SET_ROLES, (kept, name, kept, name)), (_END_CHANGED, (name, kept))
    await _change(db, name, *setting)


async def _change(db: Database, name: str, *statements: Statement) -> None:
    _, changed, *_ = await db.write(*statements)
    if changed:
        return
    if not await db.rows("SELECT 1 FROM accounts WHERE name = ?", name):
        raise UnknownIdError(f"no account {name}")
    raise ConflictError(f"{name} is the last account that administers: make somebody else administrator first")


def stored(roles: frozenset[Role]) -> str:
    """Return roles as they are kept; `InvalidInputError` where there is none, or one that is no person's."""
    if not roles or not roles <= PEOPLE:
        raise InvalidInputError("an account has at least one of the roles of people")
    return ",".join(sorted(roles))


def held(kept: str) -> frozenset[Role]:
    """Return the roles that are kept; what is none of ours is passed over."""
    return frozenset(role for role in PEOPLE if role in kept.split(","))


def actor_of(name: str, display: str, roles: str, unit: str) -> Actor:
    """Return who signs in by an account."""
    return Actor(id=name, name=display, roles=held(roles), unit=unit)
