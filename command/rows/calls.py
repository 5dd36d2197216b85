"""Rows of calls and situations."""

from __future__ import annotations

from typing import Literal

import msgspec

from command.facts.base import IncidentKind, Level, Place, Service
from command.facts.calls import CallOutcome
from command.rows.base import Row

CallState = Literal["ringing", "answered", "ended", "abandoned"]
SituationState = Literal["received", "dispatched", "signed", "departed", "on_scene", "fed_back", "closed"]


class CallRow(Row, frozen=True):
    """A call and its steps."""

    dialled: Service
    caller: str
    state: CallState
    arrived_ms: int
    subscriber: str = ""
    address: str = ""
    place: Place | None = None
    answered_ms: int | None = None
    answered_by: str = ""
    hung_up_ms: int | None = None
    """The caller was gone then, though somebody had answered and not ended the call yet."""
    ended_ms: int | None = None
    form: dict[str, str] = msgspec.field(default_factory=dict)
    situation: str = ""
    linked_why: str = ""
    outcome: CallOutcome | None = None
    outcome_why: str = ""


class SituationRow(Row, frozen=True):
    """A situation; its state is the furthest that any of its orders came."""

    title: str
    service: Service
    kind: IncidentKind
    level: Level
    state: SituationState
    opened_ms: int
    changed_ms: int
    place: Place | None = None
    source: str = ""
    calls: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    activation: str = ""
    case: str = ""
    merged_into: str = ""
    dispatched_ms: int | None = None
    closed_ms: int | None = None
    overdue: int = 0


class MarkRow(Row, frozen=True):
    """One fact on the time line of a situation; the id is its sequence number, `args` what a screen words it with."""

    situation: str
    at_ms: int
    actor: str
    kind: str
    args: dict[str, str | int | float | bool]
