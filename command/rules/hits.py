"""Hits on the watch list: alarms with what helps to find the car; and those that somebody says were none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

import shapely
from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Place, Recorded
from command.facts.watchlist import NearUnit, PlateHit, PlateHitRejected, WatchArea
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError
from command.kernel.ga36 import strip_separators
from command.kernel.limits import HIT_UNITS, WATCH_NOT_PLATES
from command.kernel.local_time import is_within_day
from command.rows import CameraRow, HitRow, LibraryRow, LineMark, SituationRow, WatchRow
from command.rules.advice import recommend
from command.rules.alarms import clear_alarm, raise_alarm
from command.rules.base import Decision, decides, folds, mark
from command.rules.libraries import check_room_to_set_aside, mark_of, marked
from command.rules.situations import check_room_for_situation, open_situation
from command.rules.watchlist import DOUBTFUL, MAY_LIFT
from command.tables import Tables

_Watched = TypeVar("_Watched", WatchRow, LibraryRow)
_MINUTE_MS = 60_000
_TITLE = "布控车辆 {plate}"
_JUDGED_HITS = 3
"""From so many hits on the share of wrong ones says something."""
_WRONG_IN_A_ROW = 3
"""So many hits in a row that were none, and whoever asked is asked to lift or narrow the entry; own default."""


def fires_at(watch: WatchRow | LibraryRow, camera: CameraRow, seen_ms: int) -> bool:
    """Say whether an entry or list is to fire for what a camera saw at an instant: in its area and hours."""
    if watch.area and not cameras_in(watch.area, [camera]):
        return False
    return watch.hours is None or is_within_day(seen_ms, watch.hours.from_min, watch.hours.to_min)


def cameras_in(area: WatchArea, cameras: Sequence[CameraRow]) -> frozenset[str]:
    """Return those of the cameras that an area names, or that stand in its ring."""
    named = frozenset(area.cameras)
    found = {camera.id for camera in cameras if camera.id in named}
    if area.ring and cameras:
        ring = shapely.Polygon(area.ring)
        shapely.prepare(ring)
        points = shapely.points([camera.lon for camera in cameras], [camera.lat for camera in cameras])
        found |= {camera.id for camera, inside in zip(cameras, shapely.covers(ring, points), strict=True) if inside}
    return frozenset(found)


@decides(q.ReportHit, "hub")
def report_hit(t: Tables, request: q.ReportHit, actor: Actor, now_ms: int) -> Decision:
    """A hit joins the car's open situation or opens one, and is an alarm. A watch not in force does not fire."""
    watch, camera = _watched(t, request.watch), t.cameras.need(request.camera)
    if (answer := answer_without_news(t, request, now_ms)) is not None:
        return answer
    line = _line_of(watch, request)
    same_car = [h for h in t.hits if h.plate == request.plate and not h.rejected_why]
    situation = _open_situation_of_car(t, request.plate, same_car, now_ms)
    place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
    if not situation:
        check_room_for_situation(t)
        situation = yield from open_situation(
            t, title=_TITLE.format(plate=request.plate), service="110", kind="public_security", level=watch.level,
            place=place, source=watch.id,
        )  # fmt: skip
    hit = t.next_id("h")
    yield PlateHit(
        hit=hit, watch=watch.id, plate=request.plate, camera=camera.id, seen_ms=request.seen_ms,
        confidence=request.confidence, situation=situation, picture=request.picture,
        plate_picture=request.plate_picture, how=request.how, score=request.score, direction=request.direction,
        heading_deg=request.heading_deg, last_seen=request.last_seen, ahead=tuple(request.ahead),
        ahead_by=request.ahead_by, units=_near(t, replace(t.situations.need(situation), place=place), now_ms),
        line=line, note=request.note,
    )  # fmt: skip
    yield from raise_alarm(
        t, "plate_hit", watch.level, request.plate, situation=situation, lat=camera.lat, lon=camera.lon,
        detail=f"{camera.name} {_why(watch, request.note)}",
    )  # fmt: skip
    return hit


def answer_without_news(t: Tables, request: q.ReportHit, now_ms: int) -> str | None:
    """Return the hit that it was told as before, empty where the entry does not fire for it; None where it is news.

    Raises `UnknownIdError` for an entry or camera that there is not.
    """
    watch, camera = _watched(t, request.watch), t.cameras.need(request.camera)
    if watch.state != "active" or now_ms >= watch.until_ms:
        return ""
    if not fires_at(watch, camera, request.seen_ms) or (request.how == "look_alike" and not watch.look_alike):
        return ""  # an agent may have been told of a list before it was changed
    for earlier in t.hits:
        if (earlier.plate, earlier.camera, earlier.seen_ms, earlier.watch) == (
            request.plate, request.camera, request.seen_ms, watch.id,
        ):  # fmt: skip
            return earlier.id
    line = _line_of(watch, request)
    return None if {request.plate, line}.isdisjoint(_not_plates(watch, line)) else ""


def in_force_ms(t: Tables, watch: str) -> int:
    """Return since when an entry is in force; a list, since its file is. Raises `UnknownIdError`."""
    row = _watched(t, watch)
    approved = row if isinstance(row, WatchRow) else row.file
    return row.requested_ms if approved is None or approved.approved_ms is None else approved.approved_ms


def _line_of(watch: WatchRow | LibraryRow, request: q.ReportHit) -> str:
    return "" if isinstance(watch, WatchRow) else request.line or request.plate


def _watched(t: Tables, watch: str) -> WatchRow | LibraryRow:
    return t.libraries.get(watch) or t.watches.need(watch)


def _not_plates(watch: WatchRow | LibraryRow, line: str) -> tuple[str, ...]:
    if isinstance(watch, WatchRow):
        return watch.not_plates
    found = mark_of(watch, line)
    return found.not_plates if found else ()


def _why(watch: WatchRow | LibraryRow, note: str) -> str:
    return watch.reason if isinstance(watch, WatchRow) else " ".join(filter(None, (watch.name, watch.reason, note)))


def _near(t: Tables, here: SituationRow, now_ms: int) -> tuple[NearUnit, ...]:
    return tuple(
        NearUnit(unit=each.unit, distance_m=round(each.distance_m), arrival_s=round(each.arrival_s))
        for each in recommend(t, here, now_ms)[:HIT_UNITS]
    )


def _open_situation_of_car(t: Tables, plate: str, hits: list[HitRow], now_ms: int) -> str:
    """Return the open situation that had a hit of the car of late, else the newest that names its plate."""
    for hit in sorted(hits, key=lambda h: h.seen_ms, reverse=True):
        situation = t.situations.get(hit.situation)
        while situation and situation.merged_into:  # the one that went on may be over for longer, and gone
            situation = t.situations.get(situation.merged_into)
        recent = now_ms - hit.seen_ms <= t.limits.hit_join_minutes * _MINUTE_MS
        if situation and situation.state != "closed" and recent:
            return situation.id
    named = re.compile(rf"{re.escape(plate)}(?![A-Z0-9])")
    # One that a hit opened and whose car was not seen for long is another matter by now.
    going_on = (row for row in t.situations if row.state != "closed" and row.title != _TITLE.format(plate=plate))
    naming = (row for row in going_on if any(named.search(strip_separators(text)) for text in _said(t, row)))
    newest = max(naming, key=lambda row: row.opened_ms, default=None)
    return newest.id if newest else ""


def _said(t: Tables, situation: SituationRow) -> Iterator[str]:
    """Yield what a situation is called, and what was said in its calls."""
    yield situation.title
    for call in situation.calls:
        if row := t.calls.get(call):
            yield from row.form.values()


@decides(q.RejectHit, "call_taker", "dispatcher", "commander", "camera_watch", "hub")
def reject_hit(t: Tables, request: q.RejectHit, actor: Actor, now_ms: int) -> Decision:
    """A person says it is not that car; the alarm goes once no other hit of it stands in the situation.

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
    if not any(h.plate == row.plate and h.situation == row.situation and not h.rejected_why for h in t.hits):
        yield from clear_alarm(t, "plate_hit", row.plate, request.why)
    yield from _doubt(t, row)
    return row.id


def _doubt(t: Tables, hit: HitRow) -> Decision:
    """Ask on every screen, as a code which they word: how many were none in a row, and who is to see to the entry."""
    watch, library = t.watches.get(hit.watch), t.libraries.get(hit.watch)
    if watch and watch.state == "active" and watch.wrong_in_a_row >= _WRONG_IN_A_ROW:
        yield from raise_alarm(t, DOUBTFUL, 4, watch.pattern, detail=f"{watch.wrong_in_a_row} {watch.requested_by}")
    line = mark_of(t.libraries.need(library.id), hit.line) if library else None
    if library and library.state == "active" and line and line.wrong_in_a_row >= _WRONG_IN_A_ROW:
        who = library.file.by if library.file else library.requested_by
        yield from raise_alarm(t, DOUBTFUL, 4, hit.line, detail=f"{line.wrong_in_a_row} {who} {library.name}")
    return hit.id


@folds(PlateHit)
def plate_hit(t: Tables, fact: PlateHit, r: Recorded) -> None:
    """On the situation, with its picture."""
    t.hits.put(
        HitRow(
            id=fact.hit, watch=fact.watch, plate=fact.plate, camera=fact.camera, seen_ms=fact.seen_ms,
            confidence=fact.confidence, situation=fact.situation, picture=fact.picture,
            plate_picture=fact.plate_picture, how=fact.how, score=fact.score, direction=fact.direction,
            heading_deg=fact.heading_deg, last_seen=fact.last_seen, ahead=fact.ahead, ahead_by=fact.ahead_by,
            units=fact.units, line=fact.line, note=fact.note,
        )
    )  # fmt: skip
    library = t.libraries.get(fact.watch)
    if library:
        _note_hit_of_line(t, library, fact)
    else:
        watch = t.watches.need(fact.watch)
        in_a_row = _still_in_a_row(t, watch)
        t.watches.put(_judged(replace(watch, hits=watch.hits + 1, last_hit=fact.hit, wrong_in_a_row=in_a_row)))
    situation = t.situations.need(fact.situation)
    camera = t.cameras.get(fact.camera)
    place = situation.place
    latest = all(t.hits.need(h).seen_ms <= fact.seen_ms for h in situation.hits)
    follows_car = place is None or place.source == "camera"  # where somebody called for help, help is wanted still
    if camera and latest and follows_car:  # a hit that was long on its way does not take the car back
        place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
    t.situations.put(replace(situation, hits=(*situation.hits, fact.hit), place=place, changed_ms=r.at_ms))
    mark(t, fact.situation, r, hit=fact.hit, plate=fact.plate, camera=fact.camera)


def _note_hit_of_line(t: Tables, library: LibraryRow, fact: PlateHit) -> None:
    line = mark_of(library, fact.line)
    if line:
        library = marked(library, replace(line, last_hit=fact.hit, wrong_in_a_row=_still_in_a_row(t, line)))
    t.libraries.put(_judged(replace(library, hits=library.hits + 1)))


def _still_in_a_row(t: Tables, entry: WatchRow | LineMark) -> int:
    """A hit that nobody rejected before the car came again stands: those that were none are no longer in a row."""
    before = t.hits.get(entry.last_hit)
    return 0 if before and not before.rejected_why else entry.wrong_in_a_row


@folds(PlateHitRejected)
def plate_hit_rejected(t: Tables, fact: PlateHitRejected, r: Recorded) -> None:
    """Counted against its watch, where that is still to be seen."""
    row = replace(t.hits.need(fact.hit), rejected_why=fact.why, rejected_kind=fact.kind, rejected_by=r.actor)
    t.hits.put(row)
    watch = t.watches.get(row.watch)
    if watch:
        not_plates = _without(watch.not_plates, row.plate) if fact.excluded else watch.not_plates
        watch = replace(watch, rejected=watch.rejected + 1, wrong_in_a_row=watch.wrong_in_a_row + 1)
        t.watches.put(_judged(replace(watch, not_plates=not_plates)))
    library = t.libraries.get(row.watch)
    if library:
        line = mark_of(library, row.line) or LineMark(line=row.line, last_hit=row.id)
        not_plates = _without(line.not_plates, row.plate) if fact.excluded else line.not_plates
        line = replace(line, rejected=line.rejected + 1, wrong_in_a_row=line.wrong_in_a_row + 1, not_plates=not_plates)
        t.libraries.put(_judged(replace(marked(library, line), rejected=library.rejected + 1)))
    mark(t, row.situation, r, hit=row.id, plate=row.plate, why=fact.why, kind=fact.kind)


def _without(not_plates: tuple[str, ...], plate: str) -> tuple[str, ...]:
    """Return the plates that do not fire with one more, the newest last."""
    return (*(one for one in not_plates if one != plate), plate)[-WATCH_NOT_PLATES:]


def _judged(watch: _Watched) -> _Watched:
    share = round(watch.rejected / watch.hits, 2) if watch.hits >= _JUDGED_HITS else None
    return replace(watch, wrong_share=share)
