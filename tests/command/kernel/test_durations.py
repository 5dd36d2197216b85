"""Durations fall into the class whose upper bound they do not pass."""

from __future__ import annotations

import pytest

from command.kernel.durations import BOUNDS_S, Durations


def test_classes_count_everything_up_to_their_bound() -> None:
    measured = Durations()
    for duration_s in (BOUNDS_S[0], BOUNDS_S[0] + 1e-9, BOUNDS_S[-1], BOUNDS_S[-1] + 1):
        measured.note(duration_s)
    counts = measured.up_to()
    assert (counts[0], counts[1], counts[-2], counts[-1]) == (1, 2, 3, 4)
    assert len(counts) == len(BOUNDS_S) + 1
    assert measured.total_s == pytest.approx(2 * BOUNDS_S[0] + 2 * BOUNDS_S[-1] + 1)
