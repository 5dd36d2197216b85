"""WebSocket as a crowd of consoles speaks it (RFC 6455): handshake, frames in, masked frames out."""

from __future__ import annotations

import base64
import secrets
import struct
from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


def handshake(host: str, path: str, cookie: str) -> bytes:
    """Return the request that opens a WebSocket."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def masked_frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole frame of at most 65,535 bytes from a client.

    A mask of zeros is a mask, and leaves the payload as it is.
    """
    short = len(payload) < 126  # the shortest form is the only one allowed
    length = struct.pack("!B", 0x80 | len(payload)) if short else struct.pack("!BH", 0x80 | 126, len(payload))
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


class FrameReader:
    """Cuts what arrives into frames. The server's own frames are never fragmented nor masked."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield opcode and payload of every frame that is whole now."""
        self._unread += data
        start, held = 0, len(self._unread)
        while held - start >= 2:
            length, head = self._unread[start + 1], 2
            if length == 126:
                head = 4
            elif length == 127:
                head = 10
            if held - start < head:
                break
            if head > 2:
                length = int.from_bytes(self._unread[start + 2 : start + head], "big")
            if held - start < head + length:
                break
            begin = start + head
            yield self._unread[start] & 0x0F, bytes(self._unread[begin : begin + length])
            start = begin + length
        del self._unread[:start]
