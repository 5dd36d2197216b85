"""Requests about lists of the watch list (库)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.facts.base import Level
from command.facts.libraries import LibraryContent
from command.facts.watchlist import WatchAction
from command.kernel.limits import LIBRARY_MARKS
from command.requests.base import Id, Instant, Name, Reason, Request, Text
from command.requests.watchlist import GivenArea, GivenHours, Office, Pattern

_Count = Annotated[int, Meta(ge=0)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class RequestLibrary(Request, frozen=True, tag="request_library"):
    """Look out for a list. The hub asks in the name of a person, once it has read and kept the file itself."""

    name: Name
    reason: Reason
    level: Level
    until_ms: Instant
    content: LibraryContent
    office: Office = ""
    action: WatchAction = "alarm"
    look_alike: bool = False
    area: GivenArea | None = None
    hours: GivenHours | None = None


class OfferLibraryFile(Request, frozen=True, tag="offer_library_file"):
    """Another file for a list; so many entries would come and go beside the one that it `replaces`."""

    library: Id
    content: LibraryContent
    replaces: Sha256
    added: _Count
    removed: _Count
    gone: Annotated[tuple[str, ...], Meta(max_length=LIBRARY_MARKS)] = ()


class ApproveLibrary(Request, frozen=True, tag="approve_library"):
    """Put the file in force that waits; not by who brought it."""

    library: Id
    sha256: Sha256


class DeclineLibraryFile(Request, frozen=True, tag="decline_library_file"):
    """Have nothing to do with the file that waits; a list that never had another is over."""

    library: Id
    sha256: Sha256
    why: Reason


class OfferLibraryTerms(Request, frozen=True, tag="offer_library_terms"):
    """Have a list fire there and then alone, or everywhere and always, and for look-alikes of its plates or not."""

    library: Id
    look_alike: bool = False
    area: GivenArea | None = None
    hours: GivenHours | None = None


class ApproveLibraryTerms(Request, frozen=True, tag="approve_library_terms"):
    """Put the terms in force that wait; not by who offered them."""

    library: Id
    terms: Id


class DeclineLibraryTerms(Request, frozen=True, tag="decline_library_terms"):
    """Have nothing to do with the terms that wait."""

    library: Id
    terms: Id
    why: Reason


class ReportLibrary(Request, frozen=True, tag="report_library"):
    """A hub says how it holds a list that is in force; `wrong` is empty where that is as it should be."""

    library: Id
    wrong: Text = ""


class LiftLibrary(Request, frozen=True, tag="lift_library"):
    """Stop looking."""

    library: Id
    why: Reason


class RestoreLibraryLine(Request, frozen=True, tag="restore_library_line"):
    """Let a line fire again that was set aside."""

    library: Id
    line: Pattern
    why: Reason
