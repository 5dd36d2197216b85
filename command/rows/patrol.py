"""Rows of units, their devices and positions, fences, alarms and calls for help."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Level, Service
from command.facts.patrol import AlarmKind, FenceKind, UnitKind, UnitState
from command.readings import PositionSource
from command.rows.base import Row


class StationRow(Row, frozen=True):
    """A station and its leader."""

    name: str
    service: Service
    lat: float
    lon: float
    leader: str
    leader_phone: str


class UnitRow(Row, frozen=True):
    """A unit. `order` is the one it is on; the flags say what is wrong with it now."""

    name: str
    kind: UnitKind
    service: Service
    station: str
    phone: str
    officers: tuple[str, ...]
    area: str
    devices: tuple[str, ...]
    state: UnitState = "off"
    order: str = ""
    shift_until_ms: int | None = None
    shift_since_ms: int | None = None
    """Since when it is on duty without a break."""
    out_of: str = ""
    still_since_ms: int | None = None
    silent_since_ms: int | None = None
    sos: str = ""


class DeviceRow(Row, frozen=True):
    """A device that may report, and whose it is."""

    kind: str
    unit: str


RetiredKind = Literal["station", "unit", "device"]


class RetiredRow(Row, frozen=True):
    """What a station, unit or device was that is no more, so that what names it stays readable.

    Its id is the kind, a colon and the id it had. `name` is empty for a device; `station` is that of a unit.
    """

    kind: RetiredKind
    was: str
    name: str
    station: str
    at_ms: int


def retired_id(kind: RetiredKind, was: str) -> str:
    """Return the id under which is kept what a station, unit or device was."""
    return f"{kind}:{was}"


class HoldersRow(Row, frozen=True):
    """Whose a device that changed hands was: each unit from its instant until the next, 0 being ever; oldest first.

    They are the newest `DEVICE_HOLDERS`. Consoles are not sent it: it is much, and hardly ever asked for.
    """

    units: tuple[str, ...]
    from_ms: tuple[int, ...]


class PositionRow(Row, frozen=True):
    """The newest fix of a unit; a reading, so it carries no sequence number of the journal."""

    device: str
    at_ms: int
    lat: float
    lon: float
    source: PositionSource
    accuracy_m: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None


class FenceRow(Row, frozen=True):
    """A fence and its ring of [lon, lat]."""

    name: str
    kind: FenceKind
    ring: tuple[tuple[float, float], ...]
    dwell_s: int
    margin_m: float


class AlarmRow(Row, frozen=True):
    """An alarm; gone from the table once cleared."""

    kind: AlarmKind
    level: Level
    subject: str
    situation: str
    state: Literal["raised", "taken", "shelved"]
    raised_ms: int
    count: int = 1
    lat: float | None = None
    lon: float | None = None
    detail: str = ""
    taken_by: str = ""
    shelved_until_ms: int | None = None
    shelved_why: str = ""
    escalated: bool = False


class SosRow(Row, frozen=True):
    """An open call for help."""

    unit: str
    situation: str
    raised_ms: int
    lat: float | None = None
    lon: float | None = None
