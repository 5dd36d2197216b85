"""A disk that can be full: a small one where that may be mounted, and a limit on what a process may write."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from contextlib import suppress
from pathlib import Path

_SIZE_MIB = 192
_FILLER = "filler"
_BLOCK = 64 * 1024


class SmallDisk:
    """A tmpfs at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        options = f"size={_SIZE_MIB}m,mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "triune-crash", str(folder)], check=True)

    def fill(self, room_bytes: int) -> None:
        """Write until nothing more fits, and give back `room_bytes` of it."""
        with (self.folder / _FILLER).open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(_BLOCK))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            file.truncate(max(0, file.tell() - room_bytes))

    def free(self) -> None:
        """Take away what filled it."""
        (self.folder / _FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it; everything in it is gone."""
        subprocess.run(["umount", str(self.folder)], check=True)


def may_mount() -> bool:
    """Say whether a small disk can be had."""
    return os.geteuid() == 0


def limit_files(pid: int, most_bytes: int | None) -> None:
    """Let no file that the process writes grow past a size (EFBIG); None for any size."""
    with suppress(ProcessLookupError):  # it was killed meanwhile
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most_bytes is None else most_bytes, hard))
