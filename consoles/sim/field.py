"""What must hold of fixes: those taken are stored, every hub shows the newest of each unit and knows who is out."""

from __future__ import annotations

from collections.abc import Iterator

from command.kernel.limits import READINGS_ROWS
from command.patrol.fences import FenceSet
from command.readings import Position
from command.rows import PositionRow, UnitRow
from command.tables import Tables
from consoles.sim.audit import Audit
from consoles.sim.clock import START_MS
from consoles.sim.node import SPACE, Node
from consoles.sim.store import Store


class Field:
    """Looks at readings, and at what hubs make of them, once devices have stood still and reported for a while."""

    def __init__(self, audit: Audit, store: Store, nodes: list[Node]) -> None:
        self._audit = audit
        self._store = store
        self._nodes = nodes

    async def lost(self) -> str | None:
        """Name a fix that a device was told is taken and that the store does not hold, or holds twice."""
        for device, taken in self._audit.fixes.items():
            kept = await self._store.readings.track(SPACE, device, 0, self._true_ms, READINGS_ROWS)
            by_instant = {fix.at_ms: fix for fix in kept}
            if len(kept) > len(by_instant):
                return f"{len(kept) - len(by_instant)} fixes of {device} are stored twice"
            if lost := [at_ms for at_ms, fix in taken.items() if by_instant.get(at_ms) != fix]:
                return f"{len(lost)} fixes of {device} were taken and are not stored, the first of {lost[0]}"
        return None

    async def newest(self) -> dict[str, Position]:
        """Return the newest stored fix of each device."""
        return {fix.device: fix for fix in await self._store.readings.latest_positions(SPACE)}

    def differs(self, node: Node, tables: Tables, newest: dict[str, Position]) -> str | None:
        """Say where a hub's tables are not what the newest stored fixes come to."""
        ahead = self._ahead(node)
        for unit in tables.units:
            fixes = sorted((newest[d] for d in unit.devices if d in newest), key=lambda fix: (fix.at_ms, fix.device))
            row = tables.positions.get(unit.id)
            if fixes and not any(_shows(row, fix, ahead) for fix in (fixes[-1:] if ahead else fixes)):
                return f"shows {unit.id} at {row}, and the newest fix stored is {fixes[-1]}"
        # Whose clock is behind dates all fixes to one moment, or to half the time: none is long beyond a fence.
        return next(self._fences_missed(tables, newest), None) if all(map(self._ahead, self._nodes)) else None

    def _ahead(self, node: Node) -> bool:
        return node.clock.now_ms() >= self._true_ms

    @property
    def _true_ms(self) -> int:
        return START_MS + self._audit.loop.now_us // 1000

    def _fences_missed(self, tables: Tables, newest: dict[str, Position]) -> Iterator[str]:
        """A unit that stands well beyond its fence, or within it, is known to: each report was told, or told again."""
        fences = FenceSet(tables.fences)
        for unit in tables.units:
            fix = newest.get(unit.devices[0]) if unit.devices else None
            if fix is None or not unit.area or unit.state == "off":
                continue
            if (out := _is_out(fences, unit, fix)) is not None and out != (unit.out_of == unit.area):
                yield f"{unit.id} stands {'beyond' if out else 'within'} {unit.area}, and its row says {unit.out_of!r}"


def _shows(row: PositionRow | None, fix: Position, ahead: bool) -> bool:
    """Where a hub's clock is behind it dates a fix back to its own present."""
    if row is None:
        return False
    timely = row.at_ms == fix.at_ms if ahead else row.at_ms <= fix.at_ms
    shown = row.device, row.lat, row.lon, row.source, row.accuracy_m, row.speed_kmh, row.heading_deg
    return timely and shown == (
        fix.device, fix.lat, fix.lon, fix.source, fix.accuracy_m, fix.speed_kmh, fix.heading_deg
    )  # fmt: skip


def _is_out(fences: FenceSet, unit: UnitRow, fix: Position) -> bool | None:
    """Say whether the fix is clearly beyond the fence of the unit's area; None where it says neither."""
    near, _ = fences.near(*fences.plane(fix.lat, fix.lon), [unit.area])
    breach_m, accuracy_m = near[0].breach_m(*fences.plane(fix.lat, fix.lon)), fix.accuracy_m or 0.0
    if breach_m > near[0].margin_m + accuracy_m:
        return True
    return False if -breach_m >= accuracy_m else None
