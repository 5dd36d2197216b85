"""The folder that a restore makes: it has its name once all is in it, and is gone where that comes to nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from command.kernel.errors import InvalidInputError
from command.kernel.folders import sync_folder

_HALF = ".restoring"
_JOURNAL = "journal.sqlite3"
_OF_DISKS = "lost+found"
"""What ext4 puts into the root of each disk."""


@contextmanager
def placed(to: Path) -> Iterator[Path]:
    """Give a folder to restore into; `to` has what is in it once the block is left, unless by an error.

    It is made beside `to`, and takes its name at once. Where `to` is there and nothing can take its name (a disk is
    mounted on it, or its parent is somebody else's) it is made within, and what is in it moves up. Which it will be is
    found out before anything else is done. Raises `InvalidInputError` where `to` holds something, and `OSError`.
    """
    beside, within = to.with_name(f".{to.name}{_HALF}"), to / _HALF
    for left in (beside, within):
        shutil.rmtree(left, ignore_errors=True)  # of a restore that was killed
    _refuse_full(to)
    making = within if to.exists() and not _is_replaceable(to, beside) else beside
    making.mkdir(mode=0o700, parents=True)
    try:
        yield making
        os.sync()
        if making == within:
            _move_up(making, to)
        else:
            making.replace(to)  # over an empty folder, or none
            sync_folder(to.parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _refuse_full(to: Path) -> None:
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise InvalidInputError(f"{to} is no folder")
    if to.exists() and any(path.name not in (_OF_DISKS, _HALF) for path in to.iterdir()):
        raise InvalidInputError(f"{to} is not empty; a restore writes over nothing")


def _is_replaceable(to: Path, beside: Path) -> bool:
    """Try it: who is mounted where, and who may write where, only the kernel knows."""
    if any(to.iterdir()):
        return False
    try:
        to.rename(beside)
    except OSError:
        return False
    beside.rename(to)
    return True


def _move_up(making: Path, to: Path) -> None:
    _refuse_full(to)  # a hub may have been started there meanwhile
    with suppress(PermissionError):  # whoever gave us a folder of theirs decides who reads it
        to.chmod(0o700)
    # The journal last: a hub does not start without it where there are readings.
    for path in sorted(making.iterdir(), key=lambda path: path.name == _JOURNAL):
        path.rename(to / path.name)
    sync_folder(to)
