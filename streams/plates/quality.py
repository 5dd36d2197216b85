"""Whether a camera's plates are read worse than usual: a dirty lens, a turned camera, darkness, fog. Pure.

What is compared are hours with the same hour of the days before. Fewer passages alone may be an empty road, so what is
expected follows what moves in the picture, down to half: a lens that is covered sees nothing move either.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal

import msgspec

from streams.limits import QUALITY_DAYS_LEAST, QUALITY_LEAST_EXPECTED, QUALITY_LEAST_FOUND

Why = Literal["fewer", "unread", "unsure"]
"""Fewer passages are read, more plates are found and not read, or what is read is less sure."""

_HOUR_MS = 3_600_000
_FEWER, _FEWER_NO_MORE = 0.5, 0.7
_UNREAD, _UNREAD_NO_MORE = 0.25, 0.15
_UNSURE, _UNSURE_NO_MORE = 0.08, 0.05
_EMPTIER_LEAST = 0.5
_DEVIATIONS = 3.0


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What was read before one camera while it was watched for `watched_ms`, but for what readers were too busy for.

    `found` counts plates in single pictures and `unread` those of which no characters were made out; `moving` counts
    pictures that were looked at because something moved. `strangers` are passages with another province's character.
    """

    watched_ms: int = 0
    passages: int = 0
    confidence_sum: float = 0.0
    found: int = 0
    unread: int = 0
    moving: int = 0
    strangers: int = 0

    def __add__(self, other: Measure) -> Measure:
        """Return both together."""
        return Measure(
            watched_ms=self.watched_ms + other.watched_ms,
            passages=self.passages + other.passages,
            confidence_sum=self.confidence_sum + other.confidence_sum,
            found=self.found + other.found,
            unread=self.unread + other.unread,
            moving=self.moving + other.moving,
            strangers=self.strangers + other.strangers,
        )

    @property
    def hours(self) -> float:
        """How long it was watched."""
        return self.watched_ms / _HOUR_MS

    @property
    def confidence(self) -> float | None:
        """How sure a passage is on average, 0…1; None without one."""
        return self.confidence_sum / self.passages if self.passages else None

    @property
    def unread_share(self) -> float | None:
        """The share of plates found that were not read; None where too few were found to say."""
        return self.unread / self.found if self.found >= QUALITY_LEAST_FOUND else None


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual at this hour: medians over days; None where nothing is known."""

    days: int
    passages_per_h: float
    moving_per_h: float
    unread_share: float | None
    confidence: float | None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """`percent` is of the usual passages. `why` is empty where it is well, None where nobody can tell."""

    percent: int | None
    why: Why | Literal[""] | None


def usual_of(days: Sequence[Measure]) -> Usual | None:
    """Return what is usual, given the same hour of the days before; None where too few of them were watched."""
    watched = [day for day in days if day.watched_ms >= _HOUR_MS // 2]
    if len(watched) < QUALITY_DAYS_LEAST:
        return None
    shares = [share for day in watched if (share := day.unread_share) is not None]
    sure = [confidence for day in watched if (confidence := day.confidence) is not None]
    return Usual(
        days=len(watched),
        passages_per_h=median(day.passages / day.hours for day in watched),
        moving_per_h=median(day.moving / day.hours for day in watched),
        unread_share=median(shares) if shares else None,
        confidence=median(sure) if sure else None,
    )


def judge(now: Measure, usual: Usual | None, *, standing: bool) -> Judgement:
    """Judge what was read now; `standing` while it counts as worse already: it is over once it is clearly better."""
    if usual is None or not now.watched_ms:
        return Judgement(percent=None, why=None)
    ordinary = usual.passages_per_h * now.hours
    percent = round(100 * now.passages / ordinary) if ordinary else None
    expected = ordinary * _emptier(now, usual)
    fewer = _is_fewer(now.passages, expected, standing)
    if fewer:
        return Judgement(percent=percent, why="fewer")
    if _is_unread(now, usual, standing):
        return Judgement(percent=percent, why="unread")
    if _is_unsure(now, usual, standing):
        return Judgement(percent=percent, why="unsure")
    return Judgement(percent=percent, why=None if fewer is None else "")


def _is_fewer(passages: int, expected: float, standing: bool) -> bool | None:
    """Say whether it is far less than expected; None where that could be by chance."""
    if expected < QUALITY_LEAST_EXPECTED:
        return None
    limit = expected * (_FEWER_NO_MORE if standing else _FEWER)
    # As few as that by chance is out of the question: three deviations of a Poisson count.
    return passages < limit and passages < expected - _DEVIATIONS * expected**0.5


def _emptier(now: Measure, usual: Usual) -> float:
    """Return how much of the usual traffic moves, half at least; all of it where movement is not known."""
    if usual.moving_per_h <= 0:
        return 1.0
    return min(1.0, max(_EMPTIER_LEAST, now.moving / now.hours / usual.moving_per_h))


def _is_unread(now: Measure, usual: Usual, standing: bool) -> bool:
    share = now.unread_share
    more = _UNREAD_NO_MORE if standing else _UNREAD
    return share is not None and usual.unread_share is not None and share > usual.unread_share + more


def _is_unsure(now: Measure, usual: Usual, standing: bool) -> bool:
    less = _UNSURE_NO_MORE if standing else _UNSURE
    confidence = now.confidence
    enough = now.passages >= QUALITY_LEAST_EXPECTED
    return enough and confidence is not None and usual.confidence is not None and confidence < usual.confidence - less
