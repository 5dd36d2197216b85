"""Pictures and files: named by the SHA-256 of their plain bytes, encrypted at rest, written once and never changed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol

from command.access.keys import Box
from command.kernel.errors import TooLargeError, UnavailableError, UnknownIdError
from command.kernel.limits import EVIDENCE_BYTES
from command.kernel.postgres import Postgres

_SCHEMA = (
    # Sealed bytes do not compress: stored as they are, out of line.
    """
    CREATE TABLE blobs (name text PRIMARY KEY, sealed bytea NOT NULL);
    ALTER TABLE blobs ALTER COLUMN sealed SET STORAGE EXTERNAL;
    """,
)
_NAME = re.compile(r"[0-9a-f]{64}")


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


class FolderBlobs:
    """A folder of sealed files, of one hub."""

    def __init__(self, folder: Path, box: Box) -> None:
        self._folder = folder
        self._box = box

    async def add(self, data: bytes) -> str:
        """Return the name once the bytes are on disk."""
        _refuse_too_large(data)
        return await asyncio.to_thread(self._write, data)

    async def get(self, name: str) -> bytes:
        """Return the plain bytes."""
        return await asyncio.to_thread(self._read, name)

    async def names(self) -> set[str]:
        """Return the name of every file; what is half written, or was not put there by us, is none."""
        return await asyncio.to_thread(lambda: {path.name for path in self._folder.glob("??/*") if _is_name(path.name)})

    async def verify(self) -> tuple[int, list[str]]:
        """Open every file."""
        return await _verify(self)

    def _path(self, name: str) -> Path:
        _refuse_no_name(name)
        return self._folder / name[:2] / name

    def _write(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        path = self._path(name)
        if path.exists():
            return name
        # Of its own for each writer: two may bring the same bytes at once.
        part = path.with_name(f".{name}.{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    file.write(self._box.seal(data, name))
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            _sync_folder(path.parent)
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
    """A table of sealed blobs that several hubs share. Use `open`."""

    def __init__(self, postgres: Postgres, box: Box) -> None:
        self._postgres = postgres
        self._box = box

    @classmethod
    async def open(cls, postgres: Postgres, box: Box) -> PostgresBlobs:
        """Bring the table up to date. The pool stays its owner's."""
        await postgres.bring_up_to_date(_SCHEMA, "blobs")
        return cls(postgres, box)

    async def add(self, data: bytes) -> str:
        """Return the name once the bytes are in the table."""
        _refuse_too_large(data)
        name = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        if not await self._postgres.fetch("SELECT 1 FROM blobs WHERE name = $1", name):
            sealed = await asyncio.to_thread(self._box.seal, data, name)
            await self._postgres.fetch("INSERT INTO blobs VALUES ($1, $2) ON CONFLICT DO NOTHING", name, sealed)
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


def _sync_folder(folder: Path) -> None:
    """Make the name durable too: without this a power cut may lose a file whose bytes were on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
