"""Calls for help (SOS) as units make them: each raised once, from where the unit was."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Sequence

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.kernel.limits import READINGS_ROWS, SOS_AGE_MS, SOS_LOOK_MS
from command.patrol.places import UnitPlaces
from command.patrol.sos import SosWatch, call_began, stand_in
from command.readings import CallForHelp, Position, Readings
from command.requests import RaiseSos
from command.rows import UnitRow
from command.uplink import Roster, UplinkCounters

log = logging.getLogger(__name__)
_RUN_MS = 60 * 60 * 1000
"""Of readings so much is read at once to find where a call began; a place from longer before it says nothing."""


class CallsForHelp:
    """Tells the hub of them. A device repeats its call until it is released; that is one."""

    def __init__(self, hub: Hub, readings: Readings, counters: UplinkCounters) -> None:
        self._hub = hub
        self._readings = readings
        self._counters = counters
        self._watch = SosWatch()

    async def raise_new(self, said: Sequence[Position | CallForHelp], roster: Roster) -> None:
        """Raise what is new of what was said, in its order. Raises `UnavailableError` where it has to be said again."""
        now_ms = self._hub.clock.now_ms()
        for one in said:
            start_ms = self._watch.observe(one)
            if start_ms is None or now_ms - start_ms > SOS_AGE_MS:
                continue
            unit = roster.units[roster.unit_of[one.device]]
            if not unit.sos:
                began_ms = await self._call_began(one.device, start_ms)
                if now_ms - began_ms <= SOS_AGE_MS:
                    await self._ask_for_help(unit, one, began_ms)
            self._watch.told(one.device)

    async def stand_ins(self, calls: Sequence[CallForHelp], roster: Roster, places: UnitPlaces) -> list[Position]:
        """Return fixes for calls, by the unit's newest or, for a call of before it, by the device's own of before."""
        fixes: list[Position] = []
        tracks: dict[str, Sequence[Position]] = {}
        for call in calls:
            place = places.last(roster.unit_of[call.device])
            if place and place.at_ms > call.at_ms:
                if call.device not in tracks:
                    from_ms, to_ms = call.at_ms - _RUN_MS, calls[-1].at_ms
                    tracks[call.device] = await self._track(call.device, from_ms, to_ms)
                track = tracks[call.device]
                before = bisect_right(track, call.at_ms, key=lambda fix: fix.at_ms)
                place = track[before - 1] if before else None
            if place and call.at_ms - place.at_ms <= _RUN_MS:
                fixes.append(stand_in(call, place))
        return fixes

    async def _call_began(self, device: str, at_ms: int) -> int:
        """Find where a call that is new here began: before a restart, at another hub, or before a release.

        Asked for with the key that it had, it is the same call. It is looked for by the hour, for as long as a button
        stays in, until the call is history. Where that cannot be read in time it is rather raised twice.
        """
        began_ms, later_ms = at_ms, at_ms + 1
        try:
            async with asyncio.timeout(SOS_LOOK_MS / 1000):
                while began_ms < later_ms and at_ms - began_ms <= SOS_AGE_MS:
                    from_ms, later_ms = began_ms - _RUN_MS, began_ms
                    track = await self._readings.track(self._hub.space, device, from_ms, began_ms, READINGS_ROWS)
                    began_ms = call_began(track, began_ms)
        except (TriuneError, TimeoutError) as error:
            log.warning("whether %s called for help before is not known: %r", device, error)
            return at_ms
        return began_ms

    async def _track(self, device: str, from_ms: int, to_ms: int) -> Sequence[Position]:
        """Look where a device that calls for help was; nothing where the readings do not tell in time."""
        try:
            async with asyncio.timeout(SOS_LOOK_MS / 1000):
                return await self._readings.track(self._hub.space, device, from_ms, to_ms, READINGS_ROWS)
        except (TriuneError, TimeoutError) as error:
            log.warning("where %s was is not known: %r", device, error)
            return ()

    async def _ask_for_help(self, unit: UnitRow, said: Position | CallForHelp, start_ms: int) -> None:
        """Raise an SOS. What the hub cannot record now the device has to say again, so it is not told yes."""
        lat, lon = (said.lat, said.lon) if isinstance(said, Position) else (None, None)
        try:
            await self._hub.ask(RaiseSos(unit=unit.id, lat=lat, lon=lon), HUB, key=f"sos:{said.device}:{start_ms}")
            self._counters.calls_for_help += 1
        except (UnavailableError, TooManyError) as error:
            log.warning("the call for help of %s is not recorded yet: %s", unit.id, error.detail)
            raise UnavailableError(error.detail) from error
        except TriuneError:
            self._counters.reports_refused += 1
            log.exception("the call for help of %s is refused", unit.id)
