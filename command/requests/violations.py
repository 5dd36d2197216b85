"""Requests about traffic violations: the registers they are judged by, what was found, and its review."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.facts.violations import (
    ClipState,
    Exemption,
    Finding,
    PictureRegion,
    Register,
    RejectReason,
    Restriction,
    SpeedSection,
)
from command.requests.base import Id, Instant, Reason, Request, Text


class SetSection(Request, frozen=True, tag="set_violation_section"):
    """Register an interval section anew or in another version; it holds from an instant that is not over."""

    section: Id
    definition: SpeedSection
    from_ms: Instant | None = None
    """None: from now on."""


class SetRestriction(Request, frozen=True, tag="set_violation_restriction"):
    """Register a restriction anew or in another version; it holds from an instant that is not over."""

    restriction: Id
    definition: Restriction
    from_ms: Instant | None = None


class SetRegions(Request, frozen=True, tag="set_violation_regions"):
    """Say what the regions of a camera's picture mean, and which plates may use its bus and emergency lanes."""

    camera: Id
    regions: Annotated[tuple[PictureRegion, ...], Meta(min_length=1, max_length=32)]
    exempt: Annotated[tuple[Exemption, ...], Meta(max_length=500)] = ()
    from_ms: Instant | None = None


class EndRule(Request, frozen=True, tag="end_violation_rule"):
    """It holds no more. `rule` is a section, a restriction, or the camera of regions."""

    register: Register
    rule: Id
    why: Reason


Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class ReportViolation(Request, frozen=True, tag="report_violation"):
    """The rules found one; the hub says so. The same passage found again changes nothing."""

    finding: Finding


class RecordPack(Request, frozen=True, tag="record_violation_pack"):
    """Its evidence is put together; the hub says so, again as more of it comes or is known to be missing."""

    violation: Id
    manifest: Sha256
    clip: ClipState
    clip_why: Text = ""
    parts: Annotated[tuple[Sha256, ...], Meta(max_length=16)] = ()
    unseen: Annotated[tuple[Annotated[int, Meta(ge=0, le=1)], ...], Meta(max_length=2)] = ()
    """Passages of the finding, from 0, whose scene none of the parts shows."""


class ClaimViolation(Request, frozen=True, tag="claim_violation"):
    """Look at it, alone, for a while; what the same person looked at before is free again."""

    violation: Id


class CorrectViolationPlate(Request, frozen=True, tag="correct_violation_plate"):
    """The pictures show another plate than the one read."""

    violation: Id
    plate: Annotated[str, Meta(min_length=5, max_length=16)]


class ConfirmViolation(Request, frozen=True, tag="confirm_violation"):
    """It is so. `manifest` is that of the evidence that was looked at."""

    violation: Id
    manifest: Sha256


class RejectViolation(Request, frozen=True, tag="reject_violation"):
    """Nothing comes of it; "other" needs words."""

    violation: Id
    manifest: Sha256
    reason: RejectReason
    text: Text = ""


class TakeBackViolation(Request, frozen=True, tag="take_back_violation"):
    """The last decision was a slip: for a short while, and before anybody else is told, who made it takes it back."""

    violation: Id


class RecordViolationSent(Request, frozen=True, tag="record_violation_sent"):
    """The case service has it; the hub's link says so."""

    violation: Id
    case: Annotated[str, Meta(min_length=1, max_length=64)]
