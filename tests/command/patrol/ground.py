"""A flat piece of Yueyang County for the tests: places in metres from a corner, fixes and rows upon it."""

from __future__ import annotations

import math

from command.facts.patrol import FenceKind
from command.kernel.geo import EARTH_RADIUS_M
from command.readings import Position
from command.rows import FenceRow, UnitRow, UnitState

LAT, LON = 29.144066, 113.116418
START_MS = 1_790_000_000_000
_DEGREE_M = math.radians(EARTH_RADIUS_M)
SHIFT_UNTIL_MS = START_MS + 12 * 3600 * 1000


def point(x_m: float, y_m: float) -> tuple[float, float]:
    """Return (lat, lon)."""
    return LAT + y_m / _DEGREE_M, LON + x_m / (_DEGREE_M * math.cos(math.radians(LAT)))


def fix(
    x_m: float, y_m: float, at_s: float, *, accuracy_m: float | None = None, device: str = "d1", sos: bool = False
) -> Position:
    lat, lon = point(x_m, y_m)
    return Position(
        device=device, at_ms=START_MS + round(at_s * 1000), lat=lat, lon=lon, source="jt808",
        accuracy_m=accuracy_m, sos=sos,
    )  # fmt: skip


def fence(
    name: str,
    corner: tuple[float, float],
    size_m: tuple[float, float],
    *,
    kind: FenceKind = "area",
    dwell_s: int = 30,
    margin_m: float = 30.0,
) -> FenceRow:
    """Return a rectangle."""
    (x, y), (w, h) = corner, size_m
    ring = [point(x, y), point(x + w, y), point(x + w, y + h), point(x, y + h)]
    return FenceRow(
        id=name, name=name, kind=kind, ring=tuple((lon, lat) for lat, lon in ring), dwell_s=dwell_s, margin_m=margin_m
    )


def unit(*, area: str = "", state: UnitState = "free", devices: tuple[str, ...] = ("d1",)) -> UnitRow:
    return UnitRow(
        id="u1", name="巡逻一组", kind="patrol_car", service="110", station="s1", phone="13000000000",
        officers=(), area=area, devices=devices, state=state, shift_until_ms=SHIFT_UNTIL_MS,
    )  # fmt: skip
