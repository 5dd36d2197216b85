"""What an agent and its hub say to each other over the websocket: JSON texts, and pieces of pictures as binary frames.

Either side may be a release ahead. Fields that are not known are passed over; a message of a type that is not known is
answered with `unknown` and changes nothing; an item of a kind that the hub does not know stays with the agent until it
meets a hub that does. Anything that could not be understood so is a new version, and the newest that both speak is
spoken.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from command.kernel.errors import InvalidInputError
from command.kernel.limits import OPEN_LIBRARIES
from command.requests import Id, Instant
from command.requests.libraries import Sha256
from edge.limits import AGENT_ITEMS_PER_MESSAGE, AGENT_PICTURE_BYTES
from streams.plates.track import Lane

VERSIONS = (1, 1)
"""The oldest and the newest version that this release speaks."""
PATH = "/api/v1/agents/live"
LIBRARY_PATH = "/api/v1/agents/libraries/"
"""Followed by the SHA-256 of a file: the hub says it in binary messages, packed (RFC 1950), and hangs up.

With `?since=` the SHA-256 of another file, a hub that can tell what makes the one of the other first says that SHA-256
in a text message, and then, instead of the file, the edits of `streams.watch_edits`.
"""
ERRAND_PATH = "/api/v1/agents/errands/"
"""Followed by an errand's id: where the agent answers it, see `edge.agent.errand_wire`."""
FOUND = "gb28181_found"
"""The errand that asks which GB/T 28181 channels may be cameras; who does it is told who we are to devices."""
NO_COMMON_VERSION = 4406
KEY_NO_LONGER_VALID = 4401
"""Close codes; the private range is RFC 6455's, the numbers HTTP's."""

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Numbers = Annotated[list[Number], Meta(max_length=AGENT_ITEMS_PER_MESSAGE)]
Box = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Word = Annotated[str, Meta(max_length=64)]
Minute = Annotated[int, Meta(ge=0, le=24 * 60)]
NO_RECORDING = msgspec.Raw(b"null")


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Something said. Fields that are not known are passed over."""


# the agent speaks


class Hello(Message, frozen=True, tag="hello"):
    """First of all. `box` names this outbox: numbers of items mean something only together with it.

    `errands` are the kinds that this agent does; one of before there were any names none, and is asked for none.
    """

    versions: tuple[int, int]
    release: Word
    box: Box
    errands: Annotated[list[Word], Meta(max_length=64)] = []


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at the edge, stored there under this number until the hub has it."""

    number: Number
    kind: Word
    body: msgspec.Raw


class Items(Message, frozen=True, tag="items"):
    """What happened. Every item is answered, in one `settled` or another."""

    items: Annotated[list[Item], Meta(max_length=AGENT_ITEMS_PER_MESSAGE)]


class Disk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A disk of recordings: how full it is, and what is wrong with it. Nothing of the first three is known yet."""

    bytes: Count = 0
    locked_bytes: Count = 0
    capacity_bytes: Count = 0
    reason: Annotated[str, Meta(max_length=500)] = ""


class Standing(Message, frozen=True, tag="standing"):
    """How the agent is: what waits by importance, what was shed by kind since the outbox was made, and its clock.

    `no_plates` is why none are read, empty while they are. `disks` are those of recordings; null: as told before.
    """

    now_ms: Instant
    waiting: Annotated[dict[Word, Count], Meta(max_length=32)] = {}
    waiting_bytes: Count = 0
    shed: Annotated[dict[Word, Count], Meta(max_length=64)] = {}
    not_stored: Count = 0
    libraries: Annotated[dict[Id, Sha256], Meta(max_length=OPEN_LIBRARIES)] | None = None
    """The lists that it looks for, each by its file; none from an agent of before there were lists."""
    no_plates: Annotated[str, Meta(max_length=500)] = ""
    disks: Annotated[list[Disk], Meta(max_length=64)] | None = None


class Ask(Message, frozen=True, tag="ask"):
    """A gateway at the edge has a device that it does not know; see `edge.uplink.Uplink`."""

    id: Number
    what: Word
    kind: Word
    device: Annotated[str, Meta(max_length=128)]
    token: Annotated[str, Meta(max_length=256)] = ""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a binary frame; after the line break come the bytes of the picture from `at` on."""

    number: Number
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size: Annotated[int, Meta(ge=1, le=AGENT_PICTURE_BYTES)]
    at: Annotated[int, Meta(ge=0, le=AGENT_PICTURE_BYTES)]


# the hub speaks


class Welcome(Message, frozen=True, tag="welcome"):
    """The version that is spoken from here on, and the kinds of items that this hub knows."""

    version: int
    release: Word
    kinds: Annotated[list[Word], Meta(max_length=256)]
    now_ms: Instant


class Refused(Message, frozen=True, tag="refused"):
    """There will be no welcome; or, of an agent over the connection of an errand, no more of what was asked for.

    `hop` names how far the way to a camera was good, in the words of `streams.sources.SourceError`.
    """

    code: Word
    detail: Annotated[str, Meta(max_length=500)] = ""
    hop: Word = ""


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that the agent is to run. The address is sealed for this agent, see `edge.agent.sealing`."""

    id: Id
    address: bytes
    reads_plates: bool = False
    recording: msgspec.Raw = NO_RECORDING
    """What is recorded of it, a `command.facts.recording.RecordingPolicy`; null from a hub that leaves it to itself."""
    bearing_deg: Annotated[float, Meta(ge=-360, le=360)] | None = None
    """Where it looks, clockwise from north."""
    lanes: Annotated[tuple[Lane, ...], Meta(max_length=64)] = ()
    """Where lanes are in its picture."""


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes of the local day, the last one not included, over midnight too; local time is `ahead_min` before UTC."""

    from_min: Minute
    to_min: Minute
    ahead_min: Annotated[int, Meta(ge=-24 * 60, le=24 * 60)]


class Watch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plate or pattern to look out for, until an instant; with `look_alike` also plates that look like it.

    What a release does not know, or a hub left out, is judged by the hub once more when the hit is there.
    """

    id: Id
    pattern: Annotated[str, Meta(max_length=64)]
    until_ms: Instant
    look_alike: bool = False
    cameras: list[Id] | None = None
    """Those of the agent that are in the area of the entry; null where it fires before all of them."""
    hours: Hours | None = None
    not_plates: list[Word] = []
    """They look like it, and somebody said that they are not meant."""


class Library(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list of the watch list (库) to look out for, until an instant: its file is at `LIBRARY_PATH`.

    `cameras` and `hours` are as those of a `Watch`; with `look_alike` plates fire too that look like one in the file.
    """

    id: Id
    sha256: Sha256
    until_ms: Instant
    look_alike: bool = False
    cameras: list[Id] | None = None
    hours: Hours | None = None


class Gb28181(msgspec.Struct, frozen=True, kw_only=True):
    """Who the agent is to GB/T 28181 devices that come to it. `secrets` are sealed, see `edge.agent.gb28181`."""

    server_id: Annotated[str, Meta(pattern=r"^[0-9]{20}\Z")]
    secrets: bytes
    domain: Annotated[str, Meta(pattern=r"^[0-9]{0,20}\Z")] = ""
    datum: Word = "wgs84"


class Config(Message, frozen=True, tag="config"):
    """All that the agent is to do, each time that it changes. `restate` asks for the state of each camera again."""

    cameras: Annotated[list[Camera], Meta(max_length=10_000)]
    watches: Annotated[list[Watch], Meta(max_length=50_000)]
    restate: bool = False
    gb28181: Gb28181 | None = None
    libraries: Annotated[list[Library], Meta(max_length=OPEN_LIBRARIES)] = []


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An item that this hub will never take, and why."""

    number: Number
    code: Word
    detail: Annotated[str, Meta(max_length=500)] = ""


class Settled(Message, frozen=True, tag="settled"):
    """What became of items: `done` are durable here, `unknown` are of a kind that this hub does not know, `later` could
    not be taken just now."""

    done: Numbers = []
    unknown: Numbers = []
    later: Numbers = []
    refused: Annotated[list[Refusal], Meta(max_length=AGENT_ITEMS_PER_MESSAGE)] = []


class Received(Message, frozen=True, tag="received"):
    """How many bytes of a picture are here; go on from there."""

    number: Number
    have: Count


class Answer(Message, frozen=True, tag="answer"):
    """To an `ask`. `error` says that nobody can tell now."""

    id: Number
    yes: bool = False
    token: str = ""
    error: Annotated[str, Meta(max_length=500)] = ""


class Errand(Message, frozen=True, tag="errand"):
    """Something wanted of a camera. The agent opens `ERRAND_PATH` and this id, once, and answers there."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
    kind: Word
    camera: Id
    body: msgspec.Raw = msgspec.Raw(b"{}")


# both speak


class Unknown(Message, frozen=True, tag="unknown"):
    """A message of this type was not understood, and nothing was done. Is never answered."""

    what: Word


Said = Hello | Items | Standing | Ask | Unknown
Told = Welcome | Refused | Config | Settled | Received | Answer | Errand | Unknown


class _Envelope(msgspec.Struct):
    type: Word


_envelope = msgspec.json.Decoder(_Envelope)
_said = {str(cls.__struct_config__.tag): msgspec.json.Decoder(cls) for cls in (Hello, Items, Standing, Ask, Unknown)}
_told = {
    str(cls.__struct_config__.tag): msgspec.json.Decoder(cls)
    for cls in (Welcome, Refused, Config, Settled, Received, Answer, Errand, Unknown)
}
_piece = msgspec.json.Decoder(Piece)


class UnknownTypeError(InvalidInputError):
    """The message is of a type that this release does not know: answer `unknown`, and go on."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no message of type {what!r} is known")
        self.what = what


def said(data: bytes | str) -> Said:
    """Return what an agent said. Raises `UnknownTypeError`, or `InvalidInputError` for what is no message at all."""
    message: Said = _decode(data, _said)
    return message


def told(data: bytes | str) -> Told:
    """Return what a hub told. Raises as `said`."""
    message: Told = _decode(data, _told)
    return message


def _decode(data: bytes | str, decoders: dict[str, Any]) -> Any:
    try:
        kind = _envelope.decode(data).type
        if kind not in decoders:
            raise UnknownTypeError(kind)
        return decoders[kind].decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInputError(f"not a message: {error}") from error


def encode(message: Message) -> str:
    """Return a message as it goes over the websocket."""
    return msgspec.json.encode(message).decode()


def encode_piece(piece: Piece, data: bytes) -> bytes:
    """Return the binary frame of a piece."""
    return msgspec.json.encode(piece) + b"\n" + data


def piece_of(frame: bytes) -> tuple[Piece, bytes]:
    """Return what a binary frame holds; `InvalidInputError` where it holds no piece of a picture."""
    head, line_break, data = frame.partition(b"\n")
    try:
        piece = _piece.decode(head)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInputError(f"not a piece of a picture: {error}") from error
    if not line_break or piece.at + len(data) > piece.size:
        raise InvalidInputError("a piece goes beyond its picture")
    return piece, data


def common_version(theirs: tuple[int, int]) -> int | None:
    """Return the newest version that both sides speak."""
    newest = min(VERSIONS[1], theirs[1])
    return newest if newest >= max(VERSIONS[0], theirs[0]) else None
