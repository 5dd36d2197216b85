"""The recordings' folder as the one thread that writes it sees it: open segments, index, locks and room."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec.structs import replace

from command.kernel.errors import TriuneError
from streams.limits import (
    RECORD_DELETED_AT_ONCE,
    RECORD_EXPIRED_AT_ONCE,
    RECORD_GAP_MS,
    RECORD_INDEX_BYTES,
    RECORD_LOCKED_PART,
)
from streams.recorder import files, index, sheets, whys
from streams.recorder.cutter import Append, Begin, End, Step
from streams.recorder.diary import Diary
from streams.recorder.gaps import Cause
from streams.recorder.index import Segment
from streams.recorder.locks import Lock, Locks
from streams.recorder.whys import Turn

Batch = Sequence[tuple[str, Sequence[Step]]]
"""What is to be written, by camera."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Keep(msgspec.Struct, frozen=True):
    """How long and how much of a camera is kept; no bytes means only the disk's own limit counts."""

    days: int
    bytes: int | None = None


class Room(msgspec.Struct, frozen=True):
    """How full it is, and what is wrong: words for a technician, or none."""

    bytes: int = 0
    locked_bytes: int = 0
    capacity_bytes: int = 0
    deleted: int = 0
    reason: str = ""
    by_camera: dict[str, int] = {}


class Written(msgspec.Struct, frozen=True):
    """What came of a batch: which cameras' writes failed and why, and how far the open segments are."""

    failed: dict[str, Cause]
    open: dict[int, tuple[int, int]]
    """`to_ms` and bytes by segment."""
    closed: int
    deleted: int


@dataclass
class _Open:
    id: int
    path: Path
    descriptor: int
    from_ms: int
    to_ms: int
    bytes: int
    head: int


class Disk:
    """Called in the index's thread only, each time within a transaction of the index."""

    def __init__(self, folder: Path, total_bytes: int | None, keep_free_bytes: int) -> None:
        self._folder = folder
        self._total_bytes = total_bytes
        # The index needs some room itself, were it only to forget what is deleted.
        self._keep_free_bytes = max(keep_free_bytes, RECORD_INDEX_BYTES)
        self._open: dict[str, _Open] = {}
        self._used: dict[str, int] = {}
        self._is_at_work = False
        self._diary = Diary(folder)
        self.locks = Locks(folder / "locks")

    def recover(self, db: sqlite3.Connection, *, everything: bool) -> int:
        """Bring index and files together after a crash; return how many segments were mended or found.

        Only what was open, and each camera's newest folder, can differ; `everything` goes through all files.
        """
        self.forget_open()
        if self._free_bytes() < RECORD_INDEX_BYTES:
            self._make_room(db)
        mended = 0
        if everything:
            self._diary.replay(db)
        for segment in index.still_open(db):
            found = files.trim(self._folder / segment.path)
            if found is None:
                index.drop(db, [segment.id])
            else:
                index.close(db, segment.id, found.to_ms, found.bytes, locked=False)
            mended += 1
        for camera, of_camera in files.cameras(self._folder):
            for day in files.days(of_camera)[: None if everything else 1]:
                known = index.paths_under(db, camera, day.relative_to(self._folder).as_posix())
                for path in files.segments(day):
                    if path.relative_to(self._folder).as_posix() not in known:
                        mended += self._adopt(db, camera, path)
        if everything:
            cameras = index.bytes_by_camera(db)
            self._diary.overwritten(db, [(camera, index.oldest_ms(db, camera) or 0) for camera in cameras])
        for lock in self.locks.all():
            index.mark_locked(db, lock.camera, lock.from_ms, lock.to_ms)
        sheets.relist(db, self._folder / sheets.CLIPS)
        self._used = index.bytes_by_camera(db)
        return mended

    def _adopt(self, db: sqlite3.Connection, camera: str, path: Path) -> bool:
        found = files.trim(path)
        if found is None:
            return False
        relative = path.relative_to(self._folder).as_posix()
        index.add(db, _segment(camera, relative, found.head, found, is_open=False), found.head)
        return True

    def write(self, db: sqlite3.Connection, batch: Batch, turns: Sequence[Turn], now_ms: int) -> Written:
        """Write it. What fails of one camera ends its segment at what is whole, and touches no other."""
        self._live(db, now_ms, turns)
        whys.turn(db, turns)
        failed: dict[str, Cause] = {}
        closed = deleted = 0
        for camera, steps in batch:
            for step in steps:
                try:
                    deleted += self._step(db, camera, step)
                    closed += isinstance(step, End)
                except OSError as error:
                    failed[camera] = cause_of(error)
                    self._give_up(db, camera)
                    break
        opened = {segment.id: (segment.to_ms, segment.bytes) for segment in self._open.values()}
        return Written(failed, opened, closed, deleted)

    def _live(self, db: sqlite3.Connection, now_ms: int, turns: Sequence[Turn] = ()) -> None:
        """Leave a sign of life: from the last one on whoever comes after knows that nothing was recorded."""
        self._diary.note(turns, now_ms, begins=not self._is_at_work)
        if not self._is_at_work:
            whys.begin(db, now_ms)
            self._is_at_work = True
        whys.alive(db, now_ms)

    def _step(self, db: sqlite3.Connection, camera: str, step: Step) -> int:
        """Return how many segments had to make room for it."""
        if isinstance(step, End):
            self._end(db, camera)
            return 0
        try:
            self._grow_by(db, camera, step)
        except OSError as error:
            if error.errno not in _NO_ROOM or not (deleted := self._make_room(db)):
                raise
            self._grow_by(db, camera, step)
            return deleted
        return 0

    def _grow_by(self, db: sqlite3.Connection, camera: str, step: Begin | Append) -> None:
        if isinstance(step, Begin):
            self._begin(db, camera, step)
        else:
            self._append(camera, step)

    def _append(self, camera: str, step: Append) -> None:
        segment = self._open[camera]
        try:
            files.append(segment.descriptor, step.data)
        except OSError:
            os.ftruncate(segment.descriptor, segment.bytes)
            raise
        self._grow(camera, segment, len(step.data))
        segment.to_ms = max(segment.to_ms, step.to_ms)

    def _begin(self, db: sqlite3.Connection, camera: str, step: Begin) -> None:
        relative = files.new_path(self._folder, camera, step.from_ms)
        path = self._folder / relative
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        try:
            files.append(descriptor, step.head)
        except OSError:
            os.close(descriptor)
            path.unlink()
            raise
        found = files.Found(step.head, step.from_ms, step.from_ms, len(step.head))
        row = _segment(camera, relative, step.head, found, is_open=True, shift_ms=self._shift(db, camera, step))
        locked = self.locks.holds(camera, step.from_ms, step.from_ms + 1)
        segment = index.add(db, replace(row, locked=locked), step.head)
        self._open[camera] = _Open(segment, path, descriptor, step.from_ms, step.from_ms, 0, len(step.head))
        self._grow(camera, self._open[camera], len(step.head))

    def _shift(self, db: sqlite3.Connection, camera: str, step: Begin) -> int:
        """By how much the clock was set; set back while we were away, it shows in what was recorded last."""
        before = index.newest(db, camera)
        if step.shift_ms or before is None or step.from_ms >= before.to_ms - RECORD_GAP_MS:
            return step.shift_ms
        return step.from_ms - before.to_ms

    def _grow(self, camera: str, segment: _Open, size: int) -> None:
        segment.bytes += size
        self._used[camera] = self._used.get(camera, 0) + size

    def _end(self, db: sqlite3.Connection, camera: str) -> None:
        """Durable, then in the index as whole."""
        segment = self._open.pop(camera)
        try:
            os.fdatasync(segment.descriptor)
        finally:
            os.close(segment.descriptor)
            locked = self.locks.holds(camera, segment.from_ms, segment.to_ms)
            index.close(db, segment.id, segment.to_ms, segment.bytes, locked=locked)

    def _give_up(self, db: sqlite3.Connection, camera: str) -> None:
        """End what is open at what is whole of it."""
        segment = self._open.get(camera)
        if segment is None:
            return
        if segment.bytes > segment.head:
            with suppress(OSError):
                self._end(db, camera)
            return
        del self._open[camera]
        os.close(segment.descriptor)
        segment.path.unlink(missing_ok=True)
        index.drop(db, [segment.id])
        self._used[camera] -= segment.bytes

    def forget_open(self) -> None:
        """Let go of what is open; `recover` finds it."""
        for segment in self._open.values():
            with suppress(OSError):
                os.close(segment.descriptor)
        self._open.clear()

    def tidy(self, db: sqlite3.Connection, keeps: Mapping[str, Keep], usual: Keep, now_ms: int) -> Room:
        """Delete what is too old or too much, oldest first and never what is locked; say how full it is.

        `usual` counts for cameras that `keeps` does not name any more.
        """
        deleted = 0
        for camera in list(self._used):
            keep = keeps.get(camera, usual)
            deleted += self._expire(db, camera, now_ms - keep.days * 86_400_000)
            while keep.bytes is not None and self._used[camera] > keep.bytes:
                over = index.oldest(db, RECORD_DELETED_AT_ONCE, camera)
                if not (gone := self._delete(db, over, self._used[camera] - keep.bytes)):
                    break
                deleted += gone
        self._live(db, now_ms)
        whys.forget_oldest(db)
        full = False
        while (missing := self._missing_bytes()) > 0 and not full:
            gone = self._delete(db, index.oldest(db, RECORD_DELETED_AT_ONCE), missing)
            deleted, full = deleted + gone, not gone
        return self._room(db, deleted, full=full)

    def _expire(self, db: sqlite3.Connection, camera: str, before_ms: int) -> int:
        due = [s for s in index.oldest(db, RECORD_EXPIRED_AT_ONCE, camera) if s.to_ms < before_ms]
        return self._delete(db, due, None)

    def _make_room(self, db: sqlite3.Connection) -> int:
        """The disk refused: let the oldest go at once, as much as some seconds of all cameras."""
        return self._delete(db, index.oldest(db, RECORD_DELETED_AT_ONCE // 8), None)

    def _delete(self, db: sqlite3.Connection, segments: Sequence[Segment], enough_bytes: int | None) -> int:
        """Delete in this order until `enough_bytes` are freed. First the file: a row without one is no harm."""
        freed, gone = 0, list[int]()
        for segment in segments:
            if enough_bytes is not None and freed >= enough_bytes:
                break
            (self._folder / segment.path).unlink(missing_ok=True)
            with suppress(OSError):  # other segments are in it
                (self._folder / segment.path).parent.rmdir()
            freed += segment.bytes
            self._used[segment.camera] = self._used.get(segment.camera, 0) - segment.bytes
            whys.overwrite(db, segment.camera, segment.from_ms, segment.to_ms)
            gone.append(segment.id)
        index.drop(db, gone)
        return len(gone)

    def _missing_bytes(self) -> int:
        over = sum(self._used.values()) - self._total_bytes if self._total_bytes is not None else 0
        return max(over, self._keep_free_bytes - self._free_bytes())

    def _free_bytes(self) -> int:
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def _room(self, db: sqlite3.Connection, deleted: int, *, full: bool) -> Room:
        used, locked = sum(self._used.values()), index.locked_bytes(db)
        capacity = max(0, used + self._free_bytes() - self._keep_free_bytes)
        if self._total_bytes is not None:
            capacity = min(capacity, self._total_bytes)
        reason = ""
        if full:
            reason = "the disk is full, and what is left of the recordings is locked or being written"
        elif locked > capacity * RECORD_LOCKED_PART:
            reason = f"locked recordings take {locked * 100 // max(1, capacity)} % of the room for recordings"
        return Room(used, locked, capacity, deleted, reason, dict(self._used))

    def lock(self, db: sqlite3.Connection, lock: Lock) -> None:
        """Keep a time for good: first on disk, then in the index. Raises `OSError`, `TooManyError`."""
        self.locks.add(lock)
        index.mark_locked(db, lock.camera, lock.from_ms, lock.to_ms)

    def release(self, db: sqlite3.Connection, lock: str) -> Lock:
        """Give it free. Raises `UnknownIdError`."""
        released = self.locks.remove(lock)
        index.unlock(db, released.camera)
        for other in self.locks.all():
            if other.camera == released.camera:
                index.mark_locked(db, other.camera, other.from_ms, other.to_ms)
        return released


def cause_of(error: BaseException) -> Cause:
    """Return what keeps recordings from being written, as what was raised for it tells."""
    told = error.detail if isinstance(error, TriuneError) else str(error)
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError):
            return Cause("disk_full" if at.errno in _NO_ROOM else "disk_failing", at.strerror or told)
        if isinstance(at, sqlite3.Error) and getattr(at, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return Cause("disk_full", told)
        at = at.__cause__
    return Cause("disk_failing", told)


def _segment(camera: str, path: str, head: bytes, found: files.Found, *, is_open: bool, shift_ms: int = 0) -> Segment:
    name = hashlib.sha256(head).hexdigest()[:16]
    return Segment(
        0, camera, path, name, len(head), found.from_ms, found.to_ms, found.bytes, shift_ms, is_open, locked=False
    )
