"""One JT/T 808 frame: header and body, as bytes and as values, for the 2011/2013 and the 2019 header."""

from __future__ import annotations

import struct

import msgspec

from command.kernel.errors import TooLargeError
from edge.jt808.framing import FramingError, check, stuff, unstuff

MAX_BODY_BYTES = 1023
_LENGTH_BITS, _SPLIT_BIT, _VERSION_BIT = 0x03FF, 1 << 13, 1 << 14


class Part(msgspec.Struct, frozen=True):
    """Which part of a split message this is; `index` counts from 1."""

    total: int
    index: int


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The message header. `phone` is 12 hex digits, 20 where `revision` is set (2019), padded with 0 as on the wire.

    The digits are decimal in the standard; some makers put half an IMEI there in hex, which is kept as it is.
    `encryption` is 0 for none, 1 for RSA over the body.
    """

    msg_id: int
    phone: str
    serial: int
    revision: int | None = None
    encryption: int = 0
    part: Part | None = None

    @property
    def device(self) -> str:
        """The phone without padding: the id under which a terminal is enrolled, the same for both header widths."""
        return self.phone.lstrip("0") or "0"


class Frame(msgspec.Struct, frozen=True):
    """A header and the bytes that it announces."""

    header: Header
    body: bytes


def encode(frame: Frame) -> bytes:
    """Return the frame as it goes onto the wire, marks included. Raises `TooLargeError` over 1023 bytes of body."""
    header = frame.header
    if len(frame.body) > MAX_BODY_BYTES:
        raise TooLargeError(f"a body of {len(frame.body)} bytes, a frame holds {MAX_BODY_BYTES}")
    attributes = len(frame.body) | header.encryption << 10
    if header.part:
        attributes |= _SPLIT_BIT
    if header.revision is not None:
        attributes |= _VERSION_BIT
    content = struct.pack(">HH", header.msg_id, attributes)
    if header.revision is not None:
        content += bytes((header.revision,))
    content += bytes.fromhex(header.phone) + struct.pack(">H", header.serial)
    if header.part:
        content += struct.pack(">HH", header.part.total, header.part.index)
    return stuff(content + frame.body)


def decode(stuffed: bytes) -> Frame:
    """Read what stood between two marks on the wire. Raises `FramingError`."""
    return decode_unstuffed(unstuff(stuffed))


def decode_unstuffed(checked: bytes) -> Frame:
    """Read header, body and check byte, stuffing already undone. Raises `FramingError`."""
    if len(checked) < 13:
        raise FramingError(f"{len(checked)} bytes are shorter than any header")
    content = check(checked)
    msg_id, attributes = struct.unpack_from(">HH", content)
    at = 4
    revision = None
    if attributes & _VERSION_BIT:
        revision, at = content[4], 5
    phone_bytes = 6 if revision is None else 10
    body_at = at + phone_bytes + 2 + (4 if attributes & _SPLIT_BIT else 0)
    if len(content) - body_at != attributes & _LENGTH_BITS:
        raise FramingError(f"body of {len(content) - body_at} bytes, the header says {attributes & _LENGTH_BITS}")
    phone = content[at : at + phone_bytes].hex()
    (serial,) = struct.unpack_from(">H", content, at + phone_bytes)
    part = None
    if attributes & _SPLIT_BIT:
        part = Part(*struct.unpack_from(">HH", content, body_at - 4))
        if not 1 <= part.index <= part.total:
            raise FramingError(f"part {part.index} of {part.total}")
    header = Header(
        msg_id=msg_id, phone=phone, serial=serial, revision=revision, encryption=attributes >> 10 & 7, part=part
    )
    return Frame(header, content[body_at:])
