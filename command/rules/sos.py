"""The one-key call for help (一键报警)."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Place, Recorded
from command.facts.patrol import (
    SosCleared,
    SosRaised,
)
from command.kernel.geo import distance_m
from command.rows import SosRow, UnitRow
from command.rules.alarms import clear_alarm, leader_of, raise_alarm
from command.rules.base import Decision, decides, folds, mark
from command.rules.messages import queue_message
from command.rules.patrol import own_unit, where
from command.rules.situations import open_situation
from command.tables import Tables


@decides(q.RaiseSos, "officer", "device", "hub", "dispatcher")
def raise_sos(t: Tables, request: q.RaiseSos, actor: Actor, now_ms: int) -> Decision:
    """A situation opens by itself; colleagues nearby and the leader are told. Pressing again changes nothing."""
    unit = own_unit(t, request.unit, actor)
    if unit.sos:
        return unit.sos
    lat, lon = where(t, unit, request.lat, request.lon)
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
