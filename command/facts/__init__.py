"""The vocabulary: every fact there is, and how it is written down."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from command.facts import archive, calls, orders, patrol, plans, scene
from command.facts.base import Fact, IncidentKind, Level, Place, Recorded, Service
from command.kernel.errors import TriuneError

__all__ = [
    "KINDS",
    "Fact",
    "IncidentKind",
    "Level",
    "Place",
    "Recorded",
    "Service",
    "UnreadableFactError",
    "decode",
    "encode",
]


class UnreadableFactError(TriuneError):
    """A journal holds a fact that this version does not know, or that is damaged."""

    status = 500
    code = "unreadable_fact"


def kind_of(fact: type[Fact]) -> str:
    """Return the tag under which facts of this type are stored."""
    return str(fact.__struct_config__.tag)


KINDS: dict[str, type[Fact]] = {
    kind_of(cls): cls
    for module in (archive, calls, orders, patrol, scene, plans)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Fact) and cls is not Fact
}
"""Every kind of fact by its tag."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(KINDS.values())])  # noqa: UP007 - built at run time


def encode(fact: Fact) -> bytes:
    """Return the fact as JSON, tagged with its kind."""
    return _encoder.encode(fact)


def decode(data: bytes, seq: int) -> Fact:
    """Return the fact stored as `data` at `seq`; `UnreadableFactError` names the sequence number and what to do."""
    try:
        fact: Fact = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableFactError(
            f"fact {seq} cannot be read ({error}); start the version that wrote it, or restore a backup", seq=seq
        ) from error
    return fact
