"""Which segments there are, by camera and time: one SQLite file beside them, which can be made anew from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from streams.limits import RECORD_GAP_MS, RECORD_LISTED, RECORD_SEGMENT_LONGEST_MS
from streams.recorder import clip_list, whys

SCHEMA = (
    """
    CREATE TABLE inits (id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        camera TEXT NOT NULL,
        path TEXT NOT NULL,
        init TEXT NOT NULL REFERENCES inits (id),
        head INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        shift_ms INTEGER NOT NULL,
        open INTEGER NOT NULL,
        locked INTEGER NOT NULL
    );
    CREATE INDEX segments_by_time ON segments (camera, from_ms, to_ms, open, locked);
    CREATE INDEX segments_of_camera ON segments (camera, id) WHERE locked = 0 AND open = 0;
    CREATE INDEX segments_oldest ON segments (id) WHERE locked = 0 AND open = 0;
    CREATE INDEX segments_locked ON segments (bytes) WHERE locked = 1;
    CREATE INDEX segments_open ON segments (id) WHERE open = 1;
    """,
    whys.SCHEMA + clip_list.SCHEMA,
)
_COLUMNS = "id, camera, path, init, head, from_ms, to_ms, bytes, shift_ms, open, locked"


class Segment(msgspec.Struct, frozen=True):
    """One file: `head` bytes of initialization segment, then fragments; `path` is within the recordings' folder.

    `shift_ms` is by how much the hub's clock was set since the segment before. Bytes and end of an open one are those
    at its last commit.
    """

    id: int
    camera: str
    path: str
    init: str
    head: int
    from_ms: int
    to_ms: int
    bytes: int
    shift_ms: int
    open: bool
    locked: bool


class Span(msgspec.Struct, frozen=True):
    """A time without a gap of which there are recordings."""

    from_ms: int
    to_ms: int
    locked: bool


def add(db: sqlite3.Connection, segment: Segment, head: bytes) -> int:
    """Add a segment, whatever its `id` says; return the one it gets. Greater ids were recorded later."""
    db.execute("INSERT OR IGNORE INTO inits VALUES (?, ?)", (segment.init, head))
    cursor = db.execute(
        f"INSERT INTO segments ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - names only
        msgspec.structs.astuple(segment)[1:],
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def close(db: sqlite3.Connection, segment: int, to_ms: int, size: int, *, locked: bool) -> None:
    """The segment is whole."""
    db.execute(
        "UPDATE segments SET to_ms = ?, bytes = ?, open = 0, locked = ? WHERE id = ?", (to_ms, size, locked, segment)
    )


def drop(db: sqlite3.Connection, segments: Iterable[int]) -> None:
    """Forget segments whose files are gone."""
    db.executemany("DELETE FROM segments WHERE id = ?", [(segment,) for segment in segments])


def get(db: sqlite3.Connection, segment: int) -> Segment | None:
    """Return one."""
    return next(_segments(db, "id = ?", segment), None)


def newest(db: sqlite3.Connection, camera: str) -> Segment | None:
    """Return what was recorded last."""
    return next(_segments(db, "camera = ? ORDER BY id DESC LIMIT 1", camera), None)


def still_open(db: sqlite3.Connection) -> list[Segment]:
    """Return those that were being written."""
    return list(_segments(db, "open = 1"))


def oldest(db: sqlite3.Connection, count: int, camera: str | None = None) -> list[Segment]:
    """Return those that may be deleted, of one camera or of all, what was recorded first first."""
    if camera is None:
        return list(_segments(db, "locked = 0 AND open = 0 ORDER BY id LIMIT ?", count))
    return list(_segments(db, "camera = ? AND locked = 0 AND open = 0 ORDER BY id LIMIT ?", camera, count))


def within(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int, count: int = RECORD_LISTED) -> list[Segment]:
    """Return the segments that hold some of a time, in order of time."""
    return list(_segments(db, f"{_WITHIN} ORDER BY from_ms, id LIMIT ?", *_times(camera, from_ms, to_ms), count))


def spans(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int, open_ends_ms: Mapping[int, int]) -> list[Span]:
    """Return of which times there are recordings; gaps too short to be one are none.

    `open_ends_ms` says how far the segments are that are being written.
    """
    found: list[Span] = []
    for segment, start_ms, written_ms, locked in db.execute(
        f"SELECT id, from_ms, to_ms, locked FROM segments WHERE {_WITHIN} ORDER BY from_ms",  # noqa: S608 - our own words
        _times(camera, from_ms, to_ms),
    ):
        end_ms = open_ends_ms.get(segment, written_ms)
        last = found[-1] if found else None
        if last and start_ms - last.to_ms <= RECORD_GAP_MS and last.locked == bool(locked):
            found[-1] = Span(last.from_ms, max(last.to_ms, end_ms), last.locked)
        else:
            found.append(Span(start_ms, end_ms, bool(locked)))
    return found


def paths_under(db: sqlite3.Connection, camera: str, folder: str) -> set[str]:
    """Return the paths of a camera's segments in a folder."""
    rows = db.execute("SELECT path FROM segments WHERE camera = ? AND path GLOB ?", (camera, f"{folder}/*"))
    return {path for (path,) in rows}


def mark_locked(db: sqlite3.Connection, camera: str, from_ms: int, to_ms: int) -> None:
    """Lock the whole segments that hold some of a time."""
    db.execute(f"UPDATE segments SET locked = 1 WHERE {_WITHIN}", _times(camera, from_ms, to_ms))  # noqa: S608 - ours


def unlock(db: sqlite3.Connection, camera: str) -> None:
    """Unlock all of a camera; the locks that still hold are then set again."""
    db.execute("UPDATE segments SET locked = 0 WHERE camera = ? AND locked = 1", (camera,))


def locked_bytes(db: sqlite3.Connection) -> int:
    """Return how much may never be deleted."""
    (size,) = db.execute("SELECT coalesce(sum(bytes), 0) FROM segments WHERE locked = 1").fetchone()
    return int(size)


def bytes_by_camera(db: sqlite3.Connection) -> dict[str, int]:
    """Return how much each camera's recordings take."""
    return dict(db.execute("SELECT camera, sum(bytes) FROM segments GROUP BY camera"))


def oldest_ms(db: sqlite3.Connection, camera: str) -> int | None:
    """Return when the earliest picture of a camera was recorded."""
    (from_ms,) = db.execute("SELECT min(from_ms) FROM segments WHERE camera = ?", (camera,)).fetchone()
    return None if from_ms is None else int(from_ms)


def recent(db: sqlite3.Connection, camera: str, since_ms: int) -> tuple[int, int]:
    """Return how much was recorded of a camera since an instant, and of how many ms."""
    size, lasted_ms = db.execute(
        "SELECT coalesce(sum(bytes), 0), coalesce(sum(to_ms - from_ms), 0) FROM segments"
        " WHERE camera = ? AND from_ms >= ? AND open = 0",
        (camera, since_ms),
    ).fetchone()
    return int(size), int(lasted_ms)


def init(db: sqlite3.Connection, name: str) -> bytes | None:
    """Return an initialization segment."""
    row = db.execute("SELECT data FROM inits WHERE id = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


_WITHIN = "camera = ? AND from_ms > ? AND from_ms < ? AND (to_ms > ? OR open = 1)"


def _times(camera: str, from_ms: int, to_ms: int) -> tuple[str, int, int, int]:
    # None is longer than twice the limit, so the index need not be searched from the beginning of all recordings.
    return camera, from_ms - 2 * RECORD_SEGMENT_LONGEST_MS, to_ms, from_ms


def _segments(db: sqlite3.Connection, where: str, *values: object) -> Iterator[Segment]:
    for row in db.execute(f"SELECT {_COLUMNS} FROM segments WHERE {where}", values):  # noqa: S608 - our own words
        yield msgspec.convert(dict(zip(Segment.__struct_fields__, row, strict=True)), Segment, strict=False)
