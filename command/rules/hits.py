"""Hits on the watch list: alarms with what helps to find the car; and those that somebody says were none."""

from __future__ import annotations

from collections.abc import Iterable

import shapely
from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Place, Recorded
from command.facts.watchlist import NearUnit, PlateHit, PlateHitRejected, WatchArea
from command.kernel.errors import ConflictError, InvalidInputError
from command.kernel.limits import HIT_UNITS, WATCH_NOT_PLATES
from command.kernel.local_time import is_within_day
from command.rows import CameraRow, HitRow, SituationRow, WatchRow
from command.rules.advice import recommend
from command.rules.alarms import clear_alarm, raise_alarm
from command.rules.base import Decision, decides, folds, mark
from command.rules.situations import check_room_for_situation, open_situation
from command.rules.watchlist import DOUBTFUL
from command.tables import Tables

_MINUTE_MS = 60_000
_JUDGED_HITS = 3
"""From so many hits on the share of wrong ones says something."""
_WRONG_IN_A_ROW = 3
"""So many hits in a row that were none, and whoever asked is asked to lift or narrow the entry; own default."""


def fires_at(watch: WatchRow, camera: CameraRow, seen_ms: int) -> bool:
    """Say whether the entry is to fire for what a camera saw at an instant: in its area and hours."""
    if watch.area and not cameras_in(watch.area, [camera]):
        return False
    return watch.hours is None or is_within_day(seen_ms, watch.hours.from_min, watch.hours.to_min)


def cameras_in(area: WatchArea, cameras: Iterable[CameraRow]) -> frozenset[str]:
    """Return those of the cameras that an area names, or that stand in its ring."""
    named = frozenset(area.cameras)
    ring = shapely.Polygon(area.ring) if area.ring else None
    shapely.prepare(ring)
    return frozenset(
        camera.id
        for camera in cameras
        if camera.id in named or (ring is not None and ring.covers(shapely.Point(camera.lon, camera.lat)))
    )


@decides(q.ReportHit, "hub")
def report_hit(t: Tables, request: q.ReportHit, actor: Actor, now_ms: int) -> Decision:
    """A hit joins the car's open situation or opens one, and is an alarm. A watch not in force does not fire."""
    watch, camera = t.watches.need(request.watch), t.cameras.need(request.camera)
    if watch.state != "active" or now_ms >= watch.until_ms or not fires_at(watch, camera, request.seen_ms):
        return ""
    same_car = [h for h in t.hits if h.plate == request.plate]
    for earlier in same_car:
        if earlier.camera == request.camera and earlier.seen_ms == request.seen_ms and earlier.watch == watch.id:
            return earlier.id
    if request.plate in watch.not_plates:
        return ""
    situation = _open_situation_of_car(t, [h for h in same_car if not h.rejected_why], now_ms)
    place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
    if not situation:
        check_room_for_situation(t)
        situation = yield from open_situation(
            t, title=f"布控车辆 {request.plate}", service="110", kind="public_security", level=watch.level,
            place=place, source=watch.id,
        )  # fmt: skip
    hit = t.next_id("h")
    yield PlateHit(
        hit=hit, watch=watch.id, plate=request.plate, camera=camera.id, seen_ms=request.seen_ms,
        confidence=request.confidence, situation=situation, picture=request.picture,
        plate_picture=request.plate_picture, how=request.how, score=request.score, direction=request.direction,
        heading_deg=request.heading_deg, last_seen=request.last_seen, ahead=tuple(request.ahead),
        ahead_by=request.ahead_by, units=_near(t, replace(t.situations.need(situation), place=place), now_ms),
    )  # fmt: skip
    yield from raise_alarm(
        t, "plate_hit", watch.level, request.plate, situation=situation, lat=camera.lat, lon=camera.lon,
        detail=f"{camera.name} {watch.reason}",
    )  # fmt: skip
    return hit


def _near(t: Tables, here: SituationRow, now_ms: int) -> tuple[NearUnit, ...]:
    return tuple(
        NearUnit(unit=each.unit, distance_m=round(each.distance_m), arrival_s=round(each.arrival_s))
        for each in recommend(t, here, now_ms)[:HIT_UNITS]
    )


def _open_situation_of_car(t: Tables, hits: list[HitRow], now_ms: int) -> str:
    for hit in sorted(hits, key=lambda h: h.seen_ms, reverse=True):
        situation = t.situations.get(hit.situation)
        while situation and situation.merged_into:  # the one that went on may be over for longer, and gone
            situation = t.situations.get(situation.merged_into)
        recent = now_ms - hit.seen_ms <= t.limits.hit_join_minutes * _MINUTE_MS
        if situation and situation.state != "closed" and recent:
            return situation.id
    return ""


@decides(q.RejectHit, "call_taker", "dispatcher", "commander", "camera_watch", "hub")
def reject_hit(t: Tables, request: q.RejectHit, actor: Actor, now_ms: int) -> Decision:
    """A person says it is not that car; the alarm goes once no other hit of it stands in the situation.

    A look-alike does not fire again for its entry unless that is asked for, any other hit only where it is asked for.
    """
    row = t.hits.need(request.hit)
    if row.rejected_why:
        raise ConflictError(f"hit {row.id} was rejected already", current=row)
    if request.exclude and row.how == "exact":
        raise InvalidInputError("a plate that is the entry itself cannot be excluded from it; lift the watch instead")
    excluded = row.how == "look_alike" if request.exclude is None else request.exclude
    yield PlateHitRejected(hit=row.id, why=request.why, kind=request.kind, excluded=excluded)
    if not any(h.plate == row.plate and h.situation == row.situation and not h.rejected_why for h in t.hits):
        yield from clear_alarm(t, "plate_hit", row.plate, request.why)
    watch = t.watches.get(row.watch)
    if watch and watch.state == "active" and watch.wrong_in_a_row >= _WRONG_IN_A_ROW:
        # As a code, which screens word: how many, and who is to lift or narrow the entry.
        yield from raise_alarm(t, DOUBTFUL, 4, watch.pattern, detail=f"{watch.wrong_in_a_row} {watch.requested_by}")
    return row.id


@folds(PlateHit)
def plate_hit(t: Tables, fact: PlateHit, r: Recorded) -> None:
    """On the situation, with its picture."""
    t.hits.put(
        HitRow(
            id=fact.hit, watch=fact.watch, plate=fact.plate, camera=fact.camera, seen_ms=fact.seen_ms,
            confidence=fact.confidence, situation=fact.situation, picture=fact.picture,
            plate_picture=fact.plate_picture, how=fact.how, score=fact.score, direction=fact.direction,
            heading_deg=fact.heading_deg, last_seen=fact.last_seen, ahead=fact.ahead, ahead_by=fact.ahead_by,
            units=fact.units,
        )
    )  # fmt: skip
    watch = t.watches.need(fact.watch)
    before = t.hits.get(watch.last_hit)
    # A hit that nobody rejected before the car came again stands: those that were none are no longer in a row.
    in_a_row = 0 if before and not before.rejected_why else watch.wrong_in_a_row
    t.watches.put(_judged(replace(watch, hits=watch.hits + 1, last_hit=fact.hit, wrong_in_a_row=in_a_row)))
    situation = t.situations.need(fact.situation)
    camera = t.cameras.get(fact.camera)
    place = situation.place
    latest = all(t.hits.need(h).seen_ms <= fact.seen_ms for h in situation.hits)
    if camera and latest:  # a hit that was long on its way does not take the car back
        place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
    t.situations.put(replace(situation, hits=(*situation.hits, fact.hit), place=place, changed_ms=r.at_ms))
    mark(t, fact.situation, r, hit=fact.hit, plate=fact.plate, camera=fact.camera)


@folds(PlateHitRejected)
def plate_hit_rejected(t: Tables, fact: PlateHitRejected, r: Recorded) -> None:
    """Counted against its watch, where that is still to be seen."""
    row = replace(t.hits.need(fact.hit), rejected_why=fact.why, rejected_kind=fact.kind, rejected_by=r.actor)
    t.hits.put(row)
    watch = t.watches.get(row.watch)
    if watch:
        not_plates = watch.not_plates
        if fact.excluded:
            not_plates = (*(plate for plate in not_plates if plate != row.plate), row.plate)[-WATCH_NOT_PLATES:]
        watch = replace(watch, rejected=watch.rejected + 1, wrong_in_a_row=watch.wrong_in_a_row + 1)
        t.watches.put(_judged(replace(watch, not_plates=not_plates)))
    mark(t, row.situation, r, hit=row.id, plate=row.plate, why=fact.why, kind=fact.kind)


def _judged(watch: WatchRow) -> WatchRow:
    share = round(watch.rejected / watch.hits, 2) if watch.hits >= _JUDGED_HITS else None
    return replace(watch, wrong_share=share)
