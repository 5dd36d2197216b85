"""Facts of cameras, plates and links."""

from __future__ import annotations

from command.facts.base import Fact, Level


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


class WatchRequested(Fact, frozen=True, tag="watch_requested"):
    """A plate or pattern to look out for (布控); it fires only once approved and until `until_ms`."""

    watch: str
    pattern: str
    reason: str
    level: Level
    until_ms: int


class WatchApproved(Fact, frozen=True, tag="watch_approved"):
    """The request was granted, by somebody other than who made it."""

    watch: str


class WatchLifted(Fact, frozen=True, tag="watch_lifted"):
    """No longer looked out for."""

    watch: str
    why: str


class WatchExpired(Fact, frozen=True, tag="watch_expired"):
    """Past its date."""

    watch: str


class PlateHit(Fact, frozen=True, tag="plate_hit"):
    """A plate on the watch list passed a camera."""

    hit: str
    watch: str
    plate: str
    camera: str
    seen_ms: int
    confidence: float
    situation: str
    picture: str = ""


class PlateHitRejected(Fact, frozen=True, tag="plate_hit_rejected"):
    """A person looked at the picture: it is not that car."""

    hit: str
    why: str


class LinkCameUp(Fact, frozen=True, tag="link_came_up"):
    """An outside service answers again."""

    link: str


class LinkWentDown(Fact, frozen=True, tag="link_went_down"):
    """An outside service does not answer; what is to be told waits."""

    link: str
    reason: str


class QueryMade(Fact, frozen=True, tag="query_made"):
    """Somebody looked up a person, a vehicle or sightings, and said why."""

    what: str
    terms: str
    reason: str
    results: int
