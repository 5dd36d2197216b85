from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plans.evaluate import TaskRecord, evaluate

MIN = 60_000


def record(task: str, done_min: float | None, *after: str, order: int = 0) -> TaskRecord:
    """A task opened at 0 and due at 10 min."""
    done_ms = None if done_min is None else int(done_min * MIN)
    return TaskRecord(task=task, order=order, opened_ms=0, due_ms=10 * MIN, done_ms=done_ms, after=after)


def test_each_outcome_earns_what_the_rule_says() -> None:
    result = evaluate(
        [
            record("late", 20, order=2),
            record("on-time", 10, order=1),
            record("missed", None, order=3),
            record("early", 5, "late", order=4),
            TaskRecord(task="never", order=5, opened_ms=None, due_ms=None),
        ],
        now_ms=40 * MIN,
    )
    told = [(mark.task, mark.outcome, mark.late_ms // MIN, mark.too_early_for, mark.earned) for mark in result.marks]
    assert told == [
        ("on-time", "on_time", 0, (), 1.0),
        ("late", "late", 10, (), 0.5),
        ("missed", "missed", 30, (), 0.0),
        ("early", "on_time", 0, ("late",), 0.5),
        ("never", "not_opened", 0, (), None),
    ]
    assert result.total == 50.0
    assert (result.counted, result.on_time, result.late, result.missed, result.out_of_order) == (4, 2, 1, 1, 1)


def test_a_task_that_is_not_due_yet_does_not_count() -> None:
    result = evaluate([record("open", None)], now_ms=10 * MIN)
    assert (result.marks[0].outcome, result.marks[0].earned, result.total) == ("open", None, None)


def test_a_task_is_out_of_order_when_the_one_before_was_never_done() -> None:
    result = evaluate([record("first", None), record("second", 5, "first", "unknown")], now_ms=5 * MIN)
    assert result.marks[1].too_early_for == ("first",)
    assert result.total == 50.0


def test_done_at_the_very_instant_of_the_one_before_is_in_order() -> None:
    result = evaluate([record("first", 5), record("second", 5, "first")], now_ms=10 * MIN)
    assert result.total == 100.0


MOMENT = st.integers(0, 100 * MIN)
RECORDS = st.lists(
    st.builds(
        TaskRecord,
        task=st.sampled_from("abcdef"),
        order=st.integers(0, 9),
        opened_ms=st.none() | MOMENT,
        due_ms=st.none() | MOMENT,
        done_ms=st.none() | MOMENT,
        after=st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple),
    ),
    max_size=8,
    unique_by=lambda made: made.task,
)


@given(RECORDS, MOMENT)
def test_the_total_stays_between_0_and_100_and_every_task_has_a_mark(records: list[TaskRecord], now_ms: int) -> None:
    result = evaluate(records, now_ms)
    assert sorted(mark.task for mark in result.marks) == sorted(made.task for made in records)
    assert result.total is None or 0 <= result.total <= 100
    assert result.counted == result.on_time + result.late + result.missed


@given(RECORDS, MOMENT, st.integers(1, 50 * MIN))
def test_doing_a_task_later_never_earns_more(records: list[TaskRecord], now_ms: int, later_ms: int) -> None:
    for mark in evaluate(records, now_ms).marks:
        if mark.earned is None or mark.outcome == "missed":
            continue
        alone = next(made for made in records if made.task == mark.task)
        delayed = TaskRecord(
            task="x", order=0, opened_ms=alone.opened_ms, due_ms=alone.due_ms, done_ms=(alone.done_ms or 0) + later_ms
        )
        prompt = TaskRecord(task="x", order=0, opened_ms=alone.opened_ms, due_ms=alone.due_ms, done_ms=alone.done_ms)
        assert (evaluate([delayed], now_ms).total or 0) <= (evaluate([prompt], now_ms).total or 0)
