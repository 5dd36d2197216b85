"""What must hold of fixes: those taken are stored, calls for help among them raised once, all hubs show the newest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from command.kernel.limits import READINGS_ROWS, SOS_GAP_MS
from command.patrol.fences import FenceSet
from command.readings import Position
from command.rows import PositionRow, UnitRow
from command.tables import Tables
from consoles.sim.audit import Audit
from consoles.sim.clock import START_MS
from consoles.sim.county import LIMITS
from consoles.sim.node import SPACE, Node
from consoles.sim.store import Store

_SILENT_US = (LIMITS.silent_s + 30) * 1_000_000
"""A fix comes to other hubs up to 15 s after it was stored, and each looks for silent units every 5 s."""
_SEEN_US = 5_000_000
"""Within these a hub sees what others wrote."""


class Field:
    """Looks at readings, and at what hubs make of them, once devices have stood still and reported for a while."""

    def __init__(self, audit: Audit, store: Store, nodes: list[Node]) -> None:
        self._audit = audit
        self._store = store
        self._nodes = nodes
        self._on_duty: dict[str, tuple[int | None, int]] = {}
        """Of each unit that is not said to be silent: until when it is on duty, and since when that is so."""

    async def lost(self) -> str | None:
        """Name a fix that a device was told is taken and that the store does not hold, or holds twice."""
        for device, taken in self._audit.fixes.items():
            kept = await self._store.readings.track(SPACE, device, 0, self._true_ms, READINGS_ROWS)
            by_instant = {fix.at_ms: fix for fix in kept}
            if len(kept) > len(by_instant):
                return f"{len(kept) - len(by_instant)} fixes of {device} are stored twice"
            if lost := [at_ms for at_ms, fix in taken.items() if by_instant.get(at_ms) != fix]:
                return f"{len(lost)} fixes of {device} were taken and are not stored, the first of {lost[0]}"
            if problem := next(self._calls_for_help(device, kept), None):
                return problem
        return None

    def _calls_for_help(self, device: str, kept: Sequence[Position]) -> Iterator[str]:
        """Each is raised once, by whichever hub; not at all only where another of the unit stood all the while."""
        unit = self._audit.history.tables.devices.need(device).unit
        for first_ms, last_ms in _calls(kept):
            raised = [row for row in self._audit.sos if row.device == device and first_ms <= row.at_ms <= last_ms]
            if len(raised) > 1:
                yield f"the call for help of {device} at {first_ms} is raised {len(raised)} times"
            taken_us = self._audit.taken_us.get((device, first_ms))
            if not raised and taken_us is not None and not self._stood(unit, first_ms, taken_us):
                yield f"the call for help of {device} at {first_ms} was taken, and is not in the record"

    def _stood(self, unit: str, from_ms: int, to_us: int) -> bool:
        """Say whether a call for help of the unit stood at some time between, as some hub saw it."""
        from_us = (from_ms - START_MS) * 1000 - _SEEN_US
        calls = [row for row in self._audit.sos if row.unit == unit]
        return any(row.raised_us <= to_us and (row.cleared_us is None or row.cleared_us >= from_us) for row in calls)

    def silent(self, node: Node) -> str | None:
        """Name a unit that said nothing for so long that this hub, up all the while and well now, had to report it."""
        now_us, clock = self._audit.loop.now_us, node.clock
        if node.watching_since_us is None:
            return None
        for unit in self._audit.history.tables.units:
            duty = None if unit.state == "off" or unit.silent_since_ms is not None else unit.shift_until_ms
            if self._on_duty.get(unit.id, (None, 0))[0] != duty:
                self._on_duty[unit.id] = duty, now_us
            heard_us = max((self._audit.heard_us.get(device, 0) for device in unit.devices), default=now_us)
            since_us = max(heard_us, self._on_duty[unit.id][1], node.watching_since_us)
            since_us = max(since_us, clock.jumped_us, clock.right_again_us)
            if duty is not None and now_us - since_us > _SILENT_US:
                return f"{unit.id} has been silent for {(now_us - since_us) / 1e6:.0f} s, and its row does not say so"
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


def _calls(track: Sequence[Position]) -> Iterator[tuple[int, int]]:
    """Yield of each call for help in a device's fixes the instants of the first and the last."""
    first = last = None
    for fix in sorted(track, key=lambda fix: fix.at_ms):
        if first and last and (not fix.sos or fix.at_ms - last.at_ms > SOS_GAP_MS):
            yield first.at_ms, last.at_ms
            first = None
        if fix.sos:
            first, last = first or fix, fix
    if first and last:
        yield first.at_ms, last.at_ms


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
