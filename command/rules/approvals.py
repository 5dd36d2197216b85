"""Approvals with a due time and two warnings (限时办理、电子监察), and cases as the case service tells of them."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import DESK, Actor
from command.facts import Recorded
from command.facts.plans import (
    ApprovalDecided,
    ApprovalOverdue,
    ApprovalRequested,
    ApprovalWarned,
    CaseAdvanced,
    CaseClosed,
    CaseOpened,
)
from command.kernel.errors import ConflictError, InvalidInputError
from command.kernel.limits import OPEN_APPROVALS
from command.rows import ApprovalRow, CaseRow, DeadlineRow
from command.rules.alarms import clear_alarm, raise_alarm
from command.rules.base import Decision, check_room, decides, drop_deadline, fires, folds, mark, over, set_deadline
from command.tables import Tables

WARN = "approval_warn"
DUE = "approval_due"


def request_approval(t: Tables, *, item: str, subject: str, situation: str, warn_ms: int, due_ms: int) -> Decision:
    """Ask; returns the approval's id. Plan tasks use this too."""
    approval = t.next_id("v")
    yield ApprovalRequested(
        approval=approval, item=item, subject=subject, situation=situation, warn_ms=warn_ms, due_ms=due_ms
    )
    return approval


@decides(q.RequestApproval, *DESK, "hub")
def request_by_hand(t: Tables, request: q.RequestApproval, actor: Actor, now_ms: int) -> Decision:
    """Ask a leader; where no warning time is given it is the jurisdiction's share of the time allowed."""
    warn_min = request.warn_minutes
    if warn_min is None:
        warn_min = int(request.due_minutes * t.limits.approval_warn_share)
    if warn_min > request.due_minutes:
        raise InvalidInputError("the warning comes before the due time")
    if request.situation:
        t.situations.need(request.situation)
    check_room(t.approvals, OPEN_APPROVALS)
    approval = yield from request_approval(
        t, item=request.item, subject=request.subject, situation=request.situation or "",
        warn_ms=now_ms + warn_min * 60_000, due_ms=now_ms + request.due_minutes * 60_000,
    )  # fmt: skip
    return approval


@decides(q.DecideApproval, "duty_leader", "commander", "service", "hub")
def decide_approval(t: Tables, request: q.DecideApproval, actor: Actor, now_ms: int) -> Decision:
    """Once, here or in the approval service; the same answer again says nothing, another one is refused."""
    row = t.approvals.need(request.approval)
    answer = "granted" if request.granted else "refused"
    if row.state == answer:
        return row.id
    if row.state != "waiting":
        raise ConflictError(f"approval {row.id} was {row.state} by {row.decided_by}", state=row.state, current=row)
    if row.requested_by == actor.id and not actor.has("hub", "service"):
        raise ConflictError("an approval is decided by somebody other than who asked for it")
    by = request.by if request.by and actor.has("service", "hub") else actor.name
    return (yield from decide_once(t, row, granted=request.granted, by=by, why=request.why))


def decide_once(t: Tables, row: ApprovalRow, *, granted: bool, by: str, why: str) -> Decision:
    """Decide one that waits; its warnings are over."""
    yield ApprovalDecided(approval=row.id, granted=granted, by=by, why=why)
    yield from clear_alarm(t, "approval_warning", row.id, "decided")
    yield from clear_alarm(t, "approval_overdue", row.id, "decided")
    return row.id


@decides(q.RecordApprovalNotice, "service", "hub")
def record_notice(t: Tables, request: q.RecordApprovalNotice, actor: Actor, now_ms: int) -> Decision:
    """The service's clock and the hub's say the same once: whoever is first."""
    yield from (_warn if request.notice == "warned" else _overdue)(t, request.approval)
    return request.approval


@fires(WARN)
def warn_due(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Yellow."""
    return (yield from _warn(t, deadline.subject))


@fires(DUE)
def decision_due(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Red."""
    return (yield from _overdue(t, deadline.subject))


def _warn(t: Tables, approval: str) -> Decision:
    row = t.approvals.need(approval)
    if row.state == "waiting" and not row.warned and not row.overdue:  # notices may come out of order
        yield ApprovalWarned(approval=row.id)
        yield from raise_alarm(t, "approval_warning", 4, row.id, situation=row.situation)
    return row.id


def _overdue(t: Tables, approval: str) -> Decision:
    row = t.approvals.need(approval)
    if row.state == "waiting" and not row.overdue:
        yield ApprovalOverdue(approval=row.id)
        yield from clear_alarm(t, "approval_warning", row.id, "overdue")
        yield from raise_alarm(t, "approval_overdue", 2, row.id, situation=row.situation)
    return row.id


@decides(q.RecordCase, "service", "hub")
def record_case(t: Tables, request: q.RecordCase, actor: Actor, now_ms: int) -> Decision:
    """The case service is the truth about its cases; what is known already is not said again."""
    row = t.cases.get(request.case)
    if row is None:
        t.situations.need(request.situation)
        yield CaseOpened(case=request.case, situation=request.situation)
        row = t.cases.need(request.case)
    if row.step != request.step:
        yield CaseAdvanced(case=row.id, step=request.step)
    if request.closed and row.closed_ms is None:
        yield CaseClosed(case=row.id)
    return row.id


@folds(ApprovalRequested)
def approval_requested(t: Tables, fact: ApprovalRequested, r: Recorded) -> None:
    """Waiting; a task that it is for waits with it."""
    t.approvals.put(
        ApprovalRow(
            id=fact.approval,
            item=fact.item,
            subject=fact.subject,
            situation=fact.situation,
            requested_by=r.actor,
            requested_ms=r.at_ms,
            warn_ms=fact.warn_ms,
            due_ms=fact.due_ms,
            state="waiting",
        )
    )
    set_deadline(t, WARN, fact.approval, fact.warn_ms)
    set_deadline(t, DUE, fact.approval, fact.due_ms)
    task = t.tasks.get(fact.subject)
    if task:
        t.tasks.put(replace(task, approval=fact.approval))
    mark(t, fact.situation, r, approval=fact.approval, item=fact.item, due_ms=fact.due_ms)


@folds(ApprovalDecided)
def approval_decided(t: Tables, fact: ApprovalDecided, r: Recorded) -> None:
    """Yes or no."""
    row = t.approvals.need(fact.approval)
    state = "granted" if fact.granted else "refused"
    t.approvals.put(replace(row, state=state, decided_by=fact.by, decided_ms=r.at_ms, why=fact.why))
    drop_deadline(t, WARN, row.id)
    drop_deadline(t, DUE, row.id)
    mark(t, row.situation, r, approval=row.id, item=row.item, granted=fact.granted, by=fact.by)
    over(t, r.at_ms, t.approvals)


@folds(ApprovalWarned)
def approval_warned(t: Tables, fact: ApprovalWarned, r: Recorded) -> None:
    """Yellow."""
    row = replace(t.approvals.need(fact.approval), warned=True)
    t.approvals.put(row)
    drop_deadline(t, WARN, row.id)
    mark(t, row.situation, r, approval=row.id, item=row.item)


@folds(ApprovalOverdue)
def approval_overdue(t: Tables, fact: ApprovalOverdue, r: Recorded) -> None:
    """Red."""
    row = replace(t.approvals.need(fact.approval), overdue=True)
    t.approvals.put(row)
    drop_deadline(t, WARN, row.id)
    drop_deadline(t, DUE, row.id)
    mark(t, row.situation, r, approval=row.id, item=row.item)


@folds(CaseOpened)
def case_opened(t: Tables, fact: CaseOpened, r: Recorded) -> None:
    """The situation has a number."""
    t.cases.put(CaseRow(id=fact.case, situation=fact.situation, step="opened", opened_ms=r.at_ms))
    t.situations.put(replace(t.situations.need(fact.situation), case=fact.case))
    mark(t, fact.situation, r, case=fact.case)


@folds(CaseAdvanced)
def case_advanced(t: Tables, fact: CaseAdvanced, r: Recorded) -> None:
    """A step further."""
    row = replace(t.cases.need(fact.case), step=fact.step)
    t.cases.put(row)
    mark(t, row.situation, r, case=row.id, step=fact.step)


@folds(CaseClosed)
def case_closed(t: Tables, fact: CaseClosed, r: Recorded) -> None:
    """Closed there."""
    row = replace(t.cases.need(fact.case), closed_ms=r.at_ms)
    t.cases.put(row)
    mark(t, row.situation, r, case=row.id)
