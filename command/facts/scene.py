"""Facts of cameras and links, and queries of what they saw."""

from __future__ import annotations

from command.facts.base import Fact


class CameraEnrolled(Fact, frozen=True, tag="camera_enrolled"):
    """A camera at a place, looking in `bearing_deg` with `field_deg` of view. Its address and password are secrets."""

    camera: str
    name: str
    lat: float
    lon: float
    bearing_deg: float = 0.0
    field_deg: float = 60.0
    reads_plates: bool = False


class CameraCameUp(Fact, frozen=True, tag="camera_came_up"):
    """Pictures arrive."""

    camera: str


class CameraWentDown(Fact, frozen=True, tag="camera_went_down"):
    """Pictures stopped; `reason` is what a technician can act on."""

    camera: str
    reason: str


class CameraRemoved(Fact, frozen=True, tag="camera_removed"):
    """The camera is no longer there."""

    camera: str


class LinkCameUp(Fact, frozen=True, tag="link_came_up"):
    """An outside service answers again."""

    link: str


class LinkWentDown(Fact, frozen=True, tag="link_went_down"):
    """An outside service does not answer; what is to be told waits."""

    link: str
    reason: str


class QueryMade(Fact, frozen=True, tag="query_made"):
    """Somebody looked up a person, a vehicle, sightings or where patrols were, and said why.

    `case` numbers the case or situation that it was for. `query` is the id of the query; further pages of its answer
    are facts of their own with the same id. `sha256` is of the file in which the answer was taken out.
    """

    what: str
    terms: str
    reason: str
    results: int
    case: str = ""
    query: str = ""
    sha256: str = ""
