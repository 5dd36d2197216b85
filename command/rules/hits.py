"""Hits on the watch list: alarms with what helps to find the car, and who is near it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import shapely
from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Place, Recorded
from command.facts.calls import SituationRaised
from command.facts.watchlist import NearUnit, PlateHit, WatchArea
from command.kernel.ga36 import strip_separators
from command.kernel.limits import HIT_UNITS, HIT_UNITS_TAKEN
from command.kernel.local_time import is_within_day
from command.rows import CameraRow, HitRow, LibraryRow, SituationRow, WatchRow
from command.rules.advice import CAN_STOP, option_of, soonest_s
from command.rules.alarms import raise_alarm
from command.rules.base import Decision, decides, folds, mark
from command.rules.hits_judged import note_hit
from command.rules.libraries import mark_of
from command.rules.situations import has_room_for_situation, open_situation, went_on
from command.tables import Tables

_MINUTE_MS = 60_000
_TITLE = "布控车辆 {plate}"
_NO_ROOM = "（在办警情已满，未开警情）"


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
    """A hit joins the car's open situation or opens one, and is an alarm. A watch not in force does not fire.

    One of a graver entry than the situation had so far raises it.
    """
    watch, camera = _watched(t, request.watch), t.cameras.need(request.camera)
    if (answer := answer_without_news(t, request, now_ms)) is not None:
        return answer
    line = _line_of(watch, request)
    same_car = [h for h in t.hits if h.plate == request.plate and not h.rejected_why]
    situation = _open_situation_of_car(t, request.plate, same_car, now_ms)
    place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
    detail = f"{camera.name} {_why(watch, request.note)}"
    if not situation and not has_room_for_situation(t):  # a watched car is told all the same
        yield from raise_alarm(
            t, "plate_hit", watch.level, request.plate, lat=camera.lat, lon=camera.lon, detail=f"{detail} {_NO_ROOM}"
        )  # fmt: skip
        return ""
    if not situation:
        situation = yield from open_situation(
            t, title=_TITLE.format(plate=request.plate), service="110", kind="public_security", level=watch.level,
            place=place, source=watch.id,
        )  # fmt: skip
    yield from _raise_level(t, situation, watch, request)
    hit = t.next_id("h")
    yield PlateHit(
        hit=hit, watch=watch.id, plate=request.plate, camera=camera.id, seen_ms=request.seen_ms,
        confidence=request.confidence, situation=situation, picture=request.picture,
        plate_picture=request.plate_picture, how=request.how, score=request.score, direction=request.direction,
        heading_deg=request.heading_deg, last_seen=request.last_seen, ahead=tuple(request.ahead),
        ahead_by=request.ahead_by, units=_near(t, place, now_ms), line=line, note=request.note,
    )  # fmt: skip
    yield from raise_alarm(
        t, "plate_hit", watch.level, request.plate, situation=situation, lat=camera.lat, lon=camera.lon, detail=detail
    )  # fmt: skip
    return hit


def _raise_level(t: Tables, situation: str, watch: WatchRow | LibraryRow, request: q.ReportHit) -> Decision:
    """Raise a situation that is less grave than the entry; once, so that people may lower it afterwards."""
    row = t.situations.need(situation)
    hits = [hit for of in row.hits if (hit := t.hits.get(of)) and not hit.rejected_why]
    had = [entry.level for hit in hits if (entry := t.libraries.get(hit.watch) or t.watches.get(hit.watch))]
    if watch.level < min((row.level, *had)):
        why = f"{_TITLE.format(plate=request.plate)} {_why(watch, request.note)}"
        yield SituationRaised(situation=row.id, level=watch.level, why=why)
    return row.id


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
    return "" if is_set_aside(t, watch.id, _line_of(watch, request), request.plate) else None


def is_set_aside(t: Tables, watch: str, line: str, plate: str) -> bool:
    """Say whether somebody had an entry, or a line of a list, fire no more for a plate."""
    row = t.libraries.get(watch) or t.watches.get(watch)
    if isinstance(row, WatchRow):
        return plate in row.not_plates
    mark = row and mark_of(row, line)
    return mark is not None and not {plate, line}.isdisjoint(mark.not_plates)


def in_force_ms(t: Tables, watch: str) -> int:
    """Return since when an entry is in force; a list, since its first file was. Raises `UnknownIdError`."""
    row = _watched(t, watch)
    approved_ms = row.approved_ms if isinstance(row, WatchRow) else row.first_approved_ms
    return row.requested_ms if approved_ms is None else approved_ms


def _line_of(watch: WatchRow | LibraryRow, request: q.ReportHit) -> str:
    return "" if isinstance(watch, WatchRow) else request.line or request.plate


def _watched(t: Tables, watch: str) -> WatchRow | LibraryRow:
    return t.libraries.get(watch) or t.watches.need(watch)


def _why(watch: WatchRow | LibraryRow, note: str) -> str:
    return watch.reason if isinstance(watch, WatchRow) else " ".join(filter(None, (watch.name, watch.reason, note)))


def _near(t: Tables, place: Place, now_ms: int) -> tuple[NearUnit, ...]:
    """Return the free units that can stop a car and are soonest there, then those taken that would be sooner still."""
    able = [unit for unit in t.units if unit.kind in CAN_STOP]
    options = [(unit, option) for unit in able if (option := option_of(t, unit, place, now_ms))]
    options.sort(key=lambda each: soonest_s(each[1]))
    free = [each for each in options if each[0].state == "free"]
    taken = options[: options.index(free[0])] if free else options
    return tuple(
        NearUnit(
            unit=unit.id, distance_m=round(option.distance_m), arrival_s=option.arrival_s, state=unit.state,
            position_age_ms=option.position_age_ms,
        )
        for unit, option in (*free[:HIT_UNITS], *taken[:HIT_UNITS_TAKEN])
    )  # fmt: skip


def _open_situation_of_car(t: Tables, plate: str, hits: list[HitRow], now_ms: int) -> str:
    """Return the open situation that had a hit of the car of late, else the newest that names its plate."""
    for hit in sorted(hits, key=lambda h: h.seen_ms, reverse=True):
        situation = went_on(t, hit.situation)
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


@folds(PlateHit)
def plate_hit(t: Tables, fact: PlateHit, r: Recorded) -> None:
    """On the situation, with its picture."""
    t.hits.put(
        HitRow(
            id=fact.hit, watch=fact.watch, plate=fact.plate, camera=fact.camera, seen_ms=fact.seen_ms,
            confidence=fact.confidence, situation=fact.situation, picture=fact.picture,
            plate_picture=fact.plate_picture, how=fact.how, score=fact.score, direction=fact.direction,
            heading_deg=fact.heading_deg, last_seen=fact.last_seen, ahead=fact.ahead, ahead_by=fact.ahead_by,
            units=fact.units, line=fact.line, note=fact.note, told_ms=r.at_ms,
        )
    )  # fmt: skip
    note_hit(t, fact, r.at_ms)
    situation = t.situations.need(fact.situation)
    camera = t.cameras.get(fact.camera)
    place = situation.place
    latest = all(t.hits.need(h).seen_ms <= fact.seen_ms for h in situation.hits)
    follows_car = place is None or place.source == "camera"  # where somebody called for help, help is wanted still
    if camera and latest and follows_car:  # a hit that was long on its way does not take the car back
        place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera")
    t.situations.put(replace(situation, hits=(*situation.hits, fact.hit), place=place, changed_ms=r.at_ms))
    mark(t, fact.situation, r, hit=fact.hit, plate=fact.plate, camera=fact.camera)
