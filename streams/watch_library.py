"""Lists of the watch list (库) ready to be asked about every plate: of a million entries in some 30 MB.

A file of a list is UTF-8, a line for each entry: the pattern, and after a tab a remark where there is one; lines in
the order of their bytes, each pattern once. Plates without wild cards are found by a hash of their bytes in one sorted
array over all lists, patterns in one index. What takes long is done by numpy, which lets other threads run meanwhile.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from command.kernel.errors import InvalidInputError
from streams.pattern_index import PatternIndex, is_wild

_TAB, _END = 0x09, 0x0A
_WILD = (ord("?"), ord("*"))
_PATTERN_BYTES = 64
_WORD_BYTES = 8
_FACTOR = 0x9E3779B97F4A7C15
"""2^64 by the golden ratio: to multiply by it spreads what differs little (Knuth, TAOCP 6.4)."""
_MASK = (1 << 64) - 1
_FIRST_BITS = 16
_Numbers = npt.NDArray[np.int64]


class Found(NamedTuple):
    """An entry of a list that a plate fits."""

    library: str
    line: str
    is_pattern: bool
    note: str


class Changes(NamedTuple):
    """How many entries came and went."""

    added: int
    removed: int


class LibraryContent:
    """The file of one list."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes of a file; `InvalidInputError` where they are none."""
        text = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(text == _END)
        if len(text) and (not len(ends) or ends[-1] != len(text) - 1):
            raise InvalidInputError("not a file of a list: its last line has no end")
        self.data = data
        starts: _Numbers = np.concatenate((np.zeros(1, np.int64), ends + 1))
        self._starts = starts.data
        """Where each line starts, and after the last one where the file ends."""
        stops = starts[1:] - 1
        tabs = np.append(np.flatnonzero(text == _TAB), len(text))
        stops = np.minimum(stops, tabs[np.searchsorted(tabs, starts[:-1])])
        lengths = stops - starts[:-1]
        if len(lengths) and not 1 <= lengths.min() <= lengths.max() <= _PATTERN_BYTES:
            raise InvalidInputError("not a file of a list: a line holds no pattern")
        self.hashes = _hashes(text, starts[:-1], lengths)
        wild = np.flatnonzero((text == _WILD[0]) | (text == _WILD[1]))
        lines = np.searchsorted(starts, wild, side="right") - 1
        self.patterns: _Numbers = np.unique(lines[wild < stops[lines]])
        """The lines with wild cards."""

    def __len__(self) -> int:
        return len(self._starts) - 1

    def lines(self) -> tuple[_Numbers, npt.NDArray[np.uint64]]:
        """Return where each line starts, after the last where the file ends, and a hash of each whole line."""
        text, starts = np.frombuffer(self.data, np.uint8), np.frombuffer(self._starts, np.int64)
        return starts, _hashes(text, starts[:-1], np.diff(starts))

    def sha256(self) -> str:
        """Return the hash by which the file is known."""
        return hashlib.sha256(self.data).hexdigest()

    def line(self, number: int) -> tuple[str, str]:
        """Return the pattern and remark of a line, counted from 0."""
        pattern, _, note = self.data[self._starts[number] : self._starts[number + 1] - 1].decode().partition("\t")
        return pattern, note

    def without(self, lines: Iterable[str]) -> list[str]:
        """Return those of some patterns that are no line of this."""
        wanted = list(lines)
        there = np.isin(np.array([_hash(line) for line in wanted], np.uint64), self.hashes)
        return [line for line, is_there in zip(wanted, there, strict=True) if not is_there]

    def since(self, before: LibraryContent | None) -> Changes:
        """Return what came and went since another file; a line of which the remark alone changed did neither."""
        if before is None:
            return Changes(len(self), 0)
        same = int(np.isin(self.hashes, before.hashes).sum())
        return Changes(len(self) - same, len(before) - same)


class LibraryIndex:
    """Several lists at once, by id; never changed, so that one takes the place of another while plates are asked."""

    def __init__(self, contents: Mapping[str, LibraryContent] | None = None) -> None:
        contents = contents or {}
        self.contents = contents
        self._ids = list(contents)
        self._patterns = PatternIndex[tuple[int, int]]()
        hashes: list[npt.NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
        places: list[npt.NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
        for number, content in enumerate(contents.values()):
            exact = np.ones(len(content), bool)
            exact[content.patterns] = False
            lines = np.flatnonzero(exact)
            hashes.append(content.hashes[lines])
            places.append((lines | (number << 32)).astype(np.uint64))
            for line in content.patterns:
                self._patterns.add(content.line(line)[0], (number, int(line)))
        all_hashes = np.concatenate(hashes)
        order = np.argsort(all_hashes, kind="stable")
        self._hashes = _as_array(all_hashes[order])
        firsts = np.arange(1 << _FIRST_BITS, dtype=np.uint64) << np.uint64(64 - _FIRST_BITS)
        self._starts = [*np.searchsorted(all_hashes[order], firsts).tolist(), len(order)]
        """Where among them those begin that have the same first bits."""
        self._places = _as_array(np.concatenate(places)[order])

    def __len__(self) -> int:
        return sum(map(len, self.contents.values()))

    def find(self, plate: str) -> list[Found]:
        """Return the entries that a plate without separators fits, of each list one: as written before patterns."""
        found: dict[int, Found] = {}
        wanted = _hash(plate)
        first = wanted >> (64 - _FIRST_BITS)
        at = bisect_left(self._hashes, wanted, self._starts[first], self._starts[first + 1])
        while at < len(self._hashes) and self._hashes[at] == wanted:
            place = self._places[at]
            self._take(found, place >> 32, place & 0xFFFFFFFF, plate)
            at += 1
        for number, line in self._patterns.find(plate):
            self._take(found, number, line)
        return list(found.values())

    def _take(self, found: dict[int, Found], number: int, line: int, plate: str = "") -> None:
        """Note a line, unless its list has one already or it only has the hash of the plate."""
        if number not in found:
            library = self._ids[number]
            pattern, note = self.contents[library].line(line)
            if not plate or pattern == plate:
                found[number] = Found(library, pattern, not plate, note)

    def holds(self, library: str, line: str) -> Found | None:
        """Return an entry of a list; None where this index has no such list or entry."""
        content = self.contents.get(library)
        if content is None:
            return None
        for number in np.flatnonzero(content.hashes == np.uint64(_hash(line))):
            pattern, note = content.line(int(number))
            if pattern == line:
                return Found(library, pattern, is_wild(pattern), note)
        return None


def written(entries: Mapping[str, str]) -> bytes:
    """Return entries, remarks by pattern, as the file of a list."""
    lines = (f"{pattern}\t{note}\n" if note else f"{pattern}\n" for pattern, note in entries.items())
    return b"".join(sorted(map(str.encode, lines)))


def _hashes(text: npt.NDArray[np.uint8], starts: _Numbers, lengths: _Numbers) -> npt.NDArray[np.uint64]:
    """Return `_hash` of each pattern: word by word, of all that are so long at once."""
    hashes = np.zeros(len(starts), np.uint64)
    longest = int(lengths.max(initial=0))
    for word_at in range(0, longest, _WORD_BYTES):
        words = hashes.copy()
        for at in range(word_at, min(word_at + _WORD_BYTES, longest)):
            longer = np.flatnonzero(lengths > at) if at >= lengths.min() else slice(None)
            words[longer] ^= text[starts[longer] + at].astype(np.uint64) << np.uint64(8 * (at - word_at))
        longer = np.flatnonzero(lengths > word_at)
        words = words[longer] * np.uint64(_FACTOR)
        hashes[longer] = words ^ (words >> np.uint64(32))
    return hashes


def _hash(pattern: str) -> int:
    text, value = pattern.encode(), 0
    for at in range(0, len(text), _WORD_BYTES):
        value = (value ^ int.from_bytes(text[at : at + _WORD_BYTES], "little")) * _FACTOR & _MASK
        value ^= value >> 32
    return value


def _as_array(numbers: npt.NDArray[np.uint64]) -> array[int]:
    """Return numbers as `bisect` reads them quickest."""
    made = array("Q")
    made.frombytes(numbers.tobytes())
    return made
