"""The last seconds of a camera in memory, for what came before an event."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from streams.limits import RECORD_RING_BYTES
from streams.packets import Packet


class PreEventRing:
    """Whole groups of pictures, at least the last `pre_ms` of them where memory allows."""

    def __init__(self, pre_ms: int) -> None:
        self._pre_ms = pre_ms
        self._groups: deque[list[Packet]] = deque()
        self._bytes = 0

    def put(self, packets: Iterable[Packet]) -> None:
        """Take packets in decoding order; what came before a first key frame cannot be shown and is not kept."""
        for packet in packets:
            if packet.is_key:
                self._groups.append([])
            if self._groups:
                self._groups[-1].append(packet)
                self._bytes += len(packet.data)
        if self._groups:
            newest_ms = self._groups[-1][-1].pts_ms
            # The group before the one that begins early enough is not needed any more.
            while len(self._groups) > 1 and self._groups[1][0].pts_ms <= newest_ms - self._pre_ms:
                self._forget_oldest()
            while self._bytes > RECORD_RING_BYTES:
                self._forget_oldest()

    def take(self) -> list[Packet]:
        """Return and forget all of it, oldest first."""
        packets = [packet for group in self._groups for packet in group]
        self._groups.clear()
        self._bytes = 0
        return packets

    def _forget_oldest(self) -> None:
        self._bytes -= sum(len(packet.data) for packet in self._groups.popleft())
