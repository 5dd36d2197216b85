"""The folder that hubs put their backups into: archives by their names, and parts of unfinished ones.

A name says when an archive was begun and of which record it is, by the id of its history: that of a copy which was
restored elsewhere is another one, where the site key is the same. Earlier releases gave the instant alone; of those
files the key under which they were sealed is all that tells whose they are.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import msgspec

from command.access.keys import SiteKey
from command.backup.archive import fingerprint, read_header, read_manifest
from command.backup.records import Manifest
from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import BACKUP_AHEAD_MS, BACKUP_LOCK_LOOK_MS, BACKUP_LOCK_MS

_INSTANT = "%Y%m%dT%H%M%SZ"
_NAMES = re.compile(r"triune-(?P<begun>\d{8}T\d{6}Z)(-(?P<history>[0-9a-f]+))?\.backup")
_PARTS = re.compile(rf"\.{_NAMES.pattern}\.part")
_LOCK = ".triune-backups.lock"
_log = logging.getLogger(__name__)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose archives are meant: those of one record, sealed under its site's key."""

    history: str
    key: SiteKey


def archive_at(folder: Path, begun_ms: int, owner: Owner) -> Path:
    """Return where an archive belongs that is begun at an instant."""
    begun = datetime.fromtimestamp(begun_ms / 1000, UTC).strftime(_INSTANT)
    return folder / f"triune-{begun}-{owner.history}.backup"


def begun_ms(archive: Path) -> int:
    """Return when an archive was begun, by its name, to the second."""
    begun = datetime.strptime(_named(archive)["begun"], _INSTANT).replace(tzinfo=UTC)
    return int(begun.timestamp() * 1000)


class Archives(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's archives in the folder, each in their order, and how many of others there are."""

    dated: list[Path]
    ahead: list[Path]
    """Begun later than now: the clock that named them was ahead, or the one here is behind."""
    others: int
    """Of other records, and those of which nobody can tell: nothing here is said of them, and none is dropped."""

    @property
    def oldest_first(self) -> list[Path]:
        """All of them. Those ahead come first: nobody knows when they were made, only that it was before now."""
        return [*self.ahead, *self.dated]


def archives_in(folder: Path, owner: Owner | None, now_ms: int) -> Archives:
    """Return the archives there are; of nobody they are all others'.

    Raises `UnavailableError` where the folder cannot be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if _is_archive(path))
    except OSError as error:
        raise _unusable(error) from error
    own = [path for path in found if owner is not None and _is_of(owner, path)]
    return Archives(
        dated=[path for path in own if not is_ahead(path, now_ms)],
        ahead=[path for path in own if is_ahead(path, now_ms)],
        others=len(found) - len(own),
    )


def newest_good(archives: Archives, key: SiteKey) -> tuple[Path, Manifest] | None:
    """Return the newest of those not ahead that can still be opened, and its manifest; the others are logged."""
    for path in reversed(archives.dated):
        try:
            return path, _manifest_of(path, key)
        except TriuneError as error:
            _log.warning("%s is no good backup: %s", path.name, error.detail)
    return None


def to_drop(archives: Archives, key: SiteKey, keep: int, lost: Sequence[str]) -> list[Path]:
    """Return those beyond the newest `keep`, less the newest ones that do not lack, each, what is `lost` since."""
    spared, missing = set[Path](), set(lost)
    for path in reversed(archives.oldest_first):
        if not missing:
            break
        try:
            lacking = missing.intersection(_manifest_of(path, key).lost)
        except TriuneError:  # nobody can tell what it has
            spared.add(path)
            continue
        if lacking != missing:
            spared.add(path)
        missing = lacking
    return [path for path in archives.oldest_first[:-keep] if path not in spared]


def size_bytes(archive: Path) -> int | None:
    """Return how large an archive is; None where nobody can tell."""
    try:
        return archive.stat().st_size
    except OSError:
        return None


def _manifest_of(archive: Path, key: SiteKey) -> Manifest:
    try:
        with archive.open("rb") as file:
            return read_manifest(file, key)
    except OSError as error:
        raise UnavailableError(f"it cannot be read: {error.strerror}") from error


def _is_archive(path: Path) -> bool:
    """Other files are somebody's own, those too that are named after no instant there is."""
    try:
        return bool(_NAMES.fullmatch(path.name)) and begun_ms(path) >= 0
    except ValueError:
        return False


def _is_of(owner: Owner, archive: Path) -> bool:
    if history := _named(archive)["history"]:
        return history == owner.history
    try:
        with archive.open("rb") as file:
            return read_header(file)[0].key == fingerprint(owner.key)
    except (OSError, TriuneError):
        return False


def _named(archive: Path) -> re.Match[str]:
    named = _NAMES.fullmatch(archive.name)
    assert named is not None  # nothing else is looked at
    return named


def is_ahead(archive: Path, now_ms: int) -> bool:
    """Say whether an archive is dated further ahead of now than clocks differ."""
    return begun_ms(archive) > now_ms + BACKUP_AHEAD_MS


@contextmanager
def being_written(folder: Path) -> Iterator[None]:
    """Keep `clear_parts` of every hub away from the folder until the block is left, or this process has ended.

    Any number may write at once. On a file system without locks nobody clears, so there is nothing to keep away. Waits
    for one that clears; raises `UnavailableError` where that takes longer than `BACKUP_LOCK_MS`.
    """
    lock = _opened_lock(folder)
    try:
        _share(lock)
        yield
    finally:
        os.close(lock)


def _share(lock: int) -> None:
    pause = Event()
    for _ in range(BACKUP_LOCK_MS // BACKUP_LOCK_LOOK_MS):
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(BACKUP_LOCK_LOOK_MS / 1000)
        except OSError:
            return
        else:
            return
    raise UnavailableError(
        "another hub removes what is left of former backups in the folder, and does not end: does its disk answer?"
    )


def clear_parts(folder: Path) -> None:
    """Remove what is left of backups that were killed, unless anybody is writing one: it cannot be told which is whose.

    Raises `UnavailableError` where the folder cannot be used; a part that cannot be removed is logged.
    """
    lock = _opened_lock(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path in folder.iterdir():
            if _PARTS.fullmatch(path.name):
                remove(path)
    except BlockingIOError:
        _log.info("another hub makes a backup: what is left of former ones stays until the next")
    except OSError as error:
        _log.warning("what is left of former backups cannot be looked for: %s", error.strerror)
    finally:
        os.close(lock)


def remove(path: Path) -> None:
    """Remove a part or an archive; one that cannot be removed stays, which is no reason to have no backup."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s cannot be removed: %s", path, error.strerror)


def _opened_lock(folder: Path) -> int:
    """The lock is the kernel's, so it ends with the process however that ends; its file stays and means nothing."""
    try:
        return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(error) from error


def _unusable(error: OSError) -> UnavailableError:
    return UnavailableError(f"the folder of backups cannot be used: {error.strerror}")
