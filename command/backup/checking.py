"""Reads an archive from end to end: is it genuine, whole, and what its manifest says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from command.access.keys import SiteKey
from command.backup import DamagedArchiveError
from command.backup.archive import read_archive
from command.backup.clips import clip_name
from command.backup.records import Blob, Manifest, Record
from command.backup.tally import Tally
from command.kernel.errors import InvalidInputError


def open_archive(path: Path) -> BinaryIO:
    """Open an archive for reading; `InvalidInputError` where that is not to be."""
    try:
        return path.open("rb")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from error


def check_archive(path: Path, key: SiteKey, see: Callable[[Record], None] | None = None) -> Manifest:
    """Return the manifest; `see` is shown every record. Memory does not grow with the archive.

    Of what a release before wrote it names as lost the clips too that are not what the record says, and those that it
    has not at all as elsewhere.

    Raises `DamagedArchiveError` where it is not genuine or whole, `InvalidInputError` where it is another site's.
    """
    manifest: Manifest | None = None
    tally = Tally()
    with open_archive(path) as file:
        _forget_cached(file)
        for record in read_archive(file, key):
            if isinstance(record, Manifest):
                manifest = record
                continue
            if isinstance(record, Blob) and hashlib.sha256(record.data).hexdigest() != record.name:
                raise DamagedArchiveError(f"picture or file {record.name} is not what it was")
            tally.take(record)
            if see is not None:
                see(record)
    assert manifest is not None  # an archive without one is cut off
    if manifest.contents != tally.contents:
        raise DamagedArchiveError("the archive does not hold what its manifest counts")
    lost = tuple(sorted({*manifest.lost, *map(clip_name, tally.clips.altered)}))
    return replace(manifest, lost=lost, clips_elsewhere=tally.elsewhere(lost))


def _forget_cached(file: BinaryIO) -> None:
    """Have it read from the disk: what is still in memory from writing says nothing about what was kept."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
