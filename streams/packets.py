"""One coded picture on its way through the hub, and the bounded queue that a slow reader drops to a key frame in."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal

import msgspec

Codec = Literal["h264", "h265"]


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One access unit of H.264 or H.265."""

    data: bytes
    """Annex B; a key frame starts with its parameter sets."""
    pts_ms: int
    """When to show it, on the stream's own scale."""
    is_key: bool
    """Whether decoding can start here."""
    at_ms: int
    """When it arrived, UTC."""
    codec: Codec = "h264"


class PacketQueue:
    """At most `limit` packets. Full, it forgets what it holds and goes on at the next key frame.

    So a reader only ever gets runs that decode: each begins at a key frame and misses nothing until it ends.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._packets: deque[Packet] = deque()
        self._needs_key = True
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, packet: Packet) -> None:
        """Add the newest packet, or drop it as the class says."""
        if packet.is_key:
            self._needs_key = False
        elif self._needs_key:
            self.dropped += 1
            return
        if len(self._packets) >= self._limit:
            self.dropped += len(self._packets)
            self._packets.clear()
            if not packet.is_key:
                self.dropped += 1
                self._needs_key = True
                return
        self._packets.append(packet)

    def put_still(self, key: Packet) -> None:
        """Add a key frame whose followers are gone: it is shown at once, and the run goes on at the next key frame."""
        self.put(key)
        self._needs_key = True

    def take(self) -> list[Packet]:
        """Return and forget everything held, oldest first."""
        packets = list(self._packets)
        self._packets.clear()
        return packets


class Subscription:
    """One reader's view of a stream, on the event loop. Ends when the stream's owner closes it."""

    def __init__(self, limit: int) -> None:
        self.queue = PacketQueue(limit)
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, packet: Packet) -> None:
        """Hand over a packet; never waits."""
        self.queue.put(packet)
        self._changed.set()

    def put_still(self, key: Packet) -> None:
        """Hand over a key frame whose followers are gone."""
        self.queue.put_still(key)
        self._changed.set()

    def close(self) -> None:
        """Let the reader finish what is queued and then end."""
        self._closed = True
        self._changed.set()

    async def take(self) -> list[Packet]:
        """Wait for packets and return all there are, oldest first; empty once the stream has ended."""
        while not len(self.queue) and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        return self.queue.take()
