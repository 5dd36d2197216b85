"""What the positions of units on duty lead to. Keeps little for each unit and never asks a clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

from msgspec.structs import replace

from command.kernel.limits import LEADING_DEVICE_MS, SILENCE_GRACE_MS
from command.patrol.crossing import Crossing
from command.patrol.fences import FenceSet
from command.patrol.motion import Stay
from command.readings import Position
from command.requests import ReportPatrol
from command.rows import UnitRow
from command.settings import Limits

Change = Literal["left_area", "returned", "stood_still", "moved_again", "went_silent", "heard_again"]


class _Unit:
    """What is remembered of a unit on duty. `fix` is the newest of the device that speaks for its place.

    `told` names the fences that the record was told of; the row, whose `out_of` was seen last, only the newest of them.
    `left_ms` is since when the row said that it stood still where it has left since.
    """

    __slots__ = ("crossing", "fix", "heard_ms", "left_ms", "out_of", "shift_until_ms", "stay", "told")

    def __init__(self, unit: UnitRow, now_ms: int) -> None:
        self.heard_ms = now_ms
        self.shift_until_ms = unit.shift_until_ms
        self.fix: Position | None = None
        self.stay: Stay | None = None
        self.left_ms: int | None = None
        self.crossing = Crossing()
        self.told: set[str] = set()
        self.out_of = ""
        self.see(unit, now_ms)

    def see(self, unit: UnitRow, now_ms: int) -> None:
        """Go on from what the record says now: another hub's word may come after the fix that it followed from."""
        if unit.shift_until_ms != self.shift_until_ms:  # a new shift begins with nothing told
            self.shift_until_ms = unit.shift_until_ms
            self.told &= {unit.out_of}
        elif unit.out_of != self.out_of:
            if unit.out_of:
                self.crossing.out.setdefault(unit.out_of, now_ms)
                self.told.add(unit.out_of)
            else:
                self.crossing.out.pop(self.out_of, None)
                self.told.discard(self.out_of)
        self.out_of = unit.out_of


class PatrolWatch:
    """Compares what units do with what the hub was told of them, and reports where the two differ.

    After a restart it goes on from what the rows of the units say.
    """

    def __init__(self) -> None:
        self._units: dict[str, _Unit] = {}

    def observe(
        self, unit: UnitRow, fix: Position, fences: FenceSet, limits: Limits, now_ms: int
    ) -> list[ReportPatrol]:
        """Take a fix of a device of the unit; units off duty report nothing and are forgotten."""
        if unit.state == "off":
            self._units.pop(unit.id, None)
            return []
        known = self._units.get(unit.id)
        if known is None:
            known = self._units[unit.id] = _Unit(unit, now_ms)
        if not _leads(fix, known.fix):
            return []
        known.heard_ms, known.fix = now_ms, fix
        reports = []
        if unit.silent_since_ms is not None:
            reports.append(_report(unit, "heard_again", fix.at_ms, fix))
        known.see(unit, now_ms)
        reports += _fences_kept(unit, known, fix, fences)
        reports += _motion(unit, known, fix, limits)
        return reports

    def heard(self, unit: UnitRow, at_ms: int, now_ms: int) -> list[ReportPatrol]:
        """Take that a unit called from nobody knows where: it is not silent, and nothing follows of where it is."""
        if unit.state == "off":
            self._units.pop(unit.id, None)
            return []
        known = self._units.setdefault(unit.id, _Unit(unit, now_ms))
        known.heard_ms = now_ms
        return [] if unit.silent_since_ms is None else [_report(unit, "heard_again", at_ms, known.fix)]

    def resume(self, unit: UnitRow, fix: Position, now_ms: int) -> None:
        """Take up where a unit was before a restart. It is not silent yet: nobody was there to hear it."""
        if unit.state != "off":
            known = self._units[unit.id] = _Unit(unit, now_ms)
            known.fix, known.stay = fix, Stay(fix)

    def follow(self, unit: UnitRow, fix: Position, fences: FenceSet, limits: Limits, now_ms: int) -> None:
        """Take a fix that another hub watches over as that hub does, so as to go on from it if a device comes here.

        That hub tells what it leads to. Where it did not, the row says so to the next fix that comes here.
        """
        known = self._units.get(unit.id)
        if known is None or unit.state == "off":
            self._units.pop(unit.id, None)
            self.resume(unit, fix, now_ms)
            return
        known.heard_ms = now_ms
        if _leads(fix, known.fix):
            known.fix = fix
            known.see(unit, now_ms)
            known.crossing.observe(fences, unit.area, fix)
            _motion(unit, known, fix, limits)

    def silent(self, units: Iterable[UnitRow], limits: Limits, now_ms: int) -> list[ReportPatrol]:
        """Report the units on duty, with a device, that said nothing for `silent_s`; forget units off duty or gone."""
        on_duty = [unit for unit in units if unit.state != "off"]
        self._units = {u.id: self._units.get(u.id) or _Unit(u, now_ms) for u in on_duty}
        reports = []
        for unit in on_duty:
            known = self._units[unit.id]
            quiet_ms = now_ms - known.heard_ms
            if unit.devices and unit.silent_since_ms is None and quiet_ms > limits.silent_s * 1000:
                since_ms = known.fix.at_ms if known.fix else known.heard_ms
                reports.append(_report(unit, "went_silent", since_ms, known.fix))
        return reports

    def listen_anew(self, limits: Limits, now_ms: int) -> None:
        """Take that nobody could be heard until now: call nobody silent before `SILENCE_GRACE_MS` have passed."""
        least_ms = now_ms + SILENCE_GRACE_MS - limits.silent_s * 1000
        for known in self._units.values():
            known.heard_ms = max(known.heard_ms, least_ms)

    def not_recorded(self, report: ReportPatrol) -> None:
        """Take back that the hub was told of a fence, so that the next fix tells it; rows are compared with anyway."""
        if (known := self._units.get(report.unit)) and report.fence:
            if report.change == "left_area":
                known.told.discard(report.fence)
            elif report.change == "returned":
                known.told.add(report.fence)


def after(unit: UnitRow, report: ReportPatrol) -> UnitRow:
    """Return the row as it will be once the report is recorded; for the fixes that come together with this one."""
    match report.change:
        case "left_area" | "returned":
            return unit  # what was told of fences is remembered here
        case "stood_still":
            return replace(unit, still_since_ms=report.since_ms)
        case "moved_again":
            return replace(unit, still_since_ms=None)
        case "went_silent":
            return replace(unit, silent_since_ms=report.since_ms)
        case "heard_again":
            return replace(unit, silent_since_ms=None)
    assert_never(report.change)


def _leads(fix: Position, newest: Position | None) -> bool:
    """Say whether a fix speaks for its unit: a car and the phone of its crew are not in two places in turn."""
    if newest is None:
        return True
    ahead_ms = fix.at_ms - newest.at_ms
    return ahead_ms > (0 if fix.device == newest.device else LEADING_DEVICE_MS)


def _fences_kept(unit: UnitRow, known: _Unit, fix: Position, fences: FenceSet) -> list[ReportPatrol]:
    out, told = known.crossing.out, known.told
    known.crossing.observe(fences, unit.area, fix)
    if not out and not told:
        return []
    reports = [_report(unit, "returned", fix.at_ms, fix, fence) for fence in sorted(told - out.keys())]
    reports += [
        _report(unit, "left_area", since_ms, fix, fence) for fence, since_ms in out.items() if fence not in told
    ]
    known.told = set(out)
    return reports


def _motion(unit: UnitRow, known: _Unit, fix: Position, limits: Limits) -> list[ReportPatrol]:
    """Only a free unit is idle: on an order it waits, or works, where it was sent."""
    stay, reported_ms = known.stay, unit.still_since_ms
    if stay is None:
        known.stay = Stay(fix)
        return []
    if reported_ms is None and (unit.state != "free" or stay.interrupted(fix, limits)):
        stay.begin(fix)
        return []
    if stay.left(fix, limits):
        known.left_ms = reported_ms
    if reported_ms is not None:
        return [_report(unit, "moved_again", fix.at_ms, fix)] if known.left_ms == reported_ms else []
    if stay.long_enough(fix, limits):
        return [_report(unit, "stood_still", stay.since_ms, fix)]
    return []


def _report(unit: UnitRow, change: Change, since_ms: int, fix: Position | None, fence: str = "") -> ReportPatrol:
    return ReportPatrol(
        unit=unit.id, change=change, since_ms=since_ms, fence=fence or None,
        lat=fix.lat if fix else None, lon=fix.lon if fix else None,
    )  # fmt: skip
