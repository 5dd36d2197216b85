"""What became of recordings, line by line in their folder, so that reasons of gaps outlive the loss of the index.

It is written beside the index and read only where that is made anew. A line that is torn or missing costs a reason, and
never a picture: nothing waits for it to be durable.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from streams.limits import RECORD_ALIVE_MS, RECORD_DIARY_BYTES
from streams.recorder import whys
from streams.recorder.whys import Turn

_log = logging.getLogger(__name__)


class _Turned(msgspec.Struct, frozen=True, tag="turn", omit_defaults=True):
    turn: Turn


class _Begun(msgspec.Struct, frozen=True, tag="begin"):
    at_ms: int


class _Alive(msgspec.Struct, frozen=True, tag="alive"):
    at_ms: int


class _Cut(msgspec.Struct, frozen=True, tag="cut"):
    """What was before this file is forgotten."""


_Line = _Turned | _Begun | _Alive | _Cut
_decoder = msgspec.json.Decoder(_Line)


class Diary:
    """Two files, of which the older is dropped when the newer is full."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "gaps.jsonl"
        self._old = folder / "gaps.old.jsonl"
        self._alive_ms = 0

    def note(self, turns: Sequence[Turn], now_ms: int, *, begins: bool) -> None:
        """Write down that the recorder begins, or lives, and what turned."""
        lines: list[_Line] = [_Begun(now_ms)] if begins else []
        if begins or not 0 <= now_ms - self._alive_ms < RECORD_ALIVE_MS:
            lines.append(_Alive(now_ms))
        lines += map(_Turned, turns)
        if not lines:
            return
        try:
            self._turn_over()
            with self._path.open("ab") as file:
                file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
            self._alive_ms = now_ms
        except OSError as error:
            _log.warning("reasons of gaps are in the index alone: %s", error.strerror)

    def _turn_over(self) -> None:
        try:
            if self._path.stat().st_size < RECORD_DIARY_BYTES:
                return
        except FileNotFoundError:
            return
        self._path.replace(self._old)
        self._path.write_bytes(msgspec.json.encode(_Cut()) + b"\n")

    def replay(self, db: sqlite3.Connection) -> None:
        """Write into an index that was made anew what it held of reasons, before it holds any recordings."""
        known: set[str] = set()
        is_cut = False
        for n, line in enumerate(self._both()):
            match line:
                case _Turned(turn=turn):
                    if is_cut and turn.camera not in known:
                        whys.heard_of(db, turn.camera, turn.at_ms)
                    known.add(turn.camera)
                    whys.turn(db, [turn])
                case _Begun(at_ms=at_ms):
                    whys.begin(db, at_ms)
                case _Alive(at_ms=at_ms):
                    whys.alive(db, at_ms)
                case _Cut():
                    is_cut = is_cut or n == 0

    def overwritten(self, db: sqlite3.Connection, oldest: Iterable[tuple[str, int]]) -> None:
        """Note for each camera and its oldest recording that what was recorded before is overwritten by now."""
        first: dict[str, int] = {}
        for line in self._both():
            if isinstance(line, _Turned) and line.turn.cause is None:
                first.setdefault(line.turn.camera, line.turn.at_ms)
        for camera, from_ms in oldest:
            if first.get(camera, from_ms) < from_ms:
                whys.overwrite(db, camera, first[camera], from_ms)

    def _both(self) -> Iterator[_Line]:
        yield from self._lines(self._old)
        yield from self._lines(self._path)

    @staticmethod
    def _lines(path: Path) -> Iterator[_Line]:
        try:
            with path.open("rb") as file:
                for line in file:
                    try:
                        yield _decoder.decode(line)
                    except (msgspec.MsgspecError, UnicodeError):  # torn, or a newer release's
                        continue
        except FileNotFoundError:
            return
