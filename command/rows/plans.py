"""Rows of plans, what is running of them, and the case and approval services."""

from __future__ import annotations

from typing import Literal

from command.facts.plan_definition import Group, PlanDefinition, PlanRole
from command.facts.plans import CaseStep
from command.rows.base import Row


class PlanRow(Row, frozen=True):
    """The newest published version of a plan."""

    version: str
    definition: PlanDefinition


class ActivationRow(Row, frozen=True):
    """A plan running for a situation."""

    plan: str
    situation: str
    state: Literal["active", "stood_down", "completed"]
    phase: str
    phase_started_ms: int
    activated_ms: int
    activated_by: str
    definition: PlanDefinition


class TaskRow(Row, frozen=True):
    """A task of a running plan. `key` is its id in the plan, `owner` the group, `role` who does it."""

    activation: str
    situation: str
    phase: str
    key: str
    title: str
    title_en: str
    owner: Group
    role: PlanRole
    state: Literal["open", "done", "dropped"]
    opened_ms: int
    due_ms: int
    done_ms: int | None = None
    done_by: str = ""
    note: str = ""
    overdue: bool = False
    approval: str = ""


class ApprovalRow(Row, frozen=True):
    """Something waiting for a yes, or decided."""

    item: str
    subject: str
    situation: str
    requested_by: str
    requested_ms: int
    warn_ms: int
    due_ms: int
    state: Literal["waiting", "granted", "refused"]
    warned: bool = False
    overdue: bool = False
    decided_by: str = ""
    decided_ms: int | None = None
    why: str = ""


class CaseRow(Row, frozen=True):
    """A case of the case service; the id is its number there."""

    situation: str
    step: CaseStep
    opened_ms: int
    closed_ms: int | None = None


class LinkRow(Row, frozen=True):
    """An outside service: whether it answers, and since when."""

    state: Literal["up", "down"]
    since_ms: int
    reason: str = ""
