"""The sheets of clips: everything to be known of an exported file, as JSON beside it, and the list of them.

A mark lies beside a clip from its making on until it is known to be on record: whatever ends a hub in between, it is
neither listed nor handed out before that.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from pathlib import Path

import msgspec

from command.actors import HUB
from command.backup.clips import UNRECORDED
from command.kernel.errors import UnknownIdError
from streams.recorder import clip_list
from streams.recorder.clip_list import ListedClip
from streams.recorder.gaps import Gap

CLIPS = "clips"
"""The folder of clips, within that of recordings."""
_log = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-f]{16}")


class Shift(msgspec.Struct, frozen=True):
    """The hub's clock was set by so much at this instant; what the file shows then comes one after the other."""

    at_ms: int
    shift_ms: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for what, and why."""

    camera: str
    from_ms: int
    to_ms: int
    why: str
    who: str
    at_ms: int
    situation: str = ""


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of a file. It begins at `begins_ms`: the last key frame before what was asked for."""

    id: str
    asked: Asked
    begins_ms: int
    sha256: str
    size: int
    gaps: list[Gap]
    shifts: list[Shift]
    missing_ms: int
    """How much of what was asked for is not there."""

    @property
    def listed(self) -> ListedClip:
        """What a list shows of it."""
        asked = self.asked
        return ListedClip(
            id=self.id, camera=asked.camera, from_ms=asked.from_ms, to_ms=asked.to_ms, at_ms=asked.at_ms,
            who=asked.who, why=asked.why, situation=asked.situation, sha256=self.sha256, size=self.size,
            missing_ms=self.missing_ms,
        )  # fmt: skip


def clip_file(folder: Path, clip: str) -> Path:
    """Return where the file of a clip is. Raises `UnknownIdError`."""
    path = folder / f"{clip}.mp4"
    if not _ID.fullmatch(clip) or not path.is_file():
        raise UnknownIdError("no such clip")
    return path


def clip_about(folder: Path, clip: str) -> Clip:
    """Return what is known of a clip. Raises `UnknownIdError`."""
    return msgspec.json.decode(clip_file(folder, clip).with_suffix(".json").read_bytes(), type=Clip)


def mark_unrecorded(path: Path) -> None:
    """Mark a clip that is about to be there. Durable once its folder is. Raises `OSError`."""
    path.with_suffix(UNRECORDED).touch()


def is_unrecorded(folder: Path, clip: str) -> bool:
    """Say whether nobody knows yet that a clip is on record."""
    return (folder / f"{clip}{UNRECORDED}").exists()


def on_record(folder: Path, clip: str) -> None:
    """Take the mark away. Raises `OSError`."""
    (folder / f"{clip}{UNRECORDED}").unlink(missing_ok=True)


def unrecorded(folder: Path) -> list[Clip]:
    """Return the marked clips that somebody asked for. Raises `OSError`."""
    return [clip for clip in _marked(folder) if clip.asked.who != HUB.id]


def clear(folder: Path) -> None:
    """Delete what a hub that was killed left half made, and what it had taken for itself. Raises `OSError`.

    Before anybody makes a clip.
    """
    for half in folder.glob("*.half"):
        half.unlink(missing_ok=True)
    for mark in folder.glob(f"*{UNRECORDED}"):
        if not mark.with_suffix(".mp4").exists():
            delete_clip(folder, mark.stem)
    for clip in _marked(folder):
        if clip.asked.who == HUB.id:
            delete_clip(folder, clip.id)


def _marked(folder: Path) -> list[Clip]:
    found = list[Clip]()
    for mark in sorted(folder.glob(f"*{UNRECORDED}")):
        try:
            found.append(clip_about(folder, mark.stem))
        except UnknownIdError:
            continue  # it is being made, or was just deleted
        except (FileNotFoundError, msgspec.MsgspecError) as error:
            _log.warning("clip %s stays unrecorded, since its sheet cannot be read: %s", mark.stem, error)
    return found


def delete_clip(folder: Path, clip: str) -> None:
    """Take a clip away that is not on record. Raises `OSError`."""
    for suffix in (".mp4", ".json", UNRECORDED):
        (folder / f"{clip}{suffix}").unlink(missing_ok=True)


def relist(db: sqlite3.Connection, folder: Path) -> None:
    """Bring the list to what is in the folder, such as after a restore. Raises `OSError`."""
    marked = {path.stem for path in folder.glob(f"*{UNRECORDED}")}
    there, known = {path.stem for path in folder.glob("*.mp4")} - marked, clip_list.ids(db)
    for clip in known - there:
        clip_list.drop(db, clip)
    for clip in there - known:
        try:
            clip_list.add(db, clip_about(folder, clip).listed)
        except (UnknownIdError, FileNotFoundError, msgspec.MsgspecError) as error:
            _log.warning("clip %s is not listed, since its sheet cannot be read: %s", clip, error)
