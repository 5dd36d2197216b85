"""Stations, units and devices that are no more (注销): a car was sold, a terminal thrown away, a police box closed.

Their rows go, so that they are on no list and no map; what they were stays, for whatever on record names them. Nothing
goes that is still needed: who asks is told what holds it.
"""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.patrol import DeviceRetired, StationRetired, UnitRetired
from command.kernel.errors import ConflictError
from command.rows import RetiredKind, RetiredRow, UnitRow, retired_id
from command.rules.base import Decision, decides, folds
from command.rules.registers import ended_shift, handed_over
from command.tables import Tables

_NAMED = 5
"""So many of what holds something are named."""


@decides(q.RetireStation, "administrator", "hub")
def retire_station(t: Tables, request: q.RetireStation, actor: Actor, now_ms: int) -> Decision:
    """Not while it has units. Again says nothing."""
    if _is_gone(t, "station", request.station, request.station in t.stations.rows):
        return request.station
    station = t.stations.need(request.station)
    if units := [unit.id for unit in t.units if unit.station == station.id]:
        raise ConflictError(f"station {station.id} has units: {_named(units)}", current=station)
    yield StationRetired(station=station.id)
    return station.id


@decides(q.RetireUnit, "administrator", "hub")
def retire_unit(t: Tables, request: q.RetireUnit, actor: Actor, now_ms: int) -> Decision:
    """Not while it is needed; a shift that runs ends, with what the unit was alarmed about. Again says nothing."""
    if _is_gone(t, "unit", request.unit, request.unit in t.units.rows):
        return request.unit
    unit = t.units.need(request.unit)
    _refuse_needed(t, unit)
    yield from ended_shift(t, unit)
    yield UnitRetired(unit=unit.id)
    return unit.id


def _refuse_needed(t: Tables, unit: UnitRow) -> None:
    if unit.sos:
        raise ConflictError(f"unit {unit.id} calls for help: {unit.sos}", current=unit)
    if unit.order:
        raise ConflictError(f"unit {unit.id} has an open order: {unit.order}", order=unit.order, current=unit)
    at_work = [row.id for row in t.situations if row.state != "closed" and unit.id in (*row.units, row.source)]
    if at_work:
        raise ConflictError(f"unit {unit.id} is in situations: {_named(at_work)}", current=unit)
    if unit.devices:
        raise ConflictError(f"unit {unit.id} has devices: {_named(unit.devices)}", current=unit)


@decides(q.RetireDevice, "administrator", "hub")
def retire_device(t: Tables, request: q.RetireDevice, actor: Actor, now_ms: int) -> Decision:
    """At any time: whatever it is, it may have been lost. Again says nothing."""
    if not _is_gone(t, "device", request.device, request.device in t.devices.rows):
        yield DeviceRetired(device=t.devices.need(request.device).id)
    return request.device


def _is_gone(t: Tables, kind: RetiredKind, was: str, is_there: bool) -> bool:
    """Say whether it was retired before: whoever asks again heard no answer."""
    return not is_there and retired_id(kind, was) in t.retired.rows


def _named(ids: list[str] | tuple[str, ...]) -> str:
    more = f" +{len(ids) - _NAMED}" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more}"


@folds(StationRetired)
def station_retired(t: Tables, fact: StationRetired, r: Recorded) -> None:
    """Gone; its name is known."""
    _keep(t, "station", fact.station, r, name=t.stations.need(fact.station).name)
    t.stations.drop(fact.station)


@folds(UnitRetired)
def unit_retired(t: Tables, fact: UnitRetired, r: Recorded) -> None:
    """Gone, and from the map; its name and whose it was are known."""
    unit = t.units.need(fact.unit)
    _keep(t, "unit", unit.id, r, name=unit.name, station=unit.station)
    t.units.drop(unit.id)
    t.positions.drop(unit.id)


@folds(DeviceRetired)
def device_retired(t: Tables, fact: DeviceRetired, r: Recorded) -> None:
    """Gone; what it reported is of whoever had it then, and nobody has it now."""
    device = t.devices.need(fact.device)
    handed_over(t, device.id, device.unit, "", r.at_ms)
    if unit := t.units.get(device.unit):
        t.units.put(replace(unit, devices=tuple(each for each in unit.devices if each != device.id)))
    _keep(t, "device", device.id, r)
    t.devices.drop(device.id)


def _keep(t: Tables, kind: RetiredKind, was: str, r: Recorded, name: str = "", station: str = "") -> None:
    t.retired.put(RetiredRow(id=retired_id(kind, was), kind=kind, was=was, name=name, station=station, at_ms=r.at_ms))
