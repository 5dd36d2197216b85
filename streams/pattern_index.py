"""Which of many patterns a plate satisfies, found by bits.

A number has a bit for each pattern. For each place in plates of a length, one such number says which patterns name a
character there, and one for each character which of them name that one; a plate satisfies the patterns that none of its
characters rules out. These numbers are a kilobyte for 10,000 patterns and are read from end to end: what a plate takes
depends little on what the patterns have in common, and on how much of them is in the processor's caches.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from command.kernel import ga36
from streams.look_alike import OTHERS, fit, shares

K = TypeVar("K", bound=Hashable)
_LONGEST = max(map(len, ga36.FORMATS))
_NOTHING: Mapping[str, str] = {}
TAKEN_FOR: Mapping[str, str] = {char: "".join(other for other, _ in others) for char, others in OTHERS.items()}
"""What each character may be taken for, for `PatternIndex`."""


class _Place:
    """One place in plates of one length."""

    __slots__ = ("named", "naming")

    def __init__(self) -> None:
        self.naming = 0
        """The patterns that name a character here."""
        self.named: dict[str, int] = {}
        """Those of them that name this character."""

    def flip(self, char: str, bit: int) -> None:
        """Note that a pattern names a character here, or no more."""
        self.naming ^= bit
        self.named[char] = self.named.get(char, 0) ^ bit


class _Taking(dict[str, int]):
    """For one place the patterns that a character there does not rule out, found on demand."""

    def __init__(self, place: _Place, numbers: int, taken_for: Mapping[str, str]) -> None:
        self._place = place
        self._all = (1 << numbers) - 1
        self._taken_for = taken_for

    def __missing__(self, char: str) -> int:
        named = self._place.named.get(char, 0)
        for other in self._taken_for.get(char, ""):
            named |= self._place.named.get(other, 0)
        taking = self._all & ~(self._place.naming & ~named)
        if char in ga36.ALPHABET:  # other systems may send whatever they like as a plate: that is not kept
            self[char] = taking
        return taking


class PatternIndex(Generic[K]):
    """Entries by pattern; keys are whatever names them. To be changed by 10,000 entries and fewer.

    `taken_for` are the characters that others may be taken for. What is longer than any plate satisfies none.
    """

    def __init__(self, taken_for: Mapping[str, str] = _NOTHING) -> None:
        self._taken_for = taken_for
        self._entries: dict[int, tuple[str, K]] = {}
        """By the number of their bit."""
        self._numbers: dict[tuple[str, K], int] = {}
        self._free: list[int] = []
        self._of_length = [0] * (_LONGEST + 1)
        """The patterns that plates so long can satisfy."""
        self._places = [[_Place() for _ in range(length)] for length in range(_LONGEST + 1)]
        self._taking: dict[int, list[_Taking]] = {}
        """By the length of plates, until an entry is added."""
        self._anywhere: dict[str, int] = {}
        """The patterns that name a character between two `*`."""
        self._parted = 0
        """All of these."""

    def is_empty(self) -> bool:
        """Say whether nothing of any entry is left."""
        return not self._numbers

    def find(self, plate: str) -> list[K]:
        """Return the entries whose pattern a plate satisfies."""
        # What a pattern names between two `*` has no place.
        return [
            key
            for pattern, key in self._not_ruled_out(plate)
            if pattern.count("*") < 2 or fit(pattern, plate, [0.0] * len(plate))
        ]

    def find_alike(self, plate: str, char_confidences: Sequence[float], least: float) -> dict[K, float]:
        """Return the entries whose pattern a plate fits well enough by what its characters may be taken for: how well.

        `char_confidences` say how sure each character is, see `streams.look_alike`.
        """
        found = self._not_ruled_out(plate)
        if not found:
            return {}
        each = shares(plate, char_confidences)
        fits = ((key, fit(pattern, plate, each)) for pattern, key in found)
        return {key: score for key, score in fits if score >= least}

    def add(self, pattern: str, key: K) -> None:
        """Take an entry."""
        number = self._free.pop() if self._free else len(self._entries)
        self._entries[number] = pattern, key
        self._numbers[pattern, key] = number
        self._taking = {}
        self._flip(pattern, 1 << number)

    def remove(self, pattern: str, key: K) -> None:
        """Forget an entry that was added."""
        number = self._numbers.pop((pattern, key))
        del self._entries[number]
        self._free.append(number)
        self._flip(pattern, 1 << number)

    def _not_ruled_out(self, plate: str) -> list[tuple[str, K]]:
        length = len(plate)
        if length > _LONGEST:
            return []
        places = self._taking.get(length)
        if places is None:
            numbers = len(self._entries) + len(self._free)
            places = [_Taking(place, numbers, self._taken_for) for place in self._places[length]]
            self._taking[length] = places
        bits = self._of_length[length]
        for taking, char in zip(places, plate, strict=True):
            if not bits:
                return []
            bits &= taking[char]
        if bits & self._parted:
            there = {*plate, *(other for char in plate for other in self._taken_for.get(char, ""))}
            for char, naming in self._anywhere.items():
                if char not in there:
                    bits ^= bits & naming
        found = []
        while bits:
            number = bits.bit_length() - 1
            bits ^= 1 << number
            found.append(self._entries[number])
        return found

    def _flip(self, pattern: str, bit: int) -> None:
        """Note a pattern's bit wherever it belongs, or take it away again."""
        first, *others = pattern.split("*")
        last = others[-1] if others else ""
        for char in {*"".join(others[:-1])} - {"?"}:
            self._anywhere[char] = self._anywhere.get(char, 0) ^ bit
        if len(others) > 1:
            self._parted ^= bit
        least = len(pattern) - len(others)
        for length in range(least, (_LONGEST if others else min(least, _LONGEST)) + 1):
            self._of_length[length] ^= bit
            places = self._places[length]
            for place, char in [
                *zip(places, first, strict=False),
                *zip(places[length - len(last) :], last, strict=True),
            ]:
                if char != "?":
                    place.flip(char, bit)


def is_wild(pattern: str) -> bool:
    """Say whether it is more than a plate."""
    return "?" in pattern or "*" in pattern
