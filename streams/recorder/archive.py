"""Recordings as those who watch and guard them ask for them, wherever they are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import UnknownIdError
from streams.limits import RECORD_PIECE_BYTES
from streams.recorder.clips import export
from streams.recorder.gaps import Gap
from streams.recorder.index import Span
from streams.recorder.locks import Lock
from streams.recorder.sheets import Asked, Clip
from streams.recorder.store import Store


class ListedSegment(msgspec.Struct, frozen=True):
    """Pictures from `from_ms` on: decode times in the file count from there. `init` has to be read before them."""

    id: int
    from_ms: int
    to_ms: int
    init: str
    shift_ms: int


class Listed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What there is of a time; where segments were too many, `next_ms` is where to go on asking for them."""

    spans: list[Span]
    segments: list[ListedSegment]
    locks: list[Lock]
    gaps: list[Gap]
    next_ms: int | None = None


@dataclass(frozen=True)
class Body:
    """Something large, in pieces."""

    size: int
    pieces: AsyncIterator[bytes]


class Archive(Protocol):
    """Recordings of cameras. Every method raises `UnavailableError` where they cannot be had now."""

    async def listing(self, camera: str, from_ms: int, to_ms: int) -> Listed:
        """Return what there is of a time, up to what was written last, and why there is no more."""
        ...

    async def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera."""
        ...

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good. Raises `TooManyError`."""
        ...

    async def release(self, camera: str, lock: str) -> None:
        """Give it free. Raises `UnknownIdError`."""
        ...

    async def init(self, camera: str, name: str) -> bytes:
        """Return an initialization segment. Raises `UnknownIdError`."""
        ...

    def fragments(self, camera: str, segment: int) -> AbstractAsyncContextManager[Body]:
        """Read the fragments of a segment, up to what was written last. Raises `UnknownIdError`."""
        ...

    async def export(self, asked: Asked) -> Clip:
        """Make a clip, durable in our own folder, not on record yet. Raises as `streams.recorder.clips.export`."""
        ...


class OwnArchive:
    """An `Archive` on a disk of ours."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def listing(self, camera: str, from_ms: int, to_ms: int) -> Listed:
        """Return what there is of a time."""
        found = await self._store.listing(camera, from_ms, to_ms, self._clock.now_ms())
        return Listed(
            found.spans,
            [ListedSegment(s.id, s.from_ms, s.to_ms, s.init, s.shift_ms) for s in found.segments],
            [lock for lock in self._store.locks(camera) if lock.from_ms < to_ms and lock.to_ms > from_ms],
            found.gaps,
            found.next_ms,
        )

    async def locks(self, camera: str) -> list[Lock]:
        """Return what is locked of a camera."""
        return self._store.locks(camera)

    async def lock(self, lock: Lock) -> None:
        """Keep a time for good."""
        await self._store.lock(lock)

    async def release(self, camera: str, lock: str) -> None:
        """Give it free."""
        if all(each.id != lock for each in self._store.locks(camera)):
            raise UnknownIdError("no such lock")
        await self._store.release(lock)

    async def init(self, camera: str, name: str) -> bytes:
        """Return an initialization segment."""
        del camera  # all that it tells is size and coding of a picture
        return await self._store.init(name)

    @asynccontextmanager
    async def fragments(self, camera: str, segment: int) -> AsyncIterator[Body]:
        """Read the fragments of a segment."""
        found = await self._store.segment(camera, segment)
        path = self._store.folder / found.path
        size = await self._store.readers.run(lambda: min(found.bytes, _size(path)))
        yield Body(max(0, size - found.head), pieces(self._store, path, found.head, size))

    async def export(self, asked: Asked) -> Clip:
        """Make a clip."""
        return await export(self._store, asked)


async def pieces(store: Store, path: Path, start: int, stop: int) -> AsyncIterator[bytes]:
    """Yield the bytes of a file from `start` to `stop`. Raises `UnknownIdError` where it has gone meanwhile."""
    while start < stop:
        piece = await store.readers.run(partial(_read, path, start, min(RECORD_PIECE_BYTES, stop - start)))
        if not piece:
            raise UnknownIdError("this recording has been overwritten")
        yield piece
        start += len(piece)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise UnknownIdError("this recording has been overwritten") from None


def _read(path: Path, start: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(size)
    except FileNotFoundError:
        raise UnknownIdError("this recording has been overwritten") from None
