"""Whether somebody keeps the machine's clock, and how far it may be from true, as the Linux kernel knows it."""

from __future__ import annotations

import ctypes
import struct
from typing import NamedTuple

_TIMEX_BYTES, _TIMEX_HEAD, _STA_UNSYNC, _TIME_ERROR = 208, "@Iqqqqi", 0x0040, 5
"""`struct timex` of adjtimex(2), 64-bit Linux, up to `status`: modes, offset, freq, maxerror, esterror (µs), status."""


class KernelClock(NamedTuple):
    """What adjtimex(2) says: state (below 0 where it cannot), status, and the estimated and the largest error (µs)."""

    state: int
    status: int
    error_us: int
    most_us: int

    @property
    def is_kept(self) -> bool:
        """Whether an NTP client keeps the clock."""
        return self.state >= 0 and self.state != _TIME_ERROR and not self.status & _STA_UNSYNC

    @property
    def most_ms(self) -> int | None:
        """How far the clock may be from its time source, rounded up; None where nobody keeps it."""
        return -(-self.most_us // 1000) if self.is_kept else None


def kernel_clock() -> KernelClock:
    """Ask the kernel."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):  # no Linux
        return KernelClock(-1, 0, 0, 0)
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes 0: only look
    state = int(adjtimex(buffer))
    _, _, _, most_us, error_us, status = struct.unpack_from(_TIMEX_HEAD, buffer.raw)
    return KernelClock(state, status, error_us, most_us)
