"""Clips of recordings: each is read whole against the hash on record before it is taken, when put back, and verified.

A clip is `<id>.mp4` with its sheet `<id>.json`, which names its `sha256` and `size`; both lie in a folder of the hub
that exported it, whichever database hubs share. Neither is sealed, so whoever can change one can change both: what
they were is in the record (`clip_exported`). One that the record does not name is not exported yet, or belongs to
later than the record does; it is held to its sheet alone, and left out where a mark beside it says that nobody knows
yet whether it is on record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from command.backup import DamagedArchiveError
from command.backup.records import ClipPiece, ClipSheet
from command.facts.recording import ClipExported
from command.kernel.limits import BACKUP_CHUNK_BYTES

FOLDER = Path("recordings") / "clips"
"""Where clips lie in a data folder, unless recordings have one of their own."""
UNRECORDED = ".unrecorded"
"""The suffix of the mark of a clip, until it is known to be on record."""
_ID = re.compile(r"[0-9a-f]{16}")


Named = Mapping[str, ClipExported]
"""Clips by their ids, as the record names them."""


class _Sheet(msgspec.Struct, frozen=True):
    sha256: str
    size: int


def clip_name(clip: str) -> str:
    """Return what a clip is called where it is lost."""
    return f"clips/{clip}.mp4"


def clips_in(folder: Path) -> dict[str, Path]:
    """Return the files of clips by their ids; none where there is no folder. Raises `OSError`."""
    try:
        return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == ".mp4"}
    except FileNotFoundError:
        return {}


def read_clips(files: Mapping[str, Path], named: Named) -> Iterator[ClipSheet | ClipPiece | str]:
    """Yield the sheet of each clip and the pieces of its file; the id alone of one that is not what it was."""
    for clip, path in files.items():
        if clip not in named and path.with_suffix(UNRECORDED).exists():
            continue
        with opened(path, named.get(clip)) as found:
            if found is not None and _ID.fullmatch(clip):
                file, sheet = found
                yield ClipSheet(clip=clip, sheet=sheet)
                while piece := file.read(BACKUP_CHUNK_BYTES):
                    yield ClipPiece(clip=clip, data=piece)
            elif clip in named or path.exists():  # one that is not on record may be deleted meanwhile
                yield clip


@contextmanager
def opened(path: Path, fact: ClipExported | None) -> Iterator[tuple[BinaryIO, bytes] | None]:
    """Give a clip's file and its sheet; None where they are not what each other, or the record, says."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            sheet = path.with_suffix(".json").read_bytes()
            told, sha256 = _told(sheet), hashlib.file_digest(file, "sha256").hexdigest()
            whole = told == _Sheet(sha256, file.tell()) and (fact is None or sha256 == fact.sha256)
            file.seek(0)
        except OSError:
            whole = False
        yield (file, sheet) if whole else None


def _told(sheet: bytes) -> _Sheet | None:
    """Return what a sheet says of its file; None for one that cannot be read."""
    try:
        return msgspec.json.decode(sheet, type=_Sheet)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class ClipCheck:
    """Holds what comes by to what sheets say. Raises `DamagedArchiveError` where it is something else.

    Where the sheet is not what the record says a release before took the clip; whoever reads the archive is told.
    """

    def __init__(self, named: Named) -> None:
        self.taken: set[str] = set()
        """Ids of all that came."""
        self.altered: set[str] = set()
        """Of these, whose sheet has another hash than the record."""
        self._named = named
        self._clip = ""
        self._sheet: _Sheet | None = None
        self._hash = hashlib.sha256()
        self._size = 0

    def sheet(self, record: ClipSheet) -> None:
        """A clip begins; the one before is whole."""
        self.end()
        if not _ID.fullmatch(record.clip) or record.clip in self.taken:
            raise DamagedArchiveError(f"{record.clip!r} is no name of a clip, or came before")
        self._sheet = _told(record.sheet)
        if self._sheet is None:
            raise DamagedArchiveError(f"the sheet of clip {record.clip} cannot be read")
        self._clip, self._hash, self._size = record.clip, hashlib.sha256(), 0
        self.taken.add(record.clip)
        if (fact := self._named.get(record.clip)) and fact.sha256 != self._sheet.sha256:
            self.altered.add(record.clip)

    def piece(self, record: ClipPiece) -> None:
        """More of the clip that began last."""
        if record.clip != self._clip:
            raise DamagedArchiveError(f"a piece of clip {record.clip} is not where it belongs")
        self._hash.update(record.data)
        self._size += len(record.data)

    def end(self) -> None:
        """No more comes of the clip that began last."""
        told, self._sheet = self._sheet, None
        if told is not None and told != _Sheet(self._hash.hexdigest(), self._size):
            raise DamagedArchiveError(f"clip {self._clip} is not what it was")


def put_clip(folder: Path, record: ClipSheet | ClipPiece) -> None:
    """Put a sheet, or a piece behind those before it, where a hub finds it; what they are was checked before."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.clip}.mp4"
    if isinstance(record, ClipSheet):
        path.with_suffix(".json").write_bytes(record.sheet)
        path.write_bytes(b"")
        return
    with path.open("ab") as file:
        file.write(record.data)
