"""Makes the file of a backup: beside its place first, read again from end to end, and only then under its name."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

import msgspec

from command.access.keys import ENVIRONMENT, SiteKey
from command.backup.archive import ArchiveWriter
from command.backup.checking import check_archive
from command.backup.records import Manifest
from command.backup.stores import stores_of
from command.backup.taking import LIVE, take_backup
from command.journal import DamagedJournalError, Journal
from command.journal.heads import PURPOSE, HeadKey
from command.journal.kept_heads import KeptHeads
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError, UnavailableError
from command.kernel.folders import sync_folder


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What to back up: a data folder, the database where hubs share one, and the settings file, if there is one.

    `clips` is the folder of clips, where recordings are kept outside of the data folder; `hub` the address that other
    hubs know this one by.
    """

    data: Path
    database: str | None = None
    settings: Path | None = None
    clips: Path | None = None
    hub: str = ""
    release: str


def make_backup(source: Source, key: SiteKey, to: Path) -> Manifest:
    """Make a backup that was read again and found good; nothing is left of one that was not.

    Raises `InvalidInputError` where `to` is there already, `UnavailableError` where it cannot be written or a store
    not read, `DamagedJournalError` and `DamagedArchiveError`.
    """
    _refuse_existing(to)
    part = part_of(to)
    try:
        part.unlink(missing_ok=True)  # of a backup that was killed
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                manifest = asyncio.run(write_backup(source, key, file))
                file.flush()
                os.fsync(file.fileno())
            if check_archive(part, key) != manifest:
                raise UnavailableError("what was written is not what is read back: is the medium sound?")
            _refuse_existing(to)
            part.rename(to)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(to.absolute().parent)
    except OSError as error:
        raise UnavailableError(f"{to} cannot be written: {error.strerror or error}") from error
    return manifest


def part_of(to: Path) -> Path:
    """Return the name that a backup has until it is known to be good."""
    return to.with_name(f".{to.name}.part")


async def write_backup(source: Source, key: SiteKey, file: BinaryIO) -> Manifest:
    """Write a backup to an open file. Raises `OSError` where that refuses, else as `make_backup`."""
    clock = SystemClock()
    async with stores_of(source.data, key, source.database, source.clips, source.hub) as stores:
        await _refuse_another_key(stores.journal, key)
        writer = ArchiveWriter(file, key, clock.now_ms())
        return await take_backup(stores, writer, clock, source.release, source.settings)


async def _refuse_another_key(journal: Journal, key: SiteKey) -> None:
    """Refuse a key with which the hub signs nothing: it opens no picture, and would have to be kept for this backup."""
    try:
        await KeptHeads(LIVE, journal, HeadKey(key.derive(PURPOSE)).public).after(0, None)
    except DamagedJournalError as error:
        raise InvalidInputError(
            f"this is not the site key of this hub ({ENVIRONMENT}, where it is set, goes before any file), or else "
            f"{error.detail}"
        ) from error


def _refuse_existing(to: Path) -> None:
    if to.exists():
        raise InvalidInputError(f"{to} is there already; a backup never writes over another")
