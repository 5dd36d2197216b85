"""Clients as a crowd has them: our consoles, and for comparison those of Socket.IO and MQTT."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from command import wire
from command.kernel.errors import UnavailableError
from consoles.bench.frames import CLOSE, PING, PONG, TEXT, FrameReader, handshake, masked_frame

TOPIC = "rows"
_DELTA = b'{"type":"delta"'
_ROW = b'"id":"'  # once in every row of the tables measured with


class Client(asyncio.Protocol):
    """Connected to a server, and counts the messages with rows that it is sent, and the rows."""

    def __init__(self) -> None:
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.messages = 0
        self.rows = 0
        self.connected = True
        self._transport: asyncio.Transport | None = None

    @abstractmethod
    def greeting(self) -> bytes:
        """Return what is sent first."""

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        self._transport = transport
        self.write(self.greeting())

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        self.connected = False
        if not self.subscribed.done():
            self.subscribed.set_exception(UnavailableError("the server let a client go before it was subscribed"))

    def write(self, data: bytes) -> None:
        """Send."""
        assert self._transport is not None
        self._transport.write(data)

    def count(self, payload: bytes) -> None:
        """Count a message and its rows."""
        self.messages += 1
        self.rows += payload.count(_ROW)

    def ready(self) -> None:
        """Everything sent from now on is received."""
        if not self.subscribed.done():
            self.subscribed.set_result(None)

    def close(self) -> None:
        """Go away."""
        assert self._transport is not None
        self._transport.close()


class _WebSocketClient(Client):
    def __init__(self, host: str, path: str, cookie: str) -> None:
        super().__init__()
        self._request = handshake(host, path, cookie)
        self._opening = b""
        self._open = False
        self._frames = FrameReader()

    def greeting(self) -> bytes:
        return self._request

    @abstractmethod
    def opened(self) -> None:
        """The handshake is over."""

    @abstractmethod
    def take(self, payload: bytes) -> None:
        """A text has come."""

    def say(self, payload: bytes, opcode: int = TEXT) -> None:
        self.write(masked_frame(opcode, payload))

    def data_received(self, data: bytes) -> None:
        if not self._open:
            self._opening += data
            head, end, data = self._opening.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.close()
                return
            self._open = True
            self.opened()
        for opcode, payload in self._frames.feed(data):
            if opcode == PING:
                self.say(payload, PONG)
            elif opcode == CLOSE:
                self.close()
            else:
                self.take(payload)


class Console(_WebSocketClient):
    """One of ours; as a probe it tells of each delta."""

    def __init__(self, host: str, cookie: str, tables: list[str], probe: Callable[[bytes], None] | None) -> None:
        super().__init__(host, "/api/v1/live", cookie)
        self._tables = tables
        self._probe = probe

    def opened(self) -> None:
        """Subscribe."""
        tables = {name: wire.TableFilter() for name in self._tables}
        self.say(msgspec.json.encode(wire.Subscribe(tables=tables)))

    def take(self, payload: bytes) -> None:
        """Count a delta; the first beat ends the answer to the subscription."""
        if payload.startswith(_DELTA):
            self.count(payload)
            if self._probe:
                self._probe(payload)
        elif payload.startswith(b'{"type":"beat"'):
            self.ready()


class SocketIo(_WebSocketClient):
    """Socket.IO 5 over Engine.IO 4, websocket at once: `0` opens, `40` joins, `2` is answered `3`, `42` is an event."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "/socket.io/?EIO=4&transport=websocket", "")

    def opened(self) -> None:
        """The server speaks first."""

    def take(self, payload: bytes) -> None:
        """Follow the protocol and count events."""
        if payload.startswith(b"42"):
            self.count(payload)
        elif payload.startswith(b"40"):
            self.ready()
        elif payload.startswith(b"0"):
            self.say(b"40")
        elif payload == b"2":
            self.say(b"3")


class Mqtt(Client):
    """MQTT 3.1.1 with quality of service 0, which promises as much as a websocket does."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._unread = bytearray()

    def greeting(self) -> bytes:
        """CONNECT with a clean session and no keep-alive, then SUBSCRIBE."""
        return mqtt_connect(self._name) + mqtt_packet(0x82, b"\0\1" + mqtt_text(TOPIC) + b"\0")

    def data_received(self, data: bytes) -> None:
        """Count what is published."""
        self._unread += data
        for kind, body in mqtt_packets(self._unread):
            if kind == 0x90:
                self.ready()
            elif kind == 0x30:
                self.count(body)


def mqtt_text(text: str) -> bytes:
    """Return a string as MQTT has it."""
    return len(text).to_bytes(2, "big") + text.encode()


def mqtt_connect(name: str) -> bytes:
    """Return the packet that opens a connection."""
    return mqtt_packet(0x10, mqtt_text("MQTT") + b"\x04\x02\0\0" + mqtt_text(name))


def mqtt_packet(kind: int, body: bytes) -> bytes:
    """Return a control packet; the length goes in groups of seven bits, lowest first."""
    length, head = len(body), bytearray([kind])
    while True:
        length, group = length >> 7, length & 0x7F
        head.append(group | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def mqtt_packets(unread: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take the packets that are whole off the front, each with its kind."""
    while len(unread) >= 2:
        length, at = 0, 1
        while at < len(unread) and at < 5:
            length |= (unread[at] & 0x7F) << (7 * (at - 1))
            at += 1
            if not unread[at - 1] & 0x80:
                break
        else:
            return
        if len(unread) < at + length:
            return
        kind, body = unread[0] & 0xF0, bytes(unread[at : at + length])
        del unread[: at + length]
        yield kind, body
