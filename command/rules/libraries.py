"""Lists of the watch list (库): each a row with a file, put in force by a second person, replaced whole, ended.

What a file holds is known to whoever asks; the rules see its hash and counts. Marks of single lines, of whose hits some
were none, stand in the row: they are few, go with their line, and outlive files that still have it. So do the terms:
where and when the list fires, and whether for look-alikes.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.libraries import (
    LibraryContent,
    LibraryExpired,
    LibraryFileApproved,
    LibraryFileDeclined,
    LibraryFileOffered,
    LibraryLifted,
    LibraryLineRestored,
    LibraryRequested,
    LibraryTermsApproved,
    LibraryTermsDeclined,
    LibraryTermsOffered,
)
from command.facts.patrol import AlarmKind
from command.kernel.errors import ConflictError, InvalidInputError, TooManyError
from command.kernel.limits import LIBRARIES_BYTES, LIBRARY_ENTRIES, LIBRARY_MARKS, LIBRARY_PATTERNS, OPEN_LIBRARIES
from command.rows import DeadlineRow, LibraryFile, LibraryRow, LibraryTerms, LineMark
from command.rules.alarms import clear_alarm, open_alarm, raise_alarm
from command.rules.base import Decision, decides, drop_deadline, fires, folds, over, set_deadline
from command.rules.watchlist import (
    DOUBTFUL,
    MAY_APPROVE,
    MAY_ASK,
    MAY_LIFT,
    checked_area,
    checked_hours,
    doubt_of,
)
from command.tables import Tables

EXPIRE = "library_expire"
FAILING: AlarmKind = "library_failing"
"""Its subject is the name of a list, which no other open one has."""
_MOST = {"entries": LIBRARY_ENTRIES, "patterns": LIBRARY_PATTERNS, "size": LIBRARIES_BYTES}
"""By field of `LibraryContent`."""


@decides(q.RequestLibrary, "hub")
def request_library(t: Tables, request: q.RequestLibrary, actor: Actor, now_ms: int) -> Decision:
    """Ask for it with its first file."""
    if request.until_ms <= now_ms:
        raise InvalidInputError("a list ends after now")
    if t.libraries.open >= OPEN_LIBRARIES:
        raise TooManyError(f"{OPEN_LIBRARIES} lists may be open; lift some")
    name = request.name.strip()
    if any(row.name == name and row.ended_ms is None for row in t.libraries):
        raise ConflictError(f"there is a list named {name}: give it the new file, or lift it")
    _check_room(t, "", request.content)
    library = t.next_id("b")
    yield LibraryRequested(
        library=library, name=name, office=request.office, reason=request.reason, level=request.level,
        action=request.action, until_ms=request.until_ms, content=request.content, look_alike=request.look_alike,
        area=checked_area(t, request.area), hours=checked_hours(request.hours),
    )  # fmt: skip
    return library


@decides(q.OfferLibraryFile, "hub")
def offer_library_file(t: Tables, request: q.OfferLibraryFile, actor: Actor, now_ms: int) -> Decision:
    """Another file; one that waits already is forgotten for it."""
    row = _open(t, request.library)
    if row.file is None:
        raise ConflictError(f"list {row.name} waits for its first approval; decline that file first", current=row)
    if request.replaces != row.file.content.sha256:
        raise ConflictError(f"list {row.name} has another file by now; read yours again", current=row)
    if request.content.sha256 == row.file.content.sha256:
        raise ConflictError(f"list {row.name} holds exactly this already", current=row)
    _check_room(t, row.id, request.content)
    yield LibraryFileOffered(
        library=row.id, content=request.content, replaces=request.replaces, added=request.added,
        removed=request.removed, gone=request.gone,
    )  # fmt: skip
    return row.id


@decides(q.ApproveLibrary, *MAY_APPROVE)
def approve_library(t: Tables, request: q.ApproveLibrary, actor: Actor, now_ms: int) -> Decision:
    """Two people: who brings a file does not approve it. What is approved is the file that was looked at."""
    row = _open(t, request.library)
    waiting = _waiting(row, request.sha256)
    if waiting.by == actor.id and not actor.has("hub"):
        raise ConflictError("a list is approved by somebody other than who brought its file")
    yield LibraryFileApproved(
        library=row.id, sha256=request.sha256, replaced=row.file.content.sha256 if row.file else "",
        added=waiting.added, removed=waiting.removed, gone=waiting.gone,
    )  # fmt: skip
    for line in waiting.gone:
        yield from clear_alarm(t, DOUBTFUL, doubt_of(row.id, line))
    return row.id


@decides(q.DeclineLibraryFile, *MAY_LIFT)
def decline_library_file(t: Tables, request: q.DeclineLibraryFile, actor: Actor, now_ms: int) -> Decision:
    """Not this file; a list that has no other is over."""
    row = _open(t, request.library)
    _waiting(row, request.sha256)
    yield LibraryFileDeclined(library=row.id, sha256=request.sha256, why=request.why)
    if row.file is None:
        yield LibraryLifted(library=row.id, why=request.why)
    return row.id


@decides(q.OfferLibraryTerms, *MAY_ASK)
def offer_library_terms(t: Tables, request: q.OfferLibraryTerms, actor: Actor, now_ms: int) -> Decision:
    """Other terms; some that wait already are forgotten for them."""
    row = _open(t, request.library)
    if row.file is None:
        raise ConflictError(f"list {row.name} waits for its first approval; decline that file first", current=row)
    area, hours = checked_area(t, request.area), checked_hours(request.hours)
    if (request.look_alike, area, hours) == (row.look_alike, row.area, row.hours):
        raise ConflictError(f"list {row.name} has exactly these terms already", current=row)
    terms = t.next_id("bt")
    yield LibraryTermsOffered(library=row.id, terms=terms, look_alike=request.look_alike, area=area, hours=hours)
    return terms


@decides(q.ApproveLibraryTerms, *MAY_APPROVE)
def approve_library_terms(t: Tables, request: q.ApproveLibraryTerms, actor: Actor, now_ms: int) -> Decision:
    """Two people: who offers terms does not approve them. What is approved are the terms that were looked at."""
    row = _open(t, request.library)
    if _waiting_terms(row, request.terms).by == actor.id and not actor.has("hub"):
        raise ConflictError("terms of a list are approved by somebody other than who offered them")
    yield LibraryTermsApproved(library=row.id, terms=request.terms)
    return row.id


@decides(q.DeclineLibraryTerms, *MAY_LIFT)
def decline_library_terms(t: Tables, request: q.DeclineLibraryTerms, actor: Actor, now_ms: int) -> Decision:
    """Not these terms."""
    row = _open(t, request.library)
    _waiting_terms(row, request.terms)
    yield LibraryTermsDeclined(library=row.id, terms=request.terms, why=request.why)
    return row.id


@decides(q.ReportLibrary, "hub")
def report_library(t: Tables, request: q.ReportLibrary, actor: Actor, now_ms: int) -> Decision:
    """A file that cannot be had or was altered is an alarm that names the list, until a hub holds it again."""
    row = _open(t, request.library)
    if not request.wrong:
        yield from clear_alarm(t, FAILING, row.name)
    elif open_alarm(t, FAILING, row.name) is None:
        yield from raise_alarm(t, FAILING, 3, row.name, detail=request.wrong)
    return row.id


@decides(q.LiftLibrary, *MAY_LIFT)
def lift_library(t: Tables, request: q.LiftLibrary, actor: Actor, now_ms: int) -> Decision:
    """Stop looking."""
    row = _open(t, request.library)
    yield LibraryLifted(library=row.id, why=request.why)
    yield from _clear_alarms(t, row, request.why)
    return row.id


@decides(q.RestoreLibraryLine, *MAY_LIFT)
def restore_library_line(t: Tables, request: q.RestoreLibraryLine, actor: Actor, now_ms: int) -> Decision:
    """It fires again, and is judged anew."""
    row = _open(t, request.library)
    found = mark_of(row, request.line)
    if found is None or not found.not_plates:
        raise ConflictError(f"{request.line} of list {row.name} is not set aside", current=row)
    yield LibraryLineRestored(library=row.id, line=request.line, why=request.why)
    yield from clear_alarm(t, DOUBTFUL, doubt_of(row.id, request.line), request.why)
    return row.id


@fires(EXPIRE)
def expire_library(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Past its date."""
    row = t.libraries.need(deadline.subject)
    yield LibraryExpired(library=row.id)
    yield from _clear_alarms(t, row, "")
    return row.id


def mark_of(row: LibraryRow, line: str) -> LineMark | None:
    """Return what is marked of a line."""
    return next((mark for mark in row.marks if mark.line == line), None)


def check_room_to_set_aside(row: LibraryRow, line: str) -> None:
    """Raise `TooManyError` where so many lines are set aside that the list itself is wrong."""
    set_aside = [mark.line for mark in row.marks if _is_set_aside(mark)]
    if len(set_aside) >= LIBRARY_MARKS and line not in set_aside:
        raise TooManyError(f"{LIBRARY_MARKS} lines of {row.name} are set aside: have the list replaced or lift it")


def marked(row: LibraryRow, mark: LineMark) -> LibraryRow:
    """Return the row with a mark as it is now, the newest last."""
    marks = [*(one for one in row.marks if one.line != mark.line), mark]
    while len(marks) > LIBRARY_MARKS:
        marks.remove(next(one for one in marks if not _is_set_aside(one)))
    return replace(row, marks=tuple(marks))


def _is_set_aside(mark: LineMark) -> bool:
    """Say whether somebody who may lift the list had it fire no more for the line, or for a plate of a pattern.

    That a plate only looks like the line anybody may say who judges hits, and it may be forgotten.
    """
    return bool(mark.not_plates) and (mark.line in mark.not_plates or not {"?", "*"}.isdisjoint(mark.line))


def _open(t: Tables, library: str) -> LibraryRow:
    row = t.libraries.need(library)
    if row.ended_ms is not None:
        raise ConflictError(f"list {row.name} is {row.state}", state=row.state, current=row)
    return row


def _waiting(row: LibraryRow, sha256: str) -> LibraryFile:
    if row.waiting is None or row.waiting.content.sha256 != sha256:
        raise ConflictError(f"no such file of list {row.name} waits for approval", state=row.state, current=row)
    return row.waiting


def _waiting_terms(row: LibraryRow, terms: str) -> LibraryTerms:
    if row.waiting_terms is None or row.waiting_terms.id != terms:
        raise ConflictError(f"no such terms of list {row.name} wait for approval", state=row.state, current=row)
    return row.waiting_terms


def _check_room(t: Tables, library: str, content: LibraryContent) -> None:
    """Count each list at the most that it has or may have, whatever is approved or declined."""
    others = [row for row in t.libraries if row.ended_ms is None and row.id != library]
    mine = t.libraries.get(library)
    for what, most in _MOST.items():
        taken = sum(_most_of(what, row.file, row.waiting) for row in others)
        wanted = max(getattr(content, what), _most_of(what, mine.file) if mine else 0)
        if taken + wanted > most:
            words = "bytes" if what == "size" else what
            room = max(0, most - taken)
            raise TooManyError(f"all lists together have at most {most} {words}, there is room for {room}", room=room)


def _most_of(what: str, *files: LibraryFile | None) -> int:
    return max((int(getattr(file.content, what)) for file in files if file), default=0)


def _clear_alarms(t: Tables, row: LibraryRow, why: str) -> Decision:
    yield from clear_alarm(t, FAILING, row.name, why)
    for mark in row.marks:
        yield from clear_alarm(t, DOUBTFUL, doubt_of(row.id, mark.line), why)
    return row.id


@folds(LibraryRequested)
def library_requested(t: Tables, fact: LibraryRequested, r: Recorded) -> None:
    """Waiting for approval."""
    t.libraries.put(
        LibraryRow(
            id=fact.library, name=fact.name, office=fact.office, reason=fact.reason, level=fact.level,
            action=fact.action, until_ms=fact.until_ms, state="requested", requested_by=r.actor, requested_ms=r.at_ms,
            waiting=LibraryFile(content=fact.content, by=r.actor, at_ms=r.at_ms, added=fact.content.entries),
            look_alike=fact.look_alike, area=fact.area, hours=fact.hours,
        )
    )  # fmt: skip
    set_deadline(t, EXPIRE, fact.library, fact.until_ms)


@folds(LibraryFileOffered)
def library_file_offered(t: Tables, fact: LibraryFileOffered, r: Recorded) -> None:
    """Waiting beside the one in force."""
    waiting = LibraryFile(
        content=fact.content, by=r.actor, at_ms=r.at_ms, added=fact.added, removed=fact.removed, gone=fact.gone
    )
    t.libraries.put(replace(t.libraries.need(fact.library), waiting=waiting))


@folds(LibraryFileApproved)
def library_file_approved(t: Tables, fact: LibraryFileApproved, r: Recorded) -> None:
    """In force from this fact on; marks of lines that went go with them."""
    row = t.libraries.need(fact.library)
    file = row.waiting and replace(row.waiting, approved_by=r.actor, approved_ms=r.at_ms)
    marks = tuple(mark for mark in row.marks if mark.line not in fact.gone)
    first_ms = r.at_ms if row.first_approved_ms is None else row.first_approved_ms
    t.libraries.put(
        replace(row, state="active", file=file, waiting=None, marks=marks, first_approved_ms=first_ms)
    )  # fmt: skip


@folds(LibraryFileDeclined)
def library_file_declined(t: Tables, fact: LibraryFileDeclined, r: Recorded) -> None:
    """As if it had not come."""
    t.libraries.put(replace(t.libraries.need(fact.library), waiting=None))


@folds(LibraryTermsOffered)
def library_terms_offered(t: Tables, fact: LibraryTermsOffered, r: Recorded) -> None:
    """Waiting beside those in force."""
    waiting = LibraryTerms(
        id=fact.terms, by=r.actor, at_ms=r.at_ms, look_alike=fact.look_alike, area=fact.area, hours=fact.hours
    )
    t.libraries.put(replace(t.libraries.need(fact.library), waiting_terms=waiting))


@folds(LibraryTermsApproved)
def library_terms_approved(t: Tables, fact: LibraryTermsApproved, r: Recorded) -> None:
    """In force from this fact on."""
    row = t.libraries.need(fact.library)
    if terms := row.waiting_terms:
        row = replace(row, look_alike=terms.look_alike, area=terms.area, hours=terms.hours, waiting_terms=None)
        t.libraries.put(row)


@folds(LibraryTermsDeclined)
def library_terms_declined(t: Tables, fact: LibraryTermsDeclined, r: Recorded) -> None:
    """As if they had not been offered."""
    t.libraries.put(replace(t.libraries.need(fact.library), waiting_terms=None))


@folds(LibraryLifted)
def library_lifted(t: Tables, fact: LibraryLifted, r: Recorded) -> None:
    """Over by somebody's word."""
    _end(t, fact.library, "lifted", r)


@folds(LibraryExpired)
def library_expired(t: Tables, fact: LibraryExpired, r: Recorded) -> None:
    """Over by its date."""
    _end(t, fact.library, "expired", r)


def _end(t: Tables, library: str, state: Literal["lifted", "expired"], r: Recorded) -> None:
    row = t.libraries.need(library)
    t.libraries.put(replace(row, state=state, waiting=None, waiting_terms=None, ended_ms=r.at_ms))
    drop_deadline(t, EXPIRE, library)
    over(t, r.at_ms, t.libraries)


@folds(LibraryLineRestored)
def library_line_restored(t: Tables, fact: LibraryLineRestored, r: Recorded) -> None:
    """Nothing is marked of it any more."""
    row = t.libraries.need(fact.library)
    t.libraries.put(replace(row, marks=tuple(mark for mark in row.marks if mark.line != fact.line)))
