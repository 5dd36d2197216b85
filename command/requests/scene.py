"""Requests about cameras, links and queries."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from command.facts.base import Level
from command.kernel.limits import QUERIES_AN_HOUR
from command.requests.base import Id, Lat, Lon, Name, Reason, Request, Text

QueryOf = Literal[
    "sightings", "track", "companions", "first_time", "frequent", "clones", "watches", "export", "passages",
    "lens", "vehicle", "person", "patrol_track", "present", "patrol_track_file", "present_file",
]  # fmt: skip
"""What is looked up: passages, one car's way, cars that go with it, cars new here, cars often here, plates that
two cars may wear, what a plate is on the watch list by, passages as a file, passages as they happen, pictures of
passages that show how well a camera sees; the way of a patrol, which patrols were somewhere; either of these
taken out as a file."""


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


class ReportReading(Request, frozen=True, tag="report_reading"):
    """How plates are read before a camera became worse than usual, and why, or well again where `why` is empty.

    `percent` is of the passages that are usual.
    """

    camera: Id
    why: Literal["", "fewer", "unread", "unsure"]
    percent: Annotated[int, Meta(ge=0)] | None = None


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
    """A query of persons, vehicles, sightings or patrols was made; the hub writes it down before it answers.

    `query` names an earlier one of which this is a further page; any other is one of the `an_hour` that are allowed.
    `sha256` is of the file that is answered.
    """

    what: QueryOf
    terms: Text
    reason: Reason
    results: Annotated[int, Meta(ge=0)]
    case: Annotated[str, Meta(max_length=64)] = ""
    query: Id | None = None
    an_hour: Annotated[int, Meta(ge=1)] = QUERIES_AN_HOUR
    sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
