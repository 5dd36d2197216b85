"""The rows of every table: what is so now, as consoles mirror it. Instants are UTC milliseconds, points WGS-84."""

from __future__ import annotations

from typing import Literal

import msgspec

from command.facts.base import IncidentKind, Level, Place, Service
from command.facts.calls import CallOutcome
from command.facts.patrol import AlarmKind, FenceKind, UnitKind
from command.facts.plan_definition import Group, PlanDefinition, PlanRole
from command.facts.plans import CaseStep
from command.facts.recording import RecordingPolicy
from command.facts.violations import (
    ClipState,
    Exemption,
    Finding,
    PictureRegion,
    RejectReason,
    Restriction,
    SpeedSection,
)
from command.facts.wall import Tiles
from command.facts.watchlist import (
    AheadBy,
    CameraAhead,
    HitHow,
    LastSeen,
    NearUnit,
    RejectKind,
    WatchAction,
    WatchArea,
    WatchHours,
)
from command.kernel.ga36 import PlateKind
from command.readings import Direction, PlateColour, PositionSource, SightingSource

CallState = Literal["ringing", "answered", "ended", "abandoned"]
SituationState = Literal["received", "dispatched", "signed", "departed", "on_scene", "fed_back", "closed"]
OrderState = Literal["issued", "signed", "departed", "arrived", "fed_back", "refused", "recalled"]
UnitState = Literal["off", "free", "ordered", "moving", "on_scene"]


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a table. Its key never changes."""

    id: str


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
    ended_ms: int | None = None
    form: dict[str, str] = {}
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


class OrderRow(Row, frozen=True):
    """An order to one unit, with the instant of each step."""

    situation: str
    unit: str
    text: str
    state: OrderState
    issued_ms: int
    issued_by: str
    sign_by_ms: int
    task: str = ""
    overdue: bool = False
    signed_ms: int | None = None
    departed_ms: int | None = None
    arrived_ms: int | None = None
    fed_back_ms: int | None = None
    ended_ms: int | None = None
    result: str = ""
    feedback: str = ""
    why: str = ""


class StationRow(Row, frozen=True):
    """A station and its leader."""

    name: str
    service: Service
    lat: float
    lon: float
    leader: str
    leader_phone: str


class UnitRow(Row, frozen=True):
    """A unit. `order` is the one it is on; the flags say what is wrong with it now."""

    name: str
    kind: UnitKind
    service: Service
    station: str
    phone: str
    officers: tuple[str, ...]
    area: str
    devices: tuple[str, ...]
    state: UnitState = "off"
    order: str = ""
    shift_until_ms: int | None = None
    out_of: str = ""
    still_since_ms: int | None = None
    silent_since_ms: int | None = None
    sos: str = ""


class DeviceRow(Row, frozen=True):
    """A device that may report, and whose it is."""

    kind: str
    unit: str


class PositionRow(Row, frozen=True):
    """The newest fix of a unit; a reading, so it carries no sequence number of the journal."""

    device: str
    at_ms: int
    lat: float
    lon: float
    source: PositionSource
    accuracy_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None


class PassageRow(Row, frozen=True):
    """One passage of a vehicle of late; a reading, as a position is. `id` is its place in the ring of the newest.

    The rest is as in `Sighting`; `picture` is a blob id, empty without one.
    """

    camera: str
    plate: str
    colour: PlateColour
    kind: PlateKind
    rows: int
    first_ms: int
    last_ms: int
    confidence: float
    char_confidences: tuple[float, ...] = ()
    picture: str = ""
    box: tuple[int, int, int, int] | None = None
    direction: Direction | None = None
    heading_deg: float | None = None
    lane: int | None = None
    source: SightingSource = "camera"


class FenceRow(Row, frozen=True):
    """A fence and its ring of [lon, lat]."""

    name: str
    kind: FenceKind
    ring: tuple[tuple[float, float], ...]
    dwell_s: int
    margin_m: float


class CameraRow(Row, frozen=True):
    """A camera, and whether pictures arrive."""

    name: str
    lat: float
    lon: float
    bearing_deg: float
    field_deg: float
    reads_plates: bool
    state: Literal["unknown", "up", "down"] = "unknown"
    since_ms: int = 0
    reason: str = ""
    recording: RecordingPolicy = RecordingPolicy()


class WatchRow(Row, frozen=True):
    """An entry of the watch list (布控).

    `not_plates` look like it and do not fire; `wrong_share` is that of hits that were none, once there are enough.
    """

    pattern: str
    reason: str
    level: Level
    until_ms: int
    state: Literal["requested", "active", "lifted", "expired"]
    requested_by: str
    requested_ms: int
    approved_by: str = ""
    ended_ms: int | None = None
    hits: int = 0
    rejected: int = 0
    look_alike: bool = False
    office: str = ""
    area: WatchArea | None = None
    hours: WatchHours | None = None
    action: WatchAction = "alarm"
    batch: str = ""
    not_plates: tuple[str, ...] = ()
    wrong_share: float | None = None
    wrong_in_a_row: int = 0
    last_hit: str = ""


class HitRow(Row, frozen=True):
    """A watched plate that passed a camera; the pictures are blob ids."""

    watch: str
    plate: str
    camera: str
    seen_ms: int
    confidence: float
    situation: str
    picture: str
    rejected_why: str = ""
    plate_picture: str = ""
    how: HitHow = "exact"
    score: float = 1.0
    direction: Direction | None = None
    heading_deg: float | None = None
    last_seen: LastSeen | None = None
    ahead: tuple[CameraAhead, ...] = ()
    ahead_by: AheadBy = "none"
    units: tuple[NearUnit, ...] = ()
    rejected_kind: RejectKind | None = None
    rejected_by: str = ""


class AlarmRow(Row, frozen=True):
    """An alarm; gone from the table once cleared."""

    kind: AlarmKind
    level: Level
    subject: str
    situation: str
    state: Literal["raised", "taken", "shelved"]
    raised_ms: int
    count: int = 1
    lat: float | None = None
    lon: float | None = None
    detail: str = ""
    taken_by: str = ""
    shelved_until_ms: int | None = None
    shelved_why: str = ""
    escalated: bool = False


class SosRow(Row, frozen=True):
    """An open call for help."""

    unit: str
    situation: str
    raised_ms: int
    lat: float | None = None
    lon: float | None = None


class MessageRow(Row, frozen=True):
    """A text message: the visible outbox."""

    to: str
    phone: str
    text: str
    about: str
    state: Literal["queued", "sent", "failed"]
    queued_ms: int
    sent_ms: int | None = None
    why: str = ""


class EvidenceRow(Row, frozen=True):
    """A file in custody."""

    situation: str
    order: str
    sha256: str
    media_type: str
    size: int
    name: str
    taken_ms: int
    fixed_ms: int
    by: str
    place: Place | None = None


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


class FocusRow(Row, frozen=True):
    """The one row "wall": which situation a desk sent there, and who did."""

    situation: str
    by: str
    at_ms: int


class SentCamera(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A camera that somebody put on a screen."""

    camera: str
    by: str
    at_ms: int


class ScreenRow(Row, frozen=True):
    """The one row "wall": the cameras that desks sent there, the first the largest; None: in the wall's own layout."""

    cameras: tuple[SentCamera, ...]
    tiles: Tiles | None = None


class MarkRow(Row, frozen=True):
    """One fact on the time line of a situation; the id is its sequence number, `args` what a screen words it with."""

    situation: str
    at_ms: int
    actor: str
    kind: str
    args: dict[str, str | int | float | bool]


class DeadlineRow(Row, frozen=True):
    """Something the hub will ask of itself at an instant. Not shown on consoles."""

    at_ms: int
    kind: str
    subject: str


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


class QueryRow(Row, frozen=True):
    """A query of persons, vehicles or sightings: who asked what and why, and how much was answered."""

    by: str
    at_ms: int
    what: str
    terms: str
    reason: str
    case: str
    results: int
    pages: int = 1
