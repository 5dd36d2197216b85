"""From a scenario's script to everything that happens, in order: tracks become fixes, responses become steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from command.facts.orders import OrderStep
from command.kernel.geo import bearing_deg, distance_m
from plans.scenario import Happening, Scenario, UnitFix, UnitMoves, UnitResponds, UnitStep


class _Leg(msgspec.Struct, frozen=True):
    """A straight part of a track; a unit that waits at a point has a leg without length."""

    starts_s: float
    ends_s: float
    start: tuple[float, float]
    end: tuple[float, float]
    heading_deg: float

    def at(self, unit: str, after_s: float) -> UnitFix:
        """Return the fix that many seconds into the track."""
        lasts_s = self.ends_s - self.starts_s
        part = min(1.0, (after_s - self.starts_s) / lasts_s)
        (lat_a, lon_a), (lat_b, lon_b) = self.start, self.end
        return UnitFix(
            unit=unit,
            # Straight in degrees: over the few hundred metres of a leg that is the same line as on the globe.
            lat=round(lat_a + (lat_b - lat_a) * part, 6),
            lon=round(lon_a + (lon_b - lon_a) * part, 6),
            speed_kmh=round(distance_m(*self.start, *self.end) / lasts_s * 3.6, 1),
            heading_deg=round(self.heading_deg, 1),
        )


def expand(scenario: Scenario) -> list[Happening]:
    """Return everything that happens before the end, by time; at the same time, in the script's order."""
    return sorted(happenings(scenario), key=lambda happening: happening.offset_ms)


def happenings(scenario: Scenario) -> Iterator[Happening]:
    """Yield everything that happens before the end, event by event of the script."""
    for event in scenario.events:
        match event:
            case UnitMoves():
                yield from _fixes(event, scenario.fix_every_s, scenario.ends_ms)
            case UnitResponds():
                yield from (step for step in _steps(event) if step.offset_ms <= scenario.ends_ms)
            case scripted:
                if scripted.offset_ms <= scenario.ends_ms:
                    yield Happening(offset_ms=scripted.offset_ms, event=scripted)


def _steps(event: UnitResponds) -> Iterator[Happening]:
    delays: tuple[tuple[OrderStep, float | None], ...] = (
        ("signed", event.sign_s),
        ("departed", event.depart_s),
        ("arrived", event.arrive_s),
        ("fed_back", event.feed_back_s),
    )
    for step, delay_s in delays:
        if delay_s is not None:
            told = {"result": event.result, "text": event.text} if step == "fed_back" else {}
            yield Happening(
                offset_ms=event.offset_ms + round(delay_s * 1000), event=UnitStep(unit=event.unit, step=step, **told)
            )


def _fixes(event: UnitMoves, every_s: float, ends_ms: int) -> Iterator[Happening]:
    legs = _legs(event)
    if not legs:
        return
    index, count, last_s = 0, 0, legs[-1].ends_s
    while True:
        after_s = min(count * every_s, last_s)
        offset_ms = event.offset_ms + round(after_s * 1000)
        if offset_ms > ends_ms:
            return
        while legs[index].ends_s < after_s:
            index += 1
        yield Happening(offset_ms=offset_ms, event=legs[index].at(event.unit, after_s))
        if after_s >= last_s:
            return
        count += 1


def _legs(event: UnitMoves) -> list[_Leg]:
    legs: list[_Leg] = []
    at_s, heading_deg = 0.0, 0.0
    for a, b in pairwise(event.waypoints):
        start, end = (a.lat, a.lon), (b.lat, b.lon)
        length_m = distance_m(*start, *end)
        if length_m > 0:
            heading_deg = bearing_deg(*start, *end)
        if event.speed_kmh is not None:
            starts_s, ends_s = at_s, at_s + length_m / (event.speed_kmh / 3.6)
        else:
            starts_s, ends_s = a.after_s or 0.0, b.after_s or 0.0
        if ends_s > starts_s:
            legs.append(_Leg(starts_s, ends_s, start, end, heading_deg))
        at_s = ends_s
    return legs
