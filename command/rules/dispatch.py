"""Orders: issued, signed, departed, arrived, fed back, refused, recalled; overdue to the leader. And evidence."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import DESK, Actor
from command.facts import Recorded
from command.facts.orders import (
    EvidenceFixed,
    OrderArrived,
    OrderDeparted,
    OrderFedBack,
    OrderIssued,
    OrderOverdue,
    OrderRecalled,
    OrderRefused,
    OrderSigned,
)
from command.kernel.errors import ConflictError, NoRightError
from command.rows import DeadlineRow, EvidenceRow, OrderRow, OrderState, SituationRow, SituationState, UnitState
from command.rules.alarms import clear_alarm, leader_of, raise_alarm
from command.rules.base import Decision, check_station, decides, drop_deadline, fires, folds, mark, set_deadline
from command.rules.intake import place_of
from command.rules.messages import queue_message
from command.rules.situations import need_open
from command.tables import Tables

SIGN = "order_sign"
_PROGRESS: dict[OrderState, SituationState] = {
    "issued": "dispatched", "signed": "signed", "departed": "departed", "arrived": "on_scene", "fed_back": "fed_back",
}  # fmt: skip
_STATES: list[SituationState] = ["received", "dispatched", "signed", "departed", "on_scene"]


@decides(q.IssueOrder, "call_taker", "dispatcher", "commander", "hub")
def issue_order(t: Tables, request: q.IssueOrder, actor: Actor, now_ms: int) -> Decision:
    """Send a unit that is on duty and free; the officer is told by text as well."""
    situation = need_open(t, request.situation)
    unit = t.units.need(request.unit)
    if unit.state == "off":
        raise ConflictError(f"unit {unit.id} is off duty", current=unit)
    if unit.order:
        raise ConflictError(f"unit {unit.id} is on order {unit.order}", order=unit.order, current=unit)
    check_station(actor, unit)
    if request.task and t.tasks.need(request.task).situation != situation.id:
        raise ConflictError(f"task {request.task} belongs to another situation")
    order = t.next_id("o")
    yield OrderIssued(
        order=order, situation=situation.id, unit=unit.id, text=request.text or situation.title,
        sign_by_ms=now_ms + t.limits.sign_s * 1000, task=request.task or "",
    )  # fmt: skip
    what = _what(request.text or situation.title, situation)
    yield from queue_message(t, to=unit.name, phone=unit.phone, text=f"【指令】{what}", about=order)
    return order


@decides(q.StepOrder, "officer", "dispatcher", "hub")
def step_order(t: Tables, request: q.StepOrder, actor: Actor, now_ms: int) -> Decision:
    """One step on. A step that is already behind says nothing: a terminal that was offline may repeat itself."""
    row = _own_order(t, request.order, actor)
    steps: list[OrderState] = ["issued", "signed", "departed", "arrived"]
    at, to = steps.index(row.state), steps.index(request.step)
    for step in steps[at + 1 : to + 1]:
        if step == "signed":
            yield OrderSigned(order=row.id)
            yield from clear_alarm(t, "order_unsigned", row.id, "signed")
        elif step == "departed":
            yield OrderDeparted(order=row.id)
        else:
            yield OrderArrived(order=row.id)
    return row.id


@decides(q.FeedBack, "officer", "dispatcher", "hub")
def feed_back(t: Tables, request: q.FeedBack, actor: Actor, now_ms: int) -> Decision:
    """The result; the unit is free again."""
    row = _own_order(t, request.order, actor)
    if row.state != "arrived":
        raise ConflictError(f"order {row.id} is {row.state}; feedback comes from the scene", current=row)
    yield OrderFedBack(order=row.id, result=request.result, text=request.text)
    return row.id


@decides(q.RefuseOrder, "officer", "hub")
def refuse_order(t: Tables, request: q.RefuseOrder, actor: Actor, now_ms: int) -> Decision:
    """The officer cannot; the desk sees it as an open need."""
    row = _own_order(t, request.order, actor)
    if row.state not in ("issued", "signed"):
        raise ConflictError(f"order {row.id} is {row.state}", state=row.state, current=row)
    yield OrderRefused(order=row.id, why=request.why)
    yield from clear_alarm(t, "order_unsigned", row.id, "refused")
    return row.id


@decides(q.RecallOrder, "dispatcher", "commander", "hub")
def recall_order(t: Tables, request: q.RecallOrder, actor: Actor, now_ms: int) -> Decision:
    """The centre takes it back, and the officer is told."""
    row = _running_order(t, request.order)
    unit = t.units.need(row.unit)
    check_station(actor, unit)
    yield OrderRecalled(order=row.id, why=request.why)
    yield from clear_alarm(t, "order_unsigned", row.id, "recalled")
    what = _what(row.text, t.situations.need(row.situation))
    yield from queue_message(t, to=unit.name, phone=unit.phone, text=f"【撤回】{what}。{request.why}", about=row.id)
    return row.id


@fires(SIGN)
def not_signed(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Raise it to the unit's leader: an alarm, and a text."""
    row = t.orders.need(deadline.subject)
    if row.state != "issued" or row.overdue:
        return ""
    station = leader_of(t, row.unit)
    yield OrderOverdue(order=row.id, leader=station.leader if station else "")
    unit, situation = t.units.need(row.unit), t.situations.need(row.situation)
    position = t.positions.get(unit.id)
    yield from raise_alarm(
        t, "order_unsigned", situation.level, row.id, situation=row.situation,
        lat=position.lat if position else None, lon=position.lon if position else None,
    )  # fmt: skip
    if station:
        text = f"【催办】{unit.name} 未按时签收指令:{row.text}"
        yield from queue_message(t, to=station.leader, phone=station.leader_phone, text=text, about=row.id)
    return row.id


@decides(q.FixEvidence, *DESK, "officer", "camera_watch", "hub")
def fix_evidence(t: Tables, request: q.FixEvidence, actor: Actor, now_ms: int) -> Decision:
    """An uploaded file joins the situation; the same file again is the same evidence."""
    situation = t.situations.need(request.situation)
    for evidence in situation.evidence:
        if t.evidence.need(evidence).sha256 == request.sha256:
            return evidence
    if request.order:
        order = t.orders.need(request.order)
        if order.situation != situation.id:
            raise ConflictError(f"order {order.id} belongs to situation {order.situation}", current=order)
        _check_own(t, actor, order)
    evidence = t.next_id("e")
    yield EvidenceFixed(
        evidence=evidence, situation=situation.id, order=request.order or "", sha256=request.sha256,
        media_type=request.media_type, size=request.size, name=request.name, taken_ms=min(request.taken_ms, now_ms),
        place=place_of(request.place) if request.place else None,
    )  # fmt: skip
    return evidence


def _what(text: str, situation: SituationRow) -> str:
    """Return an order in the words of a text message: what and where."""
    return f"{text},{situation.place.text}" if situation.place and situation.place.text else text


def _check_own(t: Tables, actor: Actor, row: OrderRow) -> None:
    """An officer acts for the own unit only; a desk for any of its station."""
    if actor.has("officer") and not actor.has(*DESK, "hub") and actor.unit != row.unit:
        raise NoRightError(f"order {row.id} is another unit's")
    if unit := t.units.get(row.unit):  # else it was retired; the order is over
        check_station(actor, unit)


def _running_order(t: Tables, order: str) -> OrderRow:
    row = t.orders.need(order)
    if row.ended_ms is not None:
        raise ConflictError(f"order {row.id} is {row.state}", state=row.state, current=row)
    return row


def _own_order(t: Tables, order: str, actor: Actor) -> OrderRow:
    row = _running_order(t, order)
    _check_own(t, actor, row)
    return row


@folds(OrderIssued)
def order_issued(t: Tables, fact: OrderIssued, r: Recorded) -> None:
    """A new row; the unit is ordered; the clock for the signature runs."""
    t.orders.put(
        OrderRow(
            id=fact.order,
            situation=fact.situation,
            unit=fact.unit,
            text=fact.text,
            state="issued",
            issued_ms=r.at_ms,
            issued_by=r.actor,
            sign_by_ms=fact.sign_by_ms,
            task=fact.task,
        )
    )
    situation = t.situations.need(fact.situation)
    dispatched = situation.dispatched_ms if situation.dispatched_ms is not None else r.at_ms
    units = situation.units if fact.unit in situation.units else (*situation.units, fact.unit)
    orders = (*situation.orders, fact.order)
    t.situations.put(replace(situation, orders=orders, units=units, dispatched_ms=dispatched))
    set_deadline(t, SIGN, fact.order, fact.sign_by_ms)
    _moved_on(t, fact.order, r, "ordered")


@folds(OrderSigned)
def order_signed(t: Tables, fact: OrderSigned, r: Recorded) -> None:
    """In time or not, it is signed."""
    t.orders.put(replace(t.orders.need(fact.order), state="signed", signed_ms=r.at_ms))
    drop_deadline(t, SIGN, fact.order)
    _moved_on(t, fact.order, r, "ordered")


@folds(OrderDeparted)
def order_departed(t: Tables, fact: OrderDeparted, r: Recorded) -> None:
    """On the way."""
    t.orders.put(replace(t.orders.need(fact.order), state="departed", departed_ms=r.at_ms))
    _moved_on(t, fact.order, r, "moving")


@folds(OrderArrived)
def order_arrived(t: Tables, fact: OrderArrived, r: Recorded) -> None:
    """There."""
    t.orders.put(replace(t.orders.need(fact.order), state="arrived", arrived_ms=r.at_ms))
    _moved_on(t, fact.order, r, "on_scene")


@folds(OrderFedBack)
def order_fed_back(t: Tables, fact: OrderFedBack, r: Recorded) -> None:
    """Done."""
    row = t.orders.need(fact.order)
    t.orders.put(
        replace(row, state="fed_back", fed_back_ms=r.at_ms, ended_ms=r.at_ms, result=fact.result, feedback=fact.text)
    )
    _moved_on(t, fact.order, r, "free")


@folds(OrderRefused, OrderRecalled)
def order_ended(t: Tables, fact: OrderRefused | OrderRecalled, r: Recorded) -> None:
    """Over without a result."""
    state: OrderState = "refused" if isinstance(fact, OrderRefused) else "recalled"
    t.orders.put(replace(t.orders.need(fact.order), state=state, ended_ms=r.at_ms, why=fact.why))
    drop_deadline(t, SIGN, fact.order)
    _moved_on(t, fact.order, r, "free")


@folds(OrderOverdue)
def order_overdue(t: Tables, fact: OrderOverdue, r: Recorded) -> None:
    """Keeps its mark even when it is signed later."""
    row = replace(t.orders.need(fact.order), overdue=True)
    t.orders.put(row)
    drop_deadline(t, SIGN, fact.order)
    situation = t.situations.need(row.situation)
    t.situations.put(replace(situation, overdue=situation.overdue + 1, changed_ms=r.at_ms))
    mark(t, row.situation, r, order=row.id, unit=row.unit, leader=fact.leader)


def _moved_on(t: Tables, order: str, r: Recorded, unit_state: UnitState) -> None:
    """Bring unit and situation to what their orders say, and mark the time line."""
    row = t.orders.need(order)
    unit = t.units.get(row.unit)
    if unit:
        if unit_state == "free" and unit.shift_until_ms is None:
            unit_state = "off"
        t.units.put(replace(unit, state=unit_state, order="" if row.ended_ms is not None else row.id))
    situation = t.situations.need(row.situation)
    if situation.state != "closed":
        orders = [t.orders.need(o) for o in situation.orders]
        t.situations.put(replace(situation, state=_furthest(orders), changed_ms=r.at_ms))
    text = row.feedback if row.state == "fed_back" else row.why or row.text
    mark(t, row.situation, r, order=row.id, unit=row.unit, result=row.result, text=text)


def _furthest(orders: list[OrderRow]) -> SituationState:
    """Return how far the situation is: the furthest running order; fed back once none runs and one has a result."""
    running = [_PROGRESS[o.state] for o in orders if o.ended_ms is None]
    if running:
        return max(running, key=_STATES.index)
    return "fed_back" if any(o.state == "fed_back" for o in orders) else "received"


@folds(EvidenceFixed)
def evidence_fixed(t: Tables, fact: EvidenceFixed, r: Recorded) -> None:
    """In custody, on the situation."""
    t.evidence.put(
        EvidenceRow(
            id=fact.evidence,
            situation=fact.situation,
            order=fact.order,
            sha256=fact.sha256,
            media_type=fact.media_type,
            size=fact.size,
            name=fact.name,
            taken_ms=fact.taken_ms,
            fixed_ms=r.at_ms,
            by=r.actor,
            place=fact.place,
        )
    )
    situation = t.situations.need(fact.situation)
    evidence = (*situation.evidence, fact.evidence)
    t.situations.put(replace(situation, evidence=evidence, changed_ms=r.at_ms))
    mark(t, fact.situation, r, evidence=fact.evidence, name=fact.name, sha256=fact.sha256)
