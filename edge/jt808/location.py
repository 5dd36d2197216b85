"""The location body of JT/T 808 (0x0200, and inside 0x0201, 0x0500, 0x0704), with its attachments."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone

import msgspec

from command.kernel.errors import InvalidInputError
from edge.jt808.names import SOS_BIT, SOUTH_BIT, WEST_BIT

CHINA = timezone(timedelta(hours=8))
_BASE = struct.Struct(">IIIIhHH6s")
_EVENT_TO_CONFIRM = 0x04


class BodyError(InvalidInputError):
    """A frame that is whole, with a body that is not what its message id promises."""

    code = "bad_body"


class Attachment(msgspec.Struct, frozen=True):
    """One additional item: id and raw value, since makers use the same ids for their own things."""

    id: int
    raw: bytes


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """One report as the terminal made it, nothing judged yet.

    `lat` and `lon` are degrees, signed by the status bits; `direction_deg` clockwise from north; `at_ms` None where
    the six BCD bytes are no date. `unread` are trailing bytes that make no whole attachment.
    """

    alarm: int = 0
    status: int = 0
    lat: float
    lon: float
    altitude_m: int = 0
    speed_kmh: float = 0.0
    direction_deg: int = 0
    at_ms: int | None = None
    attachments: tuple[Attachment, ...] = ()
    unread: bytes = b""

    @property
    def sos(self) -> bool:
        """Whether the emergency button is latched."""
        return bool(self.alarm >> SOS_BIT & 1)

    @property
    def event_to_confirm(self) -> int | None:
        """The number under which the terminal wants its alarm confirmed by a person (attachment 0x04)."""
        for item in self.attachments:
            if item.id == _EVENT_TO_CONFIRM and len(item.raw) == 2:
                return int.from_bytes(item.raw)
        return None


def decode_location(body: bytes) -> Location:
    """Read a location body. Raises `BodyError` when the 28 fixed bytes are not there; attachments are forgiven."""
    if len(body) < _BASE.size:
        raise BodyError(f"a location of {len(body)} bytes, at least {_BASE.size} are needed")
    alarm, status, lat, lon, altitude_m, speed, direction_deg, time = _BASE.unpack_from(body)
    attachments, unread = _decode_attachments(body[_BASE.size :])
    return Location(
        alarm=alarm,
        status=status,
        lat=lat / (-1e6 if status >> SOUTH_BIT & 1 else 1e6),
        lon=lon / (-1e6 if status >> WEST_BIT & 1 else 1e6),
        altitude_m=altitude_m,
        speed_kmh=speed / 10,
        direction_deg=direction_deg,
        at_ms=decode_time(time),
        attachments=attachments,
        unread=unread,
    )


def encode_location(location: Location) -> bytes:
    """Return the body as a terminal sends it. The hemisphere bits of `status` are set from the signs."""
    status = location.status & ~(1 << SOUTH_BIT | 1 << WEST_BIT)
    status |= (location.lat < 0) << SOUTH_BIT | (location.lon < 0) << WEST_BIT
    return (
        _BASE.pack(
            location.alarm,
            status,
            round(abs(location.lat) * 1e6),
            round(abs(location.lon) * 1e6),
            location.altitude_m,
            round(location.speed_kmh * 10),
            location.direction_deg,
            encode_time(location.at_ms),
        )
        + b"".join(bytes((item.id, len(item.raw))) + item.raw for item in location.attachments)
        + location.unread
    )


def _decode_attachments(data: bytes) -> tuple[tuple[Attachment, ...], bytes]:
    items: list[Attachment] = []
    at = 0
    while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):
        items.append(Attachment(data[at], data[at + 2 : at + 2 + data[at + 1]]))
        at += 2 + data[at + 1]
    return tuple(items), data[at:]


def decode_time(bcd: bytes) -> int | None:
    """Read YYMMDDhhmmss, which JT/T 808 always means in GMT+8; None where it is no date."""
    digits = bcd.hex()
    if not digits.isdecimal():
        return None
    year, month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
    try:
        return int(datetime(2000 + year, month, day, hour, minute, second, tzinfo=CHINA).timestamp()) * 1000
    except ValueError:
        return None


def encode_time(at_ms: int | None) -> bytes:
    """Return YYMMDDhhmmss as BCD in GMT+8; zeros for None, as receivers without time send."""
    if at_ms is None:
        return bytes(6)
    return bytes.fromhex(datetime.fromtimestamp(at_ms // 1000, CHINA).strftime("%y%m%d%H%M%S"))
