"""SSRCs of streams (GB/T 28181 annex C.2.4): 0 live or 1 playback, five digits of the domain, four of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.gb28181.invite import InviteError
from edge.limits import GB28181_STREAMS


class Ssrcs:
    """Lends each number to one stream at a time, a number just given back last of all: its last packets may be late."""

    def __init__(self, domain: str) -> None:
        self._domain = domain[3:8]
        self._lent: set[int] = set()
        self._next = 0

    @contextmanager
    def lend(self, *, playback: bool) -> Iterator[int]:
        """Lend one for the block. Raises `InviteError` where all are lent."""
        if len(self._lent) >= GB28181_STREAMS:
            raise InviteError(f"{GB28181_STREAMS} GB/T 28181 streams run already")
        while True:
            self._next = self._next % GB28181_STREAMS + 1
            if self._next not in self._lent:
                break
        serial = self._next
        self._lent.add(serial)
        try:
            yield int(f"{int(playback)}{self._domain}{serial:04d}")
        finally:
            self._lent.discard(serial)
