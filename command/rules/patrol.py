"""Stations, units, shifts, fences, what positions led to, and SOS."""

from __future__ import annotations

import contextlib

import shapely
from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Place, Recorded
from command.facts.patrol import (
    AlarmKind,
    DeviceEnrolled,
    FenceDrawn,
    FenceKind,
    FenceRemoved,
    ShiftEnded,
    ShiftStarted,
    SosCleared,
    SosRaised,
    StationEnrolled,
    UnitEnrolled,
    UnitHeardAgain,
    UnitLeftArea,
    UnitMovedAgain,
    UnitReturned,
    UnitStoodStill,
    UnitWentSilent,
)
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError
from command.kernel.geo import check_point, distance_m
from command.rows import DeadlineRow, DeviceRow, FenceRow, SosRow, StationRow, UnitRow
from command.rules.alarms import ALARM_WORDS, clear_alarm, leader_of, open_alarm, raise_alarm
from command.rules.base import Decision, check_station, decides, drop_deadline, fires, folds, mark, set_deadline
from command.rules.messages import queue_message
from command.rules.situations import open_situation
from command.tables import Tables

SHIFT_END = "shift_end"
_FENCE_ALARMS: dict[FenceKind, AlarmKind] = {"area": "left_area", "forbidden": "entered_forbidden"}


@decides(q.EnrolStation, "administrator", "hub")
def enrol_station(t: Tables, request: q.EnrolStation, actor: Actor, now_ms: int) -> Decision:
    """Add or change."""
    yield StationEnrolled(
        station=request.station, name=request.name, service=request.service, lat=request.lat, lon=request.lon,
        leader=request.leader, leader_phone=request.leader_phone,
    )  # fmt: skip
    return request.station


@decides(q.EnrolUnit, "administrator", "hub")
def enrol_unit(t: Tables, request: q.EnrolUnit, actor: Actor, now_ms: int) -> Decision:
    """Add or change; its station and area have to exist."""
    t.stations.need(request.station)
    if request.area:
        t.fences.need(request.area)
    old = t.units.get(request.unit)
    former = t.fences.get(old.area) if old and old.area != request.area else None
    if old and former and _is_out(t, old, former):
        yield from _returned(t, old, former, "another area")
    yield UnitEnrolled(
        unit=request.unit, name=request.name, kind=request.kind, service=request.service, station=request.station,
        phone=request.phone, officers=request.officers, area=request.area or "",
    )  # fmt: skip
    return request.unit


@decides(q.EnrolDevice, "administrator", "hub")
def enrol_device(t: Tables, request: q.EnrolDevice, actor: Actor, now_ms: int) -> Decision:
    """Let it report; its unit has to exist."""
    if request.unit:
        t.units.need(request.unit)
    elif request.kind != "pbx":
        raise InvalidInputError("a device that reports positions belongs to a unit")
    yield DeviceEnrolled(device=request.device, kind=request.kind, unit=request.unit or "")
    return request.device


@decides(q.StartShift, "administrator", "dispatcher", "officer", "hub")
def start_shift(t: Tables, request: q.StartShift, actor: Actor, now_ms: int) -> Decision:
    """On duty until an instant ahead; the same instant again says nothing."""
    unit = _own_unit(t, request.unit, actor)
    if request.until_ms <= now_ms:
        raise InvalidInputError("a shift ends after now")
    if unit.shift_until_ms != request.until_ms:
        yield ShiftStarted(unit=unit.id, until_ms=request.until_ms)
    return unit.id


@decides(q.EndShift, "administrator", "dispatcher", "officer", "hub")
def end_shift(t: Tables, request: q.EndShift, actor: Actor, now_ms: int) -> Decision:
    """Off duty, unless an order runs."""
    unit = _own_unit(t, request.unit, actor)
    if unit.order:
        raise ConflictError(f"unit {unit.id} is on order {unit.order}", order=unit.order)
    if unit.shift_until_ms is not None:
        yield from _go_off(t, unit)
    return unit.id


@fires(SHIFT_END)
def shift_over(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """The roster says off duty; a unit on an order stays until it is free."""
    unit = t.units.need(deadline.subject)
    if unit.order:
        yield ShiftStarted(unit=unit.id, until_ms=now_ms + 15 * 60_000)
    else:
        yield from _go_off(t, unit)
    return unit.id


def _go_off(t: Tables, unit: UnitRow) -> Decision:
    yield ShiftEnded(unit=unit.id)
    for kind in ("left_area", "entered_forbidden", "stood_still", "went_silent"):
        yield from clear_alarm(t, kind, unit.id, "shift ended")
    return unit.id


@decides(q.DrawFence, "administrator", "commander", "hub")
def draw_fence(t: Tables, request: q.DrawFence, actor: Actor, now_ms: int) -> Decision:
    """Add or change; a ring that crosses itself encloses nothing that one could agree on."""
    for lon, lat in request.ring:
        check_point(lat, lon)
    if len(set(request.ring)) < 3:
        raise InvalidInputError("not a fence: fewer than three different points")
    polygon = shapely.Polygon(request.ring)
    if not polygon.is_valid or polygon.area == 0:
        raise InvalidInputError(f"not a fence: {shapely.is_valid_reason(polygon)}")
    yield FenceDrawn(
        fence=request.fence, name=request.name, kind=request.kind, ring=request.ring,
        dwell_s=request.dwell_s, margin_m=request.margin_m,
    )  # fmt: skip
    return request.fence


@decides(q.RemoveFence, "administrator", "commander", "hub")
def remove_fence(t: Tables, request: q.RemoveFence, actor: Actor, now_ms: int) -> Decision:
    """Not while it is some unit's area."""
    fence = t.fences.need(request.fence)
    users = [u.id for u in t.units if u.area == fence.id]
    if users:
        raise ConflictError(f"fence {fence.id} is the area of {', '.join(users[:5])}")
    for unit in [u for u in t.units if _is_out(t, u, fence)]:
        yield from _returned(t, unit, fence, "fence removed")
    yield FenceRemoved(fence=fence.id)
    return fence.id


@decides(q.ReportPatrol, "hub")
def report_patrol(t: Tables, request: q.ReportPatrol, actor: Actor, now_ms: int) -> Decision:
    """What the watcher of positions concluded; what the row says already is not said again.

    A conclusion may come late: only a unit on duty is out of its area or silent, only a free one sits still.
    """
    unit = t.units.need(request.unit)
    on_duty = unit.shift_until_ms is not None
    lat, lon = _where(t, unit, request.lat, request.lon)
    match request.change:
        case "left_area" if on_duty and request.fence:
            fence = t.fences.need(request.fence)
            if not _is_out(t, unit, fence):
                yield UnitLeftArea(
                    unit=unit.id, fence=fence.id, lat=lat or 0.0, lon=lon or 0.0, since_ms=request.since_ms
                )
                yield from _warn(t, _FENCE_ALARMS[fence.kind], unit, lat, lon, fence.name)
        case "returned":
            fence_row = t.fences.get(request.fence or unit.out_of)
            if fence_row and _is_out(t, unit, fence_row):
                yield from _returned(t, unit, fence_row, "returned")
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


def _is_out(t: Tables, unit: UnitRow, fence: FenceRow) -> bool:
    """Say whether the unit is known to break this fence: the row names the newest one, an alarm stands for another."""
    standing = open_alarm(t, _FENCE_ALARMS[fence.kind], unit.id)
    return unit.out_of == fence.id or (standing is not None and standing.detail == fence.name)


def _returned(t: Tables, unit: UnitRow, fence: FenceRow, why: str) -> Decision:
    """The unit keeps to this fence again; an alarm about another fence stands."""
    yield UnitReturned(unit=unit.id, fence=fence.id)
    yield from clear_alarm(t, _FENCE_ALARMS[fence.kind], unit.id, why)
    return unit.id


def _where(t: Tables, unit: UnitRow, lat: float | None, lon: float | None) -> tuple[float, float] | tuple[None, None]:
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


@decides(q.RaiseSos, "officer", "device", "hub", "dispatcher")
def raise_sos(t: Tables, request: q.RaiseSos, actor: Actor, now_ms: int) -> Decision:
    """A situation opens by itself; colleagues nearby and the leader are told. Pressing again changes nothing."""
    unit = _own_unit(t, request.unit, actor)
    if unit.sos:
        return unit.sos
    lat, lon = _where(t, unit, request.lat, request.lon)
    place = None
    if lat is not None and lon is not None:
        place = Place(lat=lat, lon=lon, text=f"{unit.name} 求救位置", source="unit")
    situation = yield from open_situation(
        t, title=f"{unit.name} 一键报警", service=unit.service, kind="public_security", level=2,
        place=place, source=unit.id,
    )  # fmt: skip
    sos = t.next_id("q")
    yield SosRaised(sos=sos, unit=unit.id, situation=situation, lat=lat, lon=lon)
    yield from raise_alarm(t, "sos", 1, unit.id, situation=situation, lat=lat, lon=lon)
    text = f"【一键报警】{unit.name} 请求支援{',位置见终端' if place else ''}"
    for helper in _near(t, unit, lat, lon):
        yield from queue_message(t, to=helper.name, phone=helper.phone, text=text, about=sos)
    station = leader_of(t, unit.id)
    if station:
        yield from queue_message(t, to=station.leader, phone=station.leader_phone, text=text, about=sos)
    return sos


@decides(q.ClearSos, "dispatcher", "commander", "duty_leader", "hub")
def clear_sos(t: Tables, request: q.ClearSos, actor: Actor, now_ms: int) -> Decision:
    """Safe; the situation stays until it is closed."""
    sos = t.sos.need(request.sos)
    yield SosCleared(sos=sos.id, why=request.why)
    yield from clear_alarm(t, "sos", sos.unit, request.why)
    return sos.id


def _near(t: Tables, unit: UnitRow, lat: float | None, lon: float | None) -> list[UnitRow]:
    if lat is None or lon is None:
        return []
    return [
        other
        for other in t.units
        if other.id != unit.id
        and other.state != "off"
        and (p := t.positions.get(other.id))
        and distance_m(lat, lon, p.lat, p.lon) <= t.limits.sos_radius_m
    ]


def _own_unit(t: Tables, unit: str, actor: Actor) -> UnitRow:
    """Return the unit, where the actor may act for it: officers and devices for their own, a desk for its station's."""
    row = t.units.need(unit)
    if actor.unit != unit and not actor.has("administrator", "dispatcher", "hub"):
        raise NoRightError(f"{actor.id} belongs to unit {actor.unit or 'none'}, not to {unit}")
    check_station(actor, row)
    return row


@folds(StationEnrolled)
def station_enrolled(t: Tables, fact: StationEnrolled, r: Recorded) -> None:
    """The newest word."""
    t.stations.put(
        StationRow(
            id=fact.station, name=fact.name, service=fact.service, lat=fact.lat, lon=fact.lon,
            leader=fact.leader, leader_phone=fact.leader_phone,
        )
    )  # fmt: skip


@folds(UnitEnrolled)
def unit_enrolled(t: Tables, fact: UnitEnrolled, r: Recorded) -> None:
    """What it is changes; what it does now stays."""
    old = t.units.get(fact.unit)
    fresh = UnitRow(
        id=fact.unit,
        name=fact.name,
        kind=fact.kind,
        service=fact.service,
        station=fact.station,
        phone=fact.phone,
        officers=tuple(fact.officers),
        area=fact.area,
        devices=old.devices if old else (),
    )
    if old:
        fresh = replace(
            fresh, state=old.state, order=old.order, shift_until_ms=old.shift_until_ms, out_of=old.out_of,
            still_since_ms=old.still_since_ms, silent_since_ms=old.silent_since_ms, sos=old.sos,
        )  # fmt: skip
    t.units.put(fresh)


@folds(DeviceEnrolled)
def device_enrolled(t: Tables, fact: DeviceEnrolled, r: Recorded) -> None:
    """The device is one unit's only."""
    old = t.devices.get(fact.device)
    if old and old.unit and old.unit != fact.unit and (former := t.units.get(old.unit)):
        t.units.put(replace(former, devices=tuple(d for d in former.devices if d != fact.device)))
    t.devices.put(DeviceRow(id=fact.device, kind=fact.kind, unit=fact.unit))
    unit = t.units.get(fact.unit)
    if unit and fact.device not in unit.devices:
        t.units.put(replace(unit, devices=(*unit.devices, fact.device)))


@folds(ShiftStarted)
def shift_started(t: Tables, fact: ShiftStarted, r: Recorded) -> None:
    """Free, or on with what it does."""
    unit = t.units.need(fact.unit)
    state = "free" if unit.state == "off" else unit.state
    t.units.put(replace(unit, shift_until_ms=fact.until_ms, state=state))
    set_deadline(t, SHIFT_END, fact.unit, fact.until_ms)


@folds(ShiftEnded)
def shift_ended(t: Tables, fact: ShiftEnded, r: Recorded) -> None:
    """Off, and nothing about its position matters any more."""
    unit = t.units.need(fact.unit)
    t.units.put(replace(unit, shift_until_ms=None, state="off", out_of="", still_since_ms=None, silent_since_ms=None))
    drop_deadline(t, SHIFT_END, fact.unit)


@folds(FenceDrawn)
def fence_drawn(t: Tables, fact: FenceDrawn, r: Recorded) -> None:
    """The newest ring."""
    t.fences.put(
        FenceRow(
            id=fact.fence, name=fact.name, kind=fact.kind, ring=tuple(fact.ring),
            dwell_s=fact.dwell_s, margin_m=fact.margin_m,
        )
    )  # fmt: skip


@folds(FenceRemoved)
def fence_removed(t: Tables, fact: FenceRemoved, r: Recorded) -> None:
    """Gone."""
    t.fences.drop(fact.fence)


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


@folds(SosRaised)
def sos_raised(t: Tables, fact: SosRaised, r: Recorded) -> None:
    """Open until somebody says safe."""
    t.sos.put(
        SosRow(id=fact.sos, unit=fact.unit, situation=fact.situation, raised_ms=r.at_ms, lat=fact.lat, lon=fact.lon)
    )
    t.units.put(replace(t.units.need(fact.unit), sos=fact.sos))
    mark(t, fact.situation, r, sos=fact.sos, unit=fact.unit)


@folds(SosCleared)
def sos_cleared(t: Tables, fact: SosCleared, r: Recorded) -> None:
    """Over."""
    row = t.sos.need(fact.sos)
    t.sos.drop(fact.sos)
    t.units.put(replace(t.units.need(row.unit), sos=""))
    mark(t, row.situation, r, sos=row.id, unit=row.unit, why=fact.why)


def _mark_running(t: Tables, unit: UnitRow, r: Recorded, fence: str) -> None:
    order = t.orders.get(unit.order)
    if order:
        mark(t, order.situation, r, unit=unit.id, fence=fence)
