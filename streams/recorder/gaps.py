"""Times without pictures, and why there are none. Pure: what is known is laid over what is missing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from streams.limits import RECORD_GAP_MS, RECORD_SEAM_MS

Reason = Literal[
    "camera_down",
    "disk_full",
    "disk_failing",
    "disk_hung",
    "recorder_stopped",
    "clock_jump",
    "not_scheduled",
    "no_event",
    "overwritten",
    "hub_away",
    "hub_gone",
    "unknown",
]


class Cause(msgspec.Struct, frozen=True):
    """Why nothing is recorded; `detail` is for a technician, where more is known."""

    reason: Reason
    detail: str = ""


class Why(msgspec.Struct, frozen=True):
    """A cause and when it held. Where pictures were recorded all the same, it says nothing."""

    from_ms: int
    to_ms: int
    cause: Cause


class Gap(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time of which there are no pictures, and why."""

    from_ms: int
    to_ms: int
    reason: Reason
    detail: str = ""


Piece = tuple[int, int, Cause | None]


def missing(spans: Iterable[tuple[int, int]], from_ms: int, to_ms: int) -> list[tuple[int, int]]:
    """Return the times between spans, which come in order, that are long enough to be a gap."""
    found: list[tuple[int, int]] = []
    until_ms = from_ms
    for start_ms, end_ms in spans:
        if min(start_ms, to_ms) - until_ms > RECORD_GAP_MS:
            found.append((until_ms, min(start_ms, to_ms)))
        until_ms = max(until_ms, end_ms)
    if to_ms - until_ms > RECORD_GAP_MS:
        found.append((until_ms, to_ms))
    return found


def explained(gaps: Iterable[tuple[int, int]], layers: Sequence[Sequence[Why]], now_ms: int | None = None) -> list[Gap]:
    """Return the gaps with their reasons, cut where the reason changes.

    Of `layers` the first that knows a cause counts; within one, causes come in order of time. What reaches up to
    `now_ms` for no reason, and is short, is no gap: its pictures are not written yet.
    """
    found: list[Gap] = []
    for start_ms, end_ms in gaps:
        pieces: list[Piece] = [(start_ms, end_ms, None)]
        for layer in layers:
            pieces = [piece for each in pieces for piece in _laid_over(each, layer)]
        is_last = now_ms is not None and end_ms >= now_ms
        if is_last and len(pieces) == 1 and pieces[0][2] is None and end_ms - start_ms <= RECORD_SEAM_MS:
            continue
        for first_ms, last_ms, known in _joined(pieces):
            cause = known or Cause("unknown")
            found.append(Gap(first_ms, last_ms, cause.reason, cause.detail))
    return found


def _laid_over(piece: Piece, layer: Sequence[Why]) -> list[Piece]:
    start_ms, end_ms, known = piece
    if known is not None:
        return [piece]
    found: list[Piece] = []
    for why in layer[max(0, bisect_right(layer, start_ms, key=lambda each: each.from_ms) - 1) :]:
        if why.from_ms >= end_ms:
            break
        from_ms, to_ms = max(start_ms, why.from_ms), min(end_ms, why.to_ms)
        if from_ms >= to_ms:
            continue
        if from_ms > start_ms:
            found.append((start_ms, from_ms, None))
        found.append((from_ms, to_ms, why.cause))
        start_ms = to_ms
    return [*found, (start_ms, end_ms, None)] if start_ms < end_ms else found


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Give short unknown pieces to their neighbours, and join neighbours of one cause."""
    found: list[Piece] = []
    for i, (from_ms, to_ms, known) in enumerate(pieces):
        cause = known
        if known is None and to_ms - from_ms <= RECORD_SEAM_MS:
            cause = found[-1][2] if found else pieces[i + 1][2] if i + 1 < len(pieces) else None
        if found and found[-1][2] == cause:
            found[-1] = (found[-1][0], to_ms, cause)
        else:
            found.append((from_ms, to_ms, cause))
    return found
