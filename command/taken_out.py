"""Hubs that were taken out of the roll: who did it, when and why. Each becomes a fact, once.

A row is written in the transaction that takes the hub out, where a command does so beside all hubs too; so nobody is
taken out without it, and a hub that dies in between leaves the fact to be recorded by the next.
"""

from __future__ import annotations

import msgspec

from command.kernel.database import Database, Statement
from command.kernel.limits import HUBS_TAKEN_OUT

SCHEMA = (
    """
    CREATE TABLE hubs_taken_out (
        hub INTEGER NOT NULL, heard_ms INTEGER NOT NULL, url TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        at_ms INTEGER NOT NULL, recorded INTEGER NOT NULL, PRIMARY KEY (hub, heard_ms)
    );
    """,
)
"""Apart from the others: hubs of a release before know nothing of it, and go on."""
_NOTE = """
    INSERT INTO hubs_taken_out (hub, heard_ms, url, who, why, at_ms, recorded)
    SELECT hubs.number, hub_beats.gone_ms, hubs.url, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), 0
    FROM hubs JOIN hub_beats ON hub_beats.number = hubs.number
    WHERE hubs.number = ? AND hub_beats.gone > 0 AND hub_beats.gone_ms = ?
    ON CONFLICT (hub, heard_ms) DO NOTHING
"""
_NEWEST = "SELECT hub, heard_ms, url, who, why, at_ms FROM hubs_taken_out ORDER BY at_ms DESC, hub LIMIT ?"
_WAITING = "SELECT hub, heard_ms, url, who, why, at_ms FROM hubs_taken_out WHERE recorded = 0 ORDER BY at_ms, hub"
_RECORDED = "UPDATE hubs_taken_out SET recorded = 1 WHERE hub = ? AND heard_ms = ?"
_FORGET = """
    DELETE FROM hubs_taken_out WHERE recorded = 1
    AND (SELECT count(*) FROM hubs_taken_out AS later WHERE later.at_ms > hubs_taken_out.at_ms) >= ?
"""


class TakenOut(msgspec.Struct, frozen=True, kw_only=True):
    """A hub that was taken out. Times are UTC, on the clock of whoever did it."""

    hub: int
    heard_ms: int
    """When it was heard of last."""
    url: str
    who: str
    """A person's id; `hub` where its time was over; `user@machine` of a command."""
    why: str
    at_ms: int


def noted(number: int, heard_ms: int, who: str, why: str, at_ms: int) -> Statement:
    """Return what notes it, in the transaction that took the hub out; nothing where that took nobody out."""
    return _NOTE, (who, why, at_ms, number, heard_ms)


async def newest(database: Database) -> list[TakenOut]:
    """Return those taken out last, the newest first. Raises `UnavailableError`."""
    return [_row(*row) for row in await database.rows(_NEWEST, HUBS_TAKEN_OUT)]


async def waiting(database: Database) -> list[TakenOut]:
    """Return those that are not on record yet, the oldest first. Raises `UnavailableError`."""
    return [_row(*row) for row in await database.rows(_WAITING)]


async def note_recorded(database: Database, taken: TakenOut) -> None:
    """It is on record; what is so and is no longer shown is forgotten here. Raises `UnavailableError`."""
    await database.write((_RECORDED, (taken.hub, taken.heard_ms)), (_FORGET, (HUBS_TAKEN_OUT,)))


def _row(hub: int, heard_ms: int, url: str, who: str, why: str, at_ms: int) -> TakenOut:
    return TakenOut(hub=hub, heard_ms=heard_ms, url=url, who=who, why=why, at_ms=at_ms)
