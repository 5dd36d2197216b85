"""The time limits and distances of a jurisdiction, each with the source of its default (see domain sources in docs)."""

from __future__ import annotations

import msgspec


def _mean_speed_kmh() -> dict[str, float]:
    return {"patrol_car": 45, "traffic_police": 45, "fire_engine": 40, "ambulance": 45, "foot_patrol": 6}


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts as late, far or the same. A county sets its own; the defaults name where they come from."""

    answer_s: int = 15
    """90 % of calls within 15 s: NENA call answering standard."""
    dispatch_s: int = 60
    """Call processed to first dispatch, 90 % within 60 s: NFPA 1225 (2022)."""
    sign_s: int = 60
    """An order unsigned after this goes to the unit's leader; the second band of weekly 110 bulletins."""
    duplicate_radius_m: float = 500.0
    """Calls nearer than this to an open situation may be about it; own default, to be set from the county's records."""
    duplicate_minutes: int = 60
    """Older situations are not offered as duplicates; own default."""
    still_s: int = 20 * 60
    """No movement on duty for longer is 久坐不动; the county patrol plan leaves the figure to the county."""
    still_radius_m: float = 60.0
    """Movement within this is noise of the receiver; own default."""
    silent_s: int = 5 * 60
    """No position on duty for longer; own default, five times the slowest usual report interval."""
    alarm_escalate_s: int = 5 * 60
    """An untaken patrol alarm goes to the leader after this; county patrol plan, figure left to the county."""
    sos_radius_m: float = 3000.0
    """Colleagues within this are asked to help; county patrol plan, figure left to the county."""
    approval_warn_share: float = 0.75
    """Share of the time allowed after which the yellow warning comes where the item names none; own default."""
    hit_join_minutes: int = 120
    """A further hit of the same car within this joins its open situation; own default."""
    violation_review_days: int = 10
    """A violation is to be reviewed and entered within this: Procedures for handling road traffic violations
    (道路交通安全违法行为处理程序规定), article 19, as quoted by secondary sources; to be checked against the text."""
    speed_tolerance_percent: int = 10
    """A limit passed by no more than this finds nothing: up to a tenth brings a warning at most, by secondary sources;
    to be checked against the county's own rules. The measurement's own errors are taken off before."""
    interval_speed_reviewers: int = 1
    """How many people confirm an interval speed before it is sent, 1 or 2; own default."""
    keep_closed_h: int = 24
    """What is over stays in the tables, and so on every screen, for so long; own default, one day's shifts."""
    mean_speed_kmh: dict[str, float] = msgspec.field(default_factory=_mean_speed_kmh)
    """For the estimate of arrival beside a recommendation; own default."""
    detour_factor: float = 1.35
    """Road distance over straight distance; a usual figure for county roads, own default."""

    def __post_init__(self) -> None:
        """Refuse a partial table of speeds: a unit whose kind has none could not be recommended.

        What is over stays longer than the hour after which no text is sent any more: each is sent, or recorded.
        """
        if not 0 <= self.speed_tolerance_percent <= 100:
            raise ValueError("speed_tolerance_percent is 0 to 100")
        if self.interval_speed_reviewers not in (1, 2):
            raise ValueError("interval_speed_reviewers is 1 or 2")
        if not 1 <= self.violation_review_days <= 90:
            raise ValueError("violation_review_days is 1 to 90")
        if self.keep_closed_h < 2:
            raise ValueError("keep_closed_h is at least 2")
        if missing := _mean_speed_kmh().keys() - self.mean_speed_kmh.keys():
            raise ValueError(f"mean_speed_kmh lacks {', '.join(sorted(missing))}")
