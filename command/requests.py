"""Every request that people, devices, services and the hub make of the record. Who may make one stands by its rule."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import Meta

from command.facts.base import IncidentKind, Level, Service
from command.facts.calls import CallOutcome
from command.facts.patrol import FenceKind, UnitKind
from command.facts.plan_definition import PlanDefinition
from command.facts.plans import CaseStep
from command.facts.recording import RecordingPolicy
from command.facts.wall import Tiles
from command.kernel.errors import InvalidInputError
from command.kernel.geo import Datum
from command.kernel.limits import TEXT_CHARS, WALL_CAMERAS

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.:@\-〔〕]+\Z")]
Text = Annotated[str, Meta(max_length=TEXT_CHARS)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Phone = Annotated[str, Meta(max_length=32, pattern=r"^[0-9+*#\- ]*\Z")]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Instant = Annotated[int, Meta(ge=0, le=32_503_680_000_000)]


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="request", forbid_unknown_fields=True):
    """Something asked of the record."""


class GivenPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place as it came in, with the datum it speaks."""

    lat: Lat
    lon: Lon
    datum: Datum = "wgs84"
    text: Text = ""
    source: Literal["map", "carrier", "phone", "address", "camera", "unit"] = "map"
    uncertainty_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None


# calls


class ReportCall(Request, frozen=True, tag="report_call"):
    """A line rings. A PBX names its own call id, so that it can tell when the caller hangs up."""

    dialled: Service
    caller: Phone
    call: Id | None = None
    subscriber: Text = ""
    address: Text = ""
    place: GivenPlace | None = None


class AnswerCall(Request, frozen=True, tag="answer_call"):
    """Take a ringing call."""

    call: Id


class HangUpCall(Request, frozen=True, tag="hang_up_call"):
    """The caller is gone: abandoned if nobody had answered, else noted."""

    call: Id


class LocateCall(Request, frozen=True, tag="locate_call"):
    """Say where it is."""

    call: Id
    place: GivenPlace


class ClassifyCall(Request, frozen=True, tag="classify_call"):
    """Save the form."""

    call: Id
    form: Annotated[dict[Annotated[str, Meta(max_length=40)], Text], Meta(max_length=40)]


class LinkCall(Request, frozen=True, tag="link_call"):
    """Add the call to an open situation."""

    call: Id
    situation: Id
    why: Text = ""


class EndCall(Request, frozen=True, tag="end_call"):
    """Close the call."""

    call: Id
    outcome: CallOutcome
    why: Text = ""


# situations


class OpenSituation(Request, frozen=True, tag="open_situation"):
    """Open one, usually from a call, which is linked to it."""

    title: Name
    service: Service
    kind: IncidentKind
    level: Level
    call: Id | None = None
    place: GivenPlace | None = None


class SetLevel(Request, frozen=True, tag="set_level"):
    """Raise or lower."""

    situation: Id
    level: Level
    why: Reason


class LocateSituation(Request, frozen=True, tag="locate_situation"):
    """Set or correct the place."""

    situation: Id
    place: GivenPlace


class NoteSituation(Request, frozen=True, tag="note_situation"):
    """Write into the record."""

    situation: Id
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS)]
    decision: bool = False


class MergeSituation(Request, frozen=True, tag="merge_situation"):
    """Say that it is the same as another."""

    situation: Id
    into: Id
    why: Reason


class CloseSituation(Request, frozen=True, tag="close_situation"):
    """Everything is done."""

    situation: Id
    why: Text = ""


class PinFocus(Request, frozen=True, tag="pin_focus"):
    """Send to the wall; without a situation the wall chooses again."""

    situation: Id | None = None


# orders


class IssueOrder(Request, frozen=True, tag="issue_order"):
    """Send a unit."""

    situation: Id
    unit: Id
    text: Text = ""
    task: Id | None = None


class StepOrder(Request, frozen=True, tag="step_order"):
    """Sign, depart, arrive."""

    order: Id
    step: Literal["signed", "departed", "arrived"]


class FeedBack(Request, frozen=True, tag="feed_back"):
    """Report the result."""

    order: Id
    result: Name
    text: Text = ""


class RefuseOrder(Request, frozen=True, tag="refuse_order"):
    """Say that the unit cannot."""

    order: Id
    why: Reason


class RecallOrder(Request, frozen=True, tag="recall_order"):
    """Take it back."""

    order: Id
    why: Reason


class SendMessage(Request, frozen=True, tag="send_message"):
    """Text units by hand (单发、组发、群发)."""

    units: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    text: Annotated[str, Meta(min_length=1, max_length=500)]
    situation: Id | None = None


class RecordMessage(Request, frozen=True, tag="record_message"):
    """The SMS link says what became of a message."""

    message: Id
    sent: bool
    why: Text = ""


class FixEvidence(Request, frozen=True, tag="fix_evidence"):
    """A stored file becomes evidence. `sha256` is what the upload answered."""

    situation: Id
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    media_type: Name
    size: Annotated[int, Meta(ge=1)]
    name: Name
    taken_ms: Instant
    order: Id | None = None
    place: GivenPlace | None = None


# patrol


class EnrolStation(Request, frozen=True, tag="enrol_station"):
    """Add or change a station."""

    station: Id
    name: Name
    service: Service
    lat: Lat
    lon: Lon
    leader: Name
    leader_phone: Phone


class EnrolUnit(Request, frozen=True, tag="enrol_unit"):
    """Add or change a unit."""

    unit: Id
    name: Name
    kind: UnitKind
    service: Service
    station: Id
    phone: Phone
    officers: Annotated[list[Name], Meta(max_length=20)]
    area: Id | None = None


class EnrolDevice(Request, frozen=True, tag="enrol_device"):
    """Let a device report, for a unit or (a PBX) for itself."""

    device: Id
    kind: Literal["jt808", "osmand", "owntracks", "mobile", "pbx", "gb28181"]
    unit: Id | None = None


class StartShift(Request, frozen=True, tag="start_shift"):
    """On duty."""

    unit: Id
    until_ms: Instant


class EndShift(Request, frozen=True, tag="end_shift"):
    """Off duty."""

    unit: Id


class DrawFence(Request, frozen=True, tag="draw_fence"):
    """Add or change a fence; the ring is [lon, lat], not crossing itself."""

    fence: Id
    name: Name
    kind: FenceKind
    ring: Annotated[list[tuple[Lon, Lat]], Meta(min_length=3, max_length=2000)]
    dwell_s: Annotated[int, Meta(ge=0, le=3600)] = 30
    margin_m: Annotated[float, Meta(ge=0, le=1000)] = 30.0


class RemoveFence(Request, frozen=True, tag="remove_fence"):
    """Take it away."""

    fence: Id


class ReportPatrol(Request, frozen=True, tag="report_patrol"):
    """What the hub concluded from positions: a unit left or returned, stands still or moves, is silent or heard."""

    unit: Id
    change: Literal["left_area", "returned", "stood_still", "moved_again", "went_silent", "heard_again"]
    since_ms: Instant
    fence: Id | None = None
    lat: Lat | None = None
    lon: Lon | None = None


class RaiseSos(Request, frozen=True, tag="raise_sos"):
    """Help, now."""

    unit: Id
    lat: Lat | None = None
    lon: Lon | None = None


class ClearSos(Request, frozen=True, tag="clear_sos"):
    """Safe."""

    sos: Id
    why: Reason


class TakeAlarm(Request, frozen=True, tag="take_alarm"):
    """I see to it."""

    alarm: Id


class ShelveAlarm(Request, frozen=True, tag="shelve_alarm"):
    """Not now."""

    alarm: Id
    minutes: Annotated[int, Meta(ge=1, le=24 * 60)]
    why: Reason


class ClearAlarm(Request, frozen=True, tag="clear_alarm"):
    """Over."""

    alarm: Id
    why: Reason


# scene


class EnrolCamera(Request, frozen=True, tag="enrol_camera"):
    """Add or change a camera. Its address goes to the vault, not here."""

    camera: Id
    name: Name
    lat: Lat
    lon: Lon
    bearing_deg: Annotated[float, Meta(ge=0, lt=360)] = 0.0
    field_deg: Annotated[float, Meta(gt=0, le=360)] = 60.0
    reads_plates: bool = False


class RemoveCamera(Request, frozen=True, tag="remove_camera"):
    """It is gone."""

    camera: Id


class ReportCamera(Request, frozen=True, tag="report_camera"):
    """The camera's task says how it is."""

    camera: Id
    up: bool
    reason: Text = ""


class SetRecording(Request, frozen=True, tag="set_recording"):
    """Say what is to be recorded of a camera."""

    camera: Id
    policy: RecordingPolicy


class LockRecording(Request, frozen=True, tag="lock_recording"):
    """Keep a stretch of recording for good; the recorder has locked it already."""

    lock: Id
    camera: Id
    from_ms: Instant
    to_ms: Instant
    why: Reason


class ReleaseRecording(Request, frozen=True, tag="release_recording"):
    """Give a locked stretch free again."""

    lock: Id
    camera: Id
    why: Reason


class RecordClip(Request, frozen=True, tag="record_clip"):
    """A clip was taken out as evidence; the hub writes it down before it hands the file out."""

    clip: Id
    camera: Id
    from_ms: Instant
    to_ms: Instant
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size: Annotated[int, Meta(ge=1)]
    missing_ms: Annotated[int, Meta(ge=0)]
    why: Reason
    situation: Id | None = None


class ReportRecorder(Request, frozen=True, tag="report_recorder"):
    """The recorder says whether it can do its work."""

    recorder: Id
    ok: bool
    reason: Text = ""


class RequestWatch(Request, frozen=True, tag="request_watch"):
    """Look out for a plate; `?` is one character, `*` any."""

    pattern: Annotated[str, Meta(min_length=2, max_length=16)]
    reason: Reason
    level: Level
    until_ms: Instant


class ApproveWatch(Request, frozen=True, tag="approve_watch"):
    """Grant it; not by who asked."""

    watch: Id


class LiftWatch(Request, frozen=True, tag="lift_watch"):
    """Stop looking."""

    watch: Id
    why: Reason


class ReportHit(Request, frozen=True, tag="report_hit"):
    """A watched plate passed; the hub's plate reader says so."""

    watch: Id
    plate: Annotated[str, Meta(min_length=5, max_length=10)]
    camera: Id
    seen_ms: Instant
    confidence: Annotated[float, Meta(ge=0, le=1)]
    picture: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""


class RejectHit(Request, frozen=True, tag="reject_hit"):
    """It is not that car."""

    hit: Id
    why: Reason


class ReportDeviceAlarm(Request, frozen=True, tag="report_device_alarm"):
    """A camera or alarm input says by itself that something is up. `subject` is the camera, or the device's own id."""

    subject: Id
    level: Level
    detail: Text = ""
    lat: Lat | None = None
    lon: Lon | None = None


class ReportLink(Request, frozen=True, tag="report_link"):
    """A link says how the outside service is."""

    link: Id
    up: bool
    reason: Text = ""


class RecordQuery(Request, frozen=True, tag="record_query"):
    """A query of persons, vehicles or sightings was made; the hub writes it down before it answers."""

    what: Literal["sightings", "track", "vehicle", "person"]
    terms: Text
    reason: Reason
    results: Annotated[int, Meta(ge=0)]


# plans


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


# the wall


class SendToWall(Request, frozen=True, tag="send_to_wall"):
    """Show cameras on the wall, the first the largest; with `tiles` in that layout and in place of all sent before."""

    cameras: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=WALL_CAMERAS)]
    tiles: Tiles | None = None


class TakeOffWall(Request, frozen=True, tag="take_off_wall"):
    """Take cameras off the wall; without any, all that were sent."""

    cameras: Annotated[tuple[Id, ...], Meta(max_length=WALL_CAMERAS)] = ()


# the hub itself


class FireDeadline(Request, frozen=True, tag="fire_deadline"):
    """An instant that a fact set has come."""

    deadline: Annotated[str, Meta(max_length=200)]


REQUESTS: dict[str, type[Request]] = {str(cls.__struct_config__.tag): cls for cls in Request.__subclasses__()}
"""Every kind of request by its tag."""

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(REQUESTS.values())])  # noqa: UP007 - built at run time


def decode(data: bytes) -> Request:
    """Return the request in a JSON body; `InvalidInputError` says which field is wrong."""
    try:
        request: Request = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"not a request: {error}") from error
    return request
