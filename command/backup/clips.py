"""Clips of recordings in a backup: each is read whole against its sheet's hash before it is taken, and when put back.

A clip is `<id>.mp4` with its sheet `<id>.json`, which names its `sha256` and `size`; both lie in a folder of the hub
that exported it, whichever database hubs share.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from command.backup import DamagedArchiveError
from command.backup.records import ClipPiece, ClipSheet
from command.kernel.limits import BACKUP_CHUNK_BYTES

FOLDER = Path("recordings") / "clips"
"""Where clips lie in a data folder, unless recordings have one of their own."""
_ID = re.compile(r"[0-9a-f]{16}")


class _Sheet(msgspec.Struct, frozen=True):
    sha256: str
    size: int


def read_clips(folder: Path) -> Iterator[ClipSheet | ClipPiece | str]:
    """Yield the sheet of each clip and the pieces of its file; the id alone of one that is not what it was."""
    for path in sorted(folder.glob("*.mp4")):
        try:
            sheet = path.with_suffix(".json").read_bytes()
            told = msgspec.json.decode(sheet, type=_Sheet)
            with path.open("rb") as file:
                whole = hashlib.file_digest(file, "sha256").hexdigest() == told.sha256
        except (OSError, msgspec.MsgspecError):
            whole = False
        if not whole or not _ID.fullmatch(path.stem):
            yield path.stem
            continue
        yield ClipSheet(clip=path.stem, sheet=sheet)
        with path.open("rb") as file:
            while piece := file.read(BACKUP_CHUNK_BYTES):
                yield ClipPiece(clip=path.stem, data=piece)


class ClipCheck:
    """Holds what comes by to what sheets say. Raises `DamagedArchiveError` where it is something else."""

    def __init__(self) -> None:
        self.count = 0
        self._clip = ""
        self._told: _Sheet | None = None
        self._hash = hashlib.sha256()
        self._size = 0

    def sheet(self, record: ClipSheet) -> None:
        """A clip begins; the one before is whole."""
        self.end()
        if not _ID.fullmatch(record.clip):
            raise DamagedArchiveError(f"{record.clip!r} is no name of a clip")
        try:
            self._told = msgspec.json.decode(record.sheet, type=_Sheet)
        except msgspec.MsgspecError as error:
            raise DamagedArchiveError(f"the sheet of clip {record.clip} cannot be read: {error}") from error
        self._clip, self._hash, self._size = record.clip, hashlib.sha256(), 0
        self.count += 1

    def piece(self, record: ClipPiece) -> None:
        """More of the clip that began last."""
        if record.clip != self._clip:
            raise DamagedArchiveError(f"a piece of clip {record.clip} is not where it belongs")
        self._hash.update(record.data)
        self._size += len(record.data)

    def end(self) -> None:
        """No more comes of the clip that began last."""
        told, self._told = self._told, None
        if told is not None and (self._size, self._hash.hexdigest()) != (told.size, told.sha256):
            raise DamagedArchiveError(f"clip {self._clip} is not what it was")


def put_clip(folder: Path, record: ClipSheet | ClipPiece) -> None:
    """Put a sheet, or a piece behind those before it, where a hub finds it; what they are was checked before."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.clip}.mp4"
    if isinstance(record, ClipSheet):
        path.with_suffix(".json").write_bytes(record.sheet)
        path.write_bytes(b"")
        return
    with path.open("ab") as file:
        file.write(record.data)
