"""Patterns in a tree by their characters, so that a plate walks along those few that still fit it, however many."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from streams.look_alike import OTHERS

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


class PatternTree(Generic[K]):
    """Entries by pattern; keys are whatever names them."""

    def __init__(self) -> None:
        self._root: _Node[K] = _Node()

    def is_empty(self) -> bool:
        """Say whether nothing of any entry is left."""
        return self._root.is_empty()

    def find(self, plate: str) -> list[K]:
        """Return the entries whose pattern a plate satisfies."""
        found: list[K] = []
        # Every node hangs on one other, so that none is reached twice by the same character.
        nodes, resting = [self._root], []
        rested: set[_Node[K]] = set()
        if (rest := self._root.rest) is not None:
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

    def find_alike(self, plate: str, shares: Sequence[float], least: float) -> dict[K, float]:
        """Return the entries whose pattern a plate fits well enough by what its characters may be taken for: how well.

        `shares` say by how much the weight of another character counts; an entry fits as well as its best way through
        the plate, see `streams.look_alike`. Ways worse than `least` are not followed; so few remain, however many
        entries there are.
        """
        found: dict[K, float] = {}
        nodes: dict[_Node[K], float] = {self._root: 1.0}
        resting: dict[_Node[K], float] = {}
        if (rest := self._root.rest) is not None:
            _end(rest, 1.0, found)
            resting[rest] = 1.0
        for char, share in zip(plate, shares, strict=True):
            reached: dict[_Node[K], float] = {}
            _follow(nodes, char, share, least, reached)
            if resting:
                _follow(resting, char, share, least, reached)
            for node, fit in reached.items():
                if (rest := node.rest) is not None and fit > resting.get(rest, 0):
                    _end(rest, fit, found)  # whatever follows
                    resting[rest] = fit
            nodes = reached
            if not (nodes or resting):
                return found
        for node, fit in nodes.items():
            _end(node, fit, found)
        return found

    def add(self, pattern: str, key: K) -> None:
        """Take an entry."""
        self._path(pattern)[-1].ends[key] = None

    def remove(self, pattern: str, key: K) -> None:
        """Forget an entry that was added."""
        path = self._path(pattern)
        del path[-1].ends[key]
        for char, before, node in reversed(list(zip(pattern, path, path[1:], strict=False))):
            if node.is_empty():
                _set(before, char, None)

    def _path(self, pattern: str) -> list[_Node[K]]:
        """Return the nodes along a pattern, from the root; made where they are missing."""
        path = [self._root]
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


def _end(node: _Node[K], fit: float, found: dict[K, float]) -> None:
    """Note the entries that end here, each with the best of its ways."""
    for key in node.ends:
        if fit > found.get(key, 0):
            found[key] = fit


def _follow(
    nodes: dict[_Node[K], float], char: str, share: float, least: float, reached: dict[_Node[K], float]
) -> None:
    """Add to `reached` where a character leads, or one that it may be taken for, with the best fit of each."""
    others = OTHERS.get(char, ())
    for node, fit in nodes.items():
        after = node.any
        if after is not None and fit > reached.get(after, 0):
            reached[after] = fit
        after = node.next.get(char)
        if after is not None and fit > reached.get(after, 0):
            reached[after] = fit
        for other, weight in others:
            worse = fit * (weight * share)
            if worse < least:
                break
            after = node.next.get(other)
            if after is not None and worse > reached.get(after, 0):
                reached[after] = worse


def _set(node: _Node[K], char: str, after: _Node[K] | None) -> None:
    if char == "?":
        node.any = after
    elif char == "*":
        node.rest = after
    elif after is None:
        del node.next[char]
    else:
        node.next[char] = after
