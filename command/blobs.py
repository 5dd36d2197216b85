"""Pictures and files: named by the SHA-256 of their plain bytes, encrypted at rest, written once and never changed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from pathlib import Path

from command.access.keys import Box
from command.kernel.errors import TooLargeError, UnavailableError, UnknownIdError
from command.kernel.limits import EVIDENCE_BYTES

_NAME = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """A folder of sealed files."""

    def __init__(self, folder: Path, box: Box) -> None:
        self._folder = folder
        self._box = box

    async def add(self, data: bytes) -> str:
        """Return the name once the bytes are on disk; the same bytes again are the same blob."""
        if len(data) > EVIDENCE_BYTES:
            raise TooLargeError(f"a file has at most {EVIDENCE_BYTES} bytes")
        return await asyncio.to_thread(self._write, data)

    async def get(self, name: str) -> bytes:
        """Return the plain bytes; `UnknownIdError`, or `UnavailableError` where they are not what the name says."""
        return await asyncio.to_thread(self._read, name)

    def verify(self) -> tuple[int, list[str]]:
        """Open every blob; return how many there are and the names of those that are damaged."""
        damaged, count = [], 0
        for path in sorted(self._folder.glob("??/*")):
            if path.name.startswith("."):
                continue  # half written when the machine stopped, and never named to anybody
            count += 1
            try:
                self._read(path.name)
            except (UnavailableError, UnknownIdError):
                damaged.append(path.name)
        return count, damaged

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UnknownIdError(f"no file {name[:80]!r}")
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
            raise UnavailableError(f"file {name} cannot be read: {error.strerror}") from error
        data = self._box.open(sealed, name)
        if hashlib.sha256(data).hexdigest() != name:
            raise UnavailableError(f"file {name} is not what it was")
        return data


def _sync_folder(folder: Path) -> None:
    """Make the name durable too: without this a power cut may lose a file whose bytes were on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
