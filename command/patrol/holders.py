"""Whose a device was, and when: what it reported then is of that unit, whoever has it now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from command.rows import HoldersRow, RetiredRow, UnitRow, retired_id
from command.tables import Tables


class Holding(msgspec.Struct, frozen=True):
    """A unit had a device from one instant to another, both included; no unit where nobody is known to have had it."""

    device: str
    unit: str
    from_ms: int
    to_ms: int


def holdings(t: Tables, device: str, from_ms: int, to_ms: int) -> Iterator[Holding]:
    """Yield who had the device within a time, oldest first."""
    of = _of(t, device)
    ends_ms = [began_ms - 1 for began_ms in of.from_ms] + [to_ms]
    for unit, began_ms, end_ms in zip(("", *of.units), (0, *of.from_ms), ends_ms, strict=True):
        first_ms, last_ms = max(began_ms, from_ms), min(end_ms, to_ms)
        if first_ms <= last_ms:
            yield Holding(device, unit, first_ms, last_ms)


def known_unit(t: Tables, unit: str) -> UnitRow | RetiredRow | None:
    """Return what the unit is, or was before it was retired: what it did stays its own."""
    return t.units.get(unit) or t.retired.get(retired_id("unit", unit))


def known_units(t: Tables) -> Mapping[str, UnitRow | RetiredRow]:
    """Return every unit that is, or was before it was retired, by its id."""
    return {**{row.was: row for row in t.retired if row.kind == "unit"}, **t.units.rows}


def devices_of(t: Tables, unit: str) -> Sequence[str]:
    """Return the devices that the unit is known to have had at any time, in their order."""
    row = t.units.get(unit)
    return sorted({*(row.devices if row else ()), *(past.id for past in t.holders if unit in past.units)})


def of_unit(t: Tables, unit: str, from_ms: int, to_ms: int) -> Sequence[Holding]:
    """Return which devices the unit is known to have had within a time, by device, oldest first."""
    of = (held for device in devices_of(t, unit) for held in holdings(t, device, from_ms, to_ms))
    return [held for held in of if held.unit == unit]


def holder_at(t: Tables, device: str, at_ms: int) -> str:
    """Return the unit that had the device then; empty where nobody is known to have had it."""
    of = _of(t, device)
    return ("", *of.units)[bisect_right(of.from_ms, at_ms)]


def had_since_ms(t: Tables, device: str) -> int:
    """Return since when whoever has the device has it; 0 for ever."""
    return _of(t, device).from_ms[-1]


def turns(t: Tables, from_ms: int, to_ms: int) -> Mapping[str, tuple[int, ...]]:
    """Return of each device that changed hands within a time the instants at which it did, oldest first."""
    changed = (row for row in t.holders if row.from_ms[-1] > from_ms)
    within = {row.id: _between(row.from_ms, from_ms, to_ms) for row in changed}
    return {device: instants for device, instants in within.items() if instants}


def known_from_ms(t: Tables, devices: Iterable[str]) -> int:
    """Return from when on it is known who had each of the devices; 0 for ever."""
    return max((_of(t, device).from_ms[0] for device in devices), default=0)


def _of(t: Tables, device: str) -> HoldersRow:
    row = t.devices.get(device)
    return t.holders.get(device) or HoldersRow(id=device, units=(row.unit if row else "",), from_ms=(0,))


def _between(instants: tuple[int, ...], after_ms: int, to_ms: int) -> tuple[int, ...]:
    return instants[bisect_right(instants, after_ms) : bisect_right(instants, to_ms)]
