"""A scenario (演练脚本): what happens when in a rehearsal. It is written in YAML."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.facts.base import IncidentKind, Level, Place, Service
from command.facts.calls import CallOutcome
from command.facts.orders import OrderStep
from command.facts.plan_definition import Bilingual, Key, Line, PlanRole
from command.kernel.limits import PLAUSIBLE_SPEED_KMH

OFFSET_PATTERN = re.compile(r"^[0-9]{2}:[0-5][0-9]:[0-5][0-9]$")
Offset = Annotated[str, Meta(pattern=OFFSET_PATTERN.pattern)]
"""Time since the start of the rehearsal, hours:minutes:seconds."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Delay = Annotated[float, Meta(ge=0, le=24 * 3600)]
Speed = Annotated[float, Meta(gt=0, le=PLAUSIBLE_SPEED_KMH)]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """Something that happens `at` a time of the rehearsal; its `kind` says what."""

    at: Offset

    @property
    def offset_ms(self) -> int:
        """Milliseconds since the start."""
        return offset_ms(self.at)


class CallRings(Event, frozen=True, tag="call"):
    """Somebody dials an emergency number. `text` is what the caller says once answered."""

    call: Key
    dialled: Service
    caller: Id
    text: Line
    place: Place | None = None


class CallAnswered(Event, frozen=True, tag="answer"):
    """The scripted call taker answers."""

    call: Key


class SituationOpened(Event, frozen=True, tag="open"):
    """The scripted call taker opens a situation from a call."""

    call: Key
    situation: Key
    title: Line
    service: Service
    incident: IncidentKind
    level: Level
    place: Place


class CallLinked(Event, frozen=True, tag="link"):
    """The scripted call taker judges a call to be about a situation that is open."""

    call: Key
    situation: Key
    why: Line


class CallEnded(Event, frozen=True, tag="end_call"):
    """The scripted call taker closes a call."""

    call: Key
    outcome: CallOutcome
    why: str = ""


class PlanActivated(Event, frozen=True, tag="activate"):
    """The scripted commander starts the scenario's plan for a situation."""

    situation: Key


class PhaseOrdered(Event, frozen=True, tag="next_phase"):
    """The scripted commander moves the plan on to a phase."""

    phase: Key


class UnitsOrdered(Event, frozen=True, tag="order"):
    """The scripted dispatcher sends units, for a task of the plan if one is named."""

    situation: Key
    units: Annotated[tuple[Id, ...], Meta(min_length=1)]
    text: Line
    task: Key | None = None


class UnitResponds(Event, frozen=True, tag="respond"):
    """What a unit does about the order it has, in seconds from `at`; a step without a time never comes."""

    unit: Id
    sign_s: Delay | None = None
    depart_s: Delay | None = None
    arrive_s: Delay | None = None
    feed_back_s: Delay | None = None
    result: str = ""
    text: str = ""


class Waypoint(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a track in WGS-84, and when the unit is there, in seconds from the start of the track."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    after_s: Delay | None = None


class UnitMoves(Event, frozen=True, tag="track"):
    """A unit moves along waypoints: at one speed, or with a time at each of them."""

    unit: Id
    waypoints: Annotated[tuple[Waypoint, ...], Meta(min_length=2)]
    speed_kmh: Speed | None = None


class PlateSighted(Event, frozen=True, tag="sighting"):
    """A camera reads a number plate."""

    camera: Id
    plate: Annotated[str, Meta(min_length=5, max_length=10)]
    confidence: Annotated[float, Meta(ge=0, le=1)] = 0.95


class CameraFails(Event, frozen=True, tag="camera_down"):
    """The pictures of a camera stop."""

    camera: Id
    reason: Line


class CameraRecovers(Event, frozen=True, tag="camera_up"):
    """The pictures of a camera are back."""

    camera: Id


class LinkFails(Event, frozen=True, tag="link_down"):
    """An outside service stops answering."""

    link: Literal["case", "approval", "sms", "upstream"]
    reason: Line


class LinkRecovers(Event, frozen=True, tag="link_up"):
    """An outside service answers again."""

    link: Literal["case", "approval", "sms", "upstream"]


class TaskCarriedOut(Event, frozen=True, tag="task_done"):
    """A task of the plan is reported done."""

    task: Key
    note: str = ""


class ApprovalDecided(Event, frozen=True, tag="decide"):
    """The scripted leader decides what a task asked approval for."""

    task: Key
    granted: bool
    by: Id
    why: str = ""


class NoteInjected(Event, frozen=True, tag="inject"):
    """The exercise director tells one role something (导调)."""

    to: PlanRole
    text: Line


Scripted = (
    CallRings
    | CallAnswered
    | SituationOpened
    | CallLinked
    | CallEnded
    | PlanActivated
    | PhaseOrdered
    | UnitsOrdered
    | PlateSighted
    | CameraFails
    | CameraRecovers
    | LinkFails
    | LinkRecovers
    | TaskCarriedOut
    | ApprovalDecided
    | NoteInjected
)
"""What a script says and what happens are the same for these."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A script for rehearsing one plan: its clock starts at `starts_at`, it is over at `ends`."""

    id: Key
    title: Bilingual
    plan: Key
    starts_at: Annotated[datetime, Meta(tz=True)]
    ends: Offset
    events: Annotated[tuple[Scripted | UnitResponds | UnitMoves, ...], Meta(min_length=1)]
    fix_every_s: Annotated[float, Meta(ge=1, le=300)] = 5.0

    @property
    def starts_ms(self) -> int:
        """The start of the rehearsal's clock, UTC milliseconds."""
        return int(self.starts_at.timestamp() * 1000)

    @property
    def ends_ms(self) -> int:
        """The length of the rehearsal in milliseconds."""
        return offset_ms(self.ends)


class UnitFix(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="fix"):
    """A position of a moving unit, as its device would report it."""

    unit: str
    lat: float
    lon: float
    speed_kmh: float
    heading_deg: float


class UnitStep(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="step"):
    """A unit takes the next step with the order it has."""

    unit: str
    step: OrderStep
    result: str = ""
    text: str = ""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens, `offset_ms` after the start of the rehearsal."""

    offset_ms: int
    event: Scripted | UnitFix | UnitStep


def offset_ms(written: str) -> int:
    """Return the milliseconds that an `Offset` stands for."""
    hours, minutes, seconds = written.split(":")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000
