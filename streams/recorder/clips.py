"""Clips as evidence: a stretch of recording as one playable file, its hash, and everything to be known of it.

Pictures are copied byte for byte; only where they stand in the file is new. The file's time goes on over gaps.
"""

from __future__ import annotations

import hashlib
import os
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
from streams.recorder import threads
from streams.recorder.gaps import Why, explained
from streams.recorder.index import Segment
from streams.recorder.locks import write_durably
from streams.recorder.sheets import CLIPS, Asked, Clip, Shift
from streams.recorder.store import Store, read_fragments


async def export(store: Store, asked: Asked) -> Clip:
    """Make the file in the folder of clips, durable when this returns.

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
    known = await store.whys(asked.camera, asked.from_ms, asked.to_ms)
    try:
        return await threads.begin(lambda: _make(store.folder, segments, head, asked, known))
    except OSError as error:
        raise UnavailableError(f"the clip cannot be written: {error.strerror}") from error


def _make(
    recordings: Path, segments: Sequence[Segment], head: bytes, asked: Asked, known: Sequence[Sequence[Why]]
) -> Clip:
    folder = recordings / CLIPS
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
        clip = writer.clip(path.stem, known)
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
        self._gaps: list[tuple[int, int]] = []
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
            self._gaps.append((self._until_ms, starts_ms))
        last = samples[-1]
        self._until_ms = segment.from_ms + last.dts_ms + last.duration_ms
        shift_ms = max(segment.from_ms - self._begins_ms, self._end_ms - samples[0].dts_ms)
        placed = [replace(s, dts_ms=s.dts_ms + shift_ms, pts_ms=s.pts_ms + shift_ms) for s in samples]
        self._end_ms = placed[-1].dts_ms + placed[-1].duration_ms
        self._number += 1
        self.write(fmp4.fragment(self._number, placed))

    def clip(self, name: str, known: Sequence[Sequence[Why]]) -> Clip:
        if self._begins_ms is None:
            raise UnknownIdError("nothing is recorded of that time")
        if self._asked.to_ms - self._until_ms > RECORD_GAP_MS:
            self._gaps.append((self._until_ms, self._asked.to_ms))
        return Clip(
            id=name, asked=self._asked, begins_ms=self._begins_ms, sha256=self._hash.hexdigest(), size=self._size,
            gaps=explained(self._gaps, known), shifts=self._shifts,
            missing_ms=sum(to_ms - from_ms for from_ms, to_ms in self._gaps),
        )  # fmt: skip


def _asked_of(samples: Sequence[Sample], from_ms: int, to_ms: int) -> Sequence[Sample]:
    """Return what was asked for, from the last key frame before it: pictures in between need those before them."""
    keys = [i for i, sample in enumerate(samples) if sample.is_key and sample.pts_ms <= from_ms]
    end = next((i for i, sample in enumerate(samples) if sample.dts_ms >= to_ms), len(samples))
    return samples[keys[-1] if keys else 0 : end]
