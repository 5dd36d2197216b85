"""What the platform sends (0x8001 … 0x8300): bodies as values, both ways, since simulated terminals read them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from command.kernel.errors import InvalidInputError
from edge.jt808.frame import MAX_BODY_BYTES
from edge.jt808.location import BodyError
from edge.jt808.names import SOS_BIT
from edge.jt808.terminal_messages import GeneralReply, text_of

GENERAL_REPLY, RESEND_REQUEST, REGISTER_REPLY = 0x8001, 0x8003, 0x8100
LOCATION_QUERY, TRACK, ALARM_CONFIRM, TEXT = 0x8201, 0x8202, 0x8203, 0x8300

OK, FAILED, BAD_MESSAGE, UNSUPPORTED = 0, 1, 2, 3
NO_SUCH_TERMINAL = 4  # of 0x8100

SHOW_AND_SPEAK = 1 << 2 | 1 << 3
_NOTIFICATION = 1
CONFIRM_SOS = 1 << SOS_BIT


class RegisterReply(msgspec.Struct, frozen=True):
    """`result`: 0 ok with a code, 1 or 3 vehicle or terminal already registered, 2 or 4 no such vehicle or terminal."""

    answers_serial: int
    result: int
    code: str | None = None


class Text(msgspec.Struct, frozen=True):
    """A text for the terminal. `flag` bits: 0 urgent, 2 show, 3 speak, 4 advertisement screen."""

    text: str
    flag: int = SHOW_AND_SPEAK


class AlarmConfirm(msgspec.Struct, frozen=True):
    """A person has seen these alarms. `event` 0 stands for every message of their kind."""

    event: int
    alarms: int


class Track(msgspec.Struct, frozen=True):
    """Ask for a location every `interval_s`, for `validity_s`; interval 0 ends it."""

    interval_s: int
    validity_s: int


class ResendRequest(msgspec.Struct, frozen=True):
    """Ask for parts of a split message again, by their index; `first_serial` is that of part 1."""

    first_serial: int
    indexes: tuple[int, ...]


PlatformBody = GeneralReply | RegisterReply | Text | AlarmConfirm | Track | ResendRequest


def encode_register_reply(reply: RegisterReply) -> bytes:
    """Return the body of 0x8100; a code only with result 0."""
    code = reply.code.encode("gbk") if reply.code is not None and reply.result == OK else b""
    return struct.pack(">HB", reply.answers_serial, reply.result) + code


def decode_register_reply(body: bytes) -> RegisterReply:
    """Read 0x8100. Raises `BodyError`."""
    serial, result = _unpack(">HB", body)
    return RegisterReply(serial, result, text_of(body[3:]) if result == OK else None)


def encode_text(text: Text, revision: int | None) -> bytes:
    """Return the body of 0x8300. Raises `InvalidInputError` for a text that one frame cannot hold."""
    head = bytes((text.flag,)) if revision is None else bytes((text.flag, _NOTIFICATION))
    body = head + text.text.encode("gbk", errors="replace")
    if len(body) > MAX_BODY_BYTES:
        raise InvalidInputError(f"a text of {len(body)} bytes in GBK, a terminal takes {MAX_BODY_BYTES}")
    return body


def decode_text(body: bytes, revision: int | None) -> Text:
    """Read 0x8300. Raises `BodyError`."""
    (flag,) = _unpack(">B", body)
    return Text(text_of(body[1 if revision is None else 2 :]), flag)


def encode_alarm_confirm(confirm: AlarmConfirm) -> bytes:
    """Return the body of 0x8203."""
    return struct.pack(">HI", confirm.event, confirm.alarms)


def decode_alarm_confirm(body: bytes) -> AlarmConfirm:
    """Read 0x8203. Raises `BodyError`."""
    return AlarmConfirm(*_unpack(">HI", body))


def decode_track(body: bytes) -> Track:
    """Read 0x8202; an interval of 0 goes without a validity, as the standard has it. Raises `BodyError`."""
    (interval_s,) = _unpack(">H", body)
    return Track(interval_s, _unpack(">HI", body)[1] if interval_s else 0)


def encode_resend_request(first_serial: int, indexes: Sequence[int], revision: int | None) -> bytes:
    """Return the body of 0x8003; the 2019 edition counts in two bytes, the earlier ones in one."""
    count = struct.pack(">B" if revision is None else ">H", len(indexes))
    return struct.pack(">H", first_serial) + count + struct.pack(f">{len(indexes)}H", *indexes)


def decode_resend_request(body: bytes, revision: int | None) -> ResendRequest:
    """Read 0x8003. Raises `BodyError`."""
    form = ">HB" if revision is None else ">HH"
    first_serial, count = _unpack(form, body)
    return ResendRequest(first_serial, _unpack(f">{count}H", body[struct.calcsize(form) :]))


def _unpack(form: str, body: bytes) -> tuple[int, ...]:
    if len(body) < struct.calcsize(form):
        raise BodyError(f"a body of {len(body)} bytes, at least {struct.calcsize(form)} are needed")
    return struct.unpack_from(form, body)
