"""Times of which recordings are kept for good: a small file each, since an index can be made anew and these cannot."""

from __future__ import annotations

from pathlib import Path

import msgspec

from command.kernel.errors import TooManyError, UnknownIdError
from command.kernel.folders import write_durably
from streams.limits import RECORD_LOCKS


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """Who keeps what, and why."""

    id: str
    camera: str
    from_ms: int
    to_ms: int
    why: str
    who: str
    at_ms: int


class Locks:
    """All of them, in memory and in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        read = [msgspec.json.decode(path.read_bytes(), type=Lock) for path in sorted(folder.glob("*.json"))]
        self._locks = {lock.id: lock for lock in read}

    def all(self) -> list[Lock]:
        """Return every lock."""
        return list(self._locks.values())

    def holds(self, camera: str, from_ms: int, to_ms: int) -> bool:
        """Say whether some of a time is locked."""
        return any(
            lock.camera == camera and lock.from_ms < to_ms and lock.to_ms > from_ms for lock in self._locks.values()
        )

    def add(self, lock: Lock) -> None:
        """Durable when this returns. Raises `TooManyError`, `OSError`."""
        if len(self._locks) >= RECORD_LOCKS:
            raise TooManyError(f"there are {RECORD_LOCKS} locks, the most that there may be; release some first")
        write_durably(self._folder / f"{lock.id}.json", msgspec.json.encode(lock))
        self._locks[lock.id] = lock

    def remove(self, lock: str) -> Lock:
        """Return the lock that is no more. Raises `UnknownIdError`."""
        if lock not in self._locks:
            raise UnknownIdError("no such lock")
        (self._folder / f"{lock}.json").unlink(missing_ok=True)
        return self._locks.pop(lock)
