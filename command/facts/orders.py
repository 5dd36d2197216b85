"""Facts of orders, messages and evidence."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Fact, Place

OrderStep = Literal["signed", "departed", "arrived", "fed_back"]


class OrderIssued(Fact, frozen=True, tag="order_issued"):
    """A unit is told to go. It has to be signed by `sign_by_ms`."""

    order: str
    situation: str
    unit: str
    text: str
    sign_by_ms: int
    task: str = ""


class OrderSigned(Fact, frozen=True, tag="order_signed"):
    """The officer has read it and goes (签收)."""

    order: str


class OrderDeparted(Fact, frozen=True, tag="order_departed"):
    """The unit is on its way (出警)."""

    order: str


class OrderArrived(Fact, frozen=True, tag="order_arrived"):
    """The unit is on scene (到场)."""

    order: str


class OrderFedBack(Fact, frozen=True, tag="order_fed_back"):
    """The result as the officer reports it (反馈); the unit is free again."""

    order: str
    result: str
    text: str = ""


class OrderRefused(Fact, frozen=True, tag="order_refused"):
    """The officer cannot take it."""

    order: str
    why: str


class OrderRecalled(Fact, frozen=True, tag="order_recalled"):
    """The centre took it back."""

    order: str
    why: str


class OrderOverdue(Fact, frozen=True, tag="order_overdue"):
    """The order was not signed in time and was raised to the unit's leader."""

    order: str
    leader: str


class MessageQueued(Fact, frozen=True, tag="message_queued"):
    """A text is to be sent; `about` is the id of the alarm, order or SOS that it concerns."""

    message: str
    to: str
    phone: str
    text: str
    about: str = ""


class MessageSent(Fact, frozen=True, tag="message_sent"):
    """The gateway took the message."""

    message: str


class MessageFailed(Fact, frozen=True, tag="message_failed"):
    """The gateway refused the message for good."""

    message: str
    why: str


class EvidenceFixed(Fact, frozen=True, tag="evidence_fixed"):
    """A file was taken into custody: encrypted at rest, named by the SHA-256 of its plain bytes."""

    evidence: str
    situation: str
    sha256: str
    media_type: str
    size: int
    name: str
    taken_ms: int
    order: str = ""
    place: Place | None = None
