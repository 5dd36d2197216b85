"""Requests about traffic violations: the registers they are judged by, what was found, and its review."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.facts.violations import Exemption, PictureRegion, Register, Restriction, SpeedSection
from command.requests.base import Id, Instant, Reason, Request


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
