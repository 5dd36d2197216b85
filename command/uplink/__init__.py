"""The hub as gateways see it, in its own process: fixes become durable, then newest places, then what follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from command.patrol.holders import had_since_ms
from command.rows import FenceRow, UnitRow
from command.tables import Tables


class DeviceTokens(Protocol):
    """Where the tokens of devices are kept, hashed."""

    async def register(self, device: str) -> str:
        """Make, store and return a new token; the one before is void. `NoRightError` after that was taken back."""
        ...

    async def is_revoked(self, device: str) -> bool:
        """Say whether its token was taken back, and nobody gave it another since."""
        ...

    async def check(self, device: str, token: str) -> bool:
        """Say whether it is the token last issued."""
        ...


@dataclass
class UplinkCounters:
    """What `/metrics` shows of positions and what follows from them."""

    positions: int = 0
    refused: int = 0
    unknown: int = 0
    not_stored: int = 0
    not_believed: int = 0
    reports: int = 0
    reports_refused: int = 0
    reports_postponed: int = 0
    calls_for_help: int = 0
    calls_without_place: int = 0


class Roster:
    """What the tables said of the devices of one batch."""

    def __init__(self, tables: Tables, devices: Iterable[str]) -> None:
        self.units: dict[str, UnitRow] = {}
        self.unit_of: dict[str, str] = {}
        """Of each device that is enrolled for a unit, that unit's id."""
        self.had_since_ms: dict[str, int] = {}
        self.fences: tuple[FenceRow, ...] = tuple(tables.fences)
        for device in devices:
            row = tables.devices.get(device)
            unit = tables.units.get(row.unit) if row else None
            if unit:
                self.unit_of[device] = unit.id
                self.units[unit.id] = unit
                self.had_since_ms[device] = had_since_ms(tables, device)
