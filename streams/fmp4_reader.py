"""Reads back the fragments that `streams.fmp4` writes, and finds where a file that was cut short is still whole."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

from command.kernel.errors import InvalidInputError
from streams.fmp4 import Sample

_MOOF_HEAD = 8 + 16 + 8 + 16 + 20 + 20
_SAMPLE = struct.Struct(">3Ii")
_NOT_SYNC = 0x00010000
Bytes = bytes | mmap.mmap


def boxes(data: Bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each whole box at the top level; a box that is cut short ends it."""
    start = 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > len(data):
            return
        yield kind, start, start + size
        start += size


def head_length(data: Bytes) -> int:
    """Return how long the initialization segment is. Raises `InvalidInputError` where it is not whole."""
    for kind, _, end in boxes(data):
        if kind == b"moov":
            return end
    raise InvalidInputError("not a recording: it has no beginning")


def whole_length(data: Bytes) -> int:
    """Return the length up to the end of the last complete fragment, as we write them, or of the head.

    A power cut may leave a file its length and holes in its end: those count as cut off.
    """
    whole, moof = head_length(data), None
    for kind, start, end in boxes(data):
        if kind == b"moof":
            moof = start
        elif kind == b"mdat":
            if moof is not None and _pictures(data, moof, start):
                whole = end
            moof = None
    return whole


def samples(data: bytes) -> list[Sample]:
    """Return the samples of all fragments, in decoding order. Raises `InvalidInputError` for what we did not write."""
    found: list[Sample] = []
    moof = None
    for kind, start, end in boxes(data):
        if kind == b"moof":
            moof = start
        elif kind == b"mdat":
            if moof is None:
                raise InvalidInputError("not a recording: data without a description")
            found += _fragment(data, moof, start, end)
            moof = None
    return found


def _pictures(data: Bytes, moof: int, mdat: int) -> int:
    """Return how many pictures the description at `moof` is of; 0 where it is none of ours."""
    if moof + _MOOF_HEAD > mdat:
        return 0
    (count,) = struct.unpack_from(">I", data, moof + 80)
    return int(count) if moof + _MOOF_HEAD + count * _SAMPLE.size == mdat else 0


def end_ms(data: Bytes, moof: int) -> int:
    """Return when the last picture of the fragment described at `moof` is over."""
    (dts_ms,) = struct.unpack_from(">Q", data, moof + 60)
    (count,) = struct.unpack_from(">I", data, moof + 80)
    latest_ms = 0
    for i in range(count):
        lasts_ms, _, _, shift_ms = _SAMPLE.unpack_from(data, moof + _MOOF_HEAD + i * _SAMPLE.size)
        latest_ms = max(latest_ms, dts_ms + shift_ms + lasts_ms)
        dts_ms += lasts_ms
    return latest_ms


def _fragment(data: bytes, moof: int, mdat: int, end: int) -> Iterator[Sample]:
    if not (count := _pictures(data, moof, mdat)):
        raise InvalidInputError("not a recording: a description of another form")
    (dts_ms,) = struct.unpack_from(">Q", data, moof + 60)
    at = mdat + 8
    for i in range(count):
        lasts_ms, size, flags, shift_ms = _SAMPLE.unpack_from(data, moof + _MOOF_HEAD + i * _SAMPLE.size)
        if at + size > end:
            raise InvalidInputError("not a recording: data shorter than described")
        yield Sample(data[at : at + size], dts_ms, dts_ms + shift_ms, lasts_ms, not flags & _NOT_SYNC)
        at += size
        dts_ms += lasts_ms
