"""What several recorders have of a camera is one time line (SPEC R649)."""

from __future__ import annotations

from streams.recorder.archive import Listed, ListedSegment
from streams.recorder.gaps import Cause, Gap, Why
from streams.recorder.index import Span
from streams.recorder.joined import OTHERS_RECORD, joined, numbered, whose


def told(*spans: tuple[int, int], gaps: list[Gap] | None = None, next_ms: int | None = None) -> Listed:
    segments = [ListedSegment(n + 1, start, end, "i", 0) for n, (start, end) in enumerate(spans)]
    return Listed([Span(start, end, locked=False) for start, end in spans], segments, [], gaps or [], next_ms)


def test_ids_say_whose_a_segment_is_and_are_exact_in_a_browser() -> None:
    for recorder, segment in ((0, 5), (1, 5), (256 * 16 + 15, 10**12 - 1)):
        assert whose(numbered(recorder, segment)) == (recorder, segment)
        assert numbered(recorder, segment) < 2**53


def test_a_time_is_missing_where_none_has_it_and_why_is_told_by_whose_turn_it_was() -> None:
    one = told((0, 60_000), gaps=[
        Gap(60_000, 70_000, "camera_down", "no answer"), Gap(70_000, 200_000, "recorder_stopped", OTHERS_RECORD),
    ])  # fmt: skip
    two = told((100_000, 150_000), gaps=[
        Gap(0, 80_000, "not_scheduled"), Gap(80_000, 100_000, "unknown"), Gap(150_000, 200_000, "disk_full"),
    ])  # fmt: skip
    found = joined([(1, one), (2, two)], [], 0, 200_000, 200_000)
    assert [(span.from_ms, span.to_ms) for span in found.spans] == [(0, 60_000), (100_000, 150_000)]
    assert [whose(segment.id) for segment in found.segments] == [(1, 1), (2, 1)]
    assert [(gap.from_ms, gap.to_ms, gap.reason) for gap in found.gaps] == [
        (60_000, 70_000, "camera_down"), (70_000, 80_000, "not_scheduled"), (80_000, 100_000, "recorder_stopped"),
        (150_000, 200_000, "disk_full"),
    ]  # fmt: skip


def test_what_may_be_at_one_that_does_not_answer_is_never_silence() -> None:
    one = told((0, 60_000), gaps=[
        Gap(60_000, 90_000, "camera_down"), Gap(90_000, 200_000, "recorder_stopped", OTHERS_RECORD),
    ])  # fmt: skip
    found = joined([(1, one)], [Cause("hub_away", "hub 2")], 0, 200_000, 200_000)
    assert [(gap.reason, gap.detail) for gap in found.gaps] == [("camera_down", ""), ("hub_away", "hub 2")]


def test_what_a_hub_had_that_was_taken_out_is_gone_up_to_then_and_no_reason_for_later() -> None:
    one = told((120_000, 150_000), gaps=[Gap(0, 120_000, "not_scheduled"), Gap(150_000, 200_000, "camera_down")])
    gone = [Why(0, 90_000, Cause("hub_gone", "hub 2"))]
    found = joined([(1, one)], [], 0, 200_000, 200_000, gone)
    assert [(gap.from_ms, gap.to_ms, gap.reason) for gap in found.gaps] == [
        (0, 90_000, "hub_gone"), (90_000, 120_000, "not_scheduled"), (150_000, 200_000, "camera_down"),
    ]  # fmt: skip


def test_a_long_listing_goes_on_where_the_first_of_them_was_cut() -> None:
    one, two = told((0, 50_000), (50_000, 90_000)), told((10_000, 20_000), next_ms=20_000)
    found = joined([(1, one), (2, two)], [], 0, 100_000, 100_000)
    assert found.next_ms == 20_000
    assert [segment.from_ms for segment in found.segments] == [0, 10_000]
