"""Marks for carrying out a plan: what was on time, late, missed or out of order; for rehearsals and the real thing.

How it is reckoned. Every task that has been opened and is done or due counts the same. Done on time it earns all of its
share; done late, the share times (time allowed / time taken); not done, nothing; done before a task that it had to wait
for, half of what it would have earned. The total is what was earned of all shares, from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

Outcome = Literal["on_time", "late", "missed", "open", "not_opened"]

OUT_OF_ORDER_FACTOR: Final = 0.5


class TaskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a task of the plan: instants in UTC milliseconds, `order` its place in the plan."""

    task: str
    order: int
    opened_ms: int | None
    due_ms: int | None
    done_ms: int | None = None
    after: tuple[str, ...] = ()


class TaskMark(msgspec.Struct, frozen=True, kw_only=True):
    """The mark of one task.

    `late_ms` is how long after its due time it was done, or has not been done until now. `too_early_for` are the tasks
    that should have been done before it. `earned` is from 0 to 1, None while the task does not count.
    """

    task: str
    outcome: Outcome
    late_ms: int
    too_early_for: tuple[str, ...]
    earned: float | None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """All marks in the order of the plan, how many of each, and the total, 0 to 100; None if nothing counts yet."""

    marks: tuple[TaskMark, ...]
    total: float | None
    counted: int
    on_time: int
    late: int
    missed: int
    out_of_order: int


def evaluate(records: Sequence[TaskRecord], now_ms: int) -> Evaluation:
    """Return the marks as of `now_ms`: the end of a rehearsal, the standing down of a plan, or the present."""
    done_ms = {record.task: record.done_ms for record in records}
    marks = tuple(_mark(record, done_ms, now_ms) for record in sorted(records, key=lambda record: record.order))
    earned = [mark.earned for mark in marks if mark.earned is not None]
    return Evaluation(
        marks=marks,
        total=round(100 * sum(earned) / len(earned), 1) if earned else None,
        counted=len(earned),
        on_time=sum(mark.outcome == "on_time" for mark in marks),
        late=sum(mark.outcome == "late" for mark in marks),
        missed=sum(mark.outcome == "missed" for mark in marks),
        out_of_order=sum(bool(mark.too_early_for) for mark in marks),
    )


def _mark(record: TaskRecord, done_ms: dict[str, int | None], now_ms: int) -> TaskMark:
    opened_ms, due_ms = record.opened_ms, record.due_ms
    if opened_ms is None or due_ms is None:
        return TaskMark(task=record.task, outcome="not_opened", late_ms=0, too_early_for=(), earned=None)
    if record.done_ms is None:
        outcome: Outcome = "missed" if now_ms > due_ms else "open"
        earned = 0.0 if outcome == "missed" else None
        return TaskMark(
            task=record.task, outcome=outcome, late_ms=max(0, now_ms - due_ms), too_early_for=(), earned=earned
        )
    too_early_for = tuple(
        name
        for name in record.after
        if name in done_ms and ((before_ms := done_ms[name]) is None or before_ms > record.done_ms)
    )
    late_ms = max(0, record.done_ms - due_ms)
    allowed_ms = max(0, due_ms - opened_ms)
    share = allowed_ms / (allowed_ms + late_ms) if late_ms else 1.0
    return TaskMark(
        task=record.task,
        outcome="late" if late_ms else "on_time",
        late_ms=late_ms,
        too_early_for=too_early_for,
        earned=share * (OUT_OF_ORDER_FACTOR if too_early_for else 1.0),
    )
