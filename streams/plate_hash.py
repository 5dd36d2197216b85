"""A hash of what stands in lists, under which a plate with another character somewhere is one XOR away.

Each byte is exchanged for a random number by its place, and these are XORed (tabulation hashing, Zobrist 1970). So what
a plate may be taken for is looked for by as many XORs, without any of it being spelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from heapq import nlargest

import numpy as np
import numpy.typing as npt

from streams.limits import LOOK_ALIKE_WAYS
from streams.look_alike import OTHERS

_PIECE_BYTES = 64
"""What is longer is hashed piece by piece; patterns are not."""
_FACTOR = 0x9E3779B97F4A7C15
"""2^64 by the golden ratio: to multiply by it spreads what differs little (Knuth, TAOCP 6.4)."""


def _random_numbers() -> npt.NDArray[np.uint64]:
    """Return the same numbers each time: SplitMix64 (Steele, Lea and Flood, 2014)."""
    numbers = np.arange(1, _PIECE_BYTES * 256 + 1, dtype=np.uint64) * np.uint64(_FACTOR)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return (numbers ^ (numbers >> np.uint64(31))).reshape(_PIECE_BYTES, 256)


_TABLE = _random_numbers()
"""By place in a piece, and byte there."""
_ROWS: list[list[int]] = _TABLE.tolist()
_ROUNDING = 1e-9
_MOST_WEIGHT = max(weight for others in OTHERS.values() for _, weight in others)


def hash_of(pattern: str) -> int:
    """Return the hash of a pattern of at most 64 bytes; of a longer one, that of its beginning."""
    value = 0
    for row, byte in zip(_ROWS, pattern.encode(), strict=False):
        value ^= row[byte]
    return value


def hashes_of(
    text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint64]:
    """Return the hash of each of some pieces of a text, byte by byte, of all that are so long at once."""
    hashes = np.zeros(len(starts), np.uint64)
    shortest = int(lengths.min(initial=0))
    for at in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > at) if at >= shortest else slice(None)
        if at % _PIECE_BYTES == 0:
            hashes[longer] *= np.uint64(_FACTOR)
        hashes[longer] ^= _TABLE[at % _PIECE_BYTES][text[starts[longer] + at]]
    return hashes


def hashes_alike(plate: str, own: int, shares: Sequence[float], least: float) -> list[int]:
    """Return the hashes of all that a plate may be taken for with at least such a score (`streams.look_alike.fit`).

    `own` is the hash of the plate, `shares` are of each of its characters. There are more of them the less sure the
    plate was read, of a sure one 8; where more than `LOOK_ALIKE_WAYS` may differ further, only the likeliest do.
    """
    found: list[int] = []
    going_on = [(1.0, own)]
    """Those in which a further character may be another: of a sure plate itself alone, mostly."""
    enough = least / (_MOST_WEIGHT * max(shares, default=1.0)) * (1 - _ROUNDING)
    at = 0
    for char, share in zip(plate, shares, strict=True):
        others = _others(at).get(char)
        at += 1 if char < "\x80" else len(char.encode())
        if others is None:
            continue
        for score, value in going_on[:]:
            for change, weight in others:
                fits = score * (weight * share)
                if fits < least:  # as all that are less likely
                    break
                found.append(value ^ change)
                if fits >= enough:
                    going_on.append((fits, value ^ change))
        if len(going_on) > LOOK_ALIKE_WAYS:
            going_on = nlargest(LOOK_ALIKE_WAYS, going_on)
    return found


@cache  # there are few places in plates
def _others(at: int) -> Mapping[str, Sequence[tuple[int, float]]]:
    """Return for each character from this byte on by what the hash differs with another, and its weight, the likeliest
    first."""
    return {
        char: [(_part(char, at) ^ _part(other, at), weight) for other, weight in others]
        for char, others in OTHERS.items()
    }


def _part(char: str, at: int) -> int:
    value = 0
    for row, byte in zip(_ROWS[at:], char.encode(), strict=False):
        value ^= row[byte]
    return value
