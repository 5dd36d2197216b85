"""What several recorders have of one camera as one listing. Pure: numbers tell whose segments are whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from streams.limits import RECORD_GAP_MS
from streams.recorder.archive import Listed, ListedSegment
from streams.recorder.gaps import Cause, Gap, Why, explained, missing
from streams.recorder.index import Span

OTHERS_RECORD = "another hub records"
"""The detail of `recorder_stopped` where it stopped since it is another one's to record."""
_OWN_IDS = 10**12
"""More than one recorder ever has; with numbers below 9000 before them they are exact in a browser too."""


def numbered(recorder: int, segment: int) -> int:
    """Return the id of a segment among all recorders; with the number 0 it stays as it is."""
    return recorder * _OWN_IDS + segment


def whose(segment: int) -> tuple[int, int]:
    """Return the recorder's number and its own id of a segment."""
    return divmod(segment, _OWN_IDS)


def joined(
    parts: Sequence[tuple[int, Listed]], away: Sequence[Cause], from_ms: int, to_ms: int, now_ms: int,
    gone: Sequence[Why] = (),
) -> Listed:  # fmt: skip
    """Return what there is of a time at all recorders.

    A time is missing where none has it. Why is told by the one that was to record it; where one that may have it does
    not answer, that is why, for the cause in `away`, or where there is no such one any more, for one that is `gone`.
    """
    next_ms = min((told.next_ms for _, told in parts if told.next_ms is not None), default=None)
    segments = [
        replace(each, id=numbered(recorder, each.id))
        for recorder, told in parts
        for each in told.segments
        if next_ms is None or each.from_ms < next_ms
    ]
    spans = _spans([span for _, told in parts for span in told.spans])
    until_ms = min(to_ms, now_ms)
    gaps = [gap for _, told in parts for gap in told.gaps]
    layers = [_of(gap for gap in told.gaps if _rank(gap) == 0) for _, told in parts]
    layers += [[Why(from_ms, to_ms, cause)] for cause in away]
    layers += [[each] for each in gone]
    layers += [_of(gap for gap in gaps if _rank(gap) == rank) for rank in (1, 2, 3)]
    return Listed(
        spans,
        sorted(segments, key=_begins),
        list({lock.id: lock for _, told in parts for lock in told.locks}.values()),
        explained(missing([(span.from_ms, span.to_ms) for span in spans], from_ms, until_ms), layers, until_ms),
        next_ms,
    )


def _rank(gap: Gap) -> int:
    """Return how much a recorder's reason says: 0 where it was to record and could not, 4 where it says nothing."""
    if gap.reason == "recorder_stopped":
        return 3 if gap.detail == OTHERS_RECORD else 1
    return {"not_scheduled": 2, "unknown": 4}.get(gap.reason, 0)


def _of(gaps: Iterable[Gap]) -> list[Why]:
    """Return reasons in order of time, none of them over another."""
    found: list[Why] = []
    for gap in sorted(gaps, key=lambda gap: gap.from_ms):
        from_ms = max(gap.from_ms, found[-1].to_ms) if found else gap.from_ms
        if from_ms < gap.to_ms:
            found.append(Why(from_ms, gap.to_ms, Cause(gap.reason, gap.detail)))
    return found


def _spans(spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.from_ms):
        last = found[-1] if found else None
        if last and span.from_ms - last.to_ms <= RECORD_GAP_MS and last.locked == span.locked:
            found[-1] = replace(last, to_ms=max(last.to_ms, span.to_ms))
        else:
            found.append(span)
    return found


def _begins(segment: ListedSegment) -> tuple[int, int]:
    return segment.from_ms, segment.id
