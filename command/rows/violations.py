"""Rows of what is forbidden where, and of violations on their way through review."""

from __future__ import annotations

from typing import Literal

import msgspec

from command.facts.violations import (
    ClipState,
    Exemption,
    Finding,
    PictureRegion,
    RejectReason,
    Restriction,
    SpeedSection,
)
from command.rows.base import Row


class RuleVersion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which version of something registered this is: `version` is the sequence number of its fact.

    It holds from `from_ms` on, and before `until_ms` where that is known.
    """

    version: int
    by: str
    at_ms: int
    from_ms: int
    until_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Say whether it was in force at an instant."""
        return self.from_ms <= at_ms and (self.until_ms is None or at_ms < self.until_ms)


class SectionVersion(RuleVersion, frozen=True, kw_only=True, gc=False):
    """An interval section as it was registered."""

    definition: SpeedSection


class RestrictionVersion(RuleVersion, frozen=True, kw_only=True, gc=False):
    """A restriction as it was registered."""

    definition: Restriction


class RegionsVersion(RuleVersion, frozen=True, kw_only=True, gc=False):
    """The regions of a picture as they were registered."""

    regions: tuple[PictureRegion, ...]
    exempt: tuple[Exemption, ...] = ()


class SectionRow(Row, frozen=True):
    """An interval section: its newest versions, newest first, so that what is heard of late is judged as it was."""

    versions: tuple[SectionVersion, ...]


class RestrictionRow(Row, frozen=True):
    """A restriction: its newest versions, newest first."""

    versions: tuple[RestrictionVersion, ...]


class RegionsRow(Row, frozen=True):
    """What the regions of a camera's picture mean; the id is the camera. Its newest versions, newest first."""

    versions: tuple[RegionsVersion, ...]

    def at(self, at_ms: int) -> tuple[PictureRegion, ...]:
        """Return the regions that were in force at an instant."""
        return next((version.regions for version in self.versions if version.holds(at_ms)), ())


ViolationState = Literal["found", "confirmed_once", "confirmed", "rejected", "sent"]
"""`confirmed_once` waits for a second person; `confirmed` for its evidence and the case service."""


class ViolationRow(Row, frozen=True):
    """A violation that the rules found, its evidence and how far its review came. Not shown to who may not review."""

    finding: Finding
    plate: str
    """As read; the same as the finding's."""
    state: ViolationState
    registered_by: str
    """Who registered the rule, and so does not review."""
    found_ms: int
    due_ms: int
    manifest: str = ""
    """SHA-256 of what lists the evidence; empty until that is put together."""
    clip: ClipState = "pending"
    clip_why: str = ""
    unseen: tuple[int, ...] = ()
    """Passages, from 0, whose scene the evidence does not show: nobody can confirm it so."""
    claimed_by: str = ""
    claimed_until_ms: int | None = None
    corrected: str = ""
    """The plate as a person reads it, where the machine misread it."""
    corrected_by: str = ""
    reviewed_by: tuple[str, ...] = ()
    reviewed_ms: int | None = None
    reason: RejectReason | None = None
    text: str = ""
    overdue: bool = False
    case: str = ""
    sent_ms: int | None = None


def is_in_force(row: SectionRow | RestrictionRow | RegionsRow) -> bool:
    """Say whether nobody ended it."""
    return row.versions[0].until_ms is None
