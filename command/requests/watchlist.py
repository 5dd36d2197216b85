"""Requests about the watch list (布控) and its hits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from command.facts.base import Level
from command.facts.watchlist import AheadBy, CameraAhead, HitHow, LastSeen, RejectKind, WatchAction
from command.kernel.limits import (
    CAMERAS_AHEAD,
    LIBRARY_NOTE_CHARS,
    PATTERN_CHARS,
    WATCH_AREA_CAMERAS,
    WATCH_AREA_CORNERS,
    WATCHES_AT_ONCE,
)
from command.readings import Direction
from command.requests.base import Id, Instant, Lat, Lon, Reason, Request

_Blob = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
_Minute = Annotated[int, Meta(ge=0, le=24 * 60)]
Pattern = Annotated[str, Meta(min_length=2, max_length=16)]
Office = Annotated[str, Meta(max_length=100)]


class GivenArea(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Before these cameras, and before those within a ring of [lon, lat] (WGS-84)."""

    cameras: Annotated[list[Id], Meta(max_length=WATCH_AREA_CAMERAS)] = []
    ring: Annotated[list[tuple[Lon, Lat]], Meta(max_length=WATCH_AREA_CORNERS)] = []


class GivenHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a minute of the day in Asia/Shanghai to another, not included; over midnight where that is earlier."""

    from_min: _Minute
    to_min: _Minute


class WatchEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plate to look out for; `?` is one character, `*` any. With `look_alike` also plates that look like it."""

    pattern: Pattern
    reason: Reason
    level: Level
    until_ms: Instant
    look_alike: bool = False
    office: Office = ""
    area: GivenArea | None = None
    hours: GivenHours | None = None
    action: WatchAction = "alarm"


class RequestWatch(Request, frozen=True, tag="request_watch"):
    """Look out for a plate; the fields are those of `WatchEntry`."""

    pattern: Pattern
    reason: Reason
    level: Level
    until_ms: Instant
    look_alike: bool = False
    office: Office = ""
    area: GivenArea | None = None
    hours: GivenHours | None = None
    action: WatchAction = "alarm"


class RequestWatches(Request, frozen=True, tag="request_watches"):
    """Look out for many plates, all of them or none."""

    entries: Annotated[list[WatchEntry], Meta(min_length=1, max_length=WATCHES_AT_ONCE)]


class ApproveWatch(Request, frozen=True, tag="approve_watch"):
    """Grant it; not by who asked."""

    watch: Id


class ApproveWatches(Request, frozen=True, tag="approve_watches"):
    """Grant many; those that are in force already stay so."""

    watches: Annotated[list[Id], Meta(min_length=1, max_length=WATCHES_AT_ONCE)]


class LiftWatch(Request, frozen=True, tag="lift_watch"):
    """Stop looking."""

    watch: Id
    why: Reason


class ReportHit(Request, frozen=True, tag="report_hit"):
    """A watched plate passed; the hub's plate reader says so, with what readings and road net tell about the car.

    `watch` may be a list: then `line` is the entry in it, the plate itself where it says none.
    """

    watch: Id
    plate: Annotated[str, Meta(min_length=5, max_length=10)]
    camera: Id
    seen_ms: Instant
    confidence: Annotated[float, Meta(ge=0, le=1)]
    picture: _Blob = ""
    plate_picture: _Blob = ""
    how: HitHow = "exact"
    score: Annotated[float, Meta(ge=0, le=1)] = 1.0
    direction: Direction | None = None
    heading_deg: Annotated[float, Meta(ge=0, lt=360)] | None = None
    last_seen: LastSeen | None = None
    ahead: Annotated[tuple[CameraAhead, ...], Meta(max_length=CAMERAS_AHEAD)] = ()
    ahead_by: AheadBy = "none"
    line: Annotated[str, Meta(max_length=PATTERN_CHARS)] = ""
    note: Annotated[str, Meta(max_length=LIBRARY_NOTE_CHARS)] = ""


class ConfirmHit(Request, frozen=True, tag="confirm_hit"):
    """It is that car. Again says nothing."""

    hit: Id


class RejectHit(Request, frozen=True, tag="reject_hit"):
    """It is not that car. With `exclude` this plate does not fire for the entry again, as after a look-alike anyway
    unless it is false; a plate that is the entry itself cannot be excluded."""

    hit: Id
    why: Reason
    kind: RejectKind = "other"
    exclude: bool | None = None
