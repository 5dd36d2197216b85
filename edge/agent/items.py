"""What happened at the edge, as agents tell it to their hub: the kinds of items, and the bodies of those of our own."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.facts.base import Level
from command.facts.watchlist import HitHow
from command.kernel.limits import PATTERN_CHARS
from command.readings import Direction
from command.requests import Id, Instant
from edge.agent.protocol import Box, Count
from edge.limits import AGENT_READING_CAMERAS
from streams.limits import LIBRARY_FITS


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a list that a plate fits, as in `streams.watch_list.Match`."""

    line: Annotated[str, Meta(max_length=PATTERN_CHARS)]
    how: HitHow
    score: Annotated[float, Meta(ge=0, le=1)] = 1.0


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A watched plate passed; kind `hit`. `picture` is the SHA-256 of a picture that may come later, or never.

    `how`, `score` and `line` are those of `streams.watch_list.Match`; `others` are of further lines of the list, since
    the hub alone knows what was set aside there.
    """

    watch: Id
    plate: Annotated[str, Meta(min_length=5, max_length=10)]
    camera: Id
    seen_ms: Instant
    confidence: Annotated[float, Meta(ge=0, le=1)]
    picture: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    plate_picture: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    how: HitHow = "exact"
    score: Annotated[float, Meta(ge=0, le=1)] = 1.0
    direction: Direction | None = None
    heading_deg: Annotated[float, Meta(ge=0, lt=360)] | None = None
    line: Annotated[str, Meta(max_length=PATTERN_CHARS)] = ""
    others: Annotated[list[Fit], Meta(max_length=LIBRARY_FITS)] = []


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A camera says that something is up; kind `alarm`. `source` is which input or region."""

    camera: Id
    what: Literal["alarm_input", "tampering"]
    at_ms: Instant
    source: Annotated[str, Meta(max_length=200)] = ""


class CameraState(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures of a camera arrive, or stopped and why; kind `camera`."""

    camera: Id
    up: bool
    at_ms: Instant
    reason: Annotated[str, Meta(max_length=500)] = ""


class DeviceAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """A device says that something is up; kind `device_alarm`. `subject` is a camera, or the device's own id."""

    subject: Id
    level: Level
    at_ms: Instant
    detail: Annotated[str, Meta(max_length=500)] = ""
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None


class RecorderState(msgspec.Struct, frozen=True, kw_only=True):
    """A recorder of the agent can do its work, or cannot and why.

    Kind `recorder`, which hubs of before know, for the first disk, and `recorder_disk` for the others.
    """

    ok: bool
    at_ms: Instant
    reason: Annotated[str, Meta(max_length=500)] = ""
    disk: Annotated[int, Meta(ge=1, le=64)] = 1


class CameraReading(msgspec.Struct, frozen=True, kw_only=True):
    """Of a camera: plates found in pictures, those not read, and pictures looked at because something moved."""

    camera: Id
    found: Count
    unread: Count
    moving: Count


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How plates were read in an hour (since 1970) while one process of the agent ran; kind `reading`.

    These are totals: of those of one `run` and hour the largest counts, whatever came when and how often.
    """

    run: Box
    hour: Annotated[int, Meta(ge=0, le=2**40)]
    cameras: Annotated[list[CameraReading], Meta(max_length=AGENT_READING_CAMERAS)]


READING = "reading"
RECORDER, RECORDER_DISK, DEVICE_ALARM = "recorder", "recorder_disk", "device_alarm"
ALARM, HIT, CAMERA, SIGHTING, POSITION, PICTURE = "alarm", "hit", "camera", "sighting", "position", "picture"
CALL_FOR_HELP = "call_for_help"
"""Kinds of items. Bodies of `sighting`, `position` and `call_for_help` are those of `command.readings`; a `picture`
comes in pieces."""
