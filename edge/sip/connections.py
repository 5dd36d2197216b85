"""The sockets of a SIP endpoint: datagrams, and the connections that devices open to us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from command.kernel.clock import Clock
from edge.limits import (
    SIP_CONNECTIONS,
    SIP_MESSAGES_PER_S,
    SIP_SIGN_IN_MS,
    SIP_SILENCE_MS,
    SIP_TICK_MS,
    SIP_UNSENT_BYTES,
)
from edge.sip.counters import SipCounters
from edge.sip.framing import SipFramer
from edge.sip.message import SipError
from edge.sip.peer import Peer

Take = Callable[[bytes, Peer], None]
_READ_BYTES = 16 * 1024
_MESSAGES_PER_TICK = SIP_MESSAGES_PER_S * SIP_TICK_MS // 1000


class Datagrams(asyncio.DatagramProtocol):
    """The UDP socket."""

    def __init__(self, counters: SipCounters, take: Take) -> None:
        self._counters = counters
        self._take = take
        self._transport: asyncio.DatagramTransport | None = None
        self._full = False

    async def open(self, host: str, port: int) -> None:
        """Bind."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (host, port))

    def close(self) -> None:
        """Release the port."""
        if self._transport:
            self._transport.close()

    def send(self, packet: bytes, peer: Peer) -> None:
        """Send, unless the socket holds too much unsent already."""
        if self._transport is None or self._full:
            self._counters.unsent += 1
            return
        self._transport.sendto(packet, (peer.host, peer.port))

    def pause_writing(self) -> None:
        """The socket does not take more for now."""
        self._full = True

    def resume_writing(self) -> None:
        """The socket takes more again."""
        self._full = False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hand on."""
        self._take(data, Peer("udp", addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """A peer's port is closed: its transaction finds out by itself."""
        del exc


class Connections:
    """The TCP port and whoever is connected to it."""

    def __init__(self, clock: Clock, counters: SipCounters, take: Take) -> None:
        self.clock = clock
        self.counters = counters
        self.take = take
        self._open: dict[Peer, _Connection] = {}

    async def open(self, host: str, port: int) -> int:
        """Bind; return the port."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Release the port and end every connection."""
        self._server.close()
        for connection in list(self._open.values()):
            connection.abort()

    def send(self, packet: bytes, peer: Peer) -> bool:
        """Write to a peer; False where its connection is gone."""
        connection = self._open.get(peer)
        return connection is not None and connection.write(packet)

    def welcome(self, peer: Peer) -> None:
        """The peer is no stranger any more: its connection may stay."""
        if connection := self._open.get(peer):
            connection.welcome = True

    def tick(self, now_ms: int) -> None:
        """Cut off whoever is silent, or still a stranger; go on with the others. Called each `SIP_TICK_MS`."""
        for connection in [each for each in self._open.values() if each.is_over(now_ms)]:
            self.counters.connections_cut += 1
            connection.abort()
        for connection in list(self._open.values()):
            connection.tick()

    def opened(self, connection: _Connection) -> bool:
        """Take one in; False when the house is full of devices. The stranger that has been here longest makes room."""
        if len(self._open) >= SIP_CONNECTIONS:
            stranger = next((each for each in self._open.values() if not each.welcome), None)
            if stranger is None:
                self.counters.connections_refused += 1
                return False
            self.counters.strangers_turned_out += 1
            self.closed(stranger)
            stranger.abort()
        self._open[connection.peer] = connection
        self.counters.connections_accepted += 1
        self.counters.connections = len(self._open)
        return True

    def closed(self, connection: _Connection) -> None:
        """Forget one."""
        if self._open.get(connection.peer) is connection:
            del self._open[connection.peer]
        self.counters.connections = len(self._open)


class _Connection(asyncio.BufferedProtocol):
    def __init__(self, house: Connections) -> None:
        self.peer = Peer("tcp", "", 0)
        self.welcome = False
        self._house = house
        self._framer = SipFramer()
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._taken = 0
        self._opened_ms = self._heard_ms = house.clock.now_ms()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        host, port = transport.get_extra_info("peername")[:2]
        self.peer = Peer("tcp", host, port)
        if not self._house.opened(self):
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._framer.feed(bytes(self._buffer[:nbytes]))
        self._take()

    def tick(self) -> None:
        """Begin a new turn: what waited is taken, and more is read."""
        full, self._taken = self._taken >= _MESSAGES_PER_TICK, 0
        if full and not self._transport.is_closing():
            self._take()
            if self._taken < _MESSAGES_PER_TICK:
                self._transport.resume_reading()

    def _take(self) -> None:
        """Hand on what is whole, so much a turn; past that the flood is held back by TCP and not by memory."""
        try:
            while not self._transport.is_closing() and self._taken < _MESSAGES_PER_TICK:
                message = self._framer.take()
                if message is None:
                    return
                self._taken += 1
                self._heard_ms = self._house.clock.now_ms()
                self._house.take(message, self.peer)
        except SipError:
            self._house.counters.malformed += 1
            self._transport.abort()
        if self._taken >= _MESSAGES_PER_TICK and not self._transport.is_closing():
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._house.closed(self)

    def write(self, packet: bytes) -> bool:
        if self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() > SIP_UNSENT_BYTES:
            self._house.counters.connections_cut += 1
            self._transport.abort()
            return False
        self._transport.write(packet)
        return True

    def abort(self) -> None:
        self._transport.abort()

    def is_over(self, now_ms: int) -> bool:
        stranger = not self.welcome and now_ms - self._opened_ms > SIP_SIGN_IN_MS
        return stranger or now_ms - self._heard_ms > SIP_SILENCE_MS
