"""Facts of recordings: what is recorded of a camera, what is locked, and what was taken out as evidence."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.facts.base import Fact

Minute = Annotated[int, Meta(ge=0, le=24 * 60)]


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time of the week in the county: ISO weekdays (1 is Monday) and minutes of the day.

    An end at or before the beginning is on the day after.
    """

    days: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(min_length=1, max_length=7)]
    from_min: Minute
    to_min: Minute


class RecordingPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is recorded of a camera and how long it is kept."""

    mode: Literal["off", "continuous", "scheduled", "event"] = "off"
    """`event`: around each event, from `pre_s` before it to `post_s` after its last sign."""
    schedule: Annotated[tuple[Hours, ...], Meta(max_length=50)] = ()
    """When mode `scheduled` records."""
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    quota_mib: Annotated[int, Meta(ge=0)] = 0
    """The most that this camera's recordings may take; 0: only the disk's own limit counts."""
    pre_s: Annotated[int, Meta(ge=0, le=60)] = 10
    post_s: Annotated[int, Meta(ge=1, le=3600)] = 30


class RecordingSet(Fact, frozen=True, tag="recording_set"):
    """What is to be recorded of a camera from now on."""

    camera: str
    policy: RecordingPolicy


class RecordingLocked(Fact, frozen=True, tag="recording_locked"):
    """A stretch of recording is kept for good, whatever the quota: it is needed."""

    lock: str
    camera: str
    from_ms: int
    to_ms: int
    why: str


class RecordingReleased(Fact, frozen=True, tag="recording_released"):
    """It is no longer needed; it goes when its time comes."""

    lock: str
    camera: str
    why: str


class ClipExported(Fact, frozen=True, tag="clip_exported"):
    """A stretch of recording was taken out as one file; its SHA-256 proves it, `missing_ms` is what it lacks.

    It lies at `hub`, by the address that the other hubs know that one by; empty for a hub that is alone.
    """

    clip: str
    camera: str
    from_ms: int
    to_ms: int
    sha256: str
    size: int
    missing_ms: int
    why: str
    situation: str = ""
    hub: str = ""


class RecorderFailed(Fact, frozen=True, tag="recorder_failed"):
    """Recordings are being lost, or soon will be; `reason` is what a technician can act on."""

    recorder: str
    reason: str


class RecorderRecovered(Fact, frozen=True, tag="recorder_recovered"):
    """Recording goes on as it should."""

    recorder: str
