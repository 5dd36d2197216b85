"""When plates are read worse than usual, and when it is only an empty road (SPEC R630-R633)."""

from __future__ import annotations

import pytest

from streams.limits import QUALITY_DAYS_LEAST
from streams.plates.quality import Judgement, Measure, judge, usual_of

HOUR_MS = 3_600_000


def hour(
    passages: int, *, moving: int = 0, found: int = 0, unread: int = 0, sure: float = 0.96, ms: int = HOUR_MS
) -> Measure:
    return Measure(
        watched_ms=ms, passages=passages, confidence_sum=passages * sure, found=found, unread=unread, moving=moving
    )


USUAL = usual_of([hour(n, moving=900, found=600, unread=60) for n in (110, 120, 130, 125, 118)])


def why(now: Measure, *, standing: bool = False) -> str | None:
    return judge(now, USUAL, standing=standing).why


def test_usual_is_the_median_of_the_hours_that_were_watched() -> None:
    assert USUAL is not None
    assert (USUAL.days, USUAL.passages_per_h, USUAL.moving_per_h) == (5, 120, 900)
    assert (USUAL.unread_share, round(USUAL.confidence or 0, 2)) == (0.1, 0.96)
    outage = hour(3, ms=5 * 60_000)  # the camera was down for the rest of that hour
    assert usual_of([hour(120)] * 2 + [outage]) is None
    half = usual_of([hour(60, ms=HOUR_MS // 2)] * QUALITY_DAYS_LEAST)
    assert half is not None
    assert half.passages_per_h == 120


def test_a_lens_before_which_as_much_moves_and_less_is_read_is_noticed() -> None:
    assert judge(hour(49, moving=900, found=200, unread=20), USUAL, standing=False) == Judgement(
        percent=41, why="fewer"
    )
    assert why(hour(0, moving=900)) == "fewer"


def test_half_the_traffic_on_a_holiday_is_no_fault_of_the_lens() -> None:
    assert why(hour(50, moving=400)) == ""


def test_a_covered_lens_sees_nothing_move_and_is_noticed_all_the_same() -> None:
    assert why(hour(0, moving=0)) == "fewer"


def test_where_movement_is_not_known_passages_alone_are_compared() -> None:
    plain = usual_of([hour(120)] * QUALITY_DAYS_LEAST)
    assert judge(hour(40), plain, standing=False).why == "fewer"
    assert judge(hour(100), plain, standing=False).why == ""


def test_few_by_chance_at_night_are_nothing_to_say() -> None:
    night = usual_of([hour(8)] * QUALITY_DAYS_LEAST)
    assert judge(hour(0), night, standing=False).why is None


def test_plates_that_are_found_and_not_read_are_noticed() -> None:
    assert why(hour(100, moving=900, found=600, unread=240)) == "unread"
    assert why(hour(100, moving=900, found=600, unread=120)) == ""
    assert why(hour(100, moving=900, found=40, unread=40)) == ""  # too few to say


def test_reads_that_became_less_sure_are_noticed() -> None:
    assert why(hour(110, moving=900, sure=0.85)) == "unsure"
    assert why(hour(110, moving=900, sure=0.93)) == ""


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (hour(70, moving=900), False),
        (hour(95, moving=900), True),
        (hour(110, moving=900, found=600, unread=170), False),
        (hour(110, moving=900, sure=0.90), False),
        (hour(110, moving=900, sure=0.92, found=600, unread=130), True),
    ],
)
def test_it_is_over_once_it_is_clearly_better(now: Measure, *, over: bool) -> None:
    assert (why(now, standing=True) == "") is over
    assert why(now) == ""  # as bad as that, it would not have been raised


def test_nothing_is_said_without_days_to_compare_or_while_not_watched() -> None:
    assert judge(hour(0), None, standing=False) == Judgement(percent=None, why=None)
    assert judge(Measure(), USUAL, standing=True) == Judgement(percent=None, why=None)
