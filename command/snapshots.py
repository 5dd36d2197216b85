"""Snapshots of tables, so that a start folds what happened lately and not all history.

A snapshot is a cache and never the record: it says which fact it was taken after and that fact's digest, and by which
program with which limits it was folded. One that does not fit is left alone, and the journal is folded instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import os
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

import command
from command.hub import Hub
from command.journal import Head
from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.kernel.limits import SNAPSHOT_FACTS, SNAPSHOT_RETRY_MS, SNAPSHOTS_KEPT
from command.rows import Row
from command.settings import Limits
from command.tables import OF_READINGS, Table, Tables

log = logging.getLogger(__name__)
_ROWS_PER_CHUNK = 1000
_LENGTH = struct.Struct("!I")
_NAME = re.compile(r"(?P<space>.+)-(?P<seq>\d{12})\.snapshot")
_FOLDING = (
    "facts/*.py", "journal/__init__.py", "kernel/geo.py", "kernel/limits.py", "rows/*.py", "rules/*.py", "settings.py",
    "snapshots.py", "tables.py",
)  # fmt: skip


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    program: str
    space: str
    seq: int
    digest: bytes


class _Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one table in the order in which they were last changed, with those numbers; the last one has no rows."""

    table: str
    rows: msgspec.Raw
    changed_seq: list[int]
    dropped_seq: dict[str, int]
    floor_seq: int


class UnusableSnapshotError(Exception):
    """The snapshot is of another program or settings, or damaged; the message says which."""


class TablesCopy:
    """What the tables held at one moment. Making it is quick, since rows are never changed but exchanged."""

    def __init__(self, space: str, tables: Tables, head: Head) -> None:
        assert tables.seq == head.seq
        self.space = space
        self.head = head
        self.limits = tables.limits
        self._tables = [
            _copy(table)
            for name, table in tables.by_name.items()
            if name not in OF_READINGS  # their own store gives the newest back
        ]

    def tables(self) -> Tables:
        """Return tables of their own that hold the same, to be folded on."""
        tables = Tables(self.limits)
        for name, rows, changed, dropped, floor_seq in self._tables:
            tables.by_name[name].fill(rows, changed, dropped, floor_seq)
        tables.seq = self.head.seq
        return tables

    def chunks(self) -> Iterator[bytes]:
        """Encode, a few milliseconds' worth at a time, so that a thread which does it stops nobody for long."""
        yield _encoder.encode(
            _Header(program=program(self.limits), space=self.space, seq=self.head.seq, digest=self.head.digest)
        )
        for name, rows, changed, dropped, floor_seq in self._tables:
            for first in range(0, len(rows) or 1, _ROWS_PER_CHUNK):
                some = slice(first, first + _ROWS_PER_CHUNK)
                yield _encoder.encode(
                    _Chunk(
                        table=name,
                        rows=msgspec.Raw(_encoder.encode(rows[some])),
                        changed_seq=changed[some],
                        dropped_seq=dropped if first == 0 else {},
                        floor_seq=floor_seq,
                    )
                )


_encoder = msgspec.msgpack.Encoder()
_Copied = tuple[str, list[Row], list[int], dict[str, int], int]


def _copy(table: Table[Any]) -> _Copied:
    keys = table.changed_seq
    return table.name, [table.rows[key] for key in keys], list(keys.values()), dict(table.dropped_seq), table.floor_seq


class Taken(NamedTuple):
    """A snapshot: the fact that it was taken after, and when it was written."""

    seq: int
    at_ms: int


class SnapshotFolder:
    """Where a hub keeps its snapshots, the newest of each space."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.newest: dict[str, Taken] = {}
        """What each space was started from, or what was taken of it since."""

    def write(self, copied: TablesCopy) -> None:
        """Write it through to the disk and drop older ones. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(copied.space, copied.head.seq)
        part = self._folder / f"{copied.space}.part"  # of one name: what a kill left of it goes with the next
        try:
            with part.open("wb") as file:
                _write_sealed(file, copied.chunks())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self.note(copied.space, copied.head.seq)
        for _, old in self._of(copied.space)[SNAPSHOTS_KEPT:]:
            old.unlink(missing_ok=True)

    def read(
        self, space: str, limits: Limits, after_seq: int = 0, before_seq: int | None = None
    ) -> Iterator[tuple[Tables, Head]]:
        """Yield the tables of each snapshot of a space that this program took with these limits, the newest first.

        Only those that were taken after a fact beyond `after_seq` and, if it is given, before `before_seq`.
        """
        for seq, path in self._of(space):
            if seq <= after_seq or (before_seq is not None and seq >= before_seq):
                continue
            try:
                with path.open("rb") as file:
                    yield _tables(_read_sealed(file), space, limits)
            except (OSError, msgspec.MsgspecError, UnusableSnapshotError) as error:
                log.warning("%s is not used: %s", path.name, error)

    def note(self, space: str, seq: int) -> None:
        """Take the snapshot after a fact for the newest of use. Raises `OSError`."""
        self.newest[space] = Taken(seq, self._path(space, seq).stat().st_mtime_ns // 1_000_000)

    def _path(self, space: str, seq: int) -> Path:
        return self._folder / f"{space}-{seq:012}.snapshot"

    def _of(self, space: str) -> list[tuple[int, Path]]:
        found = [
            (int(match["seq"]), path)
            for path in self._folder.glob("*.snapshot")
            if (match := _NAME.fullmatch(path.name)) and match["space"] == space
        ]
        return sorted(found, reverse=True)


async def start_from_snapshot(hub: Hub, folder: SnapshotFolder) -> int:
    """Give a hub that has loaded nothing yet the newest tables that its journal vouches for, if there are any.

    Returns the fact that they were taken after; 0 where all history is to be folded.
    """
    found = await asyncio.to_thread(folder.read, hub.space, hub.limits)
    while at := await asyncio.to_thread(next, found, None):
        if await hub.start_from(*at):
            with suppress(OSError):  # of what was just read, nobody can say when it was taken: no reason not to start
                await asyncio.to_thread(folder.note, hub.space, at[1].seq)
            return at[1].seq
    return 0


async def keep_snapshots(hub: Hub, folder: SnapshotFolder, clock: Clock, taken_seq: int) -> None:
    """Take one each time so many facts came since the one before, until cancelled. A disk that refuses is tried again.

    `taken_seq` is what `start_from_snapshot` returned: counted from a start, a hub that is started often takes none.
    """
    while True:
        await hub.wait_beyond(taken_seq + SNAPSHOT_FACTS - 1)
        try:
            copied = await hub.read(lambda tables: TablesCopy(hub.space, tables, hub.head))
            await asyncio.to_thread(folder.write, copied)
        except (OSError, TriuneError) as error:
            log.warning("no snapshot could be taken: %s", error)
            await clock.sleep(SNAPSHOT_RETRY_MS)
        else:
            taken_seq = copied.head.seq


def program(limits: Limits) -> str:
    """Return what names everything that folding depends on: a new program or other limits may fold to other tables."""
    return hashlib.sha256(_source() + msgspec.json.encode(limits)).hexdigest()


@cache
def _source() -> bytes:
    folder = Path(command.__file__).parent
    source = hashlib.sha256()
    for pattern in _FOLDING:
        for path in sorted(folder.glob(pattern)):
            source.update(path.read_bytes())
    return source.digest()


def _write_sealed(file: BinaryIO, chunks: Iterable[bytes]) -> None:
    """Write chunks with their lengths, an empty one for the end, and the SHA-256 of it all; on the disk on return."""
    seal = hashlib.sha256()
    for chunk in itertools.chain(chunks, (b"",)):
        for piece in (_LENGTH.pack(len(chunk)), chunk):
            seal.update(piece)
            file.write(piece)
    file.write(seal.digest())
    file.flush()
    os.fsync(file.fileno())


def _read_sealed(file: BinaryIO) -> list[bytes]:
    data = file.read()
    body, seal = data[:-32], data[-32:]
    if hashlib.sha256(body).digest() != seal:
        raise UnusableSnapshotError("it is damaged")
    chunks: list[bytes] = []
    at = 0
    while length := _LENGTH.unpack_from(body, at)[0]:
        at += _LENGTH.size
        chunks.append(body[at : at + length])
        at += length
    return chunks


def _tables(chunks: list[bytes], space: str, limits: Limits) -> tuple[Tables, Head]:
    header = msgspec.msgpack.decode(chunks[0], type=_Header)
    if header.space != space or header.program != program(limits):
        raise UnusableSnapshotError("it was taken by another program or with other limits")
    tables = Tables(limits)
    for encoded in chunks[1:]:
        chunk = msgspec.msgpack.decode(encoded, type=_Chunk)
        table = tables.by_name[chunk.table]
        rows = msgspec.msgpack.decode(chunk.rows, type=list[table.row_type])  # type: ignore[name-defined] # at run time
        table.fill(rows, chunk.changed_seq, chunk.dropped_seq, chunk.floor_seq)
    tables.seq = header.seq
    return tables, Head(seq=header.seq, digest=header.digest)
