"""Which fixes to believe: never an older one after a newer, and no leap that nothing on wheels could make."""

from __future__ import annotations

from dataclasses import dataclass

from command.kernel.geo import distance_m
from command.kernel.limits import FIX_NOISE_M, PLAUSIBLE_SPEED_KMH
from command.readings import Position


@dataclass(slots=True)
class _Device:
    newest: Position
    leapt: Position | None = None


class FixFilter:
    """Follows every device by its newest believed fix."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def is_newer(self, fix: Position) -> bool:
        """Say whether nothing as new was ever seen of the device, believed or not."""
        device = self._devices.get(fix.device)
        return device is None or fix.at_ms > max(device.newest.at_ms, device.leapt.at_ms if device.leapt else 0)

    def admit(self, fix: Position) -> bool:
        """Say whether the fix is where its device is now.

        A fix further off than `PLAUSIBLE_SPEED_KMH` explains is believed once a second one confirms it: then it was
        the earlier place that was wrong, or the device was carried while it was off.
        """
        device = self._devices.get(fix.device)
        if device is None:
            self._devices[fix.device] = _Device(fix)
            return True
        if fix.at_ms <= device.newest.at_ms:
            return False
        leapt = device.leapt
        if _reachable(device.newest, fix) or (leapt and fix.at_ms > leapt.at_ms and _reachable(leapt, fix)):
            device.newest, device.leapt = fix, None
            return True
        device.leapt = fix
        return False


def _reachable(a: Position, b: Position) -> bool:
    noise_m = FIX_NOISE_M + (a.accuracy_m or 0) + (b.accuracy_m or 0)
    way_m = PLAUSIBLE_SPEED_KMH / 3600 * (b.at_ms - a.at_ms)  # km/h over ms gives metres: both thousands cancel
    return distance_m(a.lat, a.lon, b.lat, b.lon) <= way_m + noise_m
