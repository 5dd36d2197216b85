"""Facts of calls and situations."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Fact, IncidentKind, Level, Place, Service

CallOutcome = Literal["situation", "duplicate", "misdial", "hoax", "inquiry"]


class CallArrived(Fact, frozen=True, tag="call_arrived"):
    """An emergency line rings. `call` is the exchange's own call id where it has one, else the hub's."""

    call: str
    dialled: Service
    caller: str
    subscriber: str = ""
    address: str = ""
    place: Place | None = None


class CallAnswered(Fact, frozen=True, tag="call_answered"):
    """A call taker took the call."""

    call: str


class CallLocated(Fact, frozen=True, tag="call_located"):
    """The place of the matter is known, or known better."""

    call: str
    place: Place


class CallClassified(Fact, frozen=True, tag="call_classified"):
    """The form of the number dialled was filled in; `form` holds its answers by field name, all of them.

    With `hung_up` nothing was: the caller hung up in the middle, and `form` is what it was. No kind of its own, for
    a hub of the release before that reads the same journal stops at a kind that it does not know, and every
    conversation ends with somebody hanging up.
    """

    call: str
    form: dict[str, str]
    hung_up: bool = False


class CallLinked(Fact, frozen=True, tag="call_linked"):
    """The call is about this situation; `why` keeps the reason for judging it so."""

    call: str
    situation: str
    why: str = ""


class CallEnded(Fact, frozen=True, tag="call_ended"):
    """The call taker closed the call."""

    call: str
    outcome: CallOutcome
    why: str = ""


class CallAbandoned(Fact, frozen=True, tag="call_abandoned"):
    """The caller hung up before anybody answered (呼损)."""

    call: str


class SituationOpened(Fact, frozen=True, tag="situation_opened"):
    """One matter that people work on together. `source` is the id of the call, hit, SOS or plan it came from."""

    situation: str
    title: str
    service: Service
    kind: IncidentKind
    level: Level
    place: Place | None = None
    source: str = ""


class SituationRaised(Fact, frozen=True, tag="situation_raised"):
    """The level was made graver (升级)."""

    situation: str
    level: Level
    why: str


class SituationLowered(Fact, frozen=True, tag="situation_lowered"):
    """The level was made milder (降级)."""

    situation: str
    level: Level
    why: str


class SituationLocated(Fact, frozen=True, tag="situation_located"):
    """The place of the situation was set or corrected."""

    situation: str
    place: Place


class SituationNoted(Fact, frozen=True, tag="situation_noted"):
    """Somebody wrote into the situation's record; `decision` marks a commander's decision."""

    situation: str
    text: str
    decision: bool = False


class SituationMerged(Fact, frozen=True, tag="situation_merged"):
    """The situation turned out to be the same as another, which goes on."""

    situation: str
    into: str
    why: str


class SituationClosed(Fact, frozen=True, tag="situation_closed"):
    """Everything is done (办结)."""

    situation: str
    why: str = ""


class FocusPinned(Fact, frozen=True, tag="focus_pinned"):
    """A desk sent a situation to the wall."""

    situation: str


class FocusReleased(Fact, frozen=True, tag="focus_released"):
    """The wall chooses by itself again."""
