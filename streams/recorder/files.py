"""The files of recordings: where they are, how they are written, and what is whole of one that a crash cut short."""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import secrets
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from command.kernel.errors import InvalidInputError
from streams import fmp4_reader

_NAME = re.compile(r"(\d{1,14})-[0-9a-f]{8}\.mp4")
_OF_CAMERA = "camera"


class Found(msgspec.Struct, frozen=True):
    """What a file of recordings holds: whole up to `bytes`, to an instant."""

    head: bytes
    from_ms: int
    to_ms: int
    bytes: int


def camera_folder(camera: str) -> str:
    """Return the name of a camera's folder: readable where its id is, and never another's."""
    readable = re.sub(r"[^A-Za-z0-9_-]", "_", camera)[:40]
    return f"{readable}-{hashlib.sha256(camera.encode()).hexdigest()[:8]}"


def new_path(folder: Path, camera: str, from_ms: int) -> str:
    """Return the path within `folder` for a segment that begins then; its folders are made."""
    day = datetime.fromtimestamp(from_ms / 1000, UTC).strftime("%Y%m%d")
    path = Path(camera_folder(camera)) / day / f"{from_ms}-{secrets.token_hex(4)}.mp4"
    if not (folder / path).parent.is_dir():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).parents[1].joinpath(_OF_CAMERA).write_text(camera, encoding="utf-8")
    return path.as_posix()


def cameras(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each camera of which there are files, and its folder."""
    for named in sorted(folder.glob(f"*/{_OF_CAMERA}")):
        yield named.read_text(encoding="utf-8"), named.parent


def days(of_camera: Path) -> list[Path]:
    """Return a camera's folders, one a day, what was written last first."""
    found = [path for path in of_camera.iterdir() if path.is_dir()]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def segments(day: Path) -> list[Path]:
    """Return the files in the folder of a day."""
    return sorted(path for path in day.iterdir() if _NAME.fullmatch(path.name))


def append(descriptor: int, data: bytes) -> None:
    """Write all of it at the end. Raises `OSError`."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def trim(path: Path) -> Found | None:
    """Cut a file to what is whole of it and say what that is; None, and gone, where nothing is."""
    from_ms = int(path.name.partition("-")[0])
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            head, whole, lasts_ms = _measure(file.fileno(), size)
            if whole < size:
                file.truncate(whole)
        return Found(head, from_ms, from_ms + lasts_ms, whole)
    except FileNotFoundError:
        return None
    except (InvalidInputError, struct.error):
        path.unlink(missing_ok=True)
        return None


def _measure(descriptor: int, size: int) -> tuple[bytes, int, int]:
    """Return head, whole length and how long the pictures last, touching only the pages that describe them."""
    if not size:
        raise InvalidInputError("not a recording: it is empty")
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        length = fmp4_reader.head_length(data)
        whole = fmp4_reader.whole_length(data)
        last = [start for kind, start, end in fmp4_reader.boxes(data) if kind == b"moof" and end < whole]
        if not last:
            raise InvalidInputError("not a recording: no fragment is whole")
        return data[:length], whole, fmp4_reader.end_ms(data, last[-1])
