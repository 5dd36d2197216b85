"""Clips as evidence: a stretch of recording as one playable file, its hash, and everything to be known of it.

Pictures are copied byte for byte; only where they stand in the file is new. The file's time goes on over gaps.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec.structs import replace

from command.kernel.errors import ConflictError, InvalidInputError, UnavailableError, UnknownIdError
from command.kernel.limits import RECORD_CLIP_MS, RECORD_GAP_MS
from streams import fmp4, fmp4_reader
from streams.fmp4 import Sample
from streams.recorder.index import Segment
from streams.recorder.locks import write_durably
from streams.recorder.store import Store, read_fragments

_ID = re.compile(r"[0-9a-f]{16}")


class Gap(msgspec.Struct, frozen=True):
    """A time of which there are no pictures, though it was asked for."""

    from_ms: int
    to_ms: int


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


async def export(store: Store, folder: Path, asked: Asked) -> Clip:
    """Make the file in `folder`, durable when this returns.

    Raises `InvalidInputError` (the times), `UnknownIdError` (nothing recorded then), `ConflictError` (the camera
    changed its picture in between), `UnavailableError`.
    """
    if not 0 < asked.to_ms - asked.from_ms <= RECORD_CLIP_MS:
        raise InvalidInputError(f"a clip ends after it begins and is of {RECORD_CLIP_MS // 3_600_000} hours at most")
    segments = (await store.listing(asked.camera, asked.from_ms, asked.to_ms)).segments
    if not segments:
        raise UnknownIdError("nothing is recorded of that time")
    segments = sorted(segments, key=lambda segment: segment.id)
    other = next((segment for segment in segments if segment.init != segments[0].init), None)
    if other:
        raise ConflictError(
            "the camera's picture has another size or coding from then on: export before and after apart",
            at_ms=other.from_ms,
        )
    head = await store.init(segments[0].init)
    try:
        return await asyncio.to_thread(_make, store.folder, folder, segments, head, asked)
    except OSError as error:
        raise UnavailableError(f"the clip cannot be written: {error.strerror}") from error


def clip_file(folder: Path, clip: str) -> Path:
    """Return where the file of a clip is. Raises `UnknownIdError`."""
    path = folder / f"{clip}.mp4"
    if not _ID.fullmatch(clip) or not path.is_file():
        raise UnknownIdError("no such clip")
    return path


def clip_about(folder: Path, clip: str) -> Clip:
    """Return what is known of a clip. Raises `UnknownIdError`."""
    return msgspec.json.decode(clip_file(folder, clip).with_suffix(".json").read_bytes(), type=Clip)


def _make(recordings: Path, folder: Path, segments: Sequence[Segment], head: bytes, asked: Asked) -> Clip:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(8)}.mp4"
    half = path.with_suffix(".half")
    try:
        with half.open("wb") as file:
            writer = _Writer(file, asked)
            writer.write(head)
            for segment in segments:
                writer.add(segment, fmp4_reader.samples(read_fragments(recordings, segment)))
            file.flush()
            os.fsync(file.fileno())
        clip = writer.clip(path.stem)
        write_durably(path.with_suffix(".json"), msgspec.json.encode(clip))
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return clip


class _Writer:
    """Puts segments one behind the other and keeps account of what is missing."""

    def __init__(self, file: BinaryIO, asked: Asked) -> None:
        self._file = file
        self._asked = asked
        self._hash = hashlib.sha256()
        self._size = 0
        self._number = 0
        self._begins_ms: int | None = None
        self._end_ms = 0  # of what is in the file, in the file's time
        self._until_ms = asked.from_ms  # of what is in the file, by the hub's clock
        self._gaps: list[Gap] = []
        self._shifts: list[Shift] = []

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._size += len(data)
        self._file.write(data)

    def add(self, segment: Segment, samples: Sequence[Sample]) -> None:
        samples = _asked_of(samples, self._asked.from_ms - segment.from_ms, self._asked.to_ms - segment.from_ms)
        if not samples:
            return
        starts_ms = segment.from_ms + samples[0].dts_ms
        if self._begins_ms is None:
            self._begins_ms = starts_ms
        elif segment.shift_ms:
            self._shifts.append(Shift(starts_ms, segment.shift_ms))
        if starts_ms - self._until_ms > RECORD_GAP_MS:
            self._gaps.append(Gap(self._until_ms, starts_ms))
        last = samples[-1]
        self._until_ms = segment.from_ms + last.dts_ms + last.duration_ms
        shift_ms = max(segment.from_ms - self._begins_ms, self._end_ms - samples[0].dts_ms)
        placed = [replace(s, dts_ms=s.dts_ms + shift_ms, pts_ms=s.pts_ms + shift_ms) for s in samples]
        self._end_ms = placed[-1].dts_ms + placed[-1].duration_ms
        self._number += 1
        self.write(fmp4.fragment(self._number, placed))

    def clip(self, name: str) -> Clip:
        if self._begins_ms is None:
            raise UnknownIdError("nothing is recorded of that time")
        if self._asked.to_ms - self._until_ms > RECORD_GAP_MS:
            self._gaps.append(Gap(self._until_ms, self._asked.to_ms))
        return Clip(
            id=name, asked=self._asked, begins_ms=self._begins_ms, sha256=self._hash.hexdigest(), size=self._size,
            gaps=self._gaps, shifts=self._shifts, missing_ms=sum(gap.to_ms - gap.from_ms for gap in self._gaps),
        )  # fmt: skip


def _asked_of(samples: Sequence[Sample], from_ms: int, to_ms: int) -> Sequence[Sample]:
    """Return what was asked for, from the last key frame before it: pictures in between need those before them."""
    keys = [i for i, sample in enumerate(samples) if sample.is_key and sample.pts_ms <= from_ms]
    end = next((i for i, sample in enumerate(samples) if sample.dts_ms >= to_ms), len(samples))
    return samples[keys[-1] if keys else 0 : end]
