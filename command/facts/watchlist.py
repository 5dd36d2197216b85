"""Facts of the watch list (布控): entries requested, approved, lifted, expired; hits, and those that were none."""

from __future__ import annotations

from typing import Literal

import msgspec

from command.facts.base import Fact, Level
from command.facts.patrol import UnitState
from command.readings import Direction

WatchAction = Literal["alarm", "follow", "check", "intercept"]
"""What is to be done about the car: 只报警, 跟踪, 盘查, 拦截."""

HitHow = Literal["exact", "pattern", "look_alike"]
"""How a plate fits an entry: as it is written, by its wild cards, or but for characters that look alike."""

RejectKind = Literal["misread", "look_alike", "cloned_plate", "out_of_date", "other"]
"""Why a hit was none: 误读, 形近字, 套牌 (the plate is right, the car another), 名单过期, 其他."""

AheadBy = Literal["none", "roads", "bearing"]
"""How the cameras ahead were found: along the road net, or by bearing and distance where none is known."""


class WatchArea(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Where a watch fires: before these cameras, and before those within a ring of [lon, lat] (WGS-84)."""

    cameras: tuple[str, ...] = ()
    ring: tuple[tuple[float, float], ...] = ()


class WatchHours(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """When a watch fires: minutes of the day in Asia/Shanghai, the last one not included; over midnight too."""

    from_min: int
    to_min: int


class LastSeen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a car was seen before."""

    camera: str
    at_ms: int


class CameraAhead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A camera that a car will pass next, and in how many seconds."""

    camera: str
    distance_m: int
    expected_s: int


class NearUnit(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A unit, how far it is in a straight line, how many seconds it will take, and how old its position was.

    `state` is that of the unit as the car passed: one that is not free would have to be called away, or in.
    """

    unit: str
    distance_m: int
    arrival_s: int
    state: UnitState = "free"
    position_age_ms: int = 0


class WatchRequested(Fact, frozen=True, tag="watch_requested"):
    """A plate or pattern to look out for; it fires only once approved and until `until_ms`.

    `office` is on whose behalf it was asked for, `batch` the first entry of those that were asked for together.
    """

    watch: str
    pattern: str
    reason: str
    level: Level
    until_ms: int
    look_alike: bool = False
    office: str = ""
    area: WatchArea | None = None
    hours: WatchHours | None = None
    action: WatchAction = "alarm"
    batch: str = ""


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
    """A plate on the watch list passed a camera, with what helps to find the car.

    `score` says how well the plate fits, 1 for all but look-alikes. `picture` is of the scene, `plate_picture` of the
    plate alone; `heading_deg` is over ground. Of a list, `watch` is that, `line` its entry and `note` the remark there.
    """

    hit: str
    watch: str
    plate: str
    camera: str
    seen_ms: int
    confidence: float
    situation: str
    picture: str = ""
    plate_picture: str = ""
    how: HitHow = "exact"
    score: float = 1.0
    direction: Direction | None = None
    heading_deg: float | None = None
    last_seen: LastSeen | None = None
    ahead: tuple[CameraAhead, ...] = ()
    ahead_by: AheadBy = "none"
    units: tuple[NearUnit, ...] = ()
    line: str = ""
    note: str = ""


class PlateHitConfirmed(Fact, frozen=True, tag="plate_hit_confirmed"):
    """A person looked at the picture: it is that car."""

    hit: str


class PlateHitRejected(Fact, frozen=True, tag="plate_hit_rejected"):
    """A person looked at the picture: it is not that car. An `excluded` plate does not fire for this entry again."""

    hit: str
    why: str
    kind: RejectKind = "other"
    excluded: bool = False
