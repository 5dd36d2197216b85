"""Rows of what is watched for, what was found, and who searched."""

from __future__ import annotations

from typing import Literal

import msgspec

from command.facts.base import Level
from command.facts.watchlist import (
    AheadBy,
    CameraAhead,
    HitHow,
    LastSeen,
    NearUnit,
    RejectKind,
    WatchAction,
    WatchArea,
    WatchHours,
)
from command.readings import Direction
from command.rows.base import Row


class RememberedHit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hit of an entry: when it was told, and whether somebody said that it was the car, or none."""

    hit: str
    at_ms: int
    said: Literal["nothing", "right", "wrong"] = "nothing"


class WatchRow(Row, frozen=True):
    """An entry of the watch list (布控), in force since `approved_ms`.

    `not_plates` look like it and do not fire. Of its `hits` so many are `judged` (SPEC R805); `wrong_share` is the
    share of these that was none, once there are enough. `remembered` are the newest hits, the newest last; `waiting`
    is how many of those told in which minute nobody has said anything of, and will soon stand.
    """

    pattern: str
    reason: str
    level: Level
    until_ms: int
    state: Literal["requested", "active", "lifted", "expired"]
    requested_by: str
    requested_ms: int
    approved_by: str = ""
    ended_ms: int | None = None
    hits: int = 0
    rejected: int = 0
    look_alike: bool = False
    office: str = ""
    area: WatchArea | None = None
    hours: WatchHours | None = None
    action: WatchAction = "alarm"
    batch: str = ""
    not_plates: tuple[str, ...] = ()
    wrong_share: float | None = None
    wrong_in_a_row: int = 0
    judged: int = 0
    remembered: tuple[RememberedHit, ...] = ()
    waiting: tuple[tuple[int, int], ...] = ()
    approved_ms: int | None = None


class HitRow(Row, frozen=True):
    """A watched plate that passed a camera; pictures are blob ids. Of a list, `watch` is that and `line` its entry.

    It was told at `told_ms`, which is later than seen where it was long on its way.
    """

    watch: str
    plate: str
    camera: str
    seen_ms: int
    confidence: float
    situation: str
    picture: str
    rejected_why: str = ""
    plate_picture: str = ""
    how: HitHow = "exact"
    score: float = 1.0
    direction: Direction | None = None
    heading_deg: float | None = None
    last_seen: LastSeen | None = None
    ahead: tuple[CameraAhead, ...] = ()
    ahead_by: AheadBy = "none"
    units: tuple[NearUnit, ...] = ()
    rejected_kind: RejectKind | None = None
    rejected_by: str = ""
    line: str = ""
    note: str = ""
    told_ms: int = 0
    confirmed_by: str = ""


class QueryRow(Row, frozen=True):
    """A query of persons, vehicles, sightings or patrols: who asked what and why, and how much was answered.

    `sha256` is of the file in which the answer was taken out; empty where it was not.
    """

    by: str
    at_ms: int
    what: str
    terms: str
    reason: str
    case: str
    results: int
    pages: int = 1
    sha256: str = ""
