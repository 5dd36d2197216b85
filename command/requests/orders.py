"""Requests about orders, messages and evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from command.requests.base import GivenPlace, Id, Instant, Name, Reason, Request, Text


class IssueOrder(Request, frozen=True, tag="issue_order"):
    """Send a unit."""

    situation: Id
    unit: Id
    text: Text = ""
    task: Id | None = None


class StepOrder(Request, frozen=True, tag="step_order"):
    """Sign, depart, arrive."""

    order: Id
    step: Literal["signed", "departed", "arrived"]


class FeedBack(Request, frozen=True, tag="feed_back"):
    """Report the result."""

    order: Id
    result: Name
    text: Text = ""


class RefuseOrder(Request, frozen=True, tag="refuse_order"):
    """Say that the unit cannot."""

    order: Id
    why: Reason


class RecallOrder(Request, frozen=True, tag="recall_order"):
    """Take it back."""

    order: Id
    why: Reason


class SendMessage(Request, frozen=True, tag="send_message"):
    """Text units by hand (单发、组发、群发)."""

    units: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    text: Annotated[str, Meta(min_length=1, max_length=500)]
    situation: Id | None = None


class RecordMessage(Request, frozen=True, tag="record_message"):
    """The SMS link says what became of a message."""

    message: Id
    sent: bool
    why: Text = ""


class FixEvidence(Request, frozen=True, tag="fix_evidence"):
    """A stored file becomes evidence. `sha256` is what the upload answered."""

    situation: Id
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    media_type: Name
    size: Annotated[int, Meta(ge=1)]
    name: Name
    taken_ms: Instant
    order: Id | None = None
    place: GivenPlace | None = None
