"""The time limits and distances of a jurisdiction, each with the source of its default."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[int, Meta(ge=1, le=24 * 3600)]
Metres = Annotated[float, Meta(ge=1, le=100_000)]
Minutes = Annotated[int, Meta(ge=1, le=31 * 24 * 60)]


def _mean_speed_kmh() -> dict[str, float]:
    return {"patrol_car": 45, "traffic_police": 45, "fire_engine": 40, "ambulance": 45, "foot_patrol": 6}


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts as late, far or the same. A county sets its own; the defaults name where they come from."""

    sign_s: Seconds = 60
    """An order unsigned after this goes to the unit's leader; the second band of weekly 110 bulletins."""
    duplicate_radius_m: Metres = 500.0
    """Calls nearer than this to an open situation may be about it; own default, to be set from the county's records."""
    duplicate_minutes: Minutes = 60
    """Older situations are not offered as duplicates; own default."""
    still_s: Seconds = 20 * 60
    """No movement on duty for longer is 久坐不动; the county patrol plan leaves the figure to the county."""
    still_radius_m: Metres = 60.0
    """Movement within this is noise of the receiver; own default."""
    silent_s: Seconds = 5 * 60
    """No position on duty for longer; own default, five times the slowest usual report interval."""
    alarm_escalate_s: Seconds = 5 * 60
    """An untaken patrol alarm goes to the leader after this; county patrol plan, figure left to the county."""
    sos_radius_m: Metres = 3000.0
    """Colleagues within this are asked to help; county patrol plan, figure left to the county."""
    approval_warn_share: Annotated[float, Meta(ge=0, le=1)] = 0.75
    """Share of the time allowed after which the yellow warning comes where the item names none; own default."""
    hit_join_minutes: Minutes = 120
    """A further hit of the same car within this joins its open situation; own default."""
    violation_review_days: Annotated[int, Meta(ge=1, le=90)] = 10
    """A violation is to be reviewed and entered within this: Procedures for handling road traffic violations
    (道路交通安全违法行为处理程序规定), article 19, as quoted by secondary sources; to be checked against the text."""
    speed_tolerance_percent: Annotated[int, Meta(ge=0, le=100)] = 10
    """A limit passed by no more than this finds nothing: up to a tenth brings a warning at most, by secondary sources;
    to be checked against the county's own rules. The measurement's own errors are taken off before."""
    interval_speed_reviewers: Annotated[int, Meta(ge=1, le=2)] = 1
    """How many people confirm an interval speed before it is sent, 1 or 2; own default."""
    keep_closed_h: Annotated[int, Meta(ge=2, le=31 * 24)] = 24
    """What is over stays in the tables, and so on every screen, for so long; own default, one day's shifts.

    Longer than the hour after which no text is sent any more: each is sent, or recorded.
    """
    mean_speed_kmh: dict[str, Annotated[float, Meta(gt=0, le=400)]] = msgspec.field(default_factory=_mean_speed_kmh)
    """For the estimate of arrival beside a recommendation; own default."""
    detour_factor: Annotated[float, Meta(ge=1, le=10)] = 1.35
    """Road distance over straight distance; a usual figure for county roads, own default."""

    def __post_init__(self) -> None:
        """Refuse a partial table of speeds: a unit whose kind has none could not be recommended."""
        if missing := _mean_speed_kmh().keys() - self.mean_speed_kmh.keys():
            raise ValueError(f"mean_speed_kmh lacks {', '.join(sorted(missing))}")
