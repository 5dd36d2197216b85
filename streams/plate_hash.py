"""A hash of what stands in lists, under which a plate with another character somewhere is one XOR away.

Each byte is exchanged for a random number by its place, and these are XORed (tabulation hashing, Zobrist 1970). So what
a plate may be taken for is looked for by as many XORs, without any of it being spelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from heapq import nlargest
from operator import itemgetter

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


def hashes_alike(plate: str, shares: Sequence[float], least: float) -> list[int]:
    """Return the hashes of all that a plate may be taken for with at least such a score (`streams.look_alike.fit`).

    `shares` are of each character of the plate. There are more of them the less sure the plate was read: 14 usually,
    and at most `LOOK_ALIKE_WAYS`.
    """
    ways = [(hash_of(plate), 1.0)]
    at = 0
    for char, share in zip(plate, shares, strict=True):
        if char in OTHERS:
            others = _others(char, at)
            for value, score in ways[:]:
                for change, weight in others:
                    fits = score * (weight * share)
                    if fits < least:  # as all that are less likely
                        break
                    ways.append((value ^ change, fits))
            if len(ways) > LOOK_ALIKE_WAYS:
                ways = nlargest(LOOK_ALIKE_WAYS, ways, key=itemgetter(1))
        at += 1 if char.isascii() else len(char.encode())
    return [value for value, _ in ways[1:]]


@cache  # of the few characters that look like any, at the few places of plates
def _others(char: str, at: int) -> tuple[tuple[int, float], ...]:
    """Return by what the hash differs with another character from this byte on, and its weight, the likeliest first."""
    here = _part(char, at)
    return tuple((here ^ _part(other, at), weight) for other, weight in OTHERS[char])


def _part(char: str, at: int) -> int:
    value = 0
    for row, byte in zip(_ROWS[at:], char.encode(), strict=False):
        value ^= row[byte]
    return value
