"""The columns of a list that are not taken: with an end date among them cars would be looked for on and on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from consoles.limits import LIBRARY_COLUMN_ROWS
from consoles.watch_files import cells
from consoles.watch_files.cells import CellError

_DAYS = 4096
"""Days of lists come again and again: so many cells are remembered with what they mean."""
_DIGIT = re.compile(r"\d")


class Untaken:
    """Looks at the first rows. `headings` are those of the columns that are not taken, by their place from 0."""

    def __init__(self, headings: Mapping[int, str], now_ms: int) -> None:
        self._headings = headings
        self._now_ms = now_ms
        self._rows = 0
        self._filled: dict[int, int] = {}
        self._dates: dict[int, int] = {}
        self._ahead: set[int] = set()

    def see(self, row: Sequence[str]) -> None:
        """Look at a row below the headings."""
        if self._rows >= LIBRARY_COLUMN_ROWS:
            return
        self._rows += 1
        for at in self._headings:
            cell = row[at] if at < len(row) else ""
            if not cell:
                continue
            self._filled[at] = self._filled.get(at, 0) + 1
            if _DIGIT.search(cell) and (day := _day(cell, self._now_ms)):
                self._dates[at] = self._dates.get(at, 0) + 1
                if day == "ahead":
                    self._ahead.add(at)

    def names(self) -> tuple[str, ...]:
        """Return the columns that hold anything."""
        return tuple(self._headings[at] for at in sorted(self._filled))

    def of_dates(self) -> Iterator[str]:
        """Yield those that hold dates for the most part, one of them still to come: they may say until when to look."""
        for at in sorted(self._ahead):
            if 2 * self._dates[at] > self._filled[at]:
                yield self._headings[at]


@lru_cache(_DAYS)
def _day(cell: str, now_ms: int) -> str:
    """Say of a date whether it is past or ahead; empty for what is none."""
    try:
        return "" if cells.end_ms(cell, now_ms) is None else "ahead"
    except CellError as error:
        return "past" if error.code == "past" else ""
