"""Requests about cameras, watched plates, links and queries."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from command.facts.base import Level
from command.requests.base import Id, Instant, Lat, Lon, Name, Reason, Request, Text


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

    what: Literal["sightings", "track", "vehicle", "person", "passages"]
    terms: Text
    reason: Reason
    results: Annotated[int, Meta(ge=0)]
