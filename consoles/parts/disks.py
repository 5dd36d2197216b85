"""The disks that a hub stands on, and what each has left: a full one stops the record, a backup or recordings."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from command.journal.anchors import is_address
from command.kernel.own_thread import begin
from consoles.http import metrics
from consoles.limits import DISK_LEFT_BYTES
from consoles.parts.base import Base
from consoles.parts.watched import Watched
from consoles.settings import Settings

Use = Literal["data", "recordings", "backup", "anchor"]


class Room(NamedTuple):
    """What a disk has left for this program, and all that it has."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Disk:
    """That of one path, and what it is for."""

    what: Use
    path: Path
    room: Watched[Room]


def disks(base: Base) -> list[Disk]:
    """Look at all of them from now on, and name the data folder's while there is time."""
    found = [_disk(base, what, path) for what, path in _paths(base.settings)]
    for number, disk in enumerate(found):
        base.tasks.start(disk.room.run(), f"disk-{number}")
    data = found[0].room

    def left_bytes() -> float:
        return data.value.free_bytes if data.value else math.nan

    def check() -> Iterator[str]:
        if left_bytes() < DISK_LEFT_BYTES:
            yield f"disk: {left_bytes() / 1024**3:.1f} GiB left"

    base.measured.append(metrics.gauge("disk_left_bytes", "What the disk of the data folder has left", left_bytes))
    base.degraded.append(check)
    return found


def _paths(settings: Settings) -> list[tuple[Use, Path]]:
    """Return the folders that are on disks of their own, or may be, that of the data first."""
    own = settings.recordings_folders if settings.recordings.folder else settings.recordings_folders[1:]
    files = [Path(place) for place in settings.anchors if not is_address(place)]
    return [
        ("data", Path(settings.data)),
        *(("recordings", folder) for folder in own),
        *([("backup", Path(settings.backup.folder))] if settings.backup else ()),
        *(("anchor", file.absolute().parent) for file in files),
    ]


def _disk(base: Base, what: Use, path: Path) -> Disk:
    async def look() -> Room:
        # A mount that does not answer holds its thread, and nobody else's.
        usage = await begin(lambda: shutil.disk_usage(path))
        return Room(usage.free, usage.total)

    return Disk(what, path, Watched(f"what the disk of {path} has left", look, base.hub.clock))
