"""The watch list (布控): requested, approved by somebody else, expired, lifted; and hits."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Place, Recorded
from command.facts.scene import (
    PlateHit,
    PlateHitRejected,
    WatchApproved,
    WatchExpired,
    WatchLifted,
    WatchRequested,
)
from command.kernel.errors import ConflictError, InvalidInputError
from command.kernel.limits import OPEN_WATCHES
from command.kernel.plate_pattern import checked_pattern
from command.rows import DeadlineRow, HitRow, WatchRow
from command.rules.alarms import clear_alarm, raise_alarm
from command.rules.base import Decision, check_room, decides, drop_deadline, fires, folds, mark, over, set_deadline
from command.rules.situations import check_room_for_situation, open_situation
from command.tables import Tables

EXPIRE = "watch_expire"


@decides(q.RequestWatch, "call_taker", "dispatcher", "commander", "camera_watch", "officer", "hub")
def request_watch(t: Tables, request: q.RequestWatch, actor: Actor, now_ms: int) -> Decision:
    """Ask for it. A pattern that would match every car, or can match none, is refused."""
    pattern = checked_pattern(request.pattern)
    if len(pattern.replace("*", "").replace("?", "")) < 2:
        raise InvalidInputError("a pattern needs at least two known characters")
    if request.until_ms <= now_ms:
        raise InvalidInputError("a watch ends after now")
    check_room(t.watches, OPEN_WATCHES)
    watch = t.next_id("w")
    yield WatchRequested(
        watch=watch, pattern=pattern, reason=request.reason, level=request.level, until_ms=request.until_ms
    )
    return watch


@decides(q.ApproveWatch, "duty_leader", "commander", "hub")
def approve_watch(t: Tables, request: q.ApproveWatch, actor: Actor, now_ms: int) -> Decision:
    """Two people: who asks does not approve."""
    row = t.watches.need(request.watch)
    if row.state != "requested":
        raise ConflictError(f"watch {row.id} is {row.state}", state=row.state, current=row)
    if row.requested_by == actor.id and not actor.has("hub"):
        raise ConflictError("a watch is approved by somebody other than who asked for it")
    yield WatchApproved(watch=row.id)
    return row.id


@decides(q.LiftWatch, "dispatcher", "duty_leader", "commander", "camera_watch", "hub")
def lift_watch(t: Tables, request: q.LiftWatch, actor: Actor, now_ms: int) -> Decision:
    """Stop looking."""
    row = t.watches.need(request.watch)
    if row.state in ("lifted", "expired"):
        raise ConflictError(f"watch {row.id} is {row.state}", state=row.state, current=row)
    yield WatchLifted(watch=row.id, why=request.why)
    return row.id


@fires(EXPIRE)
def expire_watch(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Past its date."""
    row = t.watches.need(deadline.subject)
    if row.state in ("requested", "active"):
        yield WatchExpired(watch=row.id)
    return row.id


@decides(q.ReportHit, "hub")
def report_hit(t: Tables, request: q.ReportHit, actor: Actor, now_ms: int) -> Decision:
    """A hit joins the car's open situation or opens one, and is an alarm. A watch not in force does not fire."""
    watch, camera = t.watches.need(request.watch), t.cameras.need(request.camera)
    if watch.state != "active" or now_ms >= watch.until_ms:
        return ""
    same_car = [h for h in t.hits if h.plate == request.plate]
    for earlier in same_car:
        if earlier.camera == request.camera and earlier.seen_ms == request.seen_ms and earlier.watch == watch.id:
            return earlier.id
    situation = _open_situation_of_car(t, [h for h in same_car if not h.rejected_why], now_ms)
    if not situation:
        check_room_for_situation(t)
        place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
        situation = yield from open_situation(
            t, title=f"布控车辆 {request.plate}", service="110", kind="public_security", level=watch.level,
            place=place, source=watch.id,
        )  # fmt: skip
    hit = t.next_id("h")
    yield PlateHit(
        hit=hit, watch=watch.id, plate=request.plate, camera=camera.id, seen_ms=request.seen_ms,
        confidence=request.confidence, situation=situation, picture=request.picture,
    )  # fmt: skip
    yield from raise_alarm(
        t, "plate_hit", watch.level, request.plate, situation=situation, lat=camera.lat, lon=camera.lon,
        detail=f"{camera.name} {watch.reason}",
    )  # fmt: skip
    return hit


def _open_situation_of_car(t: Tables, hits: list[HitRow], now_ms: int) -> str:
    for hit in sorted(hits, key=lambda h: h.seen_ms, reverse=True):
        situation = t.situations.get(hit.situation)
        while situation and situation.merged_into:  # the one that went on may be over for longer, and gone
            situation = t.situations.get(situation.merged_into)
        recent = now_ms - hit.seen_ms <= t.limits.hit_join_minutes * 60_000
        if situation and situation.state != "closed" and recent:
            return situation.id
    return ""


@decides(q.RejectHit, "call_taker", "dispatcher", "commander", "camera_watch", "hub")
def reject_hit(t: Tables, request: q.RejectHit, actor: Actor, now_ms: int) -> Decision:
    """A person says it is not that car; the alarm goes once no other hit of it stands in the situation."""
    row = t.hits.need(request.hit)
    if row.rejected_why:
        raise ConflictError(f"hit {row.id} was rejected already", current=row)
    yield PlateHitRejected(hit=row.id, why=request.why)
    if not any(h.plate == row.plate and h.situation == row.situation and not h.rejected_why for h in t.hits):
        yield from clear_alarm(t, "plate_hit", row.plate, request.why)
    return row.id


@folds(WatchRequested)
def watch_requested(t: Tables, fact: WatchRequested, r: Recorded) -> None:
    """Waiting for approval."""
    t.watches.put(
        WatchRow(
            id=fact.watch, pattern=fact.pattern, reason=fact.reason, level=fact.level, until_ms=fact.until_ms,
            state="requested", requested_by=r.actor, requested_ms=r.at_ms,
        )
    )  # fmt: skip
    set_deadline(t, EXPIRE, fact.watch, fact.until_ms)


@folds(WatchApproved)
def watch_approved(t: Tables, fact: WatchApproved, r: Recorded) -> None:
    """In force."""
    t.watches.put(replace(t.watches.need(fact.watch), state="active", approved_by=r.actor))


@folds(WatchLifted)
def watch_lifted(t: Tables, fact: WatchLifted, r: Recorded) -> None:
    """Over by somebody's word."""
    t.watches.put(replace(t.watches.need(fact.watch), state="lifted", ended_ms=r.at_ms))
    drop_deadline(t, EXPIRE, fact.watch)
    over(t, r.at_ms, t.watches)


@folds(WatchExpired)
def watch_expired(t: Tables, fact: WatchExpired, r: Recorded) -> None:
    """Over by its date."""
    t.watches.put(replace(t.watches.need(fact.watch), state="expired", ended_ms=r.at_ms))
    drop_deadline(t, EXPIRE, fact.watch)
    over(t, r.at_ms, t.watches)


@folds(PlateHit)
def plate_hit(t: Tables, fact: PlateHit, r: Recorded) -> None:
    """On the situation, with its picture."""
    t.hits.put(
        HitRow(
            id=fact.hit, watch=fact.watch, plate=fact.plate, camera=fact.camera, seen_ms=fact.seen_ms,
            confidence=fact.confidence, situation=fact.situation, picture=fact.picture,
        )
    )  # fmt: skip
    watch = t.watches.need(fact.watch)
    t.watches.put(replace(watch, hits=watch.hits + 1))
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
    row = replace(t.hits.need(fact.hit), rejected_why=fact.why)
    t.hits.put(row)
    watch = t.watches.get(row.watch)
    if watch:
        t.watches.put(replace(watch, rejected=watch.rejected + 1))
    mark(t, row.situation, r, hit=row.id, plate=row.plate, why=fact.why)
