"""The watch list in force (布控), ready to be asked about every plate that is read.

Plates without wild cards are looked up. Patterns stand in a tree by their characters, so that a plate walks along those
few that still fit it, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.plate_pattern import checked_pattern


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


class WatchList:
    """Knows which entries a plate fits. `update` brings it to another list by what differs."""

    def __init__(self, entries: Iterable[tuple[str, str]] = ()) -> None:
        """Take (watch id, pattern) pairs. One that no plate can satisfy never fires, and is told in `impossible`."""
        self.impossible: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        """As each was asked for."""
        self._kept: dict[str, str] = {}
        """As each is matched."""
        self._exact: dict[str, dict[str, None]] = {}
        self._patterns = _Node()
        for watch, text in entries:
            self._add(watch, text)

    def __len__(self) -> int:
        return len(self._texts)

    def update(self, entries: Mapping[str, str]) -> None:
        """Hold exactly these entries, pattern by watch id."""
        for watch in [watch for watch, text in self._texts.items() if entries.get(watch) != text]:
            self._remove(watch)
        for watch, text in entries.items():
            if watch not in self._texts:
                self._add(watch, text)

    def matching(self, plate: str) -> list[str]:
        """Return the ids of the entries that a plate, written in any usual way, fits."""
        plate = ga36.strip_separators(plate)
        found = list(self._exact.get(plate, ()))
        nodes: dict[_Node, None] = {self._patterns: None}
        resting = {self._patterns.rest: None} if self._patterns.rest else {}
        for char in plate:
            reached: dict[_Node, None] = {}
            for node in (*nodes, *resting):
                if (after := node.next.get(char)) is not None:
                    reached[after] = None
                if node.any is not None:
                    reached[node.any] = None
            nodes = reached
            for node in reached:
                if node.rest is not None:
                    resting[node.rest] = None
        for node in (*nodes, *resting):
            found += node.ends
        return found

    def _add(self, watch: str, text: str) -> None:
        self._texts[watch] = text
        try:
            pattern = checked_pattern(text)
        except InvalidInputError as error:  # one wrong entry must not switch the others off
            self.impossible[watch] = error.detail
            return
        self._kept[watch] = pattern
        if "?" in pattern or "*" in pattern:
            self._path(pattern)[-1].ends[watch] = None
        else:
            self._exact.setdefault(pattern, {})[watch] = None

    def _remove(self, watch: str) -> None:
        del self._texts[watch]
        self.impossible.pop(watch, None)
        pattern = self._kept.pop(watch, "")
        if "?" in pattern or "*" in pattern:
            path = self._path(pattern)
            del path[-1].ends[watch]
            for char, before, node in reversed(list(zip(pattern, path, path[1:], strict=False))):
                if node.is_empty():
                    _set(before, char, None)
        elif pattern:
            del self._exact[pattern][watch]
            if not self._exact[pattern]:
                del self._exact[pattern]

    def _path(self, pattern: str) -> list[_Node]:
        """Return the nodes along a pattern, from the root; made where they are missing."""
        path = [self._patterns]
        for char in pattern:
            node = path[-1]
            after = node.any if char == "?" else node.rest if char == "*" else node.next.get(char)
            if after is None:
                after = _Node()
                _set(node, char, after)
            path.append(after)
        return path


def _set(node: _Node, char: str, after: _Node | None) -> None:
    if char == "?":
        node.any = after
    elif char == "*":
        node.rest = after
    elif after is None:
        del node.next[char]
    else:
        node.next[char] = after
