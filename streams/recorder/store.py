"""Where recordings are kept and found again, for the event loop: one thread writes, another one looks things up."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from command.kernel.errors import DamagedFileError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.own_thread import begin
from command.kernel.sqlite import SqliteThread
from streams.limits import RECORD_CLIPS_LISTED, RECORD_LISTED, RECORD_RATE_MS, RECORD_SEGMENT_BYTES
from streams.recorder import clip_list, index, sheets, whys
from streams.recorder.clip_list import ListedClip
from streams.recorder.disk import Batch, Disk, Keep, Room, Written
from streams.recorder.gaps import Gap, Why, explained, missing
from streams.recorder.index import Segment, Span
from streams.recorder.locks import Lock
from streams.recorder.threads import IndexThread, Readers
from streams.recorder.whys import Turn

T = TypeVar("T")
_INDEX = "index.sqlite3"
_DAY_MS = 24 * 60 * 60 * 1000


class Listing(msgspec.Struct, frozen=True):
    """What there is of a time, and why there is no more.

    `next_ms` is where to go on asking for segments, where they were too many.
    """

    spans: list[Span]
    segments: list[Segment]
    gaps: list[Gap]
    next_ms: int | None = None


class CameraRoom(msgspec.Struct, frozen=True):
    """What recordings of a camera take, since when there are any, and how fast they grow at present."""

    camera: str
    bytes: int
    oldest_ms: int | None
    bytes_per_day: int


class Store:
    """`store = await Store.open(folder)`; whatever crashed before, what it finds is whole and listed.

    `total_bytes` is the most that recordings may take, `keep_free_bytes` what they leave to others on the disk.
    A disk that does not answer holds whoever writes (`write`, `tidy`, `open`); all others are told within a limit.
    """

    def __init__(self, folder: Path, db: SqliteThread, reader: SqliteThread, disk: Disk) -> None:
        self.folder = folder
        self.readers = Readers()
        self.room = Room()
        """How full it was when it was last looked after."""
        self.has_clips = False
        self._db = IndexThread(db)
        self._reader = IndexThread(reader)
        self._disk = disk
        self._open: dict[int, tuple[int, int]] = {}
        self._in_doubt = False

    @classmethod
    async def open(cls, folder: Path, *, total_bytes: int | None = None, keep_free_bytes: int = 0) -> Store:
        """Open it, and bring index and files together. Raises `UnavailableError`."""

        def opened() -> tuple[SqliteThread, SqliteThread, Disk, bool]:
            try:
                disk = Disk(folder, total_bytes, keep_free_bytes)
            except (OSError, msgspec.MsgspecError) as error:
                raise UnavailableError(f"the folder of recordings cannot be used: {error}") from error
            path = folder / _INDEX
            is_new = not path.exists()
            try:
                db = SqliteThread(path, index.SCHEMA, "recordings")
            except DamagedFileError:
                _put_aside(folder)
                db, is_new = SqliteThread(path, index.SCHEMA, "recordings"), True
            return db, SqliteThread(path, index.SCHEMA, "recordings-read"), disk, is_new

        db, reader, disk, is_new = await begin(opened)
        store = cls(folder, db, reader, disk)

        def recover(db: sqlite3.Connection) -> None:
            sheets.clear(folder / sheets.CLIPS)
            disk.recover(db, everything=is_new)

        await store._change(recover, patient=True)
        store.has_clips = bool(await store._db.patiently(clip_list.cameras))
        return store

    async def close(self) -> None:
        """Close the files; those of a disk that does not answer are left behind."""
        await self._reader.close()
        await self._db.close()
        if not self._db.hangs:
            self._disk.forget_open()

    async def write(self, batch: Batch, turns: Sequence[Turn], now_ms: int) -> Written:
        """Write what the cutters gave, and for which cameras nothing comes any more, or comes again.

        Raises `UnavailableError` where nothing could be written: then every camera goes on with a new segment.
        """
        if self._in_doubt:
            await self._change(lambda db: self._disk.recover(db, everything=False), patient=True)
            self._in_doubt = False
        try:
            written = await self._change(lambda db: self._disk.write(db, batch, turns, now_ms), patient=True)
        except TriuneError:
            self._in_doubt, self._open = True, {}
            raise
        self._open = written.open
        return written

    async def tidy(self, keeps: Mapping[str, Keep], usual: Keep, now_ms: int) -> Room:
        """Delete what is too old or too much. Raises `UnavailableError`."""
        self.room = await self._change(lambda db: self._disk.tidy(db, keeps, usual, now_ms), patient=True)
        return self.room

    async def rooms(self, now_ms: int) -> list[CameraRoom]:
        """Return what each camera takes. The rate is that of the last hour, where there are recordings of it."""
        used = self.room.by_camera

        def look(db: sqlite3.Connection) -> list[CameraRoom]:
            return [
                CameraRoom(camera, size, index.oldest_ms(db, camera), _per_day(db, camera, now_ms))
                for camera, size in used.items()
            ]

        return await self._reader.run(look)

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good, what is recorded later of it too. Raises `TooManyError`, `UnavailableError`."""
        await self._change(lambda db: self._disk.lock(db, lock))

    async def release(self, lock: str) -> Lock:
        """Give it free. Raises `UnknownIdError`, `UnavailableError`."""
        return await self._change(lambda db: self._disk.release(db, lock))

    def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera."""
        return [lock for lock in self._disk.locks.all() if lock.camera == camera]

    async def listing(self, camera: str, from_ms: int, to_ms: int, now_ms: int | None = None) -> Listing:
        """Return what there is of a time, up to what was written last. What is after `now_ms` is not missing."""
        now_open = self._open
        until_ms = to_ms if now_ms is None else min(to_ms, now_ms)

        def look(db: sqlite3.Connection) -> Listing:
            found = [
                replace(each, to_ms=now_open[each.id][0], bytes=now_open[each.id][1]) if each.id in now_open else each
                for each in index.within(db, camera, from_ms, to_ms, RECORD_LISTED + 1)
            ]
            more = found[RECORD_LISTED].from_ms if len(found) > RECORD_LISTED else None
            ends_ms = {segment: end_ms for segment, (end_ms, _) in now_open.items()}
            spans = [each for each in index.spans(db, camera, from_ms, to_ms, ends_ms) if each.to_ms > from_ms]
            holes = missing([(span.from_ms, span.to_ms) for span in spans], from_ms, until_ms)
            gaps = explained(holes, whys.layers(db, camera, from_ms, to_ms), until_ms)
            return Listing(spans, [each for each in found[:RECORD_LISTED] if each.to_ms > from_ms], gaps, more)

        return await self._reader.run(look)

    async def whys(self, camera: str, from_ms: int, to_ms: int) -> list[list[Why]]:
        """Return what is known of why something is missing, for `gaps.explained`."""
        return await self._reader.run(lambda db: whys.layers(db, camera, from_ms, to_ms))

    async def add_clip(self, clip: ListedClip) -> None:
        """List a clip that is on record. Raises `UnavailableError`."""

        def add(db: sqlite3.Connection) -> None:
            clip_list.add(db, clip)
            sheets.on_record(self.folder / sheets.CLIPS, clip.id)

        await self._change(add)
        self.has_clips = True

    async def clip_cameras(self) -> list[str]:
        """Return of which cameras there are clips."""
        return await self._reader.run(clip_list.cameras)

    async def clips(
        self, cameras: Sequence[str], from_ms: int, to_ms: int, behind: tuple[int, str] | None
    ) -> list[ListedClip]:
        """Return clips that show some of a time, newest first, `behind` an age and an id; one more than a page has."""
        return await self._reader.run(
            lambda db: clip_list.page(db, cameras, from_ms, to_ms, behind, RECORD_CLIPS_LISTED + 1)
        )

    async def init(self, name: str) -> bytes:
        """Return an initialization segment. Raises `UnknownIdError`."""
        data = await self._reader.run(lambda db: index.init(db, name))
        if data is None:
            raise UnknownIdError("no such recording")
        return data

    async def segment(self, camera: str, segment: int) -> Segment:
        """Return a segment, as long as it was when it was written last. Raises `UnknownIdError`."""
        found = await self._reader.run(lambda db: index.get(db, segment))
        if found is None or found.camera != camera:
            raise UnknownIdError("no such recording")
        _, size = self._open.get(segment, (0, found.bytes))
        return replace(found, bytes=size)

    async def fragments(self, camera: str, segment: int) -> bytes:
        """Return the fragments of a segment, up to what was written last. Raises `UnknownIdError`."""
        wanted = await self.segment(camera, segment)
        return await self.readers.run(lambda: read_fragments(self.folder, wanted))

    async def _change(self, work: Callable[[sqlite3.Connection], T], *, patient: bool = False) -> T:
        def do(db: sqlite3.Connection) -> T:
            try:
                return work(db)
            except OSError as error:
                raise UnavailableError(f"the folder of recordings refuses: {error.strerror}") from error

        return await (self._db.patiently(do) if patient else self._db.run(do))


def _per_day(db: sqlite3.Connection, camera: str, now_ms: int) -> int:
    """Of a camera that began within the hour what it brought counts for the time since; of others for the hour."""
    since_ms = now_ms - RECORD_RATE_MS
    size, lasted_ms = index.recent(db, camera, since_ms)
    begun_ms = index.oldest_ms(db, camera) or 0
    over_ms = lasted_ms if begun_ms >= since_ms else RECORD_RATE_MS
    return size * _DAY_MS // over_ms if over_ms else 0


def _put_aside(folder: Path) -> None:
    for part in [*folder.glob(f"{_INDEX}*")]:
        part.replace(part.with_name(f"damaged-{part.name}"))


def read_fragments(folder: Path, segment: Segment) -> bytes:
    """Return the fragments of a segment. Raises `UnknownIdError` where its file has gone meanwhile."""
    try:
        with (folder / segment.path).open("rb") as file:
            size = min(segment.bytes, os.fstat(file.fileno()).st_size, 2 * RECORD_SEGMENT_BYTES)
            file.seek(segment.head)
            return file.read(size - segment.head)
    except FileNotFoundError:
        raise UnknownIdError("this recording has been overwritten") from None
