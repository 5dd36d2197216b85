"""The watch list in force (布控), ready to be asked about every plate that is read.

Plates without wild cards are looked up, patterns found by their bits (`streams.pattern_index`). Entries that fire for
look-alikes stand in an index of their own, which is asked with what each character of a plate may be taken for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from command.facts.watchlist import HitHow
from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.plate_pattern import checked_pattern
from streams.limits import LOOK_ALIKE_SCORE
from streams.pattern_index import TAKEN_FOR, PatternIndex, is_wild
from streams.watch_library import LibraryIndex

_PLAIN = frozenset(ga36.ALPHABET)
"""A plate of these alone is written as it is kept."""


class Wanted(NamedTuple):
    """What an entry asks for: a plate or pattern, and whether look-alikes are meant too."""

    pattern: str
    look_alike: bool = False


class Match(NamedTuple):
    """An entry that a plate fits, and how; `score` is 1 for all but look-alikes, see `streams.look_alike`.

    Of a list `watch` is the list, `line` its entry and `note` the remark there.
    """

    watch: str
    how: HitHow
    score: float
    line: str = ""
    note: str = ""


class WatchList:
    """Knows which entries a plate fits: `update` brings it to others by what differs, `libraries` are given whole."""

    def __init__(self, entries: Iterable[tuple[str, Wanted]] = ()) -> None:
        """Take entries by watch id. One that no plate can satisfy never fires, and is told in `impossible`."""
        self.impossible: dict[str, str] = {}
        self._wanted: dict[str, Wanted] = {}
        """As each was asked for."""
        self._kept: dict[str, str] = {}
        """As each is matched."""
        self.libraries = LibraryIndex()
        """The lists (库) in force."""
        self._plates: dict[str, dict[str, None]] = {}
        """Entries without wild cards."""
        self._patterns = PatternIndex[str]()
        self._alike = PatternIndex[str](TAKEN_FOR)
        for watch, wanted in entries:
            self._add(watch, wanted)

    def __len__(self) -> int:
        return len(self._wanted)

    def get(self, watch: str) -> Wanted | None:
        """Return what an entry asks for."""
        return self._wanted.get(watch)

    def update(self, entries: Mapping[str, Wanted]) -> None:
        """Hold exactly these entries, by watch id."""
        for watch in [watch for watch, wanted in self._wanted.items() if entries.get(watch) != wanted]:
            self._remove(watch)
        for watch, wanted in entries.items():
            if watch not in self._wanted:
                self._add(watch, wanted)

    def matching(self, plate: str, char_confidences: Sequence[float] = (), at_ms: int = 0) -> list[Match]:
        """Return the entries that a plate, written in any usual way, fits: as written, then look-alikes.

        `char_confidences` say how sure each character is, 0…1; without them all are taken for certain. Lists come last,
        each with `LIBRARY_FITS` lines at most, of which the first that nobody set aside is to fire; lines are passed
        over that are over at an instant.
        """
        if not _PLAIN.issuperset(plate):
            plate = ga36.strip_separators(plate)
        found = [Match(watch, "exact", 1.0) for watch in self._plates.get(plate, ())]
        if not self._patterns.is_empty():
            found += [Match(watch, "pattern", 1.0) for watch in self._patterns.find(plate)]
        if not self._alike.is_empty():
            found += self._looking_alike(plate, char_confidences)
        for one in self.libraries.find(plate, char_confidences, at_ms):
            how: HitHow = "look_alike" if one.score < 1 else "pattern" if one.is_pattern else "exact"
            found.append(Match(one.library, how, one.score, one.line, one.note))
        return found

    def _looking_alike(self, plate: str, char_confidences: Sequence[float]) -> list[Match]:
        fits = self._alike.find_alike(plate, char_confidences, LOOK_ALIKE_SCORE)
        # One that fits in full fires as it is written.
        return [Match(watch, "look_alike", fit) for watch, fit in sorted(fits.items()) if fit < 1]

    def _add(self, watch: str, wanted: Wanted) -> None:
        self._wanted[watch] = wanted
        try:
            pattern = checked_pattern(wanted.pattern)
        except InvalidInputError as error:  # one wrong entry must not switch the others off
            self.impossible[watch] = error.detail
            return
        self._kept[watch] = pattern
        if is_wild(pattern):
            self._patterns.add(pattern, watch)
        else:
            self._plates.setdefault(pattern, {})[watch] = None
        if wanted.look_alike:
            self._alike.add(pattern, watch)

    def _remove(self, watch: str) -> None:
        wanted = self._wanted.pop(watch)
        self.impossible.pop(watch, None)
        pattern = self._kept.pop(watch, "")
        if is_wild(pattern):
            self._patterns.remove(pattern, watch)
        elif pattern:
            del self._plates[pattern][watch]
            if not self._plates[pattern]:
                del self._plates[pattern]
        if pattern and wanted.look_alike:
            self._alike.remove(pattern, watch)
