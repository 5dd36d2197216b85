"""Facts of plans, tasks, approvals and cases."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Fact
from command.facts.plan_definition import PlanDefinition

CaseStep = Literal["collected", "opened", "assigned", "handled", "fed_back", "verified", "assessed"]


class PlanPublished(Fact, frozen=True, tag="plan_published"):
    """A checked plan, whole, under its id and version."""

    plan: str
    version: str
    definition: PlanDefinition


class PlanActivated(Fact, frozen=True, tag="plan_activated"):
    """The plan runs for this situation (启动)."""

    activation: str
    plan: str
    situation: str


class PhaseStarted(Fact, frozen=True, tag="phase_started"):
    """A phase of the plan began; its tasks are due from here."""

    activation: str
    phase: str


class PlanStoodDown(Fact, frozen=True, tag="plan_stood_down"):
    """The plan no longer runs (终止)."""

    activation: str
    why: str


class TaskOpened(Fact, frozen=True, tag="task_opened"):
    """A task can be done now: what comes before it is done."""

    task: str
    activation: str
    phase: str
    key: str
    due_ms: int


class TaskDone(Fact, frozen=True, tag="task_done"):
    """Carried out."""

    task: str
    note: str = ""


class TaskOverdue(Fact, frozen=True, tag="task_overdue"):
    """Not done at its due time."""

    task: str


class ApprovalRequested(Fact, frozen=True, tag="approval_requested"):
    """Something needs a leader's yes by `due_ms`; a warning comes at `warn_ms`."""

    approval: str
    item: str
    subject: str
    warn_ms: int
    due_ms: int
    situation: str = ""


class ApprovalDecided(Fact, frozen=True, tag="approval_decided"):
    """Yes or no, by whom and why. `by` is a person's name as the approval service knows it."""

    approval: str
    granted: bool
    by: str
    why: str = ""


class ApprovalWarned(Fact, frozen=True, tag="approval_warned"):
    """The yellow warning: little time left."""

    approval: str


class ApprovalOverdue(Fact, frozen=True, tag="approval_overdue"):
    """The red one: due and not decided."""

    approval: str


class CaseOpened(Fact, frozen=True, tag="case_opened"):
    """The case service keeps this situation under a number."""

    case: str
    situation: str


class CaseAdvanced(Fact, frozen=True, tag="case_advanced"):
    """The case reached a step of its seven."""

    case: str
    step: CaseStep


class CaseClosed(Fact, frozen=True, tag="case_closed"):
    """The case service closed it."""

    case: str
