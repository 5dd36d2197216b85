"""Text messages: queued by rules and people, sent by the SMS link, kept where everybody can see what became of them."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import DESK, Actor
from command.facts import Recorded
from command.facts.orders import MessageFailed, MessageQueued, MessageSent
from command.kernel.limits import KEPT_ROWS
from command.rows import MessageRow
from command.rules.base import Decision, check_room, decides, folds, mark, over
from command.tables import Tables


def queue_message(t: Tables, *, to: str, phone: str, text: str, about: str) -> Decision:
    """Put a text into the outbox and return its id."""
    message = t.next_id("m")
    yield MessageQueued(message=message, to=to, phone=phone, text=text, about=about)
    return message


@decides(q.SendMessage, *DESK, "hub")
def send_message(t: Tables, request: q.SendMessage, actor: Actor, now_ms: int) -> Decision:
    """Text one unit, some or all (单发、组发、群发)."""
    units = [t.units.need(unit) for unit in dict.fromkeys(request.units)]
    if request.situation:
        t.situations.need(request.situation)
    check_room(t.messages, KEPT_ROWS["messages"])
    message = ""
    for unit in units:
        message = yield from queue_message(
            t, to=unit.name, phone=unit.phone, text=request.text, about=request.situation or ""
        )
    return message


@decides(q.RecordMessage, "hub", "service")
def record_message(t: Tables, request: q.RecordMessage, actor: Actor, now_ms: int) -> Decision:
    """What the gateway said. A second report of the same says nothing new."""
    row = t.messages.need(request.message)
    if row.state == "queued":
        yield MessageSent(message=row.id) if request.sent else MessageFailed(message=row.id, why=request.why)
    return row.id


@folds(MessageQueued)
def message_queued(t: Tables, fact: MessageQueued, r: Recorded) -> None:
    """A new row of the outbox."""
    t.messages.put(
        MessageRow(
            id=fact.message, to=fact.to, phone=fact.phone, text=fact.text, about=fact.about,
            state="queued", queued_ms=r.at_ms,
        )
    )  # fmt: skip
    over(t, r.at_ms)  # also where nobody ever says what became of it
    if fact.about in t.situations.rows:
        mark(t, fact.about, r, to=fact.to, text=fact.text)


@folds(MessageSent)
def message_sent(t: Tables, fact: MessageSent, r: Recorded) -> None:
    """The gateway has it."""
    t.messages.put(replace(t.messages.need(fact.message), state="sent", sent_ms=r.at_ms))
    over(t, r.at_ms, t.messages)


@folds(MessageFailed)
def message_failed(t: Tables, fact: MessageFailed, r: Recorded) -> None:
    """Refused for good; stays visible."""
    t.messages.put(replace(t.messages.need(fact.message), state="failed", why=fact.why))
    over(t, r.at_ms, t.messages)
