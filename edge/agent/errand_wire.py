"""What goes over the connection of one errand: messages in pieces, how much of them arrived, and a refusal.

The agent sends binary frames, each a mark (1 for the last of its message, else 0) and a piece, and at most one text,
`refused`. The hub answers each piece with a text `taken`, and says what it has to say in binary frames, one a message.
So no more is ever on the link than it carries in a third of a second (`edge.agent.pace`): what goes beside it waits
little.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NoRightError,
    TooLargeError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from edge.agent.protocol import Count, Message, Refused
from edge.limits import ERRAND_MESSAGE_BYTES

_KINDS: dict[str, type[TriuneError]] = {
    kind.code: kind
    for kind in (ConflictError, InvalidInputError, NoRightError, TooLargeError, TooManyError, UnknownIdError)
}
_T = TypeVar("_T")
_MORE, _LAST = b"\x00", b"\x01"


class Taken(Message, frozen=True, tag="taken"):
    """How many bytes of pieces the hub has taken since the connection was opened."""

    bytes: Count


_taken = msgspec.json.Decoder(Taken)
_refused = msgspec.json.Decoder(Refused)


def frame(piece: bytes | memoryview, *, is_last: bool) -> bytes:
    """Return a piece as it goes over the connection."""
    return (_LAST if is_last else _MORE) + piece


class Joiner:
    """Puts pieces together again."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def add(self, piece: bytes) -> bytes | None:
        """Return the message whose last piece this is. Raises `InvalidInputError` for what is none or too large."""
        mark = piece[:1]
        if mark not in (_MORE, _LAST):
            raise InvalidInputError("not a piece of an answer")
        if len(self._parts) + len(piece) - 1 > ERRAND_MESSAGE_BYTES:
            raise InvalidInputError(f"an answer has at most {ERRAND_MESSAGE_BYTES} bytes")
        self._parts += memoryview(piece)[1:]
        if mark == _MORE:
            return None
        whole = bytes(self._parts)
        self._parts.clear()
        return whole


def taken(text: str) -> int:
    """Return how many bytes the hub has; `InvalidInputError` for what does not say so."""
    return _decoded(_taken, text).bytes


def refusal(text: str) -> Refused:
    """Return why there is no answer, or no more of it; `InvalidInputError` for what does not say so."""
    return _decoded(_refused, text)


def refused(error: TriuneError) -> Refused:
    """Return what an agent says of an error."""
    return Refused(code=error.code, detail=error.detail[:500], hop=str(error.extra.get("hop") or "")[:64])


def error_of(said: Refused, who: str) -> TriuneError:
    """Return the error that somebody met with, for whoever asked them; `who` stands before the words, where given."""
    kind = _KINDS.get(said.code, UnavailableError)
    return kind(f"{who}: {said.detail}" if who else said.detail, reason=said.detail, hop=said.hop or None)


def _decoded(decoder: msgspec.json.Decoder[_T], text: str) -> _T:
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInputError(f"not a message of an errand: {error}") from error
