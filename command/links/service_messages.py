"""What the hub and the case and approval services say to each other over HTTP: requests, rows, webhook events.

All instants are UTC milliseconds since 1970-01-01. Unknown members are ignored, so that releases can differ by one.
A county that has its own services puts an adapter that speaks this in front of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from command.facts.base import IncidentKind, Level, Place
from command.facts.plans import CaseStep
from command.facts.violations import ViolationKind
from command.kernel.limits import SERVICE_INSTANT_MS, SERVICE_PAGE_ROWS, TEXT_CHARS
from command.readings import PlateColour

InstantMs = Annotated[int, Meta(ge=0, le=SERVICE_INSTANT_MS)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=TEXT_CHARS)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
CaseEventKind = Literal["case.opened", "case.advanced", "case.returned", "case.closed"]
ApprovalState = Literal["waiting", "granted", "refused"]
ApprovalEventKind = Literal["approval.requested", "approval.warned", "approval.overdue", "approval.decided"]


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the evidence: its SHA-256, its size in bytes, and its path at the hub where the webhooks come from.

    `GET` it there with the bearer token of the case service, the one that the hub speaks to it with.
    """

    name: Name
    address: Name
    sha256: Sha256
    size: Annotated[int, Meta(ge=0)]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What proves a violation: the manifest (JSON), whose SHA-256 stands in the record, and every part that it lists.

    At `pack` all of it is one ZIP with sums of every file and their signature, made anew with how the review stands.
    """

    manifest: EvidenceFile
    parts: Annotated[tuple[EvidenceFile, ...], Meta(max_length=16)]
    pack: Name


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A traffic violation as people confirmed it. Speeds are the least that it can have been, and the limit, in km/h.

    `plate` is as people read it, `read_as` as the machine did. `rule` is the id of what it was judged by, and
    `rule_name` its name in that version.
    """

    kind: ViolationKind
    plate: Name
    read_as: Name
    colour: PlateColour
    began_ms: InstantMs
    ended_ms: InstantMs
    rule: Name
    rule_name: Annotated[str, Meta(max_length=200)]
    rule_version: int
    reviewed_by: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=2)]
    reviewed_ms: InstantMs
    region: Annotated[str, Meta(max_length=200)] = ""
    speed_kmh: float | None = None
    limit_kmh: int | None = None
    evidence: Evidence | None = None


class CaseOpening(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a case about a situation, or a violation; `at_ms` is when its information was collected (信息采集).

    Without a violation it is written as before there were any: a service knows a request that comes again by its bytes.
    """

    source: Name
    situation: Name
    kind: IncidentKind
    level: Level
    title: Name
    at_ms: InstantMs
    place: Place | None = None
    violation: Violation | UnsetType = UNSET


class CaseMove(msgspec.Struct, frozen=True, kw_only=True):
    """Takes a case one step on, or back (退回), which needs the reason in `text`. `step` is where it is to be."""

    move: Literal["advance", "return"]
    step: CaseStep
    by: Name
    at_ms: InstantMs
    text: Text = ""


class CaseStepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a case's history: reached `step`, which was due at `due_ms` where the step has a limit."""

    step: CaseStep
    at_ms: InstantMs
    by: str
    text: str = ""
    due_ms: InstantMs | None = None
    late: bool = False
    returned: bool = False


class CaseAssessment(msgspec.Struct, frozen=True, kw_only=True):
    """考核评价: on time (按期) when no step was late (超期); `duration_ms` from collection to verified and closed."""

    on_time: bool
    late_steps: tuple[CaseStep, ...]
    returns: int
    duration_ms: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case (案卷) as it stands; `due_ms` is when the next step is due."""

    number: str
    situation: str
    source: str
    kind: IncidentKind
    level: Level
    title: str
    place: Place | None
    step: CaseStep
    opened_ms: InstantMs
    changed_ms: InstantMs
    due_ms: InstantMs | None
    closed_ms: InstantMs | None
    history: tuple[CaseStepTaken, ...]
    assessment: CaseAssessment | None = None
    violation: Violation | None = None


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    """Cases in the order of opening; ask again with `after=next` until that is null."""

    items: tuple[Case, ...]
    next: int | None


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's body: `case` as it stood after the change. Act on an `id` once."""

    id: str
    kind: CaseEventKind
    at_ms: InstantMs
    case: Case


class ApprovalAsking(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a yes. `ref` is the asker's own id; the yellow warning comes at `warn_ms`, the red one at `due_ms`."""

    ref: Name
    item: Name
    subject: Name
    asked_by: Name
    asked_at_ms: InstantMs
    warn_ms: InstantMs
    due_ms: InstantMs
    situation: Annotated[str, Meta(max_length=200)] = ""


class ApprovalDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's yes or no; a no needs its reason."""

    decision: Literal["grant", "refuse"]
    by: Name
    why: Text = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval as it stands; `warned_ms` and `overdue_ms` are when the yellow and the red warning were given."""

    id: str
    ref: str
    item: str
    subject: str
    situation: str
    asked_by: str
    asked_at_ms: InstantMs
    warn_ms: InstantMs
    due_ms: InstantMs
    state: ApprovalState = "waiting"
    warned_ms: InstantMs | None = None
    overdue_ms: InstantMs | None = None
    decided_ms: InstantMs | None = None
    decided_by: str = ""
    why: str = ""


class ApprovalPage(msgspec.Struct, frozen=True, kw_only=True):
    """Approvals in the order of asking; ask again with `after=next` until that is null."""

    items: tuple[Approval, ...]
    next: int | None


class ApprovalEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's body: `approval` as it stood after the change. Act on an `id` once."""

    id: str
    kind: ApprovalEventKind
    at_ms: InstantMs
    approval: Approval


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows: only those still open, or only those done; from after where."""

    open: bool | None = None
    after: Annotated[int, Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, Meta(ge=1, le=SERVICE_PAGE_ROWS)] = 50


class SubscriptionAsking(msgspec.Struct, frozen=True, kw_only=True):
    """Asks that every later change be posted to `url` (http or https). Asking again for a url changes nothing."""

    url: Annotated[str, Meta(min_length=8, max_length=500, pattern="^https?://")]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber and the secret that its webhooks are signed with (see `command.links.signing`)."""

    id: str
    url: str
    secret: str
