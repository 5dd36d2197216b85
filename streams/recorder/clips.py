"""Clips as evidence: a stretch of recording as one playable file, its hash, and everything to be known of it.

Pictures are copied byte for byte; only where they stand in the file is new. The file's time goes on over gaps.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec.structs import replace

from command.kernel.errors import ConflictError, InvalidInputError, UnavailableError, UnknownIdError
from command.kernel.folders import sync_folder, write_durably
from command.kernel.own_thread import begin
from streams import fmp4, fmp4_reader
from streams.fmp4 import Sample
from streams.limits import RECORD_CLIP_MS, RECORD_GAP_MS
from streams.recorder.gaps import Why, explained
from streams.recorder.sheets import CLIPS, Asked, Clip, Shift, mark_unrecorded
from streams.recorder.store import Store, read_fragments


async def export(store: Store, asked: Asked) -> Clip:
    """Make the file in the folder of clips, durable when this returns, and marked as not on record.

    Raises `InvalidInputError` (the times), `UnknownIdError` (nothing recorded then), `ConflictError` (the camera
    changed its picture in between), `UnavailableError`.
    """
    check_times(asked)
    segments = (await store.listing(asked.camera, asked.from_ms, asked.to_ms)).segments
    segments = sorted(segments, key=lambda segment: segment.id)
    head = await store.init(one_init([(segment.init, segment.from_ms) for segment in segments]))
    known = await store.whys(asked.camera, asked.from_ms, asked.to_ms)

    def make() -> Clip:
        with ClipFile(store.folder / CLIPS, asked, head) as clip:
            for segment in segments:
                clip.add(segment.from_ms, segment.shift_ms, read_fragments(store.folder, segment))
            return clip.finish(known)

    try:
        return await begin(make)
    except OSError as error:
        raise UnavailableError(f"the clip cannot be written: {error.strerror}") from error


def check_times(asked: Asked) -> None:
    """Raise `InvalidInputError` where no clip can be of such a time."""
    if not 0 < asked.to_ms - asked.from_ms <= RECORD_CLIP_MS:
        raise InvalidInputError(f"a clip ends after it begins and is of {RECORD_CLIP_MS // 3_600_000} hours at most")


def one_init(segments: Sequence[tuple[str, int]]) -> str:
    """Return the initialization segment that all of them, each with its beginning, are read with.

    Raises `UnknownIdError` where there are none, `ConflictError` where one is read with another.
    """
    if not segments:
        raise UnknownIdError("nothing is recorded of that time")
    for init, from_ms in segments:
        if init != segments[0][0]:
            raise ConflictError(
                "the camera's picture has another size or coding from then on: export before and after apart",
                at_ms=from_ms,
            )
    return segments[0][0]


class ClipFile:
    """`with ClipFile(folder, asked, head) as clip`: puts segments one behind the other, and keeps account of gaps.

    What is not finished when it is left is deleted. Every method raises `OSError`.
    """

    def __init__(self, folder: Path, asked: Asked, head: bytes) -> None:
        self._asked = asked
        self._hash = hashlib.sha256()
        self._size = 0
        self._number = 0
        self._begins_ms: int | None = None
        self._end_ms = 0  # of what is in the file, in the file's time
        self._until_ms = asked.from_ms  # of what is in the file, by the hub's clock
        self._gaps: list[tuple[int, int]] = []
        self._shifts: list[Shift] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{secrets.token_hex(8)}.mp4"
        self._half = self._path.with_suffix(".half")
        self._file = self._half.open("wb")
        self._write(head)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._half.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self._size += len(data)
        self._file.write(data)

    def add(self, from_ms: int, shift_ms: int, fragments: bytes) -> None:
        """Add what is asked for of a segment, in order of time."""
        samples = _asked_of(fmp4_reader.samples(fragments), self._asked.from_ms - from_ms, self._asked.to_ms - from_ms)
        if not samples:
            return
        starts_ms = from_ms + samples[0].dts_ms
        if self._begins_ms is None:
            self._begins_ms = starts_ms
        elif shift_ms:
            self._shifts.append(Shift(starts_ms, shift_ms))
        if starts_ms - self._until_ms > RECORD_GAP_MS:
            self._gaps.append((self._until_ms, starts_ms))
        last = samples[-1]
        self._until_ms = from_ms + last.dts_ms + last.duration_ms
        placed_ms = max(from_ms - self._begins_ms, self._end_ms - samples[0].dts_ms)
        placed = [replace(s, dts_ms=s.dts_ms + placed_ms, pts_ms=s.pts_ms + placed_ms) for s in samples]
        self._end_ms = placed[-1].dts_ms + placed[-1].duration_ms
        self._number += 1
        self._write(fmp4.fragment(self._number, placed))

    def finish(self, known: Sequence[Sequence[Why]]) -> Clip:
        """Make it durable, with its sheet. Raises `UnknownIdError` where nothing was added."""
        if self._begins_ms is None:
            raise UnknownIdError("nothing is recorded of that time")
        if self._asked.to_ms - self._until_ms > RECORD_GAP_MS:
            self._gaps.append((self._until_ms, self._asked.to_ms))
        self._file.flush()
        os.fsync(self._file.fileno())
        clip = Clip(
            id=self._path.stem, asked=self._asked, begins_ms=self._begins_ms, sha256=self._hash.hexdigest(),
            size=self._size, gaps=explained(self._gaps, known), shifts=self._shifts,
            missing_ms=sum(to_ms - from_ms for from_ms, to_ms in self._gaps),
        )  # fmt: skip
        mark_unrecorded(self._path)
        write_durably(self._path.with_suffix(".json"), msgspec.json.encode(clip))
        self._half.replace(self._path)
        sync_folder(self._path.parent)
        return clip


def _asked_of(samples: Sequence[Sample], from_ms: int, to_ms: int) -> Sequence[Sample]:
    """Return what was asked for, from the last key frame before it: pictures in between need those before them."""
    keys = [i for i, sample in enumerate(samples) if sample.is_key and sample.pts_ms <= from_ms]
    end = next((i for i, sample in enumerate(samples) if sample.dts_ms >= to_ms), len(samples))
    return samples[keys[-1] if keys else 0 : end]
