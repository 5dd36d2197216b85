"""Folders: one program at a time in each, nobody else's to read, and files and names that outlive a power cut."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from command.kernel.errors import UnavailableError

_LOCK = "in-use.lock"
_OTHERS = 0o077


@contextmanager
def private() -> Iterator[None]:
    """Keep what is made in the block from other accounts of the machine: a record names callers and informants."""
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder where it is missing, and keep every other program that asks for it out until the block is left.

    The lock is the kernel's, so it ends with the process however that ends; its file stays and means nothing. Raises
    `UnavailableError` where another one holds the folder, or it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UnavailableError(f"the data folder {folder} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise UnavailableError(f"the data folder {folder} is in use by another hub or agent that runs") from error
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other thread or program is in such a block for the folder. For what is over at once.

    It is another lock than that of `held`, and ends with the program too.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole file that only its owner reads, or none; it outlives a power cut. Raises `OSError`.

    It is `NAME.half` until then, so of several writers of one path each has to wait for the one before.
    """
    half = path.with_name(f"{path.name}.half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in the folder durable: without this a power cut may lose a file whose bytes were on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
