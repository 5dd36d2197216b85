"""Where one call for help ends and the next begins, in the fixes of devices that repeat their SOS until released."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from command.kernel.limits import SOS_CALLS_KNOWN, SOS_GAP_MS
from command.readings import Position


@dataclass(slots=True)
class _Call:
    """From its first fix to the last one known."""

    start_ms: int
    last_ms: int
    told: bool = False


def _calls() -> deque[_Call]:
    return deque(maxlen=SOS_CALLS_KNOWN)


@dataclass(slots=True)
class _Device:
    """`running` is the call that the newest fix belongs to, `late` the one that an older fix came of a moment ago."""

    last_ms: int
    running: _Call | None = None
    late: _Call | None = None
    calls: deque[_Call] = field(default_factory=_calls)

    def begin(self, at_ms: int) -> _Call:
        call = _Call(at_ms, at_ms)
        self.calls.append(call)
        return call


class SosWatch:
    """Follows the SOS state of every device."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def observe(self, fix: Position) -> int | None:
        """Return the instant at which the call for help began that still has to be told, or None.

        Fixes sent again or replayed from the store give the same instant, so that it can name the call. A device that
        was released, or was quiet for `SOS_GAP_MS`, and says SOS again calls anew.
        """
        device = self._devices.setdefault(fix.device, _Device(fix.at_ms))
        if fix.at_ms < device.last_ms:
            call = _late(device, fix)
        else:
            quiet_ms, device.last_ms, device.late = fix.at_ms - device.last_ms, fix.at_ms, None
            if not fix.sos:
                device.running = None
            elif device.running is None or quiet_ms > SOS_GAP_MS:
                device.running = device.begin(fix.at_ms)
            call = device.running
            if call:
                call.last_ms = fix.at_ms
        return None if call is None or call.told else call.start_ms

    def told(self, device: str, start_ms: int) -> None:
        """Say nothing more of the call that began then."""
        for call in self._devices[device].calls:
            call.told = call.told or call.start_ms == start_ms


def _late(device: _Device, fix: Position) -> _Call | None:
    """Return the call that a fix older than the newest belongs to; while one runs, help is called for already."""
    if device.running or not fix.sos:
        device.late = None
        return None
    for call in device.calls:
        if call.start_ms <= fix.at_ms <= call.last_ms:  # sent again
            return call
    if device.late is None or not 0 <= fix.at_ms - device.late.last_ms <= SOS_GAP_MS:
        device.late = device.begin(fix.at_ms)
    device.late.last_ms = fix.at_ms
    return device.late
