"""Requests about stations, units, devices, fences, SOS and alarms."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from command.facts.base import Service
from command.facts.patrol import FenceKind, UnitKind
from command.requests.base import Id, Instant, Lat, Lon, Name, Phone, Reason, Request


class EnrolStation(Request, frozen=True, tag="enrol_station"):
    """Add or change a station."""

    station: Id
    name: Name
    service: Service
    lat: Lat
    lon: Lon
    leader: Name
    leader_phone: Phone


class EnrolUnit(Request, frozen=True, tag="enrol_unit"):
    """Add or change a unit."""

    unit: Id
    name: Name
    kind: UnitKind
    service: Service
    station: Id
    phone: Phone
    officers: Annotated[list[Name], Meta(max_length=20)]
    area: Id | None = None


class EnrolDevice(Request, frozen=True, tag="enrol_device"):
    """Let a device report, for a unit or (a PBX) for itself."""

    device: Id
    kind: Literal["jt808", "osmand", "owntracks", "mobile", "pbx", "gb28181"]
    unit: Id | None = None


class RetireStation(Request, frozen=True, tag="retire_station"):
    """Take a station off every list and map for good (注销)."""

    station: Id


class RetireUnit(Request, frozen=True, tag="retire_unit"):
    """Take a unit off every list and map for good."""

    unit: Id


class RetireDevice(Request, frozen=True, tag="retire_device"):
    """Let a device report no more; it belongs to nobody from now on."""

    device: Id


class StartShift(Request, frozen=True, tag="start_shift"):
    """On duty."""

    unit: Id
    until_ms: Instant


class EndShift(Request, frozen=True, tag="end_shift"):
    """Off duty."""

    unit: Id


class DrawFence(Request, frozen=True, tag="draw_fence"):
    """Add or change a fence; the ring is [lon, lat], not crossing itself."""

    fence: Id
    name: Name
    kind: FenceKind
    ring: Annotated[list[tuple[Lon, Lat]], Meta(min_length=3, max_length=2000)]
    dwell_s: Annotated[int, Meta(ge=0, le=3600)] = 30
    margin_m: Annotated[float, Meta(ge=0, le=1000)] = 30.0


class RemoveFence(Request, frozen=True, tag="remove_fence"):
    """Take it away."""

    fence: Id


class ReportPatrol(Request, frozen=True, tag="report_patrol"):
    """What the hub concluded from positions: a unit left or returned, stands still or moves, is silent or heard."""

    unit: Id
    change: Literal["left_area", "returned", "stood_still", "moved_again", "went_silent", "heard_again"]
    since_ms: Instant
    fence: Id | None = None
    lat: Lat | None = None
    lon: Lon | None = None


class RaiseSos(Request, frozen=True, tag="raise_sos"):
    """Help, now."""

    unit: Id
    lat: Lat | None = None
    lon: Lon | None = None


class ClearSos(Request, frozen=True, tag="clear_sos"):
    """Safe."""

    sos: Id
    why: Reason


class TakeAlarm(Request, frozen=True, tag="take_alarm"):
    """I see to it."""

    alarm: Id


class ShelveAlarm(Request, frozen=True, tag="shelve_alarm"):
    """Not now."""

    alarm: Id
    minutes: Annotated[int, Meta(ge=1, le=24 * 60)]
    why: Reason


class ClearAlarm(Request, frozen=True, tag="clear_alarm"):
    """Over."""

    alarm: Id
    why: Reason
