"""Lists of the watch list (库) ready to be asked about every plate: of a million entries in some 30 MB.

A file of a list is UTF-8, a line for each entry: the pattern, after a tab a remark where there is one, and after
another tab the instant (ms, UTC) from which on the entry is over where that is said; lines in the order of their bytes,
each pattern once. Plates without wild cards are found by a hash in one sorted array over all lists, patterns in one
index. What a plate may be taken for is looked for by its hashes: a table of bits, two to four bytes for each line of
the lists that mean look-alikes, says of nearly all that no such line is there; what is left is compared character by
character. What takes long is done by numpy, which lets other threads run meanwhile.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from streams.limits import LIBRARY_FITS, LOOK_ALIKE_SCORE
from streams.look_alike import fit, shares
from streams.pattern_index import PatternIndex, is_wild
from streams.plate_hash import hash_of, hashes_alike, hashes_of

_TAB, _END = 0x09, 0x0A
_WILD = (ord("?"), ord("*"))
_PATTERN_BYTES = 64
_FIRST_BITS = 16
_BITS_PER_LINE = 16
"""Of the table of bits: so one hash in 16 to 32 that no line has is looked up for nothing."""
_LONGEST = max(map(len, ga36.FORMATS))
_Numbers = npt.NDArray[np.int64]
_Hashes = npt.NDArray[np.uint64]


class Line(NamedTuple):
    """An entry of a list. It is over from `until_ms` on, where the file says that; else with its list."""

    pattern: str
    note: str
    until_ms: int | None = None

    def is_over(self, at_ms: int) -> bool:
        """Say whether it fires no more at an instant."""
        return self.until_ms is not None and at_ms >= self.until_ms


class Found(NamedTuple):
    """An entry of a list that a plate fits, and how well: less than 1 where it only looks like it."""

    library: str
    line: str
    is_pattern: bool
    note: str
    score: float = 1.0


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
        self.hashes = hashes_of(text, starts[:-1], lengths)
        wild = np.flatnonzero((text == _WILD[0]) | (text == _WILD[1]))
        lines = np.searchsorted(starts, wild, side="right") - 1
        self.patterns: _Numbers = np.unique(lines[wild < stops[lines]])
        """The lines with wild cards."""

    def __len__(self) -> int:
        return len(self._starts) - 1

    def lines(self) -> tuple[_Numbers, _Hashes]:
        """Return where each line starts, after the last where the file ends, and a hash of each whole line."""
        text, starts = np.frombuffer(self.data, np.uint8), np.frombuffer(self._starts, np.int64)
        return starts, hashes_of(text, starts[:-1], np.diff(starts))

    def sha256(self) -> str:
        """Return the hash by which the file is known."""
        return hashlib.sha256(self.data).hexdigest()

    def line(self, number: int) -> Line:
        """Return a line, counted from 0."""
        parts = self.data[self._starts[number] : self._starts[number + 1] - 1].decode().split("\t")
        note = parts[1] if len(parts) > 1 else ""
        return Line(parts[0], note, int(parts[2]) if len(parts) > 2 and parts[2].isdecimal() else None)

    def line_of(self, pattern: str) -> Line | None:
        """Return the line of a pattern; None where there is none."""
        lines = (self.line(int(number)) for number in np.flatnonzero(self.hashes == np.uint64(hash_of(pattern))))
        return next((line for line in lines if line.pattern == pattern), None)

    def without(self, lines: Iterable[str]) -> list[str]:
        """Return those of some patterns that are no line of this."""
        wanted = list(lines)
        there = np.isin(np.array([hash_of(line) for line in wanted], np.uint64), self.hashes)
        return [line for line, is_there in zip(wanted, there, strict=True) if not is_there]

    def since(self, before: LibraryContent | None) -> Changes:
        """Return what came and went since another file; a line of which the remark alone changed did neither."""
        if before is None:
            return Changes(len(self), 0)
        same = int(np.isin(self.hashes, before.hashes).sum())
        return Changes(len(self) - same, len(before) - same)


class LibraryIndex:
    """Several lists at once, by id; never changed, so that one takes the place of another while plates are asked.

    Those in `look_alike` mean look-alikes of their plates too, though not of their patterns.
    """

    def __init__(self, contents: Mapping[str, LibraryContent] | None = None, look_alike: Collection[str] = ()) -> None:
        contents = contents or {}
        self.contents = contents
        self.look_alike = frozenset(look_alike)
        self._ids = list(contents)
        self._patterns = PatternIndex[tuple[int, int]]()
        hashes: list[_Hashes] = [np.zeros(0, np.uint64)]
        places: list[_Hashes] = [np.zeros(0, np.uint64)]
        alike: list[_Hashes] = [np.zeros(0, np.uint64)]
        for number, (library, content) in enumerate(contents.items()):
            exact = np.ones(len(content), bool)
            exact[content.patterns] = False
            lines = np.flatnonzero(exact)
            hashes.append(content.hashes[lines])
            places.append((lines | (number << 32)).astype(np.uint64))
            if library in self.look_alike:
                alike.append(hashes[-1])
            for line in content.patterns:
                self._patterns.add(content.line(int(line)).pattern, (number, int(line)))
        all_hashes = np.concatenate(hashes)
        order = np.argsort(all_hashes, kind="stable")
        self._hashes = _as_array(all_hashes[order])
        firsts = np.arange(1 << _FIRST_BITS, dtype=np.uint64) << np.uint64(64 - _FIRST_BITS)
        self._starts = [*np.searchsorted(all_hashes[order], firsts).tolist(), len(order)]
        """Where among them those begin that have the same first bits."""
        self._places = _as_array(np.concatenate(places)[order])
        self._bits, self._shift = _bits(np.concatenate(alike))
        """Which first bits the hashes of lines have that mean look-alikes, and how many others follow those."""

    def __len__(self) -> int:
        return sum(map(len, self.contents.values()))

    def find(self, plate: str, char_confidences: Sequence[float] = (), at_ms: int = 0) -> list[Found]:
        """Return the entries that a plate without separators fits, of each list `LIBRARY_FITS` at most, together: as
        written before patterns, and these before those that it looks like, the likest first.

        Entries that are over at an instant are passed over. `char_confidences` are those of `streams.look_alike`.
        """
        found: dict[int, list[Found]] = {}
        own = hash_of(plate)
        for number, line in self._lines(own):
            if line.pattern == plate:
                self._take(found, number, line, at_ms)
        for number, at in self._patterns.find(plate):
            self._take(found, number, self.contents[self._ids[number]].line(at), at_ms)
        if self.look_alike and len(plate) <= _LONGEST:
            self._take_alike(found, plate, own, shares(plate, char_confidences), at_ms)
        return [one for lines in found.values() for one in lines]

    def _take(self, found: dict[int, list[Found]], number: int, line: Line, at_ms: int) -> None:
        """Note a line, unless its list has enough already or it is over."""
        lines = found.setdefault(number, [])
        if len(lines) < LIBRARY_FITS and not line.is_over(at_ms):
            lines.append(Found(self._ids[number], line.pattern, is_wild(line.pattern), line.note))

    def _take_alike(
        self, found: dict[int, list[Found]], plate: str, own: int, each: Sequence[float], at_ms: int
    ) -> None:
        """Note of each list that means look-alikes the lines that the plate looks most like, as long as it has room."""
        bits, shift = self._bits, self._shift
        alike: dict[int, list[Found]] = {}
        for wanted in hashes_alike(plate, own, each, LOOK_ALIKE_SCORE):
            slot = wanted >> shift
            if not bits[slot >> 3] >> (slot & 7) & 1:
                continue
            for number, line in self._lines(wanted):
                library = self._ids[number]
                if library not in self.look_alike or line.is_over(at_ms):
                    continue
                score = fit(line.pattern, plate, each)
                if score >= LOOK_ALIKE_SCORE:
                    alike.setdefault(number, []).append(Found(library, line.pattern, False, line.note, score))
        for number, lines in alike.items():
            lines.sort(key=attrgetter("score"), reverse=True)
            found[number] = [*found.get(number, ()), *lines][:LIBRARY_FITS]

    def _lines(self, wanted: int) -> Iterator[tuple[int, Line]]:
        """Yield the lines without wild cards that have a hash, each with the number of its list."""
        first = wanted >> (64 - _FIRST_BITS)
        at = bisect_left(self._hashes, wanted, self._starts[first], self._starts[first + 1])
        while at < len(self._hashes) and self._hashes[at] == wanted:
            place = self._places[at]
            yield place >> 32, self.contents[self._ids[place >> 32]].line(place & 0xFFFFFFFF)
            at += 1

    def holds(self, library: str, line: str, at_ms: int = 0) -> Found | None:
        """Return an entry of a list; None where this index has no such list or entry, or that is over at an instant."""
        content = self.contents.get(library)
        found = content.line_of(line) if content else None
        if found is None or found.is_over(at_ms):
            return None
        return Found(library, found.pattern, is_wild(found.pattern), found.note)


def written(entries: Mapping[str, str], until_ms: Mapping[str, int] | None = None) -> bytes:
    """Return entries, remarks by pattern, as the file of a list; some of them are over from `until_ms` on."""
    ends = until_ms or {}
    lines = (
        f"{pattern}\t{note}\t{ends[pattern]}\n"
        if pattern in ends
        else f"{pattern}\t{note}\n"
        if note
        else f"{pattern}\n"
        for pattern, note in entries.items()
    )
    return b"".join(sorted(map(str.encode, lines)))


def _bits(hashes: _Hashes) -> tuple[bytes, int]:
    """Return a table with a bit set for the first bits of each hash, and by how much to shift one to those."""
    first_bits = max(3, (len(hashes) * _BITS_PER_LINE).bit_length())
    shift = 64 - first_bits
    bits = np.zeros(1 << first_bits, bool)
    bits[hashes >> np.uint64(shift)] = True
    return np.packbits(bits, bitorder="little").tobytes(), shift


def _as_array(numbers: _Hashes) -> array[int]:
    """Return numbers as `bisect` reads them quickest."""
    made = array("Q")
    made.frombytes(numbers.tobytes())
    return made
