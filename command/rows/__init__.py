"""The rows of every table: what is so now, as consoles mirror it. Instants are UTC milliseconds, points WGS-84."""

from __future__ import annotations

from command.facts.patrol import UnitState
from command.rows.base import Row
from command.rows.calls import CallRow, CallState, MarkRow, SituationRow, SituationState
from command.rows.deadlines import DeadlineRow
from command.rows.libraries import LibraryFile, LibraryRow, LibraryTerms, LineMark
from command.rows.orders import EvidenceRow, MessageRow, OrderRow, OrderState
from command.rows.patrol import (
    AlarmRow,
    DeviceRow,
    FenceRow,
    HoldersRow,
    PositionRow,
    RetiredKind,
    RetiredRow,
    SosRow,
    StationRow,
    UnitRow,
    retired_id,
)
from command.rows.plans import ActivationRow, ApprovalRow, CaseRow, LinkRow, PlanRow, TaskRow
from command.rows.scene import CameraRow, PassageRow
from command.rows.violations import (
    RegionsRow,
    RegionsVersion,
    RestrictionRow,
    RestrictionVersion,
    RuleVersion,
    SectionRow,
    SectionVersion,
    ViolationRow,
    ViolationState,
    is_in_force,
)
from command.rows.wall import FocusRow, ScreenRow, SentCamera
from command.rows.watchlist import HitRow, QueryRow, RememberedHit, WatchRow

__all__ = [
    "ActivationRow",
    "AlarmRow",
    "ApprovalRow",
    "CallRow",
    "CallState",
    "CameraRow",
    "CaseRow",
    "DeadlineRow",
    "DeviceRow",
    "EvidenceRow",
    "FenceRow",
    "FocusRow",
    "HitRow",
    "HoldersRow",
    "LibraryFile",
    "LibraryRow",
    "LibraryTerms",
    "LineMark",
    "LinkRow",
    "MarkRow",
    "MessageRow",
    "OrderRow",
    "OrderState",
    "PassageRow",
    "PlanRow",
    "PositionRow",
    "QueryRow",
    "RegionsRow",
    "RegionsVersion",
    "RememberedHit",
    "RestrictionRow",
    "RestrictionVersion",
    "RetiredKind",
    "RetiredRow",
    "Row",
    "RuleVersion",
    "ScreenRow",
    "SectionRow",
    "SectionVersion",
    "SentCamera",
    "SituationRow",
    "SituationState",
    "SosRow",
    "StationRow",
    "TaskRow",
    "UnitRow",
    "UnitState",
    "ViolationRow",
    "ViolationState",
    "WatchRow",
    "is_in_force",
    "retired_id",
]
