"""What positions led to: out of the area or back, standing still or moving, silent or heard."""

from __future__ import annotations

import contextlib

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.patrol import (
    AlarmKind,
    FenceKind,
    UnitHeardAgain,
    UnitLeftArea,
    UnitMovedAgain,
    UnitReturned,
    UnitStoodStill,
    UnitWentSilent,
)
from command.kernel.errors import InvalidInputError, NoRightError
from command.kernel.geo import check_point
from command.rows import FenceRow, UnitRow
from command.rules.alarms import ALARM_WORDS, clear_alarm, open_alarm, raise_alarm
from command.rules.base import Decision, check_station, decides, folds, mark
from command.rules.messages import queue_message
from command.tables import Tables

SHIFT_END = "shift_end"
_FENCE_ALARMS: dict[FenceKind, AlarmKind] = {"area": "left_area", "forbidden": "entered_forbidden"}


def own_unit(t: Tables, unit: str, actor: Actor) -> UnitRow:
    """Return the unit, where the actor may act for it: officers and devices for their own, a desk for its station's."""
    row = t.units.need(unit)
    if actor.unit != unit and not actor.has("administrator", "dispatcher", "hub"):
        raise NoRightError(f"{actor.id} belongs to unit {actor.unit or 'none'}, not to {unit}")
    check_station(actor, row)
    return row


@decides(q.ReportPatrol, "hub")
def report_patrol(t: Tables, request: q.ReportPatrol, actor: Actor, now_ms: int) -> Decision:
    """What the watcher of positions concluded; what the row says already is not said again.

    A conclusion may come late: only a unit on duty is out of its area or silent, only a free one sits still.
    """
    unit = t.units.need(request.unit)
    on_duty = unit.shift_until_ms is not None
    lat, lon = where(t, unit, request.lat, request.lon)
    match request.change:
        case "left_area" if on_duty and request.fence:
            fence = t.fences.need(request.fence)
            if not is_out(t, unit, fence):
                yield UnitLeftArea(
                    unit=unit.id, fence=fence.id, lat=lat or 0.0, lon=lon or 0.0, since_ms=request.since_ms
                )
                yield from _warn(t, _FENCE_ALARMS[fence.kind], unit, lat, lon, fence.name)
        case "returned":
            fence_row = t.fences.get(request.fence or unit.out_of)
            if fence_row and is_out(t, unit, fence_row):
                yield from returned(t, unit, fence_row, "returned")
        case "stood_still" if unit.state == "free" and unit.still_since_ms is None:
            yield UnitStoodStill(unit=unit.id, lat=lat or 0.0, lon=lon or 0.0, since_ms=request.since_ms)
            yield from _warn(t, "stood_still", unit, lat, lon)
        case "moved_again" if unit.still_since_ms is not None:
            yield UnitMovedAgain(unit=unit.id)
            yield from clear_alarm(t, "stood_still", unit.id, "moved")
        case "went_silent" if on_duty and unit.silent_since_ms is None:
            yield UnitWentSilent(unit=unit.id, since_ms=request.since_ms)
            yield from _warn(t, "went_silent", unit, lat, lon)
        case "heard_again" if unit.silent_since_ms is not None:
            yield UnitHeardAgain(unit=unit.id)
            yield from clear_alarm(t, "went_silent", unit.id, "heard")
        case _:
            pass
    return unit.id


def is_out(t: Tables, unit: UnitRow, fence: FenceRow) -> bool:
    """Say whether the unit is known to break this fence: the row names the newest one, an alarm stands for another."""
    standing = open_alarm(t, _FENCE_ALARMS[fence.kind], unit.id)
    return unit.out_of == fence.id or (standing is not None and standing.detail == fence.name)


def returned(t: Tables, unit: UnitRow, fence: FenceRow, why: str) -> Decision:
    """The unit keeps to this fence again; an alarm about another fence stands."""
    yield UnitReturned(unit=unit.id, fence=fence.id)
    yield from clear_alarm(t, _FENCE_ALARMS[fence.kind], unit.id, why)
    return unit.id


def where(t: Tables, unit: UnitRow, lat: float | None, lon: float | None) -> tuple[float, float] | tuple[None, None]:
    """Return the point given, or the unit's newest fix where none was, or one of a receiver without a fix."""
    if lat is not None and lon is not None:
        with contextlib.suppress(InvalidInputError):
            check_point(lat, lon)
            return lat, lon
    position = t.positions.get(unit.id)
    return (position.lat, position.lon) if position else (None, None)


def _warn(t: Tables, kind: AlarmKind, unit: UnitRow, lat: float | None, lon: float | None, place: str = "") -> Decision:
    """An alarm on the map, and a text to the officer first; the leader is told if nobody reacts."""
    alarm = yield from raise_alarm(t, kind, 4, unit.id, lat=lat, lon=lon, detail=place)
    text = f"【{ALARM_WORDS[kind]}】{unit.name}{' ' + place if place else ''},请立即处理"
    yield from queue_message(t, to=unit.name, phone=unit.phone, text=text, about=alarm)
    return alarm


@folds(UnitLeftArea)
def unit_left_area(t: Tables, fact: UnitLeftArea, r: Recorded) -> None:
    """Out."""
    unit = t.units.need(fact.unit)
    t.units.put(replace(unit, out_of=fact.fence))
    _mark_running(t, unit, r, fact.fence)


@folds(UnitReturned)
def unit_returned(t: Tables, fact: UnitReturned, r: Recorded) -> None:
    """In."""
    unit = t.units.need(fact.unit)
    if unit.out_of == fact.fence:
        t.units.put(replace(unit, out_of=""))
    _mark_running(t, unit, r, fact.fence)


@folds(UnitStoodStill)
def unit_stood_still(t: Tables, fact: UnitStoodStill, r: Recorded) -> None:
    """Still since."""
    t.units.put(replace(t.units.need(fact.unit), still_since_ms=fact.since_ms))


@folds(UnitMovedAgain)
def unit_moved_again(t: Tables, fact: UnitMovedAgain, r: Recorded) -> None:
    """Moving."""
    t.units.put(replace(t.units.need(fact.unit), still_since_ms=None))


@folds(UnitWentSilent)
def unit_went_silent(t: Tables, fact: UnitWentSilent, r: Recorded) -> None:
    """Silent since."""
    t.units.put(replace(t.units.need(fact.unit), silent_since_ms=fact.since_ms))


@folds(UnitHeardAgain)
def unit_heard_again(t: Tables, fact: UnitHeardAgain, r: Recorded) -> None:
    """Reporting."""
    t.units.put(replace(t.units.need(fact.unit), silent_since_ms=None))


def _mark_running(t: Tables, unit: UnitRow, r: Recorded, fence: str) -> None:
    order = t.orders.get(unit.order)
    if order:
        mark(t, order.situation, r, unit=unit.id, fence=fence)
