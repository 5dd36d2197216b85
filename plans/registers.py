"""The registers that a rehearsal starts from: forces, places, watch list and plans, copied as facts through its hub."""

from __future__ import annotations

import msgspec

from command import requests as q
from command.actors import HUB, Actor
from command.facts.plan_definition import PlanDefinition
from command.hub import Hub
from command.requests.watchlist import GivenArea, GivenHours
from command.rows import CameraRow, DeviceRow, FenceRow, PlanRow, PositionRow, StationRow, UnitRow, WatchRow
from command.tables import Tables

LINKS = ("case", "approval", "sms")
_ASKS = Actor(id="registers", name="registers", roles=frozenset({"hub"}))


class Registers(msgspec.Struct, frozen=True, kw_only=True):
    """Who and what there is. `taken_ms` is when it was so; a watch that had an hour to go then has an hour to go."""

    taken_ms: int
    stations: tuple[StationRow, ...]
    fences: tuple[FenceRow, ...]
    units: tuple[UnitRow, ...]
    devices: tuple[DeviceRow, ...]
    cameras: tuple[CameraRow, ...]
    watches: tuple[WatchRow, ...]
    plans: tuple[PlanRow, ...]
    positions: tuple[PositionRow, ...]

    def place_of(self, unit: UnitRow) -> tuple[float, float]:
        """Return where the unit was last, else where its station is."""
        for position in self.positions:
            if position.id == unit.id:
                return position.lat, position.lon
        station = next(s for s in self.stations if s.id == unit.station)
        return station.lat, station.lon


def registers_of(t: Tables, now_ms: int) -> Registers:
    """Return the registers of a space as they are."""
    return Registers(
        taken_ms=now_ms,
        stations=tuple(t.stations),
        fences=tuple(t.fences),
        units=tuple(t.units),
        devices=tuple(t.devices),
        cameras=tuple(t.cameras),
        watches=tuple(w for w in t.watches if w.state in ("requested", "active") and w.until_ms > now_ms),
        plans=tuple(t.plans),
        positions=tuple(t.positions),
    )


def device_of(unit: UnitRow) -> str:
    """Return the device by which a unit reports in a rehearsal: its own first one, else one made up for it."""
    return unit.devices[0] if unit.devices else f"rehearsal:{unit.id}"


async def enrol(hub: Hub, registers: Registers, plan: PlanDefinition, until_ms: int) -> None:
    """Ask the hub for everything. All units are on shift until `until_ms`; `plan` stands in for its namesake."""
    for request in (*_places(registers, plan), *_units(registers, until_ms)):
        await hub.ask(request, HUB)
    now_ms = hub.clock.now_ms()
    for watch in registers.watches:
        left_ms = watch.until_ms - registers.taken_ms
        asked = await hub.ask(
            _watch(watch, now_ms + left_ms),
            msgspec.structs.replace(_ASKS, id=watch.requested_by),
        )
        if watch.state == "active":
            approver = msgspec.structs.replace(_ASKS, id=watch.approved_by)
            await hub.ask(q.ApproveWatch(watch=asked.subject), approver)


def _watch(watch: WatchRow, until_ms: int) -> q.RequestWatch:
    return q.RequestWatch(
        pattern=watch.pattern, reason=watch.reason, level=watch.level, until_ms=until_ms, look_alike=watch.look_alike,
        office=watch.office, area=msgspec.convert(watch.area, GivenArea | None, from_attributes=True),
        hours=msgspec.convert(watch.hours, GivenHours | None, from_attributes=True), action=watch.action,
    )  # fmt: skip


def _places(registers: Registers, plan: PlanDefinition) -> list[q.Request]:
    requests: list[q.Request] = [
        q.EnrolStation(
            station=s.id, name=s.name, service=s.service, lat=s.lat, lon=s.lon,
            leader=s.leader, leader_phone=s.leader_phone,
        )
        for s in registers.stations
    ]  # fmt: skip
    requests += [
        q.DrawFence(fence=f.id, name=f.name, kind=f.kind, ring=list(f.ring), dwell_s=f.dwell_s, margin_m=f.margin_m)
        for f in registers.fences
    ]
    for c in registers.cameras:
        requests.append(
            q.EnrolCamera(
                camera=c.id, name=c.name, lat=c.lat, lon=c.lon, bearing_deg=c.bearing_deg, field_deg=c.field_deg,
                reads_plates=c.reads_plates,
            )
        )  # fmt: skip
        if c.state != "unknown":
            requests.append(q.ReportCamera(camera=c.id, up=c.state == "up", reason=c.reason))
    requests += [q.PublishPlan(definition=p.definition) for p in registers.plans if p.id != plan.id]
    requests.append(q.PublishPlan(definition=plan))
    requests += [q.ReportLink(link=link, up=True) for link in LINKS]
    return requests


def _units(registers: Registers, until_ms: int) -> list[q.Request]:
    requests: list[q.Request] = [
        q.EnrolUnit(
            unit=u.id, name=u.name, kind=u.kind, service=u.service, station=u.station, phone=u.phone,
            officers=list(u.officers), area=u.area or None,
        )
        for u in registers.units
    ]  # fmt: skip
    kinds = {d.id: d.kind for d in registers.devices}
    for unit in registers.units:
        devices = unit.devices or (device_of(unit),)
        requests += [
            msgspec.convert({"device": d, "kind": kinds.get(d, "mobile"), "unit": unit.id}, q.EnrolDevice)
            for d in devices
        ]
        requests.append(q.StartShift(unit=unit.id, until_ms=until_ms))
    return requests
