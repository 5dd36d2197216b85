"""Stations, units, their devices and shifts, and fences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import shapely
from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.patrol import (
    DeviceEnrolled,
    FenceDrawn,
    FenceRemoved,
    ShiftEnded,
    ShiftStarted,
    StationEnrolled,
    UnitEnrolled,
)
from command.kernel.errors import ConflictError, InvalidInputError
from command.kernel.geo import check_point
from command.kernel.limits import DEVICE_HOLDERS
from command.rows import DeadlineRow, DeviceRow, FenceRow, HoldersRow, StationRow, UnitRow, retired_id
from command.rules.alarms import clear_alarm
from command.rules.base import Decision, decides, drop_deadline, fires, folds, set_deadline
from command.rules.patrol import is_out, own_unit, returned
from command.tables import Tables

SHIFT_END = "shift_end"

_TERMINAL = re.compile(r"[1-9a-f][0-9a-f]{0,19}")
"""The phone of a header, of 6 or (since 2019) 10 bytes, without padding; hex where a maker puts half an IMEI there."""


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
    if old and former and is_out(t, old, former):
        yield from returned(t, old, former, "another area")
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
    # The hub enrols anew in a rehearsal what stands in the registers, also what an earlier release took.
    if request.kind == "jt808" and not actor.has("hub") and not _TERMINAL.fullmatch(request.device):
        raise InvalidInputError(
            f"no JT/T 808 terminal is {request.device}: its number has digits alone, the first no 0"
        )
    yield DeviceEnrolled(device=request.device, kind=request.kind, unit=request.unit or "")
    return request.device


@decides(q.StartShift, "administrator", "dispatcher", "officer", "hub")
def start_shift(t: Tables, request: q.StartShift, actor: Actor, now_ms: int) -> Decision:
    """On duty until an instant ahead; the same instant again says nothing."""
    unit = own_unit(t, request.unit, actor)
    if request.until_ms <= now_ms:
        raise InvalidInputError("a shift ends after now")
    if unit.shift_until_ms != request.until_ms:
        yield ShiftStarted(unit=unit.id, until_ms=request.until_ms)
    return unit.id


@decides(q.EndShift, "administrator", "dispatcher", "officer", "hub")
def end_shift(t: Tables, request: q.EndShift, actor: Actor, now_ms: int) -> Decision:
    """Off duty, unless an order runs."""
    unit = own_unit(t, request.unit, actor)
    if unit.order:
        raise ConflictError(f"unit {unit.id} is on order {unit.order}", order=unit.order, current=unit)
    if unit.shift_until_ms is not None:
        yield from ended_shift(t, unit)
    return unit.id


@fires(SHIFT_END)
def shift_over(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """The roster says off duty; a unit on an order stays until it is free."""
    unit = t.units.need(deadline.subject)
    if unit.order:
        yield ShiftStarted(unit=unit.id, until_ms=now_ms + 15 * 60_000)
    else:
        yield from ended_shift(t, unit)
    return unit.id


def ended_shift(t: Tables, unit: UnitRow) -> Decision:
    """End the unit's shift where one runs, and what it is alarmed about in any case."""
    if unit.shift_until_ms is not None:
        yield ShiftEnded(unit=unit.id)
    for kind in ("left_area", "entered_forbidden", "stood_still", "went_silent"):
        yield from clear_alarm(t, kind, unit.id, "shift ended")
    return unit.id


@decides(q.DrawFence, "administrator", "commander", "hub")
def draw_fence(t: Tables, request: q.DrawFence, actor: Actor, now_ms: int) -> Decision:
    """Add or change; a ring that crosses itself encloses nothing that one could agree on."""
    check_ring(request.ring)
    yield FenceDrawn(
        fence=request.fence, name=request.name, kind=request.kind, ring=request.ring,
        dwell_s=request.dwell_s, margin_m=request.margin_m,
    )  # fmt: skip
    return request.fence


def check_ring(ring: Sequence[tuple[float, float]]) -> None:
    """Refuse a ring of (lon, lat) that encloses nothing that one could agree on."""
    for lon, lat in ring:
        check_point(lat, lon)
    if len(set(ring)) < 3:
        raise InvalidInputError("not an area: fewer than three different points")
    polygon = shapely.Polygon(ring)
    if not polygon.is_valid or polygon.area == 0:
        raise InvalidInputError(f"not an area: {shapely.is_valid_reason(polygon)}")


@decides(q.RemoveFence, "administrator", "commander", "hub")
def remove_fence(t: Tables, request: q.RemoveFence, actor: Actor, now_ms: int) -> Decision:
    """Not while it is some unit's area."""
    fence = t.fences.need(request.fence)
    users = [u.id for u in t.units if u.area == fence.id]
    if users:
        raise ConflictError(f"fence {fence.id} is the area of {', '.join(users[:5])}", current=fence)
    for unit in [u for u in t.units if is_out(t, u, fence)]:
        yield from returned(t, unit, fence, "fence removed")
    yield FenceRemoved(fence=fence.id)
    return fence.id


@folds(StationEnrolled)
def station_enrolled(t: Tables, fact: StationEnrolled, r: Recorded) -> None:
    """The newest word."""
    t.retired.drop(retired_id("station", fact.station))
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
            fresh, state=old.state, order=old.order, shift_until_ms=old.shift_until_ms,
            shift_since_ms=old.shift_since_ms, out_of=old.out_of, still_since_ms=old.still_since_ms,
            silent_since_ms=old.silent_since_ms, sos=old.sos,
        )  # fmt: skip
    t.retired.drop(retired_id("unit", fact.unit))
    t.units.put(fresh)


@folds(DeviceEnrolled)
def device_enrolled(t: Tables, fact: DeviceEnrolled, r: Recorded) -> None:
    """The device is one unit's only."""
    old = t.devices.get(fact.device)
    if old and old.unit and old.unit != fact.unit and (former := t.units.get(old.unit)):
        t.units.put(replace(former, devices=tuple(d for d in former.devices if d != fact.device)))
    if old is None and fact.device in t.holders.rows:
        handed_over(t, fact.device, "", fact.unit, r.at_ms)  # it was retired
    elif old and old.unit != fact.unit:
        handed_over(t, fact.device, old.unit, fact.unit, r.at_ms)
    t.retired.drop(retired_id("device", fact.device))
    t.devices.put(DeviceRow(id=fact.device, kind=fact.kind, unit=fact.unit))
    unit = t.units.get(fact.unit)
    if unit and fact.device not in unit.devices:
        t.units.put(replace(unit, devices=(*unit.devices, fact.device)))


def handed_over(t: Tables, device: str, old: str, new: str, at_ms: int) -> None:
    """Note that another unit, or nobody, has the device from now on."""
    # What it sends of before it was first enrolled is nobody else's.
    was = t.holders.get(device) or HoldersRow(id=device, units=(old,), from_ms=(0,))
    units, from_ms = (*was.units, new), (*was.from_ms, max(at_ms, was.from_ms[-1]))
    t.holders.put(HoldersRow(id=device, units=units[-DEVICE_HOLDERS:], from_ms=from_ms[-DEVICE_HOLDERS:]))


@folds(ShiftStarted)
def shift_started(t: Tables, fact: ShiftStarted, r: Recorded) -> None:
    """Free, or on with what it does."""
    unit = t.units.need(fact.unit)
    state = "free" if unit.state == "off" else unit.state
    since_ms = r.at_ms if unit.shift_since_ms is None else unit.shift_since_ms
    t.units.put(replace(unit, shift_until_ms=fact.until_ms, shift_since_ms=since_ms, state=state))
    set_deadline(t, SHIFT_END, fact.unit, fact.until_ms)


@folds(ShiftEnded)
def shift_ended(t: Tables, fact: ShiftEnded, r: Recorded) -> None:
    """Off, and nothing about its position matters any more."""
    unit = t.units.need(fact.unit)
    off = replace(unit, shift_until_ms=None, shift_since_ms=None, state="off", out_of="")
    t.units.put(replace(off, still_since_ms=None, silent_since_ms=None))
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
