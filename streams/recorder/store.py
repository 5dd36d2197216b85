"""Where recordings are kept and found again, for the event loop: one thread writes, another one looks things up."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from command.kernel.errors import DamagedFileError, TriuneError, UnavailableError, UnknownIdError
from command.kernel.limits import RECORD_LISTED, RECORD_SEGMENT_BYTES
from command.kernel.sqlite import SqliteThread
from streams.recorder import index
from streams.recorder.disk import Batch, Disk, Keep, Room, Written
from streams.recorder.index import Segment, Span
from streams.recorder.locks import Lock

T = TypeVar("T")
_INDEX = "index.sqlite3"


class Listing(msgspec.Struct, frozen=True):
    """What there is of a time. `next_ms` is where to go on asking for segments, where they were too many."""

    spans: list[Span]
    segments: list[Segment]
    next_ms: int | None = None


class Store:
    """`store = await Store.open(folder)`; whatever crashed before, what it finds is whole and listed.

    `total_bytes` is the most that recordings may take, `keep_free_bytes` what they leave to others on the disk.
    """

    def __init__(self, folder: Path, db: SqliteThread, reader: SqliteThread, disk: Disk) -> None:
        self.folder = folder
        self._db = db
        self._reader = reader
        self._disk = disk
        self._open: dict[int, tuple[int, int]] = {}
        self._in_doubt = False

    @classmethod
    async def open(cls, folder: Path, *, total_bytes: int | None = None, keep_free_bytes: int = 0) -> Store:
        """Open it, and bring index and files together. Raises `UnavailableError`."""
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
        store = cls(folder, db, SqliteThread(path, index.SCHEMA, "recordings-read"), disk)
        await store._change(lambda connection: disk.recover(connection, everything=is_new))
        return store

    async def close(self) -> None:
        """Close the files."""
        await self._db.close()
        await self._reader.close()
        self._disk.forget_open()

    async def write(self, batch: Batch) -> Written:
        """Write what the cutters gave.

        Raises `UnavailableError` where nothing could be written: then every camera goes on with a new segment.
        """
        if self._in_doubt:
            await self._change(lambda db: self._disk.recover(db, everything=False))
            self._in_doubt = False
        try:
            written = await self._change(lambda db: self._disk.write(db, batch))
        except TriuneError:
            self._in_doubt, self._open = True, {}
            raise
        self._open = written.open
        return written

    async def tidy(self, keeps: Mapping[str, Keep], usual: Keep, now_ms: int) -> Room:
        """Delete what is too old or too much. Raises `UnavailableError`."""
        return await self._change(lambda db: self._disk.tidy(db, keeps, usual, now_ms))

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good, what is recorded later of it too. Raises `TooManyError`, `UnavailableError`."""
        await self._change(lambda db: self._disk.lock(db, lock))

    async def release(self, lock: str) -> Lock:
        """Give it free. Raises `UnknownIdError`, `UnavailableError`."""
        return await self._change(lambda db: self._disk.release(db, lock))

    def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera."""
        return [lock for lock in self._disk.locks.all() if lock.camera == camera]

    async def listing(self, camera: str, from_ms: int, to_ms: int) -> Listing:
        """Return what there is of a time, up to what was written last."""
        now_open = self._open

        def look(db: sqlite3.Connection) -> Listing:
            found = [
                replace(each, to_ms=now_open[each.id][0], bytes=now_open[each.id][1]) if each.id in now_open else each
                for each in index.within(db, camera, from_ms, to_ms, RECORD_LISTED + 1)
            ]
            more = found[RECORD_LISTED].from_ms if len(found) > RECORD_LISTED else None
            ends_ms = {segment: end_ms for segment, (end_ms, _) in now_open.items()}
            spans = [each for each in index.spans(db, camera, from_ms, to_ms, ends_ms) if each.to_ms > from_ms]
            return Listing(spans, [each for each in found[:RECORD_LISTED] if each.to_ms > from_ms], more)

        return await self._reader.run(look)

    async def init(self, name: str) -> bytes:
        """Return an initialization segment. Raises `UnknownIdError`."""
        data = await self._reader.run(lambda db: index.init(db, name))
        if data is None:
            raise UnknownIdError("no such recording")
        return data

    async def fragments(self, camera: str, segment: int) -> bytes:
        """Return the fragments of a segment, up to what was written last. Raises `UnknownIdError`."""
        found = await self._reader.run(lambda db: index.get(db, segment))
        if found is None or found.camera != camera:
            raise UnknownIdError("no such recording")
        _, size = self._open.get(segment, (0, found.bytes))
        return await asyncio.to_thread(read_fragments, self.folder, replace(found, bytes=size))

    async def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def do(db: sqlite3.Connection) -> T:
            try:
                return work(db)
            except OSError as error:
                raise UnavailableError(f"the folder of recordings refuses: {error.strerror}") from error

        return await self._db.run(do)


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
