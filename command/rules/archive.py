"""What is over leaves the tables a while later: a sweep finds it and a fact names it. The journal keeps everything.

One deadline stands for all that is over, so that neither a busy day nor an old journal, whose folds set it too, makes
more than one request at a time. A sweep takes at most `SWEPT_AT_ONCE` things and comes again while there are more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from command.facts import Recorded
from command.facts.archive import TablesSwept
from command.kernel.limits import KEPT_ROWS, SMS_AGE_MS, SWEEP_EVERY_MS, SWEEP_LATE_MS, SWEEP_PAUSE_MS, SWEPT_AT_ONCE
from command.rows import (
    ApprovalRow,
    CallRow,
    DeadlineRow,
    LibraryRow,
    MessageRow,
    Row,
    SituationRow,
    ViolationRow,
    WatchRow,
)
from command.rules.base import SWEEP, SWEPT, Decision, drop_deadline, fires, folds, kept_ms, set_deadline
from command.tables import Table, Tables

R = TypeVar("R", bound=Row)
_TELLING = ("case", "approval")
"""Links that look at the rows of situations and approvals when they tell of them."""


@fires(SWEEP)
def sweep(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Let go of what was over for long enough, unless the hub itself was away: then its links come first."""
    if now_ms - deadline.at_ms > SWEEP_LATE_MS:
        yield TablesSwept(next_ms=now_ms + SWEEP_EVERY_MS)
    else:
        yield _Sweep(t, now_ms).fact()
    return ""


class _Sweep:
    """Looks through the tables once, those over for longest first as far as rows stand in the order of their change."""

    def __init__(self, t: Tables, now_ms: int) -> None:
        self._t = t
        self._now_ms = now_ms
        self._room = SWEPT_AT_ONCE
        self._next_due_ms = 0
        self._told = all(
            link.state == "up" and now_ms - link.since_ms >= SWEEP_EVERY_MS for link in t.links if link.id in _TELLING
        )
        self._approvals: dict[str, int | None] = {}
        for approval in t.approvals:
            decided_ms, standing_ms = approval.decided_ms, self._approvals.get(approval.situation, 0)
            waits = decided_ms is None or standing_ms is None
            self._approvals[approval.situation] = None if waits else max(decided_ms or 0, standing_ms or 0)

    def fact(self) -> TablesSwept:
        """Return what leaves, and when to look again."""
        t = self._t
        situations = self._leaving(t.situations, self._situation_over, told=self._told)
        approvals = self._leaving(t.approvals, self._approval_over, told=self._told)
        calls = self._leaving(t.calls, self._call_over)
        messages = self._leaving(t.messages, self._message_over)
        watches = self._leaving(t.watches, _watch_over)
        libraries = self._leaving(t.libraries, _watch_over)
        violations = self._leaving(t.violations, _violation_over)
        next_ms = self._next_due_ms and max(self._next_due_ms, self._now_ms + SWEEP_EVERY_MS)
        return TablesSwept(
            next_ms=next_ms if self._room else self._now_ms + SWEEP_PAUSE_MS,
            situations=situations, approvals=approvals, calls=calls, messages=messages, watches=watches,
            libraries=libraries, violations=violations,
        )  # fmt: skip

    def _leaving(self, table: Table[R], over_ms: Callable[[R], int | None], *, told: bool = True) -> tuple[str, ...]:
        """Return the ids of those over since long enough, and of more where the table is full."""
        due_ms = self._now_ms - kept_ms(self._t)
        excess = len(table) - KEPT_ROWS[table.name]
        leaving: list[str] = []
        for key in table.changed_seq:
            if not self._room:
                break
            since_ms = over_ms(table.rows[key])
            if since_ms is None:
                continue
            if (told and since_ms <= due_ms) or len(leaving) < excess:
                leaving.append(key)
                self._room -= 1
            else:
                self._look_again(since_ms + kept_ms(self._t))
        return tuple(leaving)

    def _look_again(self, at_ms: int) -> None:
        self._next_due_ms = min(self._next_due_ms or at_ms, at_ms)

    def _situation_over(self, row: SituationRow) -> int | None:
        """A closed one is over since its last change and the last decision about it, unless it waits for one."""
        decided_ms = self._approvals.get(row.id, 0)
        return None if row.state != "closed" or decided_ms is None else max(row.changed_ms, decided_ms)

    def _approval_over(self, row: ApprovalRow) -> int | None:
        return None if row.situation else row.decided_ms

    def _call_over(self, row: CallRow) -> int | None:
        """One of a situation goes with it. One that nobody ended in all that time was forgotten."""
        if row.situation:
            return None
        if row.ended_ms is not None:
            return row.ended_ms
        since_ms = row.answered_ms or row.arrived_ms
        if since_ms <= self._now_ms - kept_ms(self._t):
            return since_ms
        self._look_again(since_ms + kept_ms(self._t))
        return None

    def _message_over(self, row: MessageRow) -> int | None:
        """A queued one is over too once it is too old to be sent."""
        if row.state != "queued" or row.queued_ms <= self._now_ms - SMS_AGE_MS:
            return row.queued_ms
        self._look_again(row.queued_ms + kept_ms(self._t))
        return None


def _watch_over(row: WatchRow | LibraryRow) -> int | None:
    return row.ended_ms


def _violation_over(row: ViolationRow) -> int | None:
    return row.reviewed_ms if row.state == "rejected" else row.sent_ms


@folds(TablesSwept)
def tables_swept(t: Tables, fact: TablesSwept, r: Recorded) -> None:
    """Gone from every screen, and from the tables of whoever folds the journal."""
    drop_deadline(t, SWEEP, SWEPT)
    if fact.next_ms:
        set_deadline(t, SWEEP, SWEPT, fact.next_ms)
    if fact.situations:
        _drop_situations(t, fact.situations)
    _drop(t.calls, fact.calls)
    _drop(t.messages, fact.messages)
    _drop(t.approvals, fact.approvals)
    _drop(t.watches, fact.watches)
    _drop(t.libraries, fact.libraries)
    _drop(t.violations, fact.violations)


def _drop_situations(t: Tables, situations: tuple[str, ...]) -> None:
    """Take them away with everything that hangs on them.

    In an order that only the rows decide: after an undo a table holds the same rows in another one.
    """
    gone = frozenset(situations)
    hanging: tuple[Table[Any], ...] = (t.activations, t.tasks, t.approvals, t.cases)
    for table in hanging:
        _drop(table, sorted(row.id for row in table if row.situation in gone))
    for row in map(t.situations.need, situations):
        _drop(t.calls, row.calls)
        _drop(t.orders, row.orders)
        _drop(t.hits, row.hits)
        _drop(t.evidence, row.evidence)
        _drop(t.marks, [mark.id for mark in t.marks.of(row.id)])
        t.situations.drop(row.id)


def _drop(table: Table[Any], keys: Iterable[str]) -> None:
    for key in keys:
        table.drop(key)
