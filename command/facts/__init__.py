"""The vocabulary: every fact there is, and how it is written down."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Union

import msgspec

from command.facts import (
    archive,
    calls,
    hubs,
    libraries,
    orders,
    patrol,
    plans,
    recording,
    scene,
    violations,
    wall,
    watchlist,
)
from command.facts.base import Fact, IncidentKind, Level, Place, Recorded, Service
from command.facts.upcast import brought_up
from command.kernel.errors import TriuneError
from command.kernel.release import release

__all__ = [
    "KINDS",
    "TAGS",
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


_SUBJECTS = (
    archive, calls, hubs, libraries, orders, patrol, plans, recording, scene, violations, wall, watchlist,
)  # fmt: skip
KINDS: dict[str, type[Fact]] = {
    kind_of(cls): cls
    for module in _SUBJECTS
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Fact) and cls is not Fact
}
"""Every kind of fact by its tag."""

TAGS = {cls: tag for tag, cls in KINDS.items()}
"""And the tag of each."""

_encoder = msgspec.json.Encoder()
_ANY: Any = Union[tuple(KINDS.values())]  # noqa: UP007 - built at run time
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_ANY)


def encode(fact: Fact) -> bytes:
    """Return the fact as JSON, tagged with its kind."""
    return _encoder.encode(fact)


def decode(data: bytes, seq: int) -> Fact:
    """Return the fact stored as `data` at `seq`, in the shape of this release.

    `UnreadableFactError` names the sequence number and what to do.
    """
    try:
        fact: Fact = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # Only what this release does not write comes here, so that what it does write costs nothing more.
        return _decode_old(data, seq, error)
    return fact


def _decode_old(data: bytes, seq: int, error: Exception) -> Fact:
    kind = None
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        raw = msgspec.json.decode(data, type=dict[str, Any])
        kind = raw.get("fact")
    if not isinstance(kind, str):
        raise UnreadableFactError(
            f"fact {seq} is damaged ({error}); run `triune verify`, then restore a backup", seq=seq
        ) from error
    try:
        if (new := brought_up(raw)) is not None:
            fact: Fact = msgspec.convert(new, _ANY)
            return fact
    except (msgspec.ValidationError, KeyError, TypeError, ValueError) as old_error:
        raise UnreadableFactError(
            f"fact {seq}, a {kind!r} of an earlier release, cannot be read ({old_error!r}); "
            "run `triune verify`, then restore a backup or start the release that wrote it",
            seq=seq,
        ) from old_error
    if kind not in KINDS:
        raise UnreadableFactError(
            f"fact {seq} is a {kind!r}, unknown to release {release()}: a newer release wrote it; start that one",
            seq=seq,
        ) from error
    raise UnreadableFactError(
        f"fact {seq}, a {kind!r}, cannot be read by release {release()} ({error}); run `triune verify`: where the "
        "chain holds start the release that wrote it, else restore a backup",
        seq=seq,
    ) from error
