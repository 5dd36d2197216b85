"""Facts of stations, units, shifts, fences, SOS and alarms."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Fact, Level, Service

UnitKind = Literal["patrol_car", "foot_patrol", "traffic_police", "fire_engine", "ambulance"]
UnitState = Literal["off", "free", "ordered", "moving", "on_scene"]
FenceKind = Literal["area", "forbidden"]
AlarmKind = Literal[
    "order_unsigned", "left_area", "entered_forbidden", "stood_still", "went_silent", "sos", "plate_hit",
    "watch_doubtful", "task_overdue", "approval_overdue", "approval_warning", "camera_down", "link_down",
    "recording_failing", "device_alarm", "reading_worse", "library_failing",
]  # fmt: skip


class StationEnrolled(Fact, frozen=True, tag="station_enrolled"):
    """A station (派出所, 消防救援站, …) with its leader, who is told when its units do not answer."""

    station: str
    name: str
    service: Service
    lat: float
    lon: float
    leader: str
    leader_phone: str


class UnitEnrolled(Fact, frozen=True, tag="unit_enrolled"):
    """A patrol, engine or ambulance. `area` is the fence it belongs in."""

    unit: str
    name: str
    kind: UnitKind
    service: Service
    station: str
    phone: str
    officers: list[str]
    area: str = ""


class DeviceEnrolled(Fact, frozen=True, tag="device_enrolled"):
    """A device that may report. Its token is never a fact."""

    device: str
    kind: Literal["jt808", "osmand", "owntracks", "mobile", "pbx", "gb28181"]
    unit: str = ""


class StationRetired(Fact, frozen=True, tag="station_retired"):
    """The station is no more. What names it stays on record."""

    station: str


class UnitRetired(Fact, frozen=True, tag="unit_retired"):
    """The unit is no more; it was off duty and had no device."""

    unit: str


class DeviceRetired(Fact, frozen=True, tag="device_retired"):
    """The device reports no more, and belongs to nobody from now on."""

    device: str


class ShiftStarted(Fact, frozen=True, tag="shift_started"):
    """The unit is on duty until `until_ms`."""

    unit: str
    until_ms: int


class ShiftEnded(Fact, frozen=True, tag="shift_ended"):
    """The unit is off duty."""

    unit: str


class FenceDrawn(Fact, frozen=True, tag="fence_drawn"):
    """A named ring of [lon, lat] points. An exit (or entry, if forbidden) counts after `dwell_s` beyond `margin_m`."""

    fence: str
    name: str
    kind: FenceKind
    ring: list[tuple[float, float]]
    dwell_s: int = 30
    margin_m: float = 30.0


class FenceRemoved(Fact, frozen=True, tag="fence_removed"):
    """The fence no longer applies."""

    fence: str


class UnitLeftArea(Fact, frozen=True, tag="unit_left_area"):
    """On duty and out of its area (越界), or inside a forbidden one, for longer than the fence's dwell."""

    unit: str
    fence: str
    lat: float
    lon: float
    since_ms: int


class UnitReturned(Fact, frozen=True, tag="unit_returned"):
    """Back where it belongs."""

    unit: str
    fence: str


class UnitStoodStill(Fact, frozen=True, tag="unit_stood_still"):
    """On duty, free, and not moved for longer than allowed (久坐不动)."""

    unit: str
    lat: float
    lon: float
    since_ms: int


class UnitMovedAgain(Fact, frozen=True, tag="unit_moved_again"):
    """Moving after standing still."""

    unit: str


class UnitWentSilent(Fact, frozen=True, tag="unit_went_silent"):
    """On duty and no position for longer than allowed."""

    unit: str
    since_ms: int


class UnitHeardAgain(Fact, frozen=True, tag="unit_heard_again"):
    """Reporting after silence."""

    unit: str


class SosRaised(Fact, frozen=True, tag="sos_raised"):
    """The one-key call for help of an officer (一键报警)."""

    sos: str
    unit: str
    situation: str
    lat: float | None = None
    lon: float | None = None


class SosCleared(Fact, frozen=True, tag="sos_cleared"):
    """The officer is safe."""

    sos: str
    why: str


class AlarmRaised(Fact, frozen=True, tag="alarm_raised"):
    """Something that needs somebody. `subject` is the id of what it is about; one open alarm a kind and subject."""

    alarm: str
    kind: AlarmKind
    level: Level
    subject: str
    situation: str = ""
    lat: float | None = None
    lon: float | None = None
    detail: str = ""


class AlarmRepeated(Fact, frozen=True, tag="alarm_repeated"):
    """The same again while it is open."""

    alarm: str


class AlarmRenewed(Fact, frozen=True, tag="alarm_renewed"):
    """The same again, but graver, in another situation, or of something else at that device.

    Whoever had it knew of less, so it is nobody's again.
    """

    alarm: str
    level: Level
    situation: str = ""
    lat: float | None = None
    lon: float | None = None
    detail: str = ""


class AlarmEscalated(Fact, frozen=True, tag="alarm_escalated"):
    """Nobody took it in time: the leader was told."""

    alarm: str


class AlarmTaken(Fact, frozen=True, tag="alarm_taken"):
    """Somebody sees to it."""

    alarm: str


class AlarmShelved(Fact, frozen=True, tag="alarm_shelved"):
    """Put aside until an instant, for a reason."""

    alarm: str
    until_ms: int
    why: str


class AlarmCleared(Fact, frozen=True, tag="alarm_cleared"):
    """Over, by itself or because somebody said so."""

    alarm: str
    why: str = ""
