"""Patterns in a tree by their characters, so that a plate walks along those few that still fit it, however many."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class _Node(Generic[K]):
    """What the beginnings of some patterns have in common."""

    __slots__ = ("any", "ends", "next", "rest")

    def __init__(self) -> None:
        self.next: dict[str, _Node[K]] = {}
        self.any: _Node[K] | None = None
        """After a `?`."""
        self.rest: _Node[K] | None = None
        """After a `*`, which takes any characters before it goes on."""
        self.ends: dict[K, None] = {}
        """The entries whose pattern ends here."""

    def is_empty(self) -> bool:
        return not (self.next or self.any or self.rest or self.ends)


class PatternIndex(Generic[K]):
    """Entries by pattern, in one spelling; keys are whatever names them."""

    def __init__(self) -> None:
        self.exact: dict[str, dict[K, None]] = {}
        self.patterns: _Node[K] = _Node()

    def find(self, plate: str) -> list[K]:
        """Return the entries whose pattern a plate, or its skeleton, satisfies."""
        found = list(self.exact.get(plate, ()))
        # Every node hangs on one other, so that none is reached twice by the same character.
        nodes, resting = [self.patterns], []
        rested: set[_Node[K]] = set()
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

    def add(self, pattern: str, key: K) -> None:
        """Take an entry."""
        if is_wild(pattern):
            self._path(pattern)[-1].ends[key] = None
        else:
            self.exact.setdefault(pattern, {})[key] = None

    def remove(self, pattern: str, key: K) -> None:
        """Forget an entry that was added."""
        if is_wild(pattern):
            path = self._path(pattern)
            del path[-1].ends[key]
            for char, before, node in reversed(list(zip(pattern, path, path[1:], strict=False))):
                if node.is_empty():
                    _set(before, char, None)
        else:
            del self.exact[pattern][key]
            if not self.exact[pattern]:
                del self.exact[pattern]

    def _path(self, pattern: str) -> list[_Node[K]]:
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


def is_wild(pattern: str) -> bool:
    """Say whether it is more than a plate."""
    return "?" in pattern or "*" in pattern


def _set(node: _Node[K], char: str, after: _Node[K] | None) -> None:
    if char == "?":
        node.any = after
    elif char == "*":
        node.rest = after
    elif after is None:
        del node.next[char]
    else:
        node.next[char] = after
