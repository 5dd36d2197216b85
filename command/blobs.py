"""Pictures and files: named by the SHA-256 of their plain bytes, encrypted at rest, never changed.

Each knows when its bytes were last brought: what is old and named nowhere any more can be removed.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Protocol

from command.access.keys import Box
from command.kernel.errors import TooLargeError, UnavailableError, UnknownIdError
from command.kernel.folders import sync_folder
from command.kernel.limits import EVIDENCE_BYTES
from command.kernel.postgres import Postgres

SCHEMA = (
    # Sealed bytes do not compress: stored as they are, out of line.
    """
    CREATE TABLE blobs (name text PRIMARY KEY, sealed bytea NOT NULL);
    ALTER TABLE blobs ALTER COLUMN sealed SET STORAGE EXTERNAL;
    """,
    # One value for all that are there, so that none is written again: they are as old as this schema.
    """
    ALTER TABLE blobs ADD COLUMN brought_at timestamptz NOT NULL DEFAULT now();
    CREATE INDEX ON blobs (brought_at);
    """,
)
_ADD = """
    INSERT INTO blobs (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET brought_at = excluded.brought_at
"""
_KEEP = "UPDATE blobs SET brought_at = now() WHERE name = ANY ($1::text[])"
_OLD = """
    SELECT name FROM blobs WHERE brought_at < to_timestamp($1::bigint / 1000.0) AND name > $2 ORDER BY name LIMIT $3
"""
_REMOVE = """
    DELETE FROM blobs WHERE name = ANY ($1::text[]) AND brought_at < to_timestamp($2::bigint / 1000.0) RETURNING name
"""
_NAME = re.compile(r"[0-9a-f]{64}")
SINCE = ".since"
"""A file in the folder, from whose time on files say when they were last brought; none counts as older."""


class DamagedBlobError(UnavailableError):
    """The bytes are not what the name says, were sealed with another key, or cannot be read from the disk."""


class Blobs(Protocol):
    """Where pictures and files are kept. Every method raises `UnavailableError` when the store is away."""

    async def add(self, data: bytes) -> str:
        """Return the name once the bytes are durable; the same bytes again are the same blob.

        Raises `TooLargeError` past `EVIDENCE_BYTES`.
        """
        ...

    async def get(self, name: str) -> bytes:
        """Return the plain bytes; `UnknownIdError`, or `DamagedBlobError` where they are not what the name says."""
        ...

    async def names(self) -> set[str]:
        """Return the name of every blob, damaged ones included."""
        ...

    async def verify(self) -> tuple[int, list[str]]:
        """Open every blob; return how many there are and the names of those that are damaged, in order."""
        ...

    async def brought_before(self, before_ms: int, after: str, limit: int) -> list[str]:
        """Return names, after one and in order, of blobs whose bytes nobody brought since an instant."""
        ...

    async def keep(self, names: Collection[str]) -> None:
        """Have blobs count as brought now."""
        ...

    async def remove(self, names: Collection[str], before_ms: int) -> int:
        """Remove blobs unless somebody brought their bytes since the instant; return how many are gone."""
        ...


class FolderBlobs:
    """A folder of sealed files, of one hub."""

    def __init__(self, folder: Path, box: Box) -> None:
        self._folder = folder
        self._box = box
        # Whoever brings the bytes of a file while it is removed must find it, or write it anew.
        self._looking = Lock()

    async def add(self, data: bytes) -> str:
        """Return the name once the bytes are on disk."""
        _refuse_too_large(data)
        return await asyncio.to_thread(self._write, data)

    async def get(self, name: str) -> bytes:
        """Return the plain bytes."""
        return await asyncio.to_thread(self._read, name)

    async def names(self) -> set[str]:
        """Return the name of every file; what is half written, or was not put there by us, is none."""
        return await asyncio.to_thread(lambda: set(self._names()))

    async def verify(self) -> tuple[int, list[str]]:
        """Open every file."""
        return await _verify(self)

    def _names(self, after: str = "") -> Iterator[str]:
        for folder in sorted(self._folder.glob("??")):
            if folder.name >= after[:2]:
                yield from sorted(path.name for path in folder.iterdir() if _is_name(path.name) and path.name > after)

    async def brought_before(self, before_ms: int, after: str, limit: int) -> list[str]:
        """Return names by what the files say of their last change."""
        return await asyncio.to_thread(self._old, before_ms, after, limit)

    def _old(self, before_ms: int, after: str, limit: int) -> list[str]:
        try:
            if self._since_ms() >= before_ms:
                return []
            old = (name for name in self._names(after) if self._path(name).stat().st_mtime * 1000 < before_ms)
            return list(islice(old, limit))
        except OSError as error:
            raise UnavailableError(f"the folder of files cannot be looked through: {error.strerror}") from error

    def _since_ms(self) -> float:
        since = self._folder / SINCE
        if not since.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            since.touch()
        return since.stat().st_mtime * 1000

    async def keep(self, names: Collection[str]) -> None:
        """Touch the files."""

        def touch() -> None:
            for name in names:
                with suppress(OSError):  # one that cannot be touched stays old, and is asked about again
                    os.utime(self._path(name))

        await asyncio.to_thread(touch)

    async def remove(self, names: Collection[str], before_ms: int) -> int:
        """Remove files."""
        return await asyncio.to_thread(lambda: sum(self._remove(name, before_ms) for name in names))

    def _remove(self, name: str, before_ms: int) -> bool:
        path = self._path(name)
        try:
            with self._looking:
                if max(path.stat().st_mtime * 1000, self._since_ms()) >= before_ms:
                    return False
                path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UnavailableError(f"file {name} cannot be removed: {error.strerror}") from error
        return True

    def _path(self, name: str) -> Path:
        _refuse_no_name(name)
        return self._folder / name[:2] / name

    def _write(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        path = self._path(name)
        # Of its own for each writer: two may bring the same bytes at once.
        part = path.with_name(f".{name}.{secrets.token_hex(8)}.part")
        try:
            with self._looking:
                if path.exists():
                    path.touch()
                    return name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    file.write(self._box.seal(data, name))
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise UnavailableError(f"the file cannot be kept: {error.strerror}") from error
        return name

    def _read(self, name: str) -> bytes:
        path = self._path(name)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            raise UnknownIdError(f"no file {name}") from None
        except OSError as error:
            raise DamagedBlobError(f"file {name} cannot be read: {error.strerror}") from error
        return _opened(self._box, sealed, name)


class PostgresBlobs:
    """A table of sealed blobs that several hubs share. Use `open`, but for looking at it as it is."""

    def __init__(self, postgres: Postgres, box: Box) -> None:
        self._postgres = postgres
        self._box = box

    @classmethod
    async def open(cls, postgres: Postgres, box: Box) -> PostgresBlobs:
        """Bring the table up to date. The pool stays its owner's."""
        await postgres.bring_up_to_date(SCHEMA, "blobs")
        return cls(postgres, box)

    async def add(self, data: bytes) -> str:
        """Return the name once the bytes are in the table."""
        _refuse_too_large(data)
        name = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        if not await self._postgres.fetch(f"{_KEEP} RETURNING 1", [name]):
            sealed = await asyncio.to_thread(self._box.seal, data, name)
            await self._postgres.fetch(_ADD, name, sealed)
        return name

    async def get(self, name: str) -> bytes:
        """Return the plain bytes."""
        _refuse_no_name(name)
        rows = await self._postgres.fetch("SELECT sealed FROM blobs WHERE name = $1", name)
        if not rows:
            raise UnknownIdError(f"no file {name}")
        return await asyncio.to_thread(_opened, self._box, rows[0]["sealed"], name)

    async def names(self) -> set[str]:
        """Return the name of every blob."""
        return {row["name"] for row in await self._postgres.fetch("SELECT name FROM blobs")}

    async def verify(self) -> tuple[int, list[str]]:
        """Open every blob."""
        return await _verify(self)

    async def brought_before(self, before_ms: int, after: str, limit: int) -> list[str]:
        """Return names by the instants of the rows, which are the database's."""
        return [row["name"] for row in await self._postgres.fetch(_OLD, before_ms, after, limit)]

    async def keep(self, names: Collection[str]) -> None:
        """Set the instants of the rows."""
        await self._postgres.fetch(_KEEP, list(names))

    async def remove(self, names: Collection[str], before_ms: int) -> int:
        """Delete rows."""
        return len(await self._postgres.fetch(_REMOVE, list(names), before_ms))


async def _verify(blobs: Blobs) -> tuple[int, list[str]]:
    names, damaged = sorted(await blobs.names()), []
    for name in names:
        try:
            await blobs.get(name)
        except (DamagedBlobError, UnknownIdError):
            damaged.append(name)
    return len(names), damaged


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _refuse_no_name(name: str) -> None:
    if not _is_name(name):
        raise UnknownIdError(f"no file {name[:80]!r}")


def _refuse_too_large(data: bytes) -> None:
    if len(data) > EVIDENCE_BYTES:
        raise TooLargeError(f"a file has at most {EVIDENCE_BYTES} bytes")


def _opened(box: Box, sealed: bytes, name: str) -> bytes:
    try:
        data = box.open(sealed, name)
    except UnavailableError as error:
        raise DamagedBlobError(error.detail) from error
    if hashlib.sha256(data).hexdigest() != name:
        raise DamagedBlobError(f"file {name} is not what it was")
    return data
