"""Answers that come in several messages: in any order, doubled, or with some of them lost."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Gathering(Generic[T]):
    """What came so far of an answer, over all the times that it was asked for, the first `most` items of it.

    `key` tells items apart. `total` is how many were announced, None as long as that was not said.
    """

    def __init__(self, key: Callable[[T], Hashable], most: int) -> None:
        self.total: int | None = None
        self.parts = 0
        self._key = key
        self._most = most
        self._items: dict[Hashable, T] = {}

    @property
    def items(self) -> list[T]:
        """The items, each once, in the order of coming."""
        return list(self._items.values())

    @property
    def is_whole(self) -> bool:
        """Whether as many different items came as were announced."""
        return self.total is not None and len(self._items) >= self.total

    @property
    def is_cut(self) -> bool:
        """Whether more were announced than are taken, and as many came."""
        return not self.is_whole and len(self._items) >= self._most

    def take(self, total: int | None, items: Iterable[T]) -> None:
        """Take a part; the newest word on the total counts."""
        self.total = self.total if total is None else total
        self.parts += 1
        for item in items:
            if len(self._items) < self._most:
                self._items[self._key(item)] = item
