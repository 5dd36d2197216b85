"""Which clips there are, in the index: a list of the sheets beside the files, made anew from them where it is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

SCHEMA = """
    CREATE TABLE clips (
        id TEXT PRIMARY KEY,
        camera TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        who TEXT NOT NULL,
        why TEXT NOT NULL,
        situation TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        missing_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX clips_by_age ON clips (at_ms, id);
    CREATE INDEX clips_of_camera ON clips (camera, at_ms, id);
"""

_NEWEST = (2**62, "")


class ListedClip(msgspec.Struct, frozen=True, kw_only=True):
    """Who took out what of which camera, when and why; all that is known stands in its sheet."""

    id: str
    camera: str
    from_ms: int
    to_ms: int
    at_ms: int
    who: str
    why: str
    situation: str
    sha256: str
    size: int
    missing_ms: int


def add(db: sqlite3.Connection, clip: ListedClip) -> None:
    """Add one; the same again changes nothing."""
    values = msgspec.structs.astuple(clip)
    db.execute(f"INSERT OR IGNORE INTO clips VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - marks only


def drop(db: sqlite3.Connection, clip: str) -> None:
    """Forget one whose file is gone."""
    db.execute("DELETE FROM clips WHERE id = ?", (clip,))


def ids(db: sqlite3.Connection) -> set[str]:
    """Return all of them."""
    return {clip for (clip,) in db.execute("SELECT id FROM clips")}


def cameras(db: sqlite3.Connection) -> list[str]:
    """Return of which cameras there are clips."""
    return [camera for (camera,) in db.execute("SELECT DISTINCT camera FROM clips")]


def page(
    db: sqlite3.Connection, of: Sequence[str], from_ms: int, to_ms: int, behind: tuple[int, str] | None, count: int
) -> list[ListedClip]:
    """Return clips of these cameras that show some of a time, newest first; those `behind` an age and an id."""
    marks = ", ".join("?" * len(of))
    rows = db.execute(
        f"SELECT * FROM clips WHERE camera IN ({marks}) AND from_ms < ? AND to_ms > ?"  # noqa: S608 - only marks
        " AND (at_ms, id) < (?, ?) ORDER BY at_ms DESC, id DESC LIMIT ?",
        (*of, to_ms, from_ms, *(behind or _NEWEST), count),
    )
    fields = ListedClip.__struct_fields__
    return [msgspec.convert(dict(zip(fields, row, strict=True)), ListedClip) for row in rows]
