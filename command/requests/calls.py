"""Requests about calls and situations."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.facts.base import IncidentKind, Level, Service
from command.facts.calls import CallOutcome
from command.kernel.limits import FORM_ANSWERS, TEXT_CHARS
from command.requests.base import GivenPlace, Id, Name, Phone, Reason, Request, Text


class ReportCall(Request, frozen=True, tag="report_call"):
    """A line rings. A PBX names its own call id, so that it can tell when the caller hangs up."""

    dialled: Service
    caller: Phone
    call: Id | None = None
    subscriber: Text = ""
    address: Text = ""
    place: GivenPlace | None = None


class AnswerCall(Request, frozen=True, tag="answer_call"):
    """Take a ringing call."""

    call: Id


class HangUpCall(Request, frozen=True, tag="hang_up_call"):
    """The caller is gone: abandoned if nobody had answered, else noted with its instant until the call is ended."""

    call: Id


class LocateCall(Request, frozen=True, tag="locate_call"):
    """Say where it is."""

    call: Id
    place: GivenPlace


Form = Annotated[dict[Annotated[str, Meta(max_length=40)], Text], Meta(max_length=FORM_ANSWERS)]


class ClassifyCall(Request, frozen=True, tag="classify_call"):
    """Save the form. Alone, `form` is all of it.

    With `seen`, what the asker saw in these fields before, `form` holds those that were changed: the others stay, and
    where somebody else wrote into one meanwhile, both texts stand in it.
    """

    call: Id
    form: Form
    seen: Form | None = None


class LinkCall(Request, frozen=True, tag="link_call"):
    """Add the call to an open situation."""

    call: Id
    situation: Id
    why: Text = ""


class EndCall(Request, frozen=True, tag="end_call"):
    """Close the call."""

    call: Id
    outcome: CallOutcome
    why: Text = ""


class OpenSituation(Request, frozen=True, tag="open_situation"):
    """Open one, usually from a call, which is linked to it."""

    title: Name
    service: Service
    kind: IncidentKind
    level: Level
    call: Id | None = None
    place: GivenPlace | None = None


class SetLevel(Request, frozen=True, tag="set_level"):
    """Raise or lower."""

    situation: Id
    level: Level
    why: Reason


class LocateSituation(Request, frozen=True, tag="locate_situation"):
    """Set or correct the place."""

    situation: Id
    place: GivenPlace


class NoteSituation(Request, frozen=True, tag="note_situation"):
    """Write into the record."""

    situation: Id
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS)]
    decision: bool = False


class MergeSituation(Request, frozen=True, tag="merge_situation"):
    """Say that it is the same as another."""

    situation: Id
    into: Id
    why: Reason


class CloseSituation(Request, frozen=True, tag="close_situation"):
    """Everything is done."""

    situation: Id
    why: Text = ""


class PinFocus(Request, frozen=True, tag="pin_focus"):
    """Send to the wall; without a situation the wall chooses again."""

    situation: Id | None = None
