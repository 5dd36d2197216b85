"""Who changed accounts and tokens of devices: a note in the transaction of each change, and none is ever taken away.

A note says who, when, what and whose, and holds no password and no token.
"""

from __future__ import annotations

import msgspec

from command.kernel.database import Database, Statement, Value
from command.kernel.limits import ACCOUNT_CHANGES
from command.wire import AccountChange, AccountDeed

SCHEMA = """
    CREATE TABLE account_changes (
        number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, deed TEXT NOT NULL,
        name TEXT NOT NULL, detail TEXT NOT NULL
    )
"""
"""A step of the schema."""
TURN: Statement = ("UPDATE site_key SET fingerprint = fingerprint", ())
"""First of all in a transaction with a note: of changes that are made at once, at two hubs, the second waits here.

So the numbers have no gap, and what a note is written under still holds when its change is made, right after it.
"""


class By(msgspec.Struct, frozen=True):
    """Who changes something, as `AccountChange` says it, and when."""

    who: str
    at_ms: int


def note(by: By, deed: AccountDeed, name: str, source: str, *values: Value, detail: str = "''") -> Statement:
    """Return what writes the note, for as many rows as `source` has, a FROM or WHERE with `values`: one, or none.

    `source` has to ask what the change asks, that comes next. `detail` is SQL, whose values come first.
    """
    statement = (
        "INSERT INTO account_changes SELECT (SELECT COALESCE(MAX(number), 0) + 1 FROM account_changes), "  # noqa: S608 - all SQL of ours
        f"CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), {detail} {source}"
    )
    return statement, (by.at_ms, by.who, deed, name, *values)


def noted_update(
    by: By, deed: AccountDeed, name: str, setting: str, where: str, *asked: Value, given: tuple[Value, ...] = (),
    news: str, detail: str = "''",
) -> tuple[Statement, Statement, Statement]:  # fmt: skip
    """Return what changes an account and notes it, the change last: how many rows that touches says whether it may be.

    It is noted where there is `news` in it. All of these are SQL: `asked` are the values of `where`, `given` those of
    `setting`, and of `detail` and of `news` too.
    """
    noting = note(by, deed, name, f"FROM accounts WHERE {news} AND {where}", *given, *given, *asked, detail=detail)
    return TURN, noting, (f"UPDATE accounts SET {setting} WHERE {where}", (*given, *asked))  # noqa: S608 - all SQL of ours


async def newest(db: Database, limit: int) -> list[AccountChange]:
    """Return the newest changes, the newest first: so many, and at most `ACCOUNT_CHANGES`."""
    query = "SELECT at_ms, who, deed, name, detail FROM account_changes ORDER BY number DESC LIMIT ?"
    rows = await db.rows(query, min(limit, ACCOUNT_CHANGES))
    return [AccountChange(at_ms=row[0], by=row[1], what=row[2], name=row[3], detail=row[4]) for row in rows]
