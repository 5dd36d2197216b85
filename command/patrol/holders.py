"""Whose a device was, and when: what it reported then is of that unit, whoever has it now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from command.rows import DeviceRow
from command.tables import Tables


class Holding(msgspec.Struct, frozen=True):
    """A unit had a device from one instant to another, both included."""

    device: str
    unit: str
    from_ms: int
    to_ms: int


def holdings(device: DeviceRow, from_ms: int, to_ms: int) -> Iterator[Holding]:
    """Yield who had the device within a time, oldest first; nothing for when nobody is known to have had it."""
    ends_ms = [held.from_ms - 1 for held in device.held[1:]] + [to_ms]
    for held, end_ms in zip(device.held, ends_ms, strict=True):
        first_ms, last_ms = max(held.from_ms, from_ms), min(end_ms, to_ms)
        if held.unit and first_ms <= last_ms:
            yield Holding(device.id, held.unit, first_ms, last_ms)


def of_unit(t: Tables, unit: str, from_ms: int, to_ms: int) -> Sequence[Holding]:
    """Return which devices the unit had within a time, by device, oldest first."""
    return [held for row in t.devices for held in holdings(row, from_ms, to_ms) if held.unit == unit]
