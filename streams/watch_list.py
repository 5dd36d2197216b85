"""The watch list in force (布控), ready to be asked about every plate that is read.

Plates without wild cards are looked up. Patterns stand in a tree by their characters, so that a plate walks along those
few that still fit it, however many there are. Entries that fire for look-alikes stand in both by their skeletons, and
the few that a plate's skeleton finds are scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from command.facts.watchlist import HitHow
from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.limits import LOOK_ALIKE_SCORE
from command.kernel.plate_pattern import checked_pattern
from streams import look_alike


class Wanted(NamedTuple):
    """What an entry asks for: a plate or pattern, and whether look-alikes are meant too."""

    pattern: str
    look_alike: bool = False


class Match(NamedTuple):
    """An entry that a plate fits, and how; `score` is 1 for all but look-alikes, see `streams.look_alike`."""

    watch: str
    how: HitHow
    score: float


class WatchList:
    """Knows which entries a plate fits. `update` brings it to another list by what differs."""

    def __init__(self, entries: Iterable[tuple[str, Wanted]] = ()) -> None:
        """Take entries by watch id. One that no plate can satisfy never fires, and is told in `impossible`."""
        self.impossible: dict[str, str] = {}
        self._wanted: dict[str, Wanted] = {}
        """As each was asked for."""
        self._kept: dict[str, str] = {}
        """As each is matched."""
        self._as_written = _Index()
        self._by_skeleton = _Index()
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

    def matching(self, plate: str, char_confidences: Sequence[float] = ()) -> list[Match]:
        """Return the entries that a plate, written in any usual way, fits: as written, then look-alikes.

        `char_confidences` say how sure each character is, 0…1; without them all are taken for certain.
        """
        plate = ga36.strip_separators(plate)
        found = [
            Match(watch, "pattern" if _is_wild(self._kept[watch]) else "exact", 1.0)
            for watch in self._as_written.find(plate)
        ]
        for watch in self._by_skeleton.find(look_alike.skeleton(plate)):
            score = look_alike.score(self._kept[watch], plate, char_confidences)
            if LOOK_ALIKE_SCORE <= score < 1:  # 1: found above
                found.append(Match(watch, "look_alike", score))
        return found

    def _add(self, watch: str, wanted: Wanted) -> None:
        self._wanted[watch] = wanted
        try:
            pattern = checked_pattern(wanted.pattern)
        except InvalidInputError as error:  # one wrong entry must not switch the others off
            self.impossible[watch] = error.detail
            return
        self._kept[watch] = pattern
        self._as_written.add(pattern, watch)
        if wanted.look_alike:
            self._by_skeleton.add(look_alike.skeleton(pattern), watch)

    def _remove(self, watch: str) -> None:
        wanted = self._wanted.pop(watch)
        self.impossible.pop(watch, None)
        pattern = self._kept.pop(watch, "")
        if pattern:
            self._as_written.remove(pattern, watch)
            if wanted.look_alike:
                self._by_skeleton.remove(look_alike.skeleton(pattern), watch)


class _Node:
    """What the beginnings of some patterns have in common."""

    __slots__ = ("any", "ends", "next", "rest")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.any: _Node | None = None
        """After a `?`."""
        self.rest: _Node | None = None
        """After a `*`, which takes any characters before it goes on."""
        self.ends: dict[str, None] = {}
        """The watches whose pattern ends here."""

    def is_empty(self) -> bool:
        return not (self.next or self.any or self.rest or self.ends)


class _Index:
    """Watches by pattern, in one spelling."""

    def __init__(self) -> None:
        self.exact: dict[str, dict[str, None]] = {}
        self.patterns = _Node()

    def find(self, plate: str) -> list[str]:
        """Return the watches whose pattern a plate satisfies."""
        found = list(self.exact.get(plate, ()))
        # Every node hangs on one other, so that none is reached twice by the same character.
        nodes, resting = [self.patterns], []
        rested: set[_Node] = set()
        if (rest := self.patterns.rest) is not None:
            found += rest.ends
            resting.append(rest)
        for char in plate:
            reached = []
            for node in nodes + resting if resting else nodes:
                if (after := node.next.get(char)) is not None:
                    reached.append(after)
                if node.any is not None:
                    reached.append(node.any)
            for node in reached:
                if (rest := node.rest) is not None and rest not in rested:
                    rested.add(rest)
                    found += rest.ends  # whatever follows
                    if rest.next or rest.any:
                        resting.append(rest)
            nodes = reached
            if not (nodes or resting):
                return found
        for node in nodes:
            found += node.ends
        return found

    def add(self, pattern: str, watch: str) -> None:
        if _is_wild(pattern):
            self._path(pattern)[-1].ends[watch] = None
        else:
            self.exact.setdefault(pattern, {})[watch] = None

    def remove(self, pattern: str, watch: str) -> None:
        if _is_wild(pattern):
            path = self._path(pattern)
            del path[-1].ends[watch]
            for char, before, node in reversed(list(zip(pattern, path, path[1:], strict=False))):
                if node.is_empty():
                    _set(before, char, None)
        else:
            del self.exact[pattern][watch]
            if not self.exact[pattern]:
                del self.exact[pattern]

    def _path(self, pattern: str) -> list[_Node]:
        """Return the nodes along a pattern, from the root; made where they are missing."""
        path = [self.patterns]
        for char in pattern:
            node = path[-1]
            after = node.any if char == "?" else node.rest if char == "*" else node.next.get(char)
            if after is None:
                after = _Node()
                _set(node, char, after)
            path.append(after)
        return path


def _is_wild(pattern: str) -> bool:
    return "?" in pattern or "*" in pattern


def _set(node: _Node, char: str, after: _Node | None) -> None:
    if char == "?":
        node.any = after
    elif char == "*":
        node.rest = after
    elif after is None:
        del node.next[char]
    else:
        node.next[char] = after
