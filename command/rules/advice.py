"""Advice, not decisions: which open situation a call may be about, and which units are near. Pure, and says why."""

from __future__ import annotations

import shapely

from command.facts import Place, Service
from command.facts.patrol import UnitKind
from command.kernel.geo import distance_m
from command.rows import SituationRow, UnitRow
from command.tables import Tables
from command.wire import Candidate, Recommendation

FITTING: dict[Service, frozenset[UnitKind]] = {
    "110": frozenset({"patrol_car", "foot_patrol"}),
    "119": frozenset({"fire_engine"}),
    "120": frozenset({"ambulance"}),
    "122": frozenset({"traffic_police"}),
}
CAN_STOP: frozenset[UnitKind] = FITTING["110"] | FITTING["122"]
"""Kinds of units that can stop a car: police and traffic police alike."""
STALE_POSITION_MS = 2 * 60 * 1000
_SHOWN = 5
_RECOMMENDED = 10
_STALE_S = 600
"""So much later a unit is taken to arrive whose position is old."""


def likely_duplicates(t: Tables, call: str, now_ms: int) -> list[Candidate]:
    """Return open situations, other than its own, that the call may be about, likeliest first.

    Near in place counts most, then near in time, the same caller, and the same number dialled.
    """
    row = t.calls.need(call)
    found = []
    for situation in t.situations:
        minutes = (now_ms - situation.changed_ms) / 60_000
        if situation.state == "closed" or situation.id == row.situation or minutes > t.limits.duplicate_minutes:
            continue
        distance = _distance(row.place, situation.place)
        same_caller = any(t.calls.need(c).caller == row.caller for c in situation.calls) and bool(row.caller)
        score = _score(t, distance, minutes, same_caller=same_caller, same_kind=situation.service == row.dialled)
        if score >= 0.35:
            found.append(
                Candidate(
                    situation=situation.id,
                    score=round(score, 2),
                    distance_m=None if distance is None else round(distance),
                    minutes=round(minutes, 1),
                    same_caller=same_caller,
                    same_kind=situation.service == row.dialled,
                )
            )
    return sorted(found, key=lambda c: c.score, reverse=True)[:_SHOWN]


def _score(t: Tables, distance: float | None, minutes: float, *, same_caller: bool, same_kind: bool) -> float:
    radius_m = t.limits.duplicate_radius_m
    near = 0.0 if distance is None else max(0.0, 1 - distance / (2 * radius_m))
    recent = max(0.0, 1 - minutes / t.limits.duplicate_minutes)
    if near == 0 and not same_caller:
        return 0.0
    return min(1.0, 0.55 * near + 0.2 * recent + (0.3 if same_caller else 0.0) + (0.15 if same_kind else 0.0))


def recommend(t: Tables, situation: SituationRow, now_ms: int) -> list[Recommendation]:
    """Return free units for a situation, fitting ones first, then by estimated arrival.

    Where a watched car is looked for, those that can stop it fit too. A position that is old counts for less. The
    nearest, in a straight line, is marked wherever it stands.
    """
    if situation.place is None:
        return []
    fitting = FITTING[situation.service] | (CAN_STOP if _follows_car(t, situation) else frozenset())
    free = [unit for unit in t.units if unit.state == "free"]
    options = [o for unit in free if (o := option_of(t, unit, situation.place, now_ms, fitting))]
    options.sort(key=lambda o: (not o.fits, soonest_s(o)))
    options = options[:_RECOMMENDED]
    if options:
        min(options, key=lambda o: o.distance_m).why.insert(0, "nearest")
    return options


def _follows_car(t: Tables, situation: SituationRow) -> bool:
    return any((hit := t.hits.get(each)) and not hit.rejected_why for each in situation.hits)


def option_of(
    t: Tables, unit: UnitRow, place: Place, now_ms: int, fitting: frozenset[UnitKind] = CAN_STOP
) -> Recommendation | None:
    """Return how soon a unit would be at a place; None for one in distress, or whose position is not known."""
    position = t.positions.get(unit.id)
    if unit.sos or position is None:
        return None
    straight_m = distance_m(place.lat, place.lon, position.lat, position.lon)
    age_ms = now_ms - position.at_ms
    road_m = straight_m * t.limits.detour_factor
    speed_ms = t.limits.mean_speed_kmh[unit.kind] / 3.6
    fits = unit.kind in fitting
    option = Recommendation(
        unit=unit.id,
        distance_m=round(straight_m),
        arrival_s=round(road_m / speed_ms),
        position_age_ms=age_ms,
        fits=fits,
        why=["fits_service" if fits else "other_service"],
    )
    if _is_in_area(t, unit, place):
        option.why.append("own_area")
    if age_ms > STALE_POSITION_MS:
        option.why.append("stale_position")
    return option


def soonest_s(option: Recommendation) -> int:
    """Return by what a unit stands before others: its arrival, later where that rests on an old position."""
    return option.arrival_s + (_STALE_S if "stale_position" in option.why else 0)


def _is_in_area(t: Tables, unit: UnitRow, place: Place) -> bool:
    fence = t.fences.get(unit.area)
    return bool(fence and shapely.Polygon(fence.ring).covers(shapely.Point(place.lon, place.lat)))


def _distance(a: Place | None, b: Place | None) -> float | None:
    return distance_m(a.lat, a.lon, b.lat, b.lon) if a and b else None
