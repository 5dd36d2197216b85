"""What terminals send (0x0001 … 0x0704): bodies as values, read leniently, written as the standard says."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from edge.jt808.location import BodyError, Location, decode_location, encode_location

GENERAL_REPLY, HEARTBEAT, LOGOUT = 0x0001, 0x0002, 0x0003
REGISTER, AUTHENTICATION = 0x0100, 0x0102
LOCATION, LOCATION_ANSWER, CONTROL_ANSWER, LOCATION_BATCH = 0x0200, 0x0201, 0x0500, 0x0704


class GeneralReply(msgspec.Struct, frozen=True):
    """A general answer, either way. `result`: 0 ok, 1 failed, 2 bad message, 3 unsupported, 4 alarm confirmed."""

    answers_serial: int
    answers_id: int
    result: int


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Who the terminal says it is. `edition` is the year of the standard whose layout it used."""

    edition: int
    province: int
    city: int
    maker: str
    model: str
    terminal_id: str
    plate_colour: int
    plate: str


class Authentication(msgspec.Struct, frozen=True):
    """The code that registering gave; the 2019 edition adds the device's IMEI and software version."""

    code: str
    imei: str | None = None
    software: str | None = None


class LocationAnswer(msgspec.Struct, frozen=True):
    """A location that was asked for, or that came with the answer to a vehicle control."""

    answers_serial: int
    location: Location


class Batch(msgspec.Struct, frozen=True):
    """Locations kept back. `kind` is 0 for a normal batch, 1 for one from a blind area.

    `count` is what the terminal announced, `bad` how many items could not be read or were announced and are not there,
    `empty` how many are of no length, which hold nothing.
    """

    kind: int
    count: int
    bad: int
    locations: tuple[Location, ...]
    empty: int = 0

    @property
    def is_as_announced(self) -> bool:
        """Say whether there is just what the terminal says."""
        return not self.bad and not self.empty and self.count == len(self.locations)


TerminalBody = GeneralReply | Register | Authentication | Location | LocationAnswer | Batch

# Field widths of 0x0100 after province and city: maker, model, terminal id.
_REGISTER_WIDTHS = {2011: (5, 8, 7), 2013: (5, 20, 7), 2019: (11, 30, 30)}


def text_of(raw: bytes) -> str:
    """Read a GBK string, padded with zeros or spaces on either side; what is no GBK becomes U+FFFD."""
    return raw.decode("gbk", errors="replace").strip("\0 ")


def decode_general_reply(body: bytes) -> GeneralReply:
    """Read 0x0001 or 0x8001. Raises `BodyError`."""
    if len(body) < 5:
        raise BodyError(f"a general reply of {len(body)} bytes, 5 are needed")
    return GeneralReply(*struct.unpack_from(">HHB", body))


def encode_general_reply(reply: GeneralReply) -> bytes:
    """Return the body of 0x0001 or 0x8001."""
    return struct.pack(">HHB", reply.answers_serial, reply.answers_id, reply.result)


def decode_register(body: bytes, revision: int | None) -> Register:
    """Read 0x0100 in whichever edition it was written. Raises `BodyError`."""
    edition = 2019 if revision is not None else _edition_by_length(body)
    maker, model, terminal_id = _REGISTER_WIDTHS[edition]
    colour_at = 4 + maker + model + terminal_id
    if len(body) <= colour_at:
        raise BodyError(f"a registration of {len(body)} bytes, more than {colour_at} are needed")
    province, city = struct.unpack_from(">HH", body)
    return Register(
        edition=edition,
        province=province,
        city=city,
        maker=text_of(body[4 : 4 + maker]),
        model=text_of(body[4 + maker : 4 + maker + model]),
        terminal_id=text_of(body[4 + maker + model : colour_at]),
        plate_colour=body[colour_at],
        plate=text_of(body[colour_at + 1 :]),
    )


def _edition_by_length(body: bytes) -> int:
    """2011 and 2013 share the header; a 2013 body cannot be shorter than 37 bytes, a 2011 one with a VIN can be longer.

    A colour is never a letter or digit, so one where 2013 has its colour belongs to the VIN of a 2011 body.
    """
    if len(body) < 37:
        return 2011
    return 2011 if len(body) <= 42 and bytes((body[36],)).isalnum() and body[24] < 16 else 2013


def encode_register(register: Register) -> bytes:
    """Return the body of 0x0100 in the edition named, strings cut and padded to its widths."""
    fields = (register.maker, register.model, register.terminal_id)
    widths = _REGISTER_WIDTHS[register.edition]
    body = struct.pack(">HH", register.province, register.city)
    for text, width in zip(fields, widths, strict=True):
        body += text.encode("gbk")[:width].ljust(width, b"\0")
    return body + bytes((register.plate_colour,)) + register.plate.encode("gbk")


def decode_authentication(body: bytes, revision: int | None) -> Authentication:
    """Read 0x0102. A 2019 terminal that sends the bare code, as 2013 ones do, is understood too."""
    if revision is not None and body and body[0] < len(body):
        code_end = 1 + body[0]
        imei, software = body[code_end : code_end + 15], body[code_end + 15 : code_end + 35]
        return Authentication(text_of(body[1:code_end]), text_of(imei), text_of(software))
    return Authentication(text_of(body))


def encode_authentication(authentication: Authentication, revision: int | None) -> bytes:
    """Return the body of 0x0102."""
    code = authentication.code.encode("gbk")
    if revision is None:
        return code
    imei, software = (authentication.imei or "").encode("gbk"), (authentication.software or "").encode("gbk")
    return bytes((len(code),)) + code + imei[:15].ljust(15, b"\0") + software[:20].ljust(20, b"\0")


def decode_location_answer(body: bytes) -> LocationAnswer:
    """Read 0x0201 or 0x0500. Raises `BodyError`."""
    return LocationAnswer(int.from_bytes(body[:2]), decode_location(body[2:]))


def decode_batch(body: bytes) -> Batch:
    """Read 0x0704 to its end, whatever number it announces: makers count wrongly, and what is passed over is lost.

    Items that cannot be read are counted and passed over. Raises `BodyError` without a head.
    """
    if len(body) < 3:
        raise BodyError(f"a batch of {len(body)} bytes, at least 3 are needed")
    count, kind = struct.unpack_from(">HB", body)
    locations: list[Location] = []
    at, bad, empty = 3, 0, 0
    while at + 2 <= len(body):
        size = int.from_bytes(body[at : at + 2])
        item = body[at + 2 : at + 2 + size]
        at += 2 + size
        if not size:
            empty += 1
            continue
        if len(item) < size:
            bad += 1
            break
        try:
            locations.append(decode_location(item))
        except BodyError:
            bad += 1
    if any(body[at:]):
        bad += 1
    bad += max(0, count - len(locations) - bad - empty)
    return Batch(kind, count, bad, tuple(locations), empty)


def encode_batch(locations: Sequence[Location], kind: int) -> bytes:
    """Return the body of 0x0704."""
    items = [encode_location(location) for location in locations]
    return struct.pack(">HB", len(items), kind) + b"".join(struct.pack(">H", len(item)) + item for item in items)
