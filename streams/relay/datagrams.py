"""Sends runs of datagrams with few system calls: Linux cuts one buffer into segments (UDP_SEGMENT, since 4.18).

A picture is mostly packets of one size. Handing them over one by one costs as much as encrypting them.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

_UDP_SEGMENT: Final = 103
_SEGMENTS: Final = 60  # older kernels take 64
_RUN_BYTES: Final = 60_000


class DatagramSocket:
    """Another handle of an open UDP socket; closing it leaves that one open. Never waits.

    What the system cannot take now, or at all, is lost, as datagrams are.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=os.dup(fd))
        self._segments = sys.platform == "linux"

    def close(self) -> None:
        """Close this handle."""
        self._socket.close()

    def send(self, datagrams: Sequence[bytes], address: tuple[str, int]) -> None:
        """Send them in order."""
        start = 0
        while start < len(datagrams):
            end = _run_end(datagrams, start)
            if end - start == 1 or not (self._segments and self._send_run(datagrams[start:end], address)):
                for datagram in datagrams[start:end]:
                    with suppress(OSError):
                        self._socket.sendto(datagram, socket.MSG_DONTWAIT, address)
            start = end

    def _send_run(self, run: Sequence[bytes], address: tuple[str, int]) -> bool:
        """Return whether the run is dealt with; a system, or a network card, that cannot cut it is not asked again."""
        size = struct.pack("H", len(run[0]))
        try:
            self._socket.sendmsg(run, [(socket.IPPROTO_UDP, _UDP_SEGMENT, size)], socket.MSG_DONTWAIT, address)
        except BlockingIOError:
            return True
        except OSError:
            self._segments = False
            return False
        return True


def _run_end(datagrams: Sequence[bytes], start: int) -> int:
    """Return the end of the run of equal sizes that begins there; its last datagram may be shorter."""
    size = len(datagrams[start])
    most = min(len(datagrams), start + _SEGMENTS, start + max(1, _RUN_BYTES // max(1, size)))
    end = start + 1
    while end < most and len(datagrams[end]) == size:
        end += 1
    return end + 1 if end < most and len(datagrams[end]) < size else end
