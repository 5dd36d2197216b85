"""Frames of WebSocket as a hub sends them (RFC 6455): made once, handed to the sockets of all alike."""

from __future__ import annotations

import struct

PING = b"\x89\x00"
"""A ping without a text (RFC 6455, section 5.5.2), which every browser answers by itself."""


def pong(payload: bytes) -> bytes:
    """Return the answer to a ping with that text of at most 125 bytes (RFC 6455, section 5.5.3)."""
    return struct.pack("!BB", 0x8A, len(payload)) + payload


def text_frame(payload: bytes) -> bytes:
    """Return an unmasked, unfragmented WebSocket text frame (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", 0x81, length)
    elif length < 65536:
        head = struct.pack("!BBH", 0x81, 126, length)
    else:
        head = struct.pack("!BBQ", 0x81, 127, length)
    return head + payload
