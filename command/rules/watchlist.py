"""The watch list (布控): entries requested, approved by somebody else, expired, lifted."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor, Role
from command.facts import Recorded
from command.facts.patrol import AlarmKind
from command.facts.watchlist import (
    WatchApproved,
    WatchArea,
    WatchExpired,
    WatchHours,
    WatchLifted,
    WatchRequested,
)
from command.kernel.errors import ConflictError, InvalidInputError, TooManyError
from command.kernel.limits import OPEN_WATCHES
from command.kernel.plate_pattern import checked_pattern
from command.requests.watchlist import GivenArea, GivenHours
from command.rows import DeadlineRow, WatchRow
from command.rules.alarms import clear_alarm
from command.rules.base import Decision, decides, drop_deadline, fires, folds, over, set_deadline
from command.rules.registers import check_ring
from command.tables import Tables

EXPIRE = "watch_expire"
DOUBTFUL: AlarmKind = "watch_doubtful"
MAY_ASK: tuple[Role, ...] = ("call_taker", "dispatcher", "commander", "camera_watch", "officer", "hub")
MAY_APPROVE: tuple[Role, ...] = ("duty_leader", "commander", "hub")
MAY_LIFT: tuple[Role, ...] = ("dispatcher", "duty_leader", "commander", "camera_watch", "hub")


@decides(q.RequestWatch, *MAY_ASK)
def request_watch(t: Tables, request: q.RequestWatch, actor: Actor, now_ms: int) -> Decision:
    """Ask for it. A pattern that would match every car, or can match none, is refused."""
    _check_room(t, 1)
    return (yield from _requested(t, request, "", now_ms))


@decides(q.RequestWatches, *MAY_ASK)
def request_watches(t: Tables, request: q.RequestWatches, actor: Actor, now_ms: int) -> Decision:
    """Ask for many; the answer names the first, and every one of them names it as its `batch`."""
    _check_room(t, len(request.entries))
    batch = t.next_id("w")
    for entry in request.entries:
        yield from _requested(t, entry, batch, now_ms)
    return batch


def doubt_of(entry: str, plate: str) -> str:
    """Return the subject of the alarm `DOUBTFUL`: the watch or list, and which plate or pattern of it, for screens.

    Several entries may look for one plate, and each is right or wrong by itself.
    """
    return f"{entry}/{plate}"


def check_entry(entry: q.RequestWatch | q.WatchEntry, now_ms: int) -> str:
    """Return the pattern as it is kept; `InvalidInputError` for an entry that would match every car, or never fire."""
    if entry.until_ms <= now_ms:
        raise InvalidInputError("a watch ends after now")
    return check_pattern(entry.pattern)


def check_pattern(text: str) -> str:
    """Return a pattern as it is kept; `InvalidInputError` where no plate can be it, or nearly every one."""
    pattern = checked_pattern(text)
    if len(pattern.replace("*", "").replace("?", "")) < 2:
        raise InvalidInputError("a pattern needs at least two known characters")
    return pattern


def _requested(t: Tables, entry: q.RequestWatch | q.WatchEntry, batch: str, now_ms: int) -> Decision:
    pattern = check_entry(entry, now_ms)
    watch = t.next_id("w")
    yield WatchRequested(
        watch=watch, pattern=pattern, reason=entry.reason, level=entry.level, until_ms=entry.until_ms,
        look_alike=entry.look_alike, office=entry.office, area=checked_area(t, entry.area),
        hours=checked_hours(entry.hours), action=entry.action, batch=batch,
    )  # fmt: skip
    return watch


def checked_area(t: Tables, given: GivenArea | None) -> WatchArea | None:
    """Return the area; none for one that names nothing, which is everywhere. Raises for what is no area here."""
    if given is None or not (given.cameras or given.ring):
        return None
    for camera in given.cameras:
        t.cameras.need(camera)
    if given.ring:
        check_ring(given.ring)
    return WatchArea(cameras=tuple(dict.fromkeys(given.cameras)), ring=tuple(given.ring))


def checked_hours(given: GivenHours | None) -> WatchHours | None:
    """Return the hours; `InvalidInputError` for some that are none."""
    if given is None:
        return None
    if given.from_min == given.to_min:
        raise InvalidInputError("hours begin and end at different minutes; without hours a watch fires at all times")
    return WatchHours(from_min=given.from_min, to_min=given.to_min)


def _check_room(t: Tables, more: int) -> None:
    if t.watches.open + more > OPEN_WATCHES:
        room = max(0, OPEN_WATCHES - t.watches.open)
        raise TooManyError(f"{OPEN_WATCHES} watches may be open, there is room for {room} more; lift some", room=room)


@decides(q.ApproveWatch, *MAY_APPROVE)
def approve_watch(t: Tables, request: q.ApproveWatch, actor: Actor, now_ms: int) -> Decision:
    """Two people: who asks does not approve."""
    row = t.watches.need(request.watch)
    if row.state != "requested":
        raise ConflictError(f"watch {row.id} is {row.state}", state=row.state, current=row)
    _check_other(row, actor)
    yield WatchApproved(watch=row.id)
    return row.id


@decides(q.ApproveWatches, *MAY_APPROVE)
def approve_watches(t: Tables, request: q.ApproveWatches, actor: Actor, now_ms: int) -> Decision:
    """All that still wait for it, or none where one of them is the approver's own."""
    rows = [t.watches.need(watch) for watch in dict.fromkeys(request.watches)]
    waiting = [row for row in rows if row.state == "requested"]
    if not waiting:
        raise ConflictError("none of these watches waits for approval", state=rows[0].state, current=rows[0])
    for row in waiting:
        _check_other(row, actor)
    for row in waiting:
        yield WatchApproved(watch=row.id)
    return waiting[0].id


def _check_other(row: WatchRow, actor: Actor) -> None:
    if row.requested_by == actor.id and not actor.has("hub"):
        raise ConflictError("a watch is approved by somebody other than who asked for it")


@decides(q.LiftWatch, *MAY_LIFT)
def lift_watch(t: Tables, request: q.LiftWatch, actor: Actor, now_ms: int) -> Decision:
    """Stop looking."""
    row = t.watches.need(request.watch)
    if row.state in ("lifted", "expired"):
        raise ConflictError(f"watch {row.id} is {row.state}", state=row.state, current=row)
    yield WatchLifted(watch=row.id, why=request.why)
    yield from clear_alarm(t, DOUBTFUL, doubt_of(row.id, row.pattern), request.why)
    return row.id


@fires(EXPIRE)
def expire_watch(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Past its date."""
    row = t.watches.need(deadline.subject)
    if row.state in ("requested", "active"):
        yield WatchExpired(watch=row.id)
        yield from clear_alarm(t, DOUBTFUL, doubt_of(row.id, row.pattern))
    return row.id


@folds(WatchRequested)
def watch_requested(t: Tables, fact: WatchRequested, r: Recorded) -> None:
    """Waiting for approval."""
    t.watches.put(
        WatchRow(
            id=fact.watch, pattern=fact.pattern, reason=fact.reason, level=fact.level, until_ms=fact.until_ms,
            state="requested", requested_by=r.actor, requested_ms=r.at_ms, look_alike=fact.look_alike,
            office=fact.office, area=fact.area, hours=fact.hours, action=fact.action, batch=fact.batch,
        )
    )  # fmt: skip
    set_deadline(t, EXPIRE, fact.watch, fact.until_ms)


@folds(WatchApproved)
def watch_approved(t: Tables, fact: WatchApproved, r: Recorded) -> None:
    """In force."""
    t.watches.put(replace(t.watches.need(fact.watch), state="active", approved_by=r.actor, approved_ms=r.at_ms))


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
