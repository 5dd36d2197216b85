"""Rows of orders, what is said with their units, and what is fixed of them."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Place
from command.rows.base import Row

OrderState = Literal["issued", "signed", "departed", "arrived", "fed_back", "refused", "recalled"]


class OrderRow(Row, frozen=True):
    """An order to one unit, with the instant of each step."""

    situation: str
    unit: str
    text: str
    state: OrderState
    issued_ms: int
    issued_by: str
    sign_by_ms: int
    task: str = ""
    overdue: bool = False
    signed_ms: int | None = None
    departed_ms: int | None = None
    arrived_ms: int | None = None
    fed_back_ms: int | None = None
    ended_ms: int | None = None
    result: str = ""
    feedback: str = ""
    why: str = ""


class MessageRow(Row, frozen=True):
    """A text message: the visible outbox."""

    to: str
    phone: str
    text: str
    about: str
    state: Literal["queued", "sent", "failed"]
    queued_ms: int
    sent_ms: int | None = None
    why: str = ""


class EvidenceRow(Row, frozen=True):
    """A file in custody."""

    situation: str
    order: str
    sha256: str
    media_type: str
    size: int
    name: str
    taken_ms: int
    fixed_ms: int
    by: str
    place: Place | None = None
