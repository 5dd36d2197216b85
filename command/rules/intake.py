"""Calls: rung, answered, located, classified, linked, ended."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import DESK, Actor
from command.facts import Place, Recorded
from command.facts.calls import (
    CallAbandoned,
    CallAnswered,
    CallArrived,
    CallClassified,
    CallEnded,
    CallLinked,
    CallLocated,
    SituationLocated,
)
from command.kernel.errors import ConflictError, InvalidInputError
from command.kernel.geo import to_wgs84
from command.kernel.limits import FORM_ANSWERS, TEXT_CHARS
from command.kernel.names import too_long
from command.rows import CallRow, CallState
from command.rules.base import Decision, decides, folds, mark, over
from command.tables import Tables

_AND = "；"
"""Between what two people wrote into one field of a form at the same time."""


def place_of(given: q.GivenPlace) -> Place:
    """Return the place in WGS-84; `InvalidInputError` where it is not on the globe."""
    lat, lon = to_wgs84(given.lat, given.lon, given.datum)
    return Place(
        lat=round(lat, 6), lon=round(lon, 6), text=given.text, source=given.source, uncertainty_m=given.uncertainty_m
    )


def _call_in(t: Tables, call: str, *states: CallState) -> CallRow:
    row = t.calls.need(call)
    if row.state not in states:
        raise ConflictError(f"call {call} is {row.state}", state=row.state, current=row)
    return row


@decides(q.ReportCall, "exchange", "service", "call_taker", "dispatcher", "hub")
def report_call(t: Tables, request: q.ReportCall, actor: Actor, now_ms: int) -> Decision:
    """A line rings; an exchange that tells of the same call twice is answered with the first.

    An id that already stands for another call is refused, so that no call is taken for one before it.
    """
    call = request.call or _fresh_id(t)
    row = t.calls.get(call)
    if row and (row.caller, row.dialled) != (request.caller, request.dialled):
        raise ConflictError(f"call {call} is one of {row.dialled}; the exchange used its id twice", current=row)
    if row is None:
        yield CallArrived(
            call=call,
            dialled=request.dialled,
            caller=request.caller,
            subscriber=request.subscriber,
            address=request.address,
            place=_place_if_any(request.place),
        )
    return call


def _fresh_id(t: Tables) -> str:
    """Return an id that no exchange has used; an exchange may call one of its calls "c12"."""
    call = t.next_id("c")
    while call in t.calls.rows:
        call += "-"
    return call


def _place_if_any(given: q.GivenPlace | None) -> Place | None:
    """Return the place, or None for what a receiver without a fix reports: the call counts for more than its place."""
    if given is None:
        return None
    try:
        return place_of(given)
    except InvalidInputError:
        return None


@decides(q.AnswerCall, "call_taker", "dispatcher", "hub")
def answer_call(t: Tables, request: q.AnswerCall, actor: Actor, now_ms: int) -> Decision:
    """Only one desk gets a ringing call."""
    row = t.calls.need(request.call)
    if row.state != "ringing":
        raise ConflictError(f"call {row.id} was taken by {row.answered_by or 'nobody'}", state=row.state, current=row)
    yield CallAnswered(call=row.id)
    return row.id


@decides(q.HangUpCall, "exchange", "service", "hub", "call_taker", "dispatcher")
def hang_up_call(t: Tables, request: q.HangUpCall, actor: Actor, now_ms: int) -> Decision:
    """Before the answer it is an abandoned call; after it the desk has a form to finish and somebody to call back."""
    row = t.calls.need(request.call)
    if row.state == "ringing":
        yield CallAbandoned(call=row.id)
    elif row.state == "answered" and row.hung_up_ms is None:
        yield CallClassified(call=row.id, form=row.form, hung_up=True)
    return row.id


@decides(q.LocateCall, *DESK, "exchange", "service", "hub")
def locate_call(t: Tables, request: q.LocateCall, actor: Actor, now_ms: int) -> Decision:
    """The place may come from the desk, the carrier or the phone; a situation without one takes it."""
    row = _call_in(t, request.call, "ringing", "answered", "abandoned")
    place = place_of(request.place)
    yield CallLocated(call=row.id, place=place)
    situation = t.situations.get(row.situation)
    if situation and situation.place is None and situation.state != "closed":
        yield SituationLocated(situation=situation.id, place=place)
    return row.id


@decides(q.ClassifyCall, *DESK, "hub")
def classify_call(t: Tables, request: q.ClassifyCall, actor: Actor, now_ms: int) -> Decision:
    """Save the form; the same answers again say nothing new."""
    row = _call_in(t, request.call, "answered", "abandoned")
    form = request.form if request.seen is None else _filled_in(row.form, request.form, request.seen)
    if row.form != form:
        yield CallClassified(call=row.id, form=form)
    return row.id


def _filled_in(now: dict[str, str], typed: dict[str, str], seen: dict[str, str]) -> dict[str, str]:
    """Return the form with what was typed. Nothing is written over that who typed had not seen."""
    form = dict(now)
    for name, text in typed.items():
        known = now.get(name, "")
        form[name] = text if known == seen.get(name, "") else _both(known, text)
        if len(form[name]) > TEXT_CHARS:
            raise InvalidInputError(too_long(TEXT_CHARS))
    if len(form) > FORM_ANSWERS:
        raise InvalidInputError(f"a form has at most {FORM_ANSWERS} answers")
    return form


def _both(known: str, typed: str) -> str:
    """Return two people's answers to one question, each part of them once."""
    parts = [part for text in (known, typed) for part in text.split(_AND) if part]
    return _AND.join(dict.fromkeys(parts))


@decides(q.LinkCall, *DESK, "hub")
def link_call(t: Tables, request: q.LinkCall, actor: Actor, now_ms: int) -> Decision:
    """Join an open situation."""
    row = _call_in(t, request.call, "answered", "abandoned")
    situation = t.situations.need(request.situation)
    if situation.state == "closed":
        raise ConflictError(f"situation {situation.id} is closed", current=situation)
    if row.situation != situation.id:
        yield CallLinked(call=row.id, situation=situation.id, why=request.why)
    return situation.id


@decides(q.EndCall, *DESK, "hub")
def end_call(t: Tables, request: q.EndCall, actor: Actor, now_ms: int) -> Decision:
    """Close the call; one that became nothing says why."""
    row = _call_in(t, request.call, "answered", "abandoned")
    if request.outcome in ("situation", "duplicate") and not row.situation:
        raise ConflictError(f"call {row.id} is not linked to a situation yet", current=row)
    if request.outcome in ("hoax", "misdial") and not request.why:
        raise ConflictError(f"ending a call as {request.outcome} needs a reason")
    yield CallEnded(call=row.id, outcome=request.outcome, why=request.why)
    return row.id


@folds(CallArrived)
def call_arrived(t: Tables, fact: CallArrived, r: Recorded) -> None:
    """A new ringing row."""
    t.calls.put(
        CallRow(
            id=fact.call,
            dialled=fact.dialled,
            caller=fact.caller,
            state="ringing",
            arrived_ms=r.at_ms,
            subscriber=fact.subscriber,
            address=fact.address,
            place=fact.place,
        )
    )
    over(t, r.at_ms)  # also where nobody ever says what became of it


@folds(CallAnswered)
def call_answered(t: Tables, fact: CallAnswered, r: Recorded) -> None:
    """Keep who and when."""
    t.calls.put(replace(t.calls.need(fact.call), state="answered", answered_ms=r.at_ms, answered_by=r.actor))


@folds(CallLocated)
def call_located(t: Tables, fact: CallLocated, r: Recorded) -> None:
    """Keep the newest place."""
    t.calls.put(replace(t.calls.need(fact.call), place=fact.place))


@folds(CallClassified)
def call_classified(t: Tables, fact: CallClassified, r: Recorded) -> None:
    """Keep the newest form, or the instant from which on nobody listens."""
    row = t.calls.need(fact.call)
    t.calls.put(replace(row, hung_up_ms=r.at_ms) if fact.hung_up else replace(row, form=fact.form))


@folds(CallLinked)
def call_linked(t: Tables, fact: CallLinked, r: Recorded) -> None:
    """Both sides know each other, and only they; a situation without a place takes the call's."""
    was = t.calls.need(fact.call)
    former = t.situations.get(was.situation)
    if former and former.id != fact.situation:
        calls = tuple(c for c in former.calls if c != was.id)
        t.situations.put(replace(former, calls=calls, changed_ms=r.at_ms))
    call = replace(was, situation=fact.situation, linked_why=fact.why)
    t.calls.put(call)
    situation = t.situations.need(fact.situation)
    calls = (*situation.calls, call.id) if call.id not in situation.calls else situation.calls
    t.situations.put(replace(situation, calls=calls, place=situation.place or call.place, changed_ms=r.at_ms))
    mark(t, situation.id, r, call=call.id, caller=call.caller, dialled=call.dialled)


@folds(CallEnded)
def call_ended(t: Tables, fact: CallEnded, r: Recorded) -> None:
    """Keep how it ended."""
    row = t.calls.need(fact.call)
    t.calls.put(replace(row, state="ended", ended_ms=r.at_ms, outcome=fact.outcome, outcome_why=fact.why))
    over(t, r.at_ms, t.calls)


@folds(CallAbandoned)
def call_abandoned(t: Tables, fact: CallAbandoned, r: Recorded) -> None:
    """Stays visible: somebody has to call back."""
    t.calls.put(replace(t.calls.need(fact.call), state="abandoned", ended_ms=r.at_ms))
    over(t, r.at_ms, t.calls)
