"""What accounts may do, as it is kept: roles given and taken, accounts shut out, and always somebody who administers.

`LIKE '%administrator%'` finds the role in the list that an account has: no other's name holds that word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from command.access.changes import TURN, By, note, noted_update
from command.actors import PEOPLE, Actor, Role
from command.kernel.database import Database, Statement
from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError
from command.kernel.limits import PERSON_CHARS
from command.kernel.names import REFUSED, is_seen
from command.wire import AccountInfo

NAME = re.compile(r"[\w.@\-]{1,64}")
"""What an account may be called."""
_PERSON = re.compile(rf"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{0,{PERSON_CHARS}}}")
_ANOTHER = "EXISTS (SELECT 1 FROM accounts WHERE disabled = 0 AND roles LIKE '%administrator%' AND name <> ?)"
_MAY_BE_DISABLED = f"name = ? AND (disabled = 1 OR roles NOT LIKE '%administrator%' OR {_ANOTHER})"
_MAY_BE_GIVEN = (
    "name = ? AND (CAST(? AS TEXT) LIKE '%administrator%' OR disabled = 1 OR roles NOT LIKE '%administrator%' "
    f"OR {_ANOTHER})"
)
# After the change, as with a new password, and only where it was made.
_END_DISABLED = "DELETE FROM sessions WHERE account IN (SELECT name FROM accounts WHERE name = ? AND disabled = 1)"
_END_CHANGED = "DELETE FROM sessions WHERE account IN (SELECT name FROM accounts WHERE name = ? AND roles = ?)"


class OwnAccountError(ConflictError):
    """An administrator would shut himself out by a slip: somebody else may do it."""

    code = "own_account"


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


async def disable(db: Database, name: str, by: By) -> None:
    """Shut an account out and end its sessions.

    Raises `OwnAccountError`, `ConflictError` for the last administrator, `UnknownIdError`.
    """
    if by.who == name:
        raise OwnAccountError("nobody shuts the own account out: another administrator does")
    asked = formed(name), name
    disabling = noted_update(by, "disabled", name, "disabled = 1", _MAY_BE_DISABLED, *asked, news="disabled = 0")
    await _change(db, name, *disabling, (_END_DISABLED, (name,)))


async def enable(db: Database, name: str, by: By) -> None:
    """Let an account in again; `UnknownIdError`."""
    enabling = noted_update(by, "enabled", name, "disabled = 0", "name = ?", formed(name), news="disabled = 1")
    await _change(db, name, *enabling)


async def set_roles(db: Database, name: str, roles: frozenset[Role], by: By) -> None:
    """Give an account these roles and no others, and end its sessions; raises as `disable`, and `InvalidInputError`."""
    kept = stored(roles)
    if by.who == name and "administrator" not in roles:
        raise OwnAccountError("nobody takes the role of administrator from the own account: another one does")
    giving = noted_update(
        by, "roles", name, "roles = ?", _MAY_BE_GIVEN, formed(name), kept, name, given=(kept,), news="roles <> ?",
        detail="roles || ' → ' || CAST(? AS TEXT)",
    )  # fmt: skip
    await _change(db, name, *giving, (_END_CHANGED, (name, kept)))


async def set_person(db: Database, name: str, display: str | None, unit: str | None, by: By) -> None:
    """Give an account another person's name or unit, None being the one it has; `InvalidInputError`, `UnknownIdError`.

    Each is noted by itself, where it is another one: `before → after`.
    """
    check_person("-" if display is None else display, unit or "")
    *_, changed = await db.write(
        TURN,
        *(
            note(
                by, deed, formed(name), f"FROM accounts WHERE name = ? AND {deed} <> ?", given, name, given,
                detail=f"{deed} || ' → ' || CAST(? AS TEXT)",
            )
            for deed, given in _given(display, unit)
        ),
        (
            "UPDATE accounts SET display = COALESCE(CAST(? AS TEXT), display), unit = COALESCE(CAST(? AS TEXT), unit) "
            "WHERE name = ?",
            (display, unit, formed(name)),
        ),
    )  # fmt: skip
    if not changed:
        raise UnknownIdError(f"no account {name}")


def _given(display: str | None, unit: str | None) -> Iterator[tuple[Literal["display", "unit"], str]]:
    if display is not None:
        yield "display", display
    if unit is not None:
        yield "unit", unit


async def _change(db: Database, name: str, *statements: Statement) -> None:
    _, _, changed, *_ = await db.write(*statements)
    if changed:
        return
    if not await db.rows("SELECT 1 FROM accounts WHERE name = ?", name):
        raise UnknownIdError(f"no account {name}")
    raise ConflictError(f"{name} is the last account that administers: make somebody else administrator first")


def formed(name: str) -> str:
    """Return a name that an account may have; what cannot be one is not asked for: a database may refuse to read it."""
    if not NAME.fullmatch(name):
        raise UnknownIdError(f"no account {name[:64]!r}")
    return name


def check_person(display: str, unit: str) -> None:
    """Raise `InvalidInputError` for what screens cannot show as a person's name, or what is no unit's id."""
    if not is_seen(display):
        raise InvalidInputError(REFUSED)
    if not (display.strip() and _PERSON.fullmatch(display) and _PERSON.fullmatch(unit)):
        raise InvalidInputError(f"a person's name has 1 to {PERSON_CHARS} characters, a unit at most as many")


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
