"""The folder that hubs put their backups into: archives by the instant in their names, and parts of unfinished ones."""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from command.kernel.errors import UnavailableError
from command.kernel.limits import BACKUP_AHEAD_MS

_NAME = "triune-%Y%m%dT%H%M%SZ.backup"
_NAMES = re.compile(r"triune-\d{8}T\d{6}Z\.backup")
_PARTS = re.compile(rf"\.{_NAMES.pattern}\.part")
_LOCK = ".triune-backups.lock"
_log = logging.getLogger(__name__)


def archive_at(folder: Path, begun_ms: int) -> Path:
    """Return where an archive belongs that is begun at an instant."""
    return folder / datetime.fromtimestamp(begun_ms / 1000, UTC).strftime(_NAME)


def begun_ms(archive: Path) -> int:
    """Return when an archive was begun, by its name, to the second."""
    return int(datetime.strptime(archive.name, _NAME).replace(tzinfo=UTC).timestamp() * 1000)


class Archives(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the folder, by names, each in their order."""

    dated: list[Path]
    ahead: list[Path]
    """Begun later than now: the clock that named them was ahead, or the one here is behind."""

    @property
    def oldest_first(self) -> list[Path]:
        """All of them. Those ahead come first: nobody knows when they were made, only that it was before now."""
        return [*self.ahead, *self.dated]


def archives_in(folder: Path, now_ms: int) -> Archives:
    """Return the archives there are. Raises `UnavailableError` where the folder cannot be read."""
    try:
        names = sorted(path for path in folder.iterdir() if _is_archive(path))
    except OSError as error:
        raise _unusable(error) from error
    return Archives(
        dated=[path for path in names if not is_ahead(path, now_ms)],
        ahead=[path for path in names if is_ahead(path, now_ms)],
    )


def _is_archive(path: Path) -> bool:
    """Other files are somebody's own, those too that are named after no instant there is."""
    try:
        return bool(_NAMES.fullmatch(path.name)) and begun_ms(path) >= 0
    except ValueError:
        return False


def is_ahead(archive: Path, now_ms: int) -> bool:
    """Say whether an archive is dated further ahead of now than clocks differ."""
    return begun_ms(archive) > now_ms + BACKUP_AHEAD_MS


@contextmanager
def being_written(folder: Path) -> Iterator[None]:
    """Keep `clear_parts` of every hub away from the folder until the block is left, or this process has ended.

    Any number may write at once. On a file system without locks nobody clears, so there is nothing to keep away.
    """
    lock = _opened_lock(folder)
    try:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)


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
