"""Situations: opened, located, raised, lowered, noted, merged, closed; and which one the wall shows."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import DESK, Actor
from command.facts import Fact, IncidentKind, Level, Place, Recorded, Service
from command.facts.calls import (
    CallLinked,
    FocusPinned,
    FocusReleased,
    SituationClosed,
    SituationLocated,
    SituationLowered,
    SituationMerged,
    SituationNoted,
    SituationOpened,
    SituationRaised,
)
from command.kernel.errors import ConflictError, NoRightError
from command.kernel.limits import OPEN_SITUATIONS
from command.rows import FocusRow, SituationRow
from command.rules.alarms import clear_alarm
from command.rules.base import Decision, check_room, decides, folds, mark, over
from command.rules.intake import place_of
from command.tables import Tables

WALL = "wall"


def need_open(t: Tables, situation: str) -> SituationRow:
    """Return the situation, or refuse because it is unknown or closed."""
    row = t.situations.need(situation)
    if row.state == "closed":
        raise ConflictError(f"situation {situation} is closed", merged_into=row.merged_into or None, current=row)
    return row


def went_on(t: Tables, situation: str) -> SituationRow | None:
    """Return the situation, or the one that it was merged into and went on as; None where that is gone."""
    row = t.situations.get(situation)
    while row and row.merged_into:  # the one that went on may be over for longer, and gone
        row = t.situations.get(row.merged_into)
    return row


def check_room_for_situation(t: Tables) -> None:
    """Refuse to open one more than anybody could work on; a call can still be linked, and an SOS always opens one."""
    check_room(t.situations, OPEN_SITUATIONS)


def has_room_for_situation(t: Tables) -> bool:
    """Say whether one more may be opened."""
    return t.situations.open < OPEN_SITUATIONS


def open_situation(
    t: Tables, *, title: str, service: Service, kind: IncidentKind, level: Level, place: Place | None, source: str
) -> Decision:
    """Open one and return its id; other rules use this too (SOS, plate hits)."""
    situation = t.next_id("s")
    yield SituationOpened(
        situation=situation, title=title, service=service, kind=kind, level=level, place=place, source=source
    )
    return situation


@decides(q.OpenSituation, *DESK, "hub")
def open_from_desk(t: Tables, request: q.OpenSituation, actor: Actor, now_ms: int) -> Decision:
    """Open a situation and link the call that it came from."""
    call = t.calls.need(request.call) if request.call else None
    if call and call.situation:
        raise ConflictError(f"call {call.id} is about {call.situation} already", situation=call.situation, current=call)
    if call and call.state == "ringing":
        raise ConflictError(f"call {call.id} has not been answered", current=call)
    check_room_for_situation(t)
    place = place_of(request.place) if request.place else call.place if call else None
    situation = yield from open_situation(
        t, title=request.title, service=request.service, kind=request.kind, level=request.level,
        place=place, source=call.id if call else "",
    )  # fmt: skip
    if call:
        yield CallLinked(call=call.id, situation=situation)
    return situation


@decides(q.SetLevel, "dispatcher", "commander", "duty_leader", "hub")
def set_level(t: Tables, request: q.SetLevel, actor: Actor, now_ms: int) -> Decision:
    """Raise or lower; the same level again says nothing."""
    row = need_open(t, request.situation)
    if request.level < row.level:
        yield SituationRaised(situation=row.id, level=request.level, why=request.why)
    elif request.level > row.level:
        yield SituationLowered(situation=row.id, level=request.level, why=request.why)
    return row.id


@decides(q.LocateSituation, *DESK, "hub")
def locate_situation(t: Tables, request: q.LocateSituation, actor: Actor, now_ms: int) -> Decision:
    """Set or correct the place."""
    row = need_open(t, request.situation)
    yield SituationLocated(situation=row.id, place=place_of(request.place))
    return row.id


@decides(q.NoteSituation, *DESK, "officer", "director", "hub")
def note_situation(t: Tables, request: q.NoteSituation, actor: Actor, now_ms: int) -> Decision:
    """Write into the record; a decision is a commander's or duty leader's."""
    row = t.situations.need(request.situation)
    if request.decision and not actor.has("commander", "duty_leader", "hub"):
        raise NoRightError("a decision is recorded by a commander or duty leader")
    yield SituationNoted(situation=row.id, text=request.text, decision=request.decision)
    return row.id


@decides(q.MergeSituation, "dispatcher", "commander", "hub")
def merge_situation(t: Tables, request: q.MergeSituation, actor: Actor, now_ms: int) -> Decision:
    """Calls go over to the other, and so does the wall; one with something still running is not merged away."""
    row, into = need_open(t, request.situation), need_open(t, request.into)
    if row.id == into.id:
        raise ConflictError("a situation cannot be merged into itself")
    _refuse_while_running(t, row)
    for call in row.calls:
        yield CallLinked(call=call, situation=into.id, why=request.why)
    yield SituationMerged(situation=row.id, into=into.id, why=request.why)
    yield from _clear_hit_alarms(t, row.id, "situation merged")
    focus = t.focus.get(WALL)
    if focus and focus.situation == row.id:
        yield FocusPinned(situation=into.id)
    return into.id


@decides(q.CloseSituation, "dispatcher", "commander", "hub")
def close_situation(t: Tables, request: q.CloseSituation, actor: Actor, now_ms: int) -> Decision:
    """Close once no unit is on it, no plan runs and nobody calls for help."""
    row = need_open(t, request.situation)
    _refuse_while_running(t, row)
    yield SituationClosed(situation=row.id, why=request.why)
    yield from _clear_hit_alarms(t, row.id, "situation closed")
    focus = t.focus.get(WALL)
    if focus and focus.situation == row.id:
        yield FocusReleased()
    return row.id


@decides(q.PinFocus, *DESK, "director", "hub")
def pin_focus(t: Tables, request: q.PinFocus, actor: Actor, now_ms: int) -> Decision:
    """Send to the wall, or let it choose again."""
    fact: Fact = FocusReleased()
    if request.situation:
        fact = FocusPinned(situation=need_open(t, request.situation).id)
    yield fact
    return request.situation or ""


def _refuse_while_running(t: Tables, row: SituationRow) -> None:
    running = [o for o in row.orders if t.orders.need(o).ended_ms is None]
    if running:
        raise ConflictError(f"orders are still running: {', '.join(running)}")
    if row.activation and t.activations.need(row.activation).state == "active":
        raise ConflictError(f"plan activation {row.activation} has to be stood down first")
    for sos in t.sos:
        if sos.situation == row.id:
            raise ConflictError(f"the call for help {sos.id} has to be cleared first", sos=sos.id, current=sos)


def _clear_hit_alarms(t: Tables, situation: str, why: str) -> Decision:
    """So that the next hit of the car, in a situation of its own, is an alarm of its own."""
    for alarm in [a for a in t.alarms if a.kind == "plate_hit" and a.situation == situation]:
        yield from clear_alarm(t, "plate_hit", alarm.subject, why)
    return situation


@folds(SituationOpened)
def situation_opened(t: Tables, fact: SituationOpened, r: Recorded) -> None:
    """A new row."""
    t.situations.put(
        SituationRow(
            id=fact.situation,
            title=fact.title,
            service=fact.service,
            kind=fact.kind,
            level=fact.level,
            state="received",
            opened_ms=r.at_ms,
            changed_ms=r.at_ms,
            place=fact.place,
            source=fact.source,
        )
    )
    mark(t, fact.situation, r, title=fact.title, level=fact.level)


@folds(SituationRaised, SituationLowered)
def level_set(t: Tables, fact: SituationRaised | SituationLowered, r: Recorded) -> None:
    """Keep the new level."""
    t.situations.put(replace(t.situations.need(fact.situation), level=fact.level, changed_ms=r.at_ms))
    mark(t, fact.situation, r, level=fact.level, why=fact.why)


@folds(SituationLocated)
def situation_located(t: Tables, fact: SituationLocated, r: Recorded) -> None:
    """Keep the new place."""
    t.situations.put(replace(t.situations.need(fact.situation), place=fact.place, changed_ms=r.at_ms))
    mark(t, fact.situation, r, text=fact.place.text, lat=fact.place.lat, lon=fact.place.lon)


@folds(SituationNoted)
def situation_noted(t: Tables, fact: SituationNoted, r: Recorded) -> None:
    """A note lives on the time line alone."""
    t.situations.put(replace(t.situations.need(fact.situation), changed_ms=r.at_ms))
    mark(t, fact.situation, r, text=fact.text, decision=fact.decision)


@folds(SituationMerged)
def situation_merged(t: Tables, fact: SituationMerged, r: Recorded) -> None:
    """Closed, and says where it went on."""
    row = t.situations.need(fact.situation)
    t.situations.put(
        replace(row, state="closed", merged_into=fact.into, calls=(), closed_ms=r.at_ms, changed_ms=r.at_ms)
    )
    mark(t, fact.situation, r, into=fact.into, why=fact.why)
    t.situations.put(replace(t.situations.need(fact.into), changed_ms=r.at_ms))
    over(t, r.at_ms, t.situations)


@folds(SituationClosed)
def situation_closed(t: Tables, fact: SituationClosed, r: Recorded) -> None:
    """Closed."""
    row = t.situations.need(fact.situation)
    t.situations.put(replace(row, state="closed", closed_ms=r.at_ms, changed_ms=r.at_ms))
    mark(t, fact.situation, r, why=fact.why)
    over(t, r.at_ms, t.situations)


@folds(FocusPinned)
def focus_pinned(t: Tables, fact: FocusPinned, r: Recorded) -> None:
    """Keep who pinned it."""
    t.focus.put(FocusRow(id=WALL, situation=fact.situation, by=r.actor, at_ms=r.at_ms))


@folds(FocusReleased)
def focus_released(t: Tables, fact: FocusReleased, r: Recorded) -> None:
    """Nobody pins."""
    t.focus.drop(WALL)
