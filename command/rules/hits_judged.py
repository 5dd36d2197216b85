"""What people say of hits: it is that car, or it is none; and entries that keep being wrong, which say so."""

from __future__ import annotations

from typing import Literal, TypeVar

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor, Role
from command.facts import Recorded
from command.facts.watchlist import PlateHit, PlateHitConfirmed, PlateHitRejected
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError
from command.kernel.limits import (
    HIT_STANDS_MINUTES,
    HITS_JUDGED_SAID,
    HITS_REMEMBERED,
    HITS_WRONG_IN_A_ROW,
    HITS_WRONG_OF,
    HITS_WRONG_SHARE,
    WATCH_NOT_PLATES,
)
from command.rows import HitRow, LibraryRow, LineMark, RememberedHit, WatchRow
from command.rules.alarms import clear_alarm, open_alarm, raise_alarm
from command.rules.base import Decision, decides, folds, mark
from command.rules.libraries import check_room_to_set_aside, mark_of, marked
from command.rules.situations import went_on
from command.rules.watchlist import DOUBTFUL, MAY_LIFT, doubt_of
from command.tables import Tables

_Entry = TypeVar("_Entry", WatchRow, LineMark)
_MINUTE_MS = 60_000
_MAY_JUDGE: tuple[Role, ...] = ("call_taker", "dispatcher", "commander", "camera_watch", "hub")


@decides(q.ConfirmHit, *_MAY_JUDGE)
def confirm_hit(t: Tables, request: q.ConfirmHit, actor: Actor, now_ms: int) -> Decision:
    """A person says it is that car; the alarm of an entry that is doubtful no longer goes."""
    row = t.hits.need(request.hit)
    if row.rejected_why:
        raise ConflictError(f"hit {row.id} was rejected already", current=row)
    if not row.confirmed_by:
        yield PlateHitConfirmed(hit=row.id)
        yield from _trust(t, row)
    return row.id


@decides(q.RejectHit, *_MAY_JUDGE)
def reject_hit(t: Tables, request: q.RejectHit, actor: Actor, now_ms: int) -> Decision:
    """A person says it is not that car; the alarm goes once no other hit stands in its situation.

    A look-alike does not fire again for its entry unless that is asked for, any other hit only where it is asked for.
    An entry of a list cannot be lifted alone; so that it can be set aside by those who may lift the list.
    """
    row = t.hits.need(request.hit)
    if row.rejected_why:
        raise ConflictError(f"hit {row.id} was rejected already", current=row)
    library = t.libraries.get(row.watch)
    if library and request.exclude and row.how != "look_alike":
        if not any(actor.has(role) for role in MAY_LIFT):
            raise NoRightError(f"setting lines of a list aside needs one of the roles {', '.join(sorted(MAY_LIFT))}")
        check_room_to_set_aside(library, row.line)
    elif request.exclude and row.how == "exact":
        raise InvalidInputError("a plate that is the entry itself cannot be excluded from it; lift the watch instead")
    excluded = row.how == "look_alike" if request.exclude is None else request.exclude
    yield PlateHitRejected(hit=row.id, why=request.why, kind=request.kind, excluded=excluded)
    yield from _clear_without_hits(t, row, request.why)
    yield from _doubt(t, row)
    return row.id


def _clear_without_hits(t: Tables, rejected: HitRow, why: str) -> Decision:
    """End the alarm of the car with the last hit of the alarm's situation; a hit of another one leaves it standing."""
    alarm = open_alarm(t, "plate_hit", rejected.plate)
    if alarm is None:
        return ""
    of_car = (hit for hit in t.hits if hit.plate == rejected.plate and not hit.rejected_why)
    stands_in = {row.id for hit in of_car if (row := went_on(t, hit.situation)) and row.state != "closed"}
    home = went_on(t, rejected.situation)
    if alarm.situation not in stands_in and (not stands_in or (home and home.id == alarm.situation)):
        yield from clear_alarm(t, "plate_hit", rejected.plate, why)
    return alarm.id


def _doubt(t: Tables, hit: HitRow) -> Decision:
    """Ask on every screen, as a code which they word: what keeps being wrong, and who is to see to the entry."""
    watch, library = t.watches.get(hit.watch), t.libraries.get(hit.watch)
    if watch and watch.state == "active" and (why := _doubtful(watch)):
        yield from raise_alarm(t, DOUBTFUL, 4, doubt_of(watch.id, watch.pattern), detail=f"{why} {watch.requested_by}")
    line = mark_of(library, hit.line) if library else None
    if library and library.state == "active" and line and (why := _doubtful(line)):
        who = library.file.by if library.file else library.requested_by
        yield from raise_alarm(t, DOUBTFUL, 4, doubt_of(library.id, hit.line), detail=f"{why} {who} {library.name}")
    return hit.id


def _trust(t: Tables, hit: HitRow) -> Decision:
    """End the alarm of an entry that is doubtful no longer."""
    watch, library = t.watches.get(hit.watch), t.libraries.get(hit.watch)
    if watch and not _doubtful(watch):
        yield from clear_alarm(t, DOUBTFUL, doubt_of(watch.id, watch.pattern))
    line = mark_of(library, hit.line) if library else None
    if library and line and not _doubtful(line):
        yield from clear_alarm(t, DOUBTFUL, doubt_of(library.id, line.line))
    return hit.id


def _doubtful(entry: WatchRow | LineMark) -> str:
    """Return why an entry is doubtful: `3` in a row were none, `3/5` of those judged, `3,3/5` both; empty if not."""
    why = [str(entry.wrong_in_a_row)] if entry.wrong_in_a_row >= HITS_WRONG_IN_A_ROW else []
    if entry.judged >= HITS_WRONG_OF and entry.rejected >= HITS_WRONG_SHARE * entry.judged:
        why.append(f"{entry.rejected}/{entry.judged}")
    return ",".join(why)


def note_hit(t: Tables, fact: PlateHit, at_ms: int) -> None:
    """Count a hit that is in the table to its watch, or its list and the mark of its line."""
    library = t.libraries.get(fact.watch)
    if library is None:
        t.watches.put(_told(t.watches.need(fact.watch), fact.hit, at_ms))
        return
    line = mark_of(library, fact.line)
    if line:
        library = marked(library, _told(line, fact.hit, at_ms))
    t.libraries.put(_share(replace(library, hits=library.hits + 1)))


@folds(PlateHitConfirmed)
def plate_hit_confirmed(t: Tables, fact: PlateHitConfirmed, r: Recorded) -> None:
    """Counted for its watch, where that is still to be seen."""
    before = t.hits.need(fact.hit)
    row = replace(before, confirmed_by=r.actor)
    t.hits.put(row)
    watch, library = t.watches.get(row.watch), t.libraries.get(row.watch)
    if watch:
        t.watches.put(_said(watch, before, "right", r.at_ms))
    line = mark_of(library, row.line) if library else None
    if library and line:
        t.libraries.put(marked(library, _said(line, before, "right", r.at_ms)))
    mark(t, row.situation, r, hit=row.id, plate=row.plate)


@folds(PlateHitRejected)
def plate_hit_rejected(t: Tables, fact: PlateHitRejected, r: Recorded) -> None:
    """Counted against its watch, where that is still to be seen."""
    before = t.hits.need(fact.hit)
    watch, library = t.watches.get(before.watch), t.libraries.get(before.watch)
    line = (mark_of(library, before.line) or _begun(t, before)) if library else None
    row = replace(before, rejected_why=fact.why, rejected_kind=fact.kind, rejected_by=r.actor, confirmed_by="")
    t.hits.put(row)
    if watch:
        not_plates = _without(watch.not_plates, row.plate) if fact.excluded else watch.not_plates
        watch = replace(watch, rejected=watch.rejected + 1, not_plates=not_plates)
        t.watches.put(_said(watch, before, "wrong", r.at_ms))
    if library and line:
        not_plates = _without(line.not_plates, row.plate) if fact.excluded else line.not_plates
        line = _said(replace(line, rejected=line.rejected + 1, not_plates=not_plates), before, "wrong", r.at_ms)
        t.libraries.put(_share(replace(marked(library, line), rejected=library.rejected + 1)))
    mark(t, row.situation, r, hit=row.id, plate=row.plate, why=fact.why, kind=fact.kind)


def _begun(t: Tables, hit: HitRow) -> LineMark:
    """Return the mark of a line at its first hit that is none, with those in the tables that nobody rejected."""
    mark = LineMark(line=hit.line)
    hits = [h for h in t.hits if h.watch == hit.watch and h.line == hit.line and not h.rejected_why]
    for each in sorted(hits, key=lambda h: (h.told_ms, len(h.id), h.id)):  # ids count up
        mark = _told(mark, each.id, each.told_ms)
        if each.confirmed_by:
            mark = _said(mark, replace(each, confirmed_by=""), "right", each.told_ms)
    return mark


def _told(entry: _Entry, hit: str, at_ms: int) -> _Entry:
    remembered = (*entry.remembered, RememberedHit(hit=hit, at_ms=at_ms))[-HITS_REMEMBERED:]
    waiting = _counted(entry.waiting, at_ms // _MINUTE_MS, 1)
    return _weighed(replace(entry, hits=entry.hits + 1, remembered=remembered, waiting=waiting), at_ms)


def _said(entry: _Entry, hit: HitRow, said: Literal["right", "wrong"], at_ms: int) -> _Entry:
    """Return the entry after something was said of a hit, given as it was before."""
    remembered = tuple(replace(one, said=said) if one.hit == hit.id else one for one in entry.remembered)
    waiting = entry.waiting if hit.confirmed_by else _counted(entry.waiting, hit.told_ms // _MINUTE_MS, -1)
    return _weighed(replace(entry, remembered=remembered, waiting=waiting), at_ms)


def _counted(waiting: tuple[tuple[int, int], ...], minute: int, more: int) -> tuple[tuple[int, int], ...]:
    """Return how many hits wait by minute with more or fewer of one; of a minute that is over there are none."""
    counts = dict(waiting)
    counts[minute] = counts.get(minute, 0) + more
    return tuple((of, count) for of, count in sorted(counts.items()) if count > 0)


def _weighed(entry: _Entry, at_ms: int) -> _Entry:
    """Judge an entry by its hits at an instant. One that was just told says nothing yet, for it or against it."""
    in_a_row = 0
    for one in reversed(entry.remembered):
        if one.said == "wrong":
            in_a_row += 1
        elif one.said == "right" or not _waits(one.at_ms // _MINUTE_MS, at_ms):
            break
    waiting = tuple((minute, count) for minute, count in entry.waiting if _waits(minute, at_ms))
    judged = entry.hits - sum(count for _, count in waiting)
    share = round(entry.rejected / judged, 2) if judged >= HITS_JUDGED_SAID else None
    return replace(entry, wrong_in_a_row=in_a_row, judged=judged, wrong_share=share, waiting=waiting)


def _waits(minute: int, at_ms: int) -> bool:
    return at_ms // _MINUTE_MS - minute < HIT_STANDS_MINUTES


def _share(library: LibraryRow) -> LibraryRow:
    share = round(library.rejected / library.hits, 2) if library.hits >= HITS_JUDGED_SAID else None
    return replace(library, wrong_share=share)


def _without(not_plates: tuple[str, ...], plate: str) -> tuple[str, ...]:
    """Return the plates that do not fire with one more, the newest last."""
    return (*(one for one in not_plates if one != plate), plate)[-WATCH_NOT_PLATES:]
