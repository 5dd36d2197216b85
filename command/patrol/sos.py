"""Calls for help in the fixes of devices that repeat their SOS until released: where one ends and the next begins.

A call without a place is kept as a fix too, which stands in for none: nobody saw its device there then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from command.kernel.limits import PLAUSIBLE_SPEED_KMH, SOS_GAP_MS
from command.readings import CallForHelp, Position

_M_A_MS = PLAUSIBLE_SPEED_KMH / 3600
"""km/h over ms gives metres: both thousands cancel."""


@dataclass(slots=True)
class _Device:
    last_ms: int
    start_ms: int | None = None
    told: bool = False


class SosWatch:
    """Follows the SOS state of every device."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def observe(self, said: Position | CallForHelp) -> int | None:
        """Return the instant at which the call for help began that still has to be told, or None.

        Fixes sent again or replayed from the store give the same instant, so that it can name the call. A device that
        was released, or was quiet for `SOS_GAP_MS`, and says SOS again calls anew.
        """
        sos = isinstance(said, CallForHelp) or said.sos
        device = self._devices.setdefault(said.device, _Device(said.at_ms))
        if said.at_ms < device.last_ms:
            running = device.start_ms is not None
            return said.at_ms if sos and not running else None
        quiet_ms, device.last_ms = said.at_ms - device.last_ms, said.at_ms
        if not sos:
            device.start_ms = None
        elif device.start_ms is None or quiet_ms > SOS_GAP_MS:
            device.start_ms, device.told = said.at_ms, False
        return None if device.start_ms is None or device.told else device.start_ms

    def told(self, device: str) -> None:
        """Say nothing more of the call that runs."""
        self._devices[device].told = True


def call_began(track: Iterable[Position], at_ms: int) -> int:
    """Return the instant at which the call began that goes on at `at_ms`; the track goes up to there, oldest first."""
    began_ms: int | None = None
    last_ms = at_ms
    for fix in track:
        if not fix.sos:
            began_ms = None
        elif began_ms is None or fix.at_ms - last_ms > SOS_GAP_MS:
            began_ms = fix.at_ms
        last_ms = fix.at_ms
    return at_ms if began_ms is None or at_ms - last_ms > SOS_GAP_MS else began_ms


def stand_in(call: CallForHelp, place: Position) -> Position:
    """Return the call as it is kept: where its unit was seen before, as coarse as that may have come since."""
    come_m = _M_A_MS * (call.at_ms - place.at_ms)
    return Position(
        device=call.device, at_ms=call.at_ms, lat=place.lat, lon=place.lon, source="call",
        accuracy_m=(place.accuracy_m or 0) + come_m, sos=True,
    )  # fmt: skip


def is_stand_in(fix: Position) -> bool:
    """Say whether it is a call without a place."""
    return fix.source == "call"


def seen_last(kept: Position) -> Position:
    """Return the fix; of a stand-in its place, as what it is: of when the unit was seen there, or a little before."""
    if not is_stand_in(kept):
        return kept
    ago_ms = math.ceil((kept.accuracy_m or 0) / _M_A_MS)
    return replace(kept, at_ms=max(0, kept.at_ms - ago_ms), accuracy_m=None, sos=False)
