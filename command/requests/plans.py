"""Requests about plans, approvals and cases."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from command.facts.plan_definition import PlanDefinition
from command.facts.plans import CaseStep
from command.requests.base import Id, Name, Reason, Request, Text


class PublishPlan(Request, frozen=True, tag="publish_plan"):
    """A checked plan becomes one that can be activated."""

    definition: PlanDefinition


class ActivatePlan(Request, frozen=True, tag="activate_plan"):
    """Run it for a situation."""

    plan: Id
    situation: Id


class FinishTask(Request, frozen=True, tag="finish_task"):
    """Done."""

    task: Id
    note: Text = ""


class NextPhase(Request, frozen=True, tag="next_phase"):
    """The commander begins the next phase."""

    activation: Id


class StandDownPlan(Request, frozen=True, tag="stand_down_plan"):
    """End it."""

    activation: Id
    why: Reason


class RequestApproval(Request, frozen=True, tag="request_approval"):
    """Ask a leader."""

    item: Name
    subject: Text
    due_minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 30)]
    warn_minutes: Annotated[int, Meta(ge=0)] | None = None
    situation: Id | None = None


class DecideApproval(Request, frozen=True, tag="decide_approval"):
    """Yes or no. The approval service names the person; on a console it is whoever is signed in."""

    approval: Id
    granted: bool
    why: Text = ""
    by: Name | None = None


class RecordApprovalNotice(Request, frozen=True, tag="record_approval_notice"):
    """The approval service's yellow or red warning."""

    approval: Id
    notice: Literal["warned", "overdue"]


class RecordCase(Request, frozen=True, tag="record_case"):
    """The case service says under which number, and how far it is."""

    case: Id
    situation: Id
    step: CaseStep
    closed: bool = False
