"""Requests about what is recorded of cameras."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.facts.recording import RecordingPolicy
from command.kernel.limits import RECORD_GROUP
from command.requests.base import Id, Instant, Reason, Request, Text


class SetRecording(Request, frozen=True, tag="set_recording"):
    """Say what is to be recorded of a camera."""

    camera: Id
    policy: RecordingPolicy


class SetRecordings(Request, frozen=True, tag="set_recordings"):
    """Say what is to be recorded of a group of cameras: of all of them, or where one cannot be so, of none."""

    cameras: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=RECORD_GROUP)]
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
    hub: Text = ""


class ReportRecorder(Request, frozen=True, tag="report_recorder"):
    """The recorder says whether it can do its work."""

    recorder: Id
    ok: bool
    reason: Text = ""
