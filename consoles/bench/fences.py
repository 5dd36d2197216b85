"""Fences: fixes of patrols through the watch that follows them, against asking every fence about every fix."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import shapely

from command.patrol.fences import FenceSet
from command.patrol.watch import PatrolWatch, after
from command.readings import Position
from command.rows import FenceRow, UnitRow
from command.settings import Limits
from consoles.bench.measure import cpu_time
from consoles.bench.report import Report, Step

_SEED = 29_113
_START_MS = 1_700_000_000_000
_INTERVAL_MS = 10_000
_CORNERS = 32
_SIDE_DEG = 0.5  # of the county
_DEG_M = 111_195.0
_AREA_M, _FORBIDDEN_M = 2500.0, 400.0


@dataclass(frozen=True)
class Sizes:
    """Units, each with an area of its own; forbidden fences at the smallest load; fixes of each unit.

    Asking every fence is measured with the fixes of `naive_units` only.
    """

    units: int = 200
    forbidden: int = 25
    fixes: int = 100
    naive_units: int = 10


QUICK = Sizes(units=20, forbidden=5, fixes=20, naive_units=2)


def bench(sizes: Sizes) -> Report:
    """Measure with 1, 4 and 16 times the forbidden fences; the figures are of the last."""
    steps: list[Step] = []
    for times in (1, 4, 16):
        county = _county(random.Random(_SEED), sizes, sizes.forbidden * times)  # noqa: S311 - the same county each time
        fixes = sizes.units * sizes.fixes
        watch_s, reports = _watch(county)
        load = f"fixes among {len(county.fences)} fences"
        steps.append(Step(times, load, fixes, watch_s / fixes * 1e6))
    naive = _naive_s(county, sizes.naive_units) / (sizes.naive_units * sizes.fixes)
    return Report(
        "fences",
        {
            "units": sizes.units,
            "fences": len(county.fences),
            "reports": reports,
            "fixes_per_cpu_s": round(fixes / watch_s),
            "naive_per_cpu_s": round(1 / naive),
            "ratio": round(naive * fixes / watch_s, 1),
        },
        steps,
    )


@dataclass(frozen=True)
class _County:
    fences: Sequence[FenceRow]
    units: Sequence[UnitRow]
    rounds: Sequence[Sequence[Position]]
    """For each interval the fix of each unit, in the order of the units."""


def _county(chance: random.Random, sizes: Sizes, forbidden: int) -> _County:
    def spot() -> tuple[float, float]:
        return 29.0 + chance.random() * _SIDE_DEG, 113.0 + chance.random() * _SIDE_DEG

    homes = [spot() for _ in range(sizes.units)]
    fences = [_fence(chance, f"a{n}", "area", home, _AREA_M) for n, home in enumerate(homes)]
    fences += [_fence(chance, f"f{n}", "forbidden", spot(), _FORBIDDEN_M) for n in range(forbidden)]
    units = [
        UnitRow(
            id=f"u{n}", name=f"巡{n}", kind="patrol_car", service="110", station="st", phone="", officers=(),
            area=f"a{n}", devices=(f"d{n}",), state="free", shift_until_ms=_START_MS + 8 * 3_600_000,
        )
        for n in range(sizes.units)
    ]  # fmt: skip
    tracks = [_track(chance, f"d{n}", home, sizes.fixes) for n, home in enumerate(homes)]
    return _County(fences, units, list(zip(*tracks, strict=True)))


def _fence(chance: random.Random, name: str, kind: str, middle: tuple[float, float], radius_m: float) -> FenceRow:
    ring = []
    for corner in range(_CORNERS):
        angle, away = math.tau * corner / _CORNERS, radius_m * chance.uniform(0.7, 1.0) / _DEG_M
        ring.append((middle[1] + away * math.cos(angle), middle[0] + away * math.sin(angle)))
    return FenceRow(
        id=name, name=name, kind="area" if kind == "area" else "forbidden", ring=tuple(ring), dwell_s=30, margin_m=30.0
    )


def _track(chance: random.Random, device: str, home: tuple[float, float], fixes: int) -> list[Position]:
    """A car at 30-60 km/h that turns by chance and now and then leaves its area."""
    lat, lon = home
    heading, track = chance.uniform(0, math.tau), []
    for number in range(fixes):
        heading += chance.gauss(0, 0.6)
        way_deg = chance.uniform(30, 60) / 3.6 * (_INTERVAL_MS / 1000) / _DEG_M
        lat, lon = lat + way_deg * math.sin(heading), lon + way_deg * math.cos(heading)
        at_ms = _START_MS + number * _INTERVAL_MS
        track.append(Position(device=device, at_ms=at_ms, lat=lat, lon=lon, source="jt808", accuracy_m=5.0))
    return track


def _watch(county: _County) -> tuple[float, int]:
    """Return CPU seconds and how many reports came of it."""
    fences, watch, limits, reports = FenceSet(county.fences), PatrolWatch(), Limits(), 0
    units = list(county.units)
    with cpu_time() as spent:
        for fixes in county.rounds:
            for number, fix in enumerate(fixes):
                for report in watch.observe(units[number], fix, fences, limits, fix.at_ms):
                    units[number] = after(units[number], report)
                    reports += 1
    return spent.s, reports


def _naive_s(county: _County, units: int) -> float:
    """Return CPU seconds of asking, for the fixes of some units, every fence whether it holds the point."""
    rings = [shapely.Polygon(row.ring) for row in county.fences]
    held = 0
    with cpu_time() as spent:
        for fixes in county.rounds:
            for fix in fixes[:units]:
                point = shapely.Point(fix.lon, fix.lat)
                held += sum(ring.contains(point) for ring in rings)
    return spent.s
