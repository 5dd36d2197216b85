"""The front-end control command of GB/T 28181 annex A.3: eight bytes, the last their sum."""

from __future__ import annotations

_RIGHT, _LEFT, _DOWN, _UP, _ZOOM_IN, _ZOOM_OUT = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_CALL_PRESET = 0x82
# Version 0 in the upper half; the lower half is the sum of A5's digits and the version, mod 16.
_HEAD = (0xA5, 0x0F)
_EVERY_ADDRESS = 0


def move(pan: float, tilt: float, zoom: float) -> str:
    """Return the command for a movement in hexadecimal; each of -1 (left, down, out) to 1, all 0 to stop."""
    command = 0
    for speed, negative, positive in ((pan, _LEFT, _RIGHT), (tilt, _DOWN, _UP), (zoom, _ZOOM_OUT, _ZOOM_IN)):
        command |= positive if speed > 0 else negative if speed < 0 else 0
    return _command(command, _of(pan, 0xFF), _of(tilt, 0xFF), _of(zoom, 0xF) << 4)


def preset(number: int) -> str:
    """Return the command that calls a preset, 1 to 255."""
    return _command(_CALL_PRESET, 0, number, 0)


def _of(speed: float, most: int) -> int:
    """Turn a part of the full speed into the device's steps; the slowest movement is not a stop."""
    return max(1, round(min(1.0, abs(speed)) * most)) if speed else 0


def _command(*parts: int) -> str:
    data = [*_HEAD, _EVERY_ADDRESS, *parts]
    return bytes([*data, sum(data) % 256]).hex().upper()
