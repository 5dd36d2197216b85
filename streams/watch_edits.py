"""What makes a file of a list (库) out of another: whoever has the one is sent no more than what came and went.

Lines of both files stand in the order of their bytes, so those that stayed stand in the same order in both. They are
told apart by a hash of 64 bits: whoever puts a file together holds it to its SHA-256.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from command.kernel.errors import InvalidInputError
from command.kernel.limits import EVIDENCE_BYTES
from streams.limits import LIBRARY_EDITS
from streams.watch_library import LibraryContent

_Bytes = Annotated[int, Meta(ge=0, le=EVIDENCE_BYTES)]


class Edit(NamedTuple):
    """So many bytes of the old file are left out, these are put in, and then so many of the old file are taken."""

    skip: _Bytes
    add: bytes
    take: _Bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Annotated[list[Edit], Meta(max_length=LIBRARY_EDITS)])


def edits(old: LibraryContent, new: LibraryContent) -> bytes | None:
    """Return the edits as MessagePack; None where the files differ so much that they are not worth it."""
    old_starts, old_hashes = old.lines()
    new_starts, new_hashes = new.lines()
    stayed_old = np.flatnonzero(np.isin(old_hashes, new_hashes))
    stayed_new = np.flatnonzero(np.isin(new_hashes, old_hashes))
    if len(stayed_old) != len(stayed_new):  # two lines with one hash
        return None
    # With the line before the first and the one after the last: what lies between two neighbours came or went.
    olds = np.concatenate(([-1], stayed_old, [len(old)]))
    news = np.concatenate(([-1], stayed_new, [len(new)]))
    breaks = np.union1d([0], np.flatnonzero((np.diff(olds) != 1) | (np.diff(news) != 1)))
    if len(breaks) > LIBRARY_EDITS:
        return None
    ends = np.append(breaks[1:], len(olds) - 2)
    found = [
        Edit(
            skip=int(old_starts[olds[at + 1]] - old_starts[olds[at] + 1]),
            add=new.data[new_starts[news[at] + 1] : new_starts[news[at + 1]]],
            take=int(old_starts[olds[end] + 1] - old_starts[olds[at + 1]]) if end > at else 0,
        )
        for at, end in zip(breaks.tolist(), ends.tolist(), strict=True)
    ]
    packed = _encoder.encode(found)
    return packed if len(packed) <= len(new.data) // 2 else None


def edited(old: bytes, packed: bytes) -> bytes:
    """Return the new file. Raises `InvalidInputError` for what are no edits of the old one."""
    try:
        found: Sequence[Edit] = _decoder.decode(packed)
    except msgspec.MsgspecError as error:
        raise InvalidInputError("no edits of a file of a list") from error
    parts, at, view = list[bytes | memoryview](), 0, memoryview(old)
    for skip, add, take in found:
        at += skip
        parts += (add, view[at : at + take])
        at += take
    if at > len(old):
        raise InvalidInputError("edits of another file of a list")
    return b"".join(parts)
