"""What a PNG says of itself before any of it is decoded: its chunks, one by one (ISO/IEC 15948)."""

from __future__ import annotations

import struct

from command.kernel.errors import InvalidInputError

PNG = b"\x89PNG\r\n\x1a\n"
"""How each begins."""
_HEADER, _DATA, _END = b"IHDR", b"IDAT", b"IEND"
# Of a PNG that moves. OpenCV 4.14 holds several pictures of one at once, and ends the process over a damaged one.
_MOVING = frozenset({b"acTL", b"fcTL", b"fdAT"})
_HEADER_BYTES, _AROUND_BYTES = 13, 12
# Encoders write the data in pieces of 8 KiB and more, so 4096 of the largest file.
_CHUNKS = 16_384


def png_size(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels by a PNG's header; nothing is decoded.

    Raises `InvalidInputError` for one that has none or two, moves, or was cut short.
    """
    at, seen = len(PNG), list[bytes]()
    while not seen or seen[-1] != _END:
        if at + _AROUND_BYTES > len(data) or len(seen) == _CHUNKS:
            raise InvalidInputError("the PNG picture is cut short")
        length, name = struct.unpack_from(">I4s", data, at)
        if (name == _HEADER) != (not seen) or (name == _HEADER and length != _HEADER_BYTES):
            raise InvalidInputError("the PNG picture has no header, or two")
        if name in _MOVING:
            raise InvalidInputError("a PNG picture that moves; only still ones are read")
        if name == _DATA and _DATA in seen and seen[-1] != _DATA:
            raise InvalidInputError("the data of the PNG picture is in several places")
        seen.append(name)
        at += _AROUND_BYTES + length
    if at > len(data):
        raise InvalidInputError("the PNG picture is cut short")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height
