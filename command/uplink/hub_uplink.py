"""What gateways hand positions to: an uplink into the hub of this process."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from command.actors import HUB
from command.hub import Hub
from command.kernel.clock import Clock
from command.kernel.errors import (
    InvalidInputError,
    TooLargeError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.geo import check_point
from command.kernel.limits import POSITIONS_PER_BATCH, SILENCE_SWEEP_MS, SILENT_PER_SWEEP
from command.patrol.fences import FenceSet
from command.patrol.hearing import Hearing
from command.patrol.places import UnitPlaces
from command.patrol.sos import is_stand_in, seen_last
from command.patrol.watch import PatrolWatch, after
from command.readings import CallForHelp, Position, Readings
from command.requests import ReportPatrol
from command.rows import PositionRow
from command.uplink import DeviceTokens, Roster, UplinkCounters
from command.uplink.calls_for_help import CallsForHelp

log = logging.getLogger(__name__)
_LAST_INSTANT_MS = 32_503_680_000_000  # as `requests.Instant`: the year 3000


class HubUplink:
    """What gateways hand positions to. The caller runs `restore` once the hub runs, then `run` in its task group."""

    def __init__(self, hub: Hub, readings: Readings, tokens: DeviceTokens, clock: Clock) -> None:
        self.counters = UplinkCounters()
        self._hub = hub
        self._readings = readings
        self._tokens = tokens
        self._clock = clock
        self._calls = CallsForHelp(hub, readings, self.counters)
        self._places = UnitPlaces()
        self._watch = PatrolWatch()
        self._fences = FenceSet(())
        self._stored: list[Callable[[Sequence[Position]], None]] = []
        self._hearing = Hearing(clock.now_ms())

    def on_stored(self, listener: Callable[[Sequence[Position]], None]) -> None:
        """Call `listener` with fixes of devices that report here, once they are durable."""
        self._stored.append(listener)

    async def device_known(self, kind: str, device: str) -> bool:
        """Say whether a device of that kind is enrolled under this id, and its token was not taken back."""
        return await self._is_enrolled(kind, device) and not await self._tokens.is_revoked(device)

    async def _is_enrolled(self, kind: str, device: str) -> bool:
        row = await self._hub.read(lambda tables: tables.devices.get(device))
        return row is not None and row.kind == kind

    async def issue_device_token(self, kind: str, device: str) -> str:
        """Return a new token; `UnknownIdError` for a device that is not enrolled, `NoRightError` as `register`."""
        if not await self._is_enrolled(kind, device):
            self.counters.unknown += 1
            raise UnknownIdError(f"no {kind} device {device!r} is enrolled", kind=kind, id=device)
        return await self._tokens.register(device)

    async def check_device_token(self, kind: str, device: str, token: str) -> bool:
        """Say whether the device is enrolled and the token its own."""
        return await self.device_known(kind, device) and await self._tokens.check(device, token)

    async def positions(self, batch: Sequence[Position]) -> None:
        """Take fixes; return once they, and every call for help in them, are durable.

        Raises `InvalidInputError` for a fix that no device can mean and `TooLargeError` past `POSITIONS_PER_BATCH`,
        with nothing stored; `UnknownIdError` for devices without a unit, the fixes of the others being stored; and
        `UnavailableError` when the device has to send again, which does no harm.
        """
        self._check(batch)
        roster = await self._look({fix.device for fix in batch})
        known = sorted((fix for fix in batch if fix.device in roster.unit_of), key=lambda fix: fix.at_ms)
        await self._take(known, known, roster)
        self._name_unknown(batch, roster)

    async def calls_for_help(self, batch: Sequence[CallForHelp]) -> None:
        """Take calls of devices that cannot say where they are; return once all are durable, and raise as `positions`.

        A call is recorded as from the unit's newest fix, or from nowhere. It is stored with that place (`stand_in`),
        where one is known of the hour before: by that it is known again.
        """
        self._check(batch)
        self.counters.calls_without_place += len(batch)
        roster = await self._look({call.device for call in batch})
        known = sorted((call for call in batch if call.device in roster.unit_of), key=lambda call: call.at_ms)
        await self._take(await self._calls.stand_ins(known, roster, self._places), known, roster)
        self._name_unknown(batch, roster)

    async def restore(self) -> None:
        """Take up from the readings where everybody was."""
        await self.follow(await self._readings.latest_positions(self._hub.space), old=True)

    async def follow(self, fixes: Sequence[Position], *, old: bool = False) -> None:
        """Take newest fixes that others stored, known ones among them. Raises `UnavailableError` as `positions`.

        `old` ones may be from before this hub looked: they place no unit that was given the device since.
        """
        news = sorted((fix for fix in fixes if self._places.is_newer(fix)), key=lambda fix: fix.at_ms)
        roster = await self._look({fix.device for fix in news})
        now_ms = self._clock.now_ms()
        fresh: dict[str, Position] = {}
        for stored in news:
            fix = _not_ahead(stored, now_ms)
            unit = roster.unit_of.get(fix.device)
            if unit is None or (old and stored.at_ms < roster.had_since_ms[fix.device]):
                continue
            called = is_stand_in(fix) and self._places.note_call(fix, unit)
            seen = seen_last(fix)
            if self._places.is_newer(seen) and self._believe(seen, unit, fresh) and fresh.get(unit) is seen:
                self._watch.follow(roster.units[unit], seen, self._fences, self._hub.limits, now_ms)
            if called:
                self._watch.heard(roster.units[unit], fix.at_ms, now_ms)
        self._hub.positions_changed([_row(unit, fix) for unit, fix in fresh.items()])

    async def run(self) -> None:
        """Look for silent units from time to time, until cancelled."""
        while True:
            await self._clock.sleep(SILENCE_SWEEP_MS)
            await self.look_for_silent()

    async def look_for_silent(self) -> None:
        """Report who is silent. Whom nobody could hear, since the last look or until now, first gets time to be."""
        now_ms = self._clock.now_ms()
        if self._hearing.was_deaf(now_ms, self.counters.not_stored, recording=self._hub.accepting):
            self._watch.listen_anew(self._hub.limits, now_ms)
        try:
            units = await self._hub.read(lambda tables: list(tables.units))
        except TriuneError as error:
            log.warning("cannot look for silent units: %s", error.detail)
            return
        now_ms = self._clock.now_ms()
        for report in self._watch.silent(units, self._hub.limits, now_ms)[:SILENT_PER_SWEEP]:
            await self._report(report, now_ms)

    def _check(self, batch: Sequence[Position | CallForHelp]) -> None:
        try:
            if len(batch) > POSITIONS_PER_BATCH:
                raise TooLargeError(f"{len(batch)} positions at once; {POSITIONS_PER_BATCH} are taken")
            for said in batch:
                _check(said)
        except TriuneError:
            self.counters.refused += len(batch)
            raise

    def _name_unknown(self, batch: Sequence[Position | CallForHelp], roster: Roster) -> None:
        """Raise `UnknownIdError` where some of the batch was of devices without a unit."""
        if unknown := sorted({said.device for said in batch} - roster.unit_of.keys()):
            self.counters.unknown += sum(said.device in unknown for said in batch)
            raise UnknownIdError(f"not enrolled for any unit: {', '.join(unknown[:5])}", id=unknown[0])

    async def _take(self, fixes: Sequence[Position], said: Sequence[Position | CallForHelp], roster: Roster) -> None:
        """Store the fixes, raise the calls for help in what was said, and conclude; both in the order of time."""
        try:
            await self._readings.add_positions(self._hub.space, fixes)
        except TriuneError:
            self.counters.not_stored += len(fixes)
            await self._calls.raise_new(said, roster)  # a call for help does not wait for a disk
            raise
        self.counters.positions += len(fixes)
        self._hearing.stored(self._clock.now_ms())
        for listener in self._stored:
            listener(fixes)
        await self._calls.raise_new(said, roster)
        await self._conclude(fixes, roster)

    async def _look(self, devices: Iterable[str]) -> Roster:
        try:
            roster = await self._hub.read(lambda tables: Roster(tables, devices))
        except TooManyError as error:
            raise UnavailableError(error.detail) from error
        if roster.fences != self._fences.rows:
            self._fences = FenceSet(roster.fences)
        return roster

    async def _conclude(self, fixes: Sequence[Position], roster: Roster) -> None:
        """Draw the conclusions; everything up to the asking happens at one go, so in the order of the fixes."""
        now_ms = self._clock.now_ms()
        fresh: dict[str, Position] = {}
        conclusions: list[tuple[ReportPatrol, int]] = []
        for sent in fixes:
            fix = _not_ahead(sent, now_ms)
            unit = roster.units[roster.unit_of[fix.device]]
            if is_stand_in(fix):
                heard = self._places.note_call(fix, unit.id)
                reports = self._watch.heard(unit, fix.at_ms, now_ms) if heard else []
            elif self._believe(fix, unit.id, fresh):
                reports = self._watch.observe(unit, fix, self._fences, self._hub.limits, now_ms)
            else:
                continue
            for report in reports:
                roster.units[unit.id] = unit = after(unit, report)
                conclusions.append((report, fix.at_ms))
        self._hub.positions_changed([_row(unit, fix) for unit, fix in fresh.items()])
        for report, seen_ms in conclusions:
            await self._report(report, seen_ms)

    def _believe(self, fix: Position, unit: str, fresh: dict[str, Position]) -> bool:
        """Say whether the device is there; note in `fresh` what is newer than all that was known of the unit."""
        if not self._places.believe(fix, unit):
            self.counters.not_believed += 1
            return False
        if self._places.is_newest(fix, unit):
            fresh[unit] = fix
        return True

    async def _report(self, report: ReportPatrol, seen_ms: int) -> None:
        """Tell the hub. A refusal by its rules stands; what it cannot record now is told again with the next fix."""
        key = f"patrol:{report.unit}:{report.change}:{report.fence or ''}:{seen_ms}"
        try:
            await self._hub.ask(report, HUB, key=key)
            self.counters.reports += 1
        except (UnavailableError, TooManyError) as error:
            self.counters.reports_postponed += 1
            self._watch.not_recorded(report)
            log.warning("%s of %s is not recorded yet: %s", report.change, report.unit, error.detail)
        except TriuneError as error:
            self.counters.reports_refused += 1
            log.warning("%s of %s is refused: %s", report.change, report.unit, error.detail)


def _row(unit: str, fix: Position) -> PositionRow:
    return PositionRow(
        id=unit, device=fix.device, at_ms=fix.at_ms, lat=fix.lat, lon=fix.lon, source=fix.source,
        accuracy_m=fix.accuracy_m, speed_kmh=fix.speed_kmh, heading_deg=fix.heading_deg,
    )  # fmt: skip


def _not_ahead(fix: Position, now_ms: int) -> Position:
    """A device whose clock is fast must not be deaf to its own fixes once the clock is put right."""
    return fix if fix.at_ms <= now_ms else replace(fix, at_ms=now_ms)


def _check(said: Position | CallForHelp) -> None:
    if not 0 <= said.at_ms <= _LAST_INSTANT_MS:
        raise InvalidInputError(f"not an instant: {said.at_ms} ms")
    if isinstance(said, Position):
        _check_fix(said)


def _check_fix(fix: Position) -> None:
    if is_stand_in(fix):
        raise InvalidInputError("a call without a place is no fix")
    check_point(fix.lat, fix.lon)
    for number in (fix.accuracy_m, fix.speed_kmh, fix.heading_deg, fix.altitude_m):
        if number is not None and not math.isfinite(number):
            raise InvalidInputError(f"not a number: {number}")
    if fix.accuracy_m is not None and fix.accuracy_m < 0:
        raise InvalidInputError(f"an accuracy of {fix.accuracy_m} m")
