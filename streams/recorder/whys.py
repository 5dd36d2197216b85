"""Why nothing was recorded, in the index: what held for each camera and when, and when the recorder itself was away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from streams.limits import RECORD_FLUSH_MS, RECORD_GAP_MS, RECORD_WHYS
from streams.recorder.gaps import Cause, Reason, Why

_ALL = ""
"""What holds for every camera."""

SCHEMA = """
    CREATE TABLE whys (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        camera TEXT NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        open INTEGER NOT NULL
    );
    CREATE INDEX whys_by_time ON whys (camera, from_ms);
    CREATE INDEX whys_open ON whys (camera) WHERE open = 1;
    CREATE UNIQUE INDEX whys_overwritten ON whys (camera) WHERE reason = 'overwritten';
    CREATE TABLE alive (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL);
    CREATE INDEX segments_shifted ON segments (camera, from_ms) WHERE shift_ms > 0;
"""


class Turn(msgspec.Struct, frozen=True):
    """From an instant on a camera is not recorded for this cause, or is recorded (again)."""

    camera: str
    at_ms: int
    cause: Cause | None


def alive(db: sqlite3.Connection, now_ms: int) -> None:
    """The recorder is at work at this instant."""
    db.execute("INSERT INTO alive VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms", (now_ms,))


def begin(db: sqlite3.Connection, now_ms: int) -> None:
    """A recorder begins: since the last sign of the one before nothing was recorded."""
    row = db.execute("SELECT at_ms FROM alive").fetchone()
    if row is None:
        return
    (last_ms,) = row
    db.execute("UPDATE whys SET to_ms = max(from_ms, ?), open = 0 WHERE open = 1", (last_ms,))
    if now_ms - last_ms > RECORD_GAP_MS:
        _add(db, _ALL, last_ms - RECORD_FLUSH_MS, now_ms, Cause("recorder_stopped"), is_open=False)


def turn(db: sqlite3.Connection, turns: Iterable[Turn]) -> None:
    """Write down what changed. Before a camera was heard of for the first time, nothing was to be recorded of it."""
    for each in turns:
        heard_of = db.execute(
            "SELECT 1 FROM whys WHERE camera = ? UNION ALL SELECT 1 FROM segments WHERE camera = ? LIMIT 1",
            (each.camera, each.camera),
        ).fetchone()
        if heard_of is None:
            _add(db, each.camera, 0, each.at_ms, Cause("not_scheduled"), is_open=False)
        db.execute(
            "UPDATE whys SET to_ms = max(from_ms, ?), open = 0 WHERE camera = ? AND open = 1", (each.at_ms, each.camera)
        )
        if each.cause is not None:
            _add(db, each.camera, each.at_ms, each.at_ms, each.cause, is_open=True)


def heard_of(db: sqlite3.Connection, camera: str, at_ms: int) -> None:
    """It was to be recorded before, nobody knows any more when."""
    _add(db, camera, at_ms, at_ms, Cause("unknown"), is_open=False)


def overwrite(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int) -> None:
    """Recordings of this time are deleted. What else is missing up to then is so for its own reason, where known."""
    known = db.execute(
        "UPDATE whys SET from_ms = min(from_ms, ?), to_ms = max(to_ms, ?) WHERE camera = ? AND reason = 'overwritten'",
        (from_ms, to_ms, camera),
    )
    if not known.rowcount:
        _add(db, camera, from_ms, to_ms, Cause("overwritten"), is_open=False)


def forget_oldest(db: sqlite3.Connection) -> None:
    """Keep the newest, so that a camera that comes and goes does not fill the index."""
    db.execute(
        "DELETE FROM whys WHERE id <= (SELECT coalesce(max(id), 0) FROM whys) - ? AND open = 0"
        " AND reason <> 'overwritten'",
        (RECORD_WHYS,),
    )


def layers(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int) -> list[list[Why]]:
    """Return what is known of a time, what counts most first: see `gaps.explained`."""
    own = _of(db, camera, from_ms, to_ms, "reason <> 'overwritten'")
    jumps = [
        Why(at_ms - shift_ms, at_ms, Cause("clock_jump"))
        for at_ms, shift_ms in db.execute(
            "SELECT from_ms, shift_ms FROM segments WHERE camera = ? AND shift_ms > 0 AND from_ms > ?"
            " AND from_ms - shift_ms < ? ORDER BY from_ms",
            (camera, from_ms, to_ms),
        )
    ]
    stopped = _of(db, _ALL, from_ms, to_ms, "TRUE")
    return [own, stopped, jumps, _of(db, camera, from_ms, to_ms, "reason = 'overwritten'")]


def _add(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int, cause: Cause, *, is_open: bool) -> None:
    db.execute(
        "INSERT INTO whys (camera, from_ms, to_ms, reason, detail, open) VALUES (?, ?, ?, ?, ?, ?)",
        (camera, from_ms, to_ms, cause.reason, cause.detail, is_open),
    )


def _of(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int, which: str) -> list[Why]:
    rows = db.execute(
        f"SELECT from_ms, CASE open WHEN 1 THEN ? ELSE to_ms END AS until_ms, reason, detail FROM whys"  # noqa: S608 - ours
        f" WHERE camera = ? AND {which} AND from_ms < ? AND until_ms > max(?, from_ms) ORDER BY from_ms, id",
        (to_ms, camera, to_ms, from_ms),
    )
    return [Why(start, end, Cause(msgspec.convert(reason, Reason), detail)) for start, end, reason, detail in rows]
