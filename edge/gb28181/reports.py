"""What devices report to the hub: alarms and places, by clocks that may be wrong."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Protocol

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import UnknownIdError
from command.kernel.geo import Datum, to_wgs84
from command.kernel.limits import CLOCK_SKEW_MS, PLAUSIBLE_SPEED_KMH
from command.readings import Position
from edge.gb28181.counters import Gb28181Counters
from edge.gb28181.devices import Device
from edge.gb28181.told import Alarm, Place
from edge.limits import GB28181_ALARM_GAP_MS, GB28181_ALARMS_REMEMBERED
from edge.uplink import Uplink

KIND: Final = "gb28181"


class AlarmSink(Protocol):
    """Who records alarms."""

    async def __call__(self, device: str, alarm: Alarm) -> None:
        """Record an alarm of a registered device; `alarm.device` is its channel or input. Raises `TriuneError`."""
        ...


class Reports:
    """Judges and hands on."""

    def __init__(
        self, uplink: Uplink, on_alarm: AlarmSink, clock: Clock, counters: Gb28181Counters, datum: Datum
    ) -> None:
        self._uplink = uplink
        self._on_alarm = on_alarm
        self._clock = clock
        self._counters = counters
        self._datum = datum
        self._alarms: OrderedDict[tuple[str, int, int | None], int] = OrderedDict()

    async def is_bound(self, device: str) -> bool:
        """Say whether the places of a device or channel are those of a unit."""
        return await self._uplink.device_known(KIND, device)

    async def alarm(self, device: Device, alarm: Alarm) -> None:
        """Have an alarm recorded, the same again only after a while. Raises `TriuneError` where it cannot be now."""
        now_ms = self._clock.now_ms()
        self._note_clock(device, alarm.at_ms, now_ms)
        key = (alarm.device, alarm.method, alarm.kind)
        if now_ms - self._alarms.get(key, -GB28181_ALARM_GAP_MS) < GB28181_ALARM_GAP_MS:
            self._counters.alarms_repeated += 1
            return
        if alarm.lat is not None and alarm.lon is not None:
            lat, lon = to_wgs84(alarm.lat, alarm.lon, self._datum)
            alarm = msgspec.structs.replace(alarm, lat=lat, lon=lon)
        await self._on_alarm(device.id, alarm)
        self._counters.alarms += 1
        self._alarms[key] = now_ms
        self._alarms.move_to_end(key)
        if len(self._alarms) > GB28181_ALARMS_REMEMBERED:
            self._alarms.popitem(last=False)

    async def place(self, device: Device, place: Place) -> None:
        """Hand on where a device is; one that is no unit's is counted. Raises `TriuneError` where it is not stored.

        What is told is told as it happens: where the device's clock is wrong, the hub's counts.
        """
        now_ms = self._clock.now_ms()
        self._note_clock(device, place.at_ms, now_ms)
        said_ms = place.at_ms if place.at_ms is not None and abs(place.at_ms - now_ms) <= CLOCK_SKEW_MS else now_ms
        lat, lon = to_wgs84(place.lat, place.lon, self._datum)
        # The device itself speaks for its channels where they are not a unit's: a body camera is one of each.
        reporter = place.device if await self.is_bound(place.device) else device.id
        position = Position(
            device=reporter, at_ms=min(said_ms, now_ms), lat=lat, lon=lon, source=KIND,
            speed_kmh=place.speed_kmh if (place.speed_kmh or 0) <= PLAUSIBLE_SPEED_KMH else None,
            heading_deg=place.heading_deg, altitude_m=place.altitude_m,
        )  # fmt: skip
        try:
            await self._uplink.positions([position])
            self._counters.places += 1
        except UnknownIdError:
            self._counters.places_of_nobody += 1

    def _note_clock(self, device: Device, said_ms: int | None, now_ms: int) -> None:
        if said_ms is None:
            return
        device.clock_off_ms = said_ms - now_ms
        if abs(said_ms - now_ms) > CLOCK_SKEW_MS:
            self._counters.clocks_off += 1
