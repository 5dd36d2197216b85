"""What is recorded of cameras, what is locked, what was exported, and whether the recorder can do its work."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Fact, Recorded
from command.facts.recording import (
    ClipExported,
    RecorderFailed,
    RecorderRecovered,
    RecordingLocked,
    RecordingPolicy,
    RecordingReleased,
    RecordingSet,
)
from command.kernel.errors import InvalidInputError
from command.rules.alarms import clear_alarm, open_alarm, raise_alarm
from command.rules.base import Decision, decides, folds, mark
from command.tables import Tables


@decides(q.SetRecording, "administrator", "hub")
def set_recording(t: Tables, request: q.SetRecording, actor: Actor, now_ms: int) -> Decision:
    """Change it; the same again says nothing."""
    yield from _set(t, request.camera, request.policy)
    return request.camera


@decides(q.SetRecordings, "administrator", "hub")
def set_recordings(t: Tables, request: q.SetRecordings, actor: Actor, now_ms: int) -> Decision:
    """Change it of all: where one camera is refused, the others stay as they were too."""
    for camera in request.cameras:
        yield from _set(t, camera, request.policy)
    return request.cameras[0]


def _set(t: Tables, camera: str, policy: RecordingPolicy) -> Iterator[Fact]:
    if policy.mode == "scheduled" and not policy.schedule:
        raise InvalidInputError("a schedule names at least one time of the week")
    if t.cameras.need(camera).recording != policy:
        yield RecordingSet(camera=camera, policy=policy)


@decides(q.LockRecording, "hub")
def lock_recording(t: Tables, request: q.LockRecording, actor: Actor, now_ms: int) -> Decision:
    """Keep it for good."""
    t.cameras.need(request.camera)
    if request.from_ms >= request.to_ms:
        raise InvalidInputError("a stretch of time ends after it begins")
    yield RecordingLocked(
        lock=request.lock, camera=request.camera, from_ms=request.from_ms, to_ms=request.to_ms, why=request.why
    )
    return request.lock


@decides(q.ReleaseRecording, "hub")
def release_recording(t: Tables, request: q.ReleaseRecording, actor: Actor, now_ms: int) -> Decision:
    """Let it go."""
    yield RecordingReleased(lock=request.lock, camera=request.camera, why=request.why)
    return request.lock


@decides(q.RecordClip, "hub")
def record_clip(t: Tables, request: q.RecordClip, actor: Actor, now_ms: int) -> Decision:
    """On record with its hash before it is handed out."""
    if request.situation:
        t.situations.need(request.situation)
    yield ClipExported(
        clip=request.clip, camera=request.camera, from_ms=request.from_ms, to_ms=request.to_ms,
        sha256=request.sha256, size=request.size, missing_ms=request.missing_ms, why=request.why,
        situation=request.situation or "", hub=request.hub,
    )  # fmt: skip
    return request.clip


@decides(q.ReportRecorder, "hub")
def report_recorder(t: Tables, request: q.ReportRecorder, actor: Actor, now_ms: int) -> Decision:
    """An alarm while recordings are lost or soon will be."""
    standing = open_alarm(t, "recording_failing", request.recorder)
    if request.ok and standing:
        yield RecorderRecovered(recorder=request.recorder)
        yield from clear_alarm(t, "recording_failing", request.recorder, "recording goes on")
    elif not request.ok and (standing is None or standing.detail != request.reason):
        yield from clear_alarm(t, "recording_failing", request.recorder, request.reason)
        yield RecorderFailed(recorder=request.recorder, reason=request.reason)
        yield from raise_alarm(t, "recording_failing", 3, request.recorder, detail=request.reason)
    return request.recorder


@folds(RecordingSet)
def recording_set(t: Tables, fact: RecordingSet, r: Recorded) -> None:
    """The newest word."""
    t.cameras.put(replace(t.cameras.need(fact.camera), recording=fact.policy))


@folds(RecordingLocked, RecordingReleased, RecorderFailed, RecorderRecovered)
def on_record(
    t: Tables, fact: RecordingLocked | RecordingReleased | RecorderFailed | RecorderRecovered, r: Recorded
) -> None:
    """On record in the journal; the recorder's own index knows what is locked, and the alarm shows what fails."""


@folds(ClipExported)
def clip_exported(t: Tables, fact: ClipExported, r: Recorded) -> None:
    """On the time line of the situation that it is about."""
    mark(t, fact.situation, r, clip=fact.clip, camera=fact.camera, sha256=fact.sha256, why=fact.why)
