"""Every request that people, devices, services and the hub make of the record. Who may make one stands by its rule."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.names import told
from command.requests.base import GivenPlace, Id, Instant, Lat, Lon, Name, Phone, Reason, Request, Text
from command.requests.calls import (
    AnswerCall,
    ClassifyCall,
    CloseSituation,
    EndCall,
    HangUpCall,
    LinkCall,
    LocateCall,
    LocateSituation,
    MergeSituation,
    NoteSituation,
    OpenSituation,
    PinFocus,
    ReportCall,
    SetLevel,
)
from command.requests.deadlines import FireDeadline
from command.requests.hubs import RecordHubTakenOut
from command.requests.libraries import (
    ApproveLibrary,
    ApproveLibraryTerms,
    DeclineLibraryFile,
    DeclineLibraryTerms,
    LiftLibrary,
    OfferLibraryFile,
    OfferLibraryTerms,
    ReportLibrary,
    RequestLibrary,
    RestoreLibraryLine,
)
from command.requests.orders import (
    FeedBack,
    FixEvidence,
    IssueOrder,
    RecallOrder,
    RecordMessage,
    RefuseOrder,
    SendMessage,
    StepOrder,
)
from command.requests.patrol import (
    ClearAlarm,
    ClearSos,
    DrawFence,
    EndShift,
    EnrolDevice,
    EnrolStation,
    EnrolUnit,
    RaiseSos,
    RemoveFence,
    ReportPatrol,
    RetireDevice,
    RetireStation,
    RetireUnit,
    ShelveAlarm,
    StartShift,
    TakeAlarm,
)
from command.requests.plans import (
    ActivatePlan,
    DecideApproval,
    FinishTask,
    NextPhase,
    PublishPlan,
    RecordApprovalNotice,
    RecordCase,
    RequestApproval,
    StandDownPlan,
)
from command.requests.recording import (
    LockRecording,
    RecordClip,
    ReleaseRecording,
    ReportRecorder,
    SetRecording,
    SetRecordings,
)
from command.requests.scene import (
    EnrolCamera,
    RecordQuery,
    RemoveCamera,
    ReportCamera,
    ReportDeviceAlarm,
    ReportLink,
    ReportReading,
)
from command.requests.violations import (
    ClaimViolation,
    ConfirmViolation,
    CorrectViolationPlate,
    EndRule,
    RecordPack,
    RecordViolationSent,
    RejectViolation,
    ReportViolation,
    SetRegions,
    SetRestriction,
    SetSection,
    TakeBackViolation,
)
from command.requests.wall import SendToWall, TakeOffWall
from command.requests.watchlist import (
    ApproveWatch,
    ApproveWatches,
    ConfirmHit,
    LiftWatch,
    RejectHit,
    ReportHit,
    RequestWatch,
    RequestWatches,
    WatchEntry,
)

__all__ = [
    "REQUESTS", "ActivatePlan", "AnswerCall", "ApproveLibrary", "ApproveLibraryTerms", "ApproveWatch", "ApproveWatches",
    "ClaimViolation", "ClassifyCall", "ClearAlarm", "ClearSos", "CloseSituation", "ConfirmHit", "ConfirmViolation",
    "CorrectViolationPlate",
    "DecideApproval", "DeclineLibraryFile", "DeclineLibraryTerms", "DrawFence", "EndCall", "EndRule", "EndShift",
    "EnrolCamera",
    "EnrolDevice", "EnrolStation", "EnrolUnit", "FeedBack", "FinishTask", "FireDeadline", "FixEvidence",
    "GivenPlace", "HangUpCall", "Id", "Instant", "IssueOrder", "Lat", "LiftLibrary", "LiftWatch", "LinkCall",
    "LocateCall", "LocateSituation", "LockRecording", "Lon", "MergeSituation", "Name", "NextPhase", "NoteSituation",
    "OfferLibraryFile", "OfferLibraryTerms", "OpenSituation", "Phone", "PinFocus", "PublishPlan", "RaiseSos", "Reason",
    "RecallOrder",
    "RecordApprovalNotice", "RecordCase", "RecordClip", "RecordHubTakenOut", "RecordMessage", "RecordPack",
    "RecordQuery", "RecordViolationSent", "RefuseOrder", "RejectHit", "RejectViolation", "ReleaseRecording",
    "RemoveCamera", "RemoveFence", "ReportCall", "ReportCamera", "ReportDeviceAlarm", "ReportHit", "ReportLibrary",
    "ReportLink", "ReportPatrol", "ReportReading", "ReportRecorder", "ReportViolation", "Request",
    "RequestApproval", "RequestLibrary", "RequestWatch", "RequestWatches", "RestoreLibraryLine", "RetireDevice",
    "RetireStation", "RetireUnit", "SendMessage",
    "SendToWall", "SetLevel", "SetRecording", "SetRecordings", "SetRegions", "SetRestriction", "SetSection",
    "ShelveAlarm", "StandDownPlan", "StartShift", "StepOrder", "TakeAlarm", "TakeBackViolation", "TakeOffWall",
    "Text", "WatchEntry", "decode",
]  # fmt: skip

REQUESTS: dict[str, type[Request]] = {str(cls.__struct_config__.tag): cls for cls in Request.__subclasses__()}
"""Every kind of request by its tag."""

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(REQUESTS.values())])  # noqa: UP007 - built at run time


def decode(data: bytes) -> Request:
    """Return the request in a JSON body; `InvalidInputError` says which field is wrong."""
    try:
        request: Request = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"not a request: {told(error)}") from error
    return request
