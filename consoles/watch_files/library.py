"""Reads a file of a list (库) on standard input and says its entries; run as a process of its own, with bounds.

Files of this kind have up to a million lines. Of each the plate counts, as a remark what columns such as 备注, 案号 or
颜色 say, and until when it is looked for where a column such as 有效期 says a date; without headings the first column
holds the plates. Before the file comes a line with the instant; what comes out is one line of JSON, a `Read`, and after
it the file as `streams.watch_library` keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice

import msgspec

from command.kernel import ga36
from command.kernel.errors import InvalidInputError, TooLargeError, TriuneError
from command.kernel.limits import EVIDENCE_BYTES, LIBRARY_ENTRIES, LIBRARY_NOTE_CHARS
from command.requests.base import LATEST_MS
from command.rules.watchlist import check_pattern
from consoles.limits import LIBRARY_FILE_PROBLEMS, LIBRARY_READER_MEMORY_BYTES, LIBRARY_READER_MS, LIBRARY_SHEET_BYTES
from consoles.watch_files import cells
from consoles.watch_files.cells import CellError
from consoles.watch_files.child import answer_of, answer_within
from consoles.watch_files.columns import COLUMNS, head_of, place_of, plain_heading
from consoles.watch_files.entries import Duplicate, Problem
from consoles.watch_files.sheet import OLE, ZIP, read_sheet
from consoles.watch_files.table import UNREADABLE, csv_rows, decoded, is_formula
from consoles.watch_files.untaken import Untaken
from streams.watch_library import written

_HEAD_ROWS = 10
_VALUE_CHARS = 60
_DATES = 4096
"""Days of lists come again and again: so many cells are remembered with what they mean."""
_NOTES = frozenset({
    "备注", "说明", "案号", "案件编号", "案件号", "品牌", "车辆品牌", "品牌型号", "型号", "颜色", "车身颜色",
    "车辆颜色", "车辆类型", "号牌种类", "状态", "remark", "remarks", "note", "case", "case no", "make", "model",
    "colour", "color",
})  # fmt: skip
_USUAL = re.compile(f"[{ga36.PROVINCES}][{ga36.LETTERS}][{ga36.LETTERS}{ga36.DIGITS}]{{5}}")
"""What nearly every line holds: it needs no closer look."""


class Read(msgspec.Struct, frozen=True, kw_only=True, tag="read"):
    """What a file holds: rows with anything in them, and what is not taken and why; the first of each are told.

    So many entries are `dated`: they are over before their list may be, from `first_until_ms` on to `last_until_ms`.
    `columns_left` are the headings of columns that hold something and were not taken.
    """

    rows: int
    entries: int
    patterns: int
    is_mixed: bool
    problems: tuple[Problem, ...]
    problems_more: int
    duplicates: tuple[Duplicate, ...]
    duplicates_more: int
    dated: int = 0
    first_until_ms: int = 0
    last_until_ms: int = 0
    columns_left: tuple[str, ...] = ()


async def read_library(data: bytes, now_ms: int) -> tuple[Read, bytes]:
    """Have a file read at an instant; return what is told of it, and its entries as they are kept.

    Raises `TooLargeError`, and `InvalidInputError` for what is no table or has no entry.
    """
    return await answer_of("consoles.watch_files.library", b"%d\n" % now_ms + data, LIBRARY_READER_MS, Read)


def read(data: bytes, now_ms: int) -> tuple[Read, bytes]:
    """Return what `read_library` does, read here."""
    if data.startswith((ZIP, OLE)):
        sheet = read_sheet(data, LIBRARY_ENTRIES + _HEAD_ROWS, LIBRARY_SHEET_BYTES)
        return _Reader(now_ms, sheet.left).read(iter(sheet.rows), is_mixed=False)
    text, is_mixed = decoded(data)
    return _Reader(now_ms).read(csv_rows(text), is_mixed=is_mixed)


class _Reader:
    """Takes one row after the other."""

    def __init__(self, now_ms: int, sheets_left: Sequence[str] = ()) -> None:
        self._now_ms = now_ms
        self._rows: dict[str, int] = {}
        """Where each pattern stands first."""
        self._notes: dict[str, str] = {}
        self._until_ms: dict[str, int] = {}
        self._patterns = 0
        self._plate = 0
        self._until: int | None = None
        self._end = ""
        """How the column is headed that says until when."""
        self._remarks: list[int] = []
        self._problems: list[Problem] = []
        self._duplicates: list[Duplicate] = []
        self._more_problems = self._more_duplicates = 0
        self._untaken = Untaken({}, now_ms)
        if sheets_left:
            self._refuse(1, cells.sheets_left(sheets_left), "", column="")

    def read(self, rows: Iterator[Sequence[str]], *, is_mixed: bool) -> tuple[Read, bytes]:
        """Return what stands in the rows."""
        head = list(islice(rows, _HEAD_ROWS))
        first = self._find_columns(head)
        count = self._take_all(enumerate(chain(head[first:], rows), start=first + 1))
        for heading in self._untaken.of_dates():
            left = cells.column_left(heading, self._end) if self._end else cells.dates_left(heading)
            self._refuse(max(1, first), left, heading, heading, first=True)
        if not self._rows:
            raise InvalidInputError(f"none of {count} rows holds a plate as GA 36 has them")
        content = written({pattern: self._notes.get(pattern, "") for pattern in self._rows}, self._until_ms)
        if len(content) > EVIDENCE_BYTES:
            raise TooLargeError(f"with its remarks the list has more than {EVIDENCE_BYTES} bytes; leave columns out")
        return Read(
            rows=count, entries=len(self._rows), patterns=self._patterns, is_mixed=is_mixed,
            problems=tuple(self._problems), problems_more=self._more_problems, duplicates=tuple(self._duplicates),
            duplicates_more=self._more_duplicates, dated=len(self._until_ms),
            first_until_ms=min(self._until_ms.values(), default=0),
            last_until_ms=max(self._until_ms.values(), default=0), columns_left=self._untaken.names(),
        ), content  # fmt: skip

    def _find_columns(self, head: list[list[str]] | list[Sequence[str]]) -> int:
        """Note which column says what; return the first row below the headings, 0 where there are none.

        Raises `InvalidInputError` where there are none over several columns: nobody could tell what they say.
        """
        number = head_of(head)
        if number is not None:
            row = head[number]
            plate = place_of(row, "plate")
            assert plate is not None
            self._plate = plate
            self._until = place_of(row, "until")
            self._end = "" if self._until is None else _name(row[self._until])
            self._remarks = [at for at, cell in enumerate(row) if plain_heading(cell) in _NOTES]
            self._look_at(row, max(map(len, head)))
            return number + 1
        filled = [row for row in head if any(row)]
        several = any(any(row[1:]) for row in filled)
        if several and not _is_plate(filled[0][0]):
            raise InvalidInputError(
                f"no row of headings with {COLUMNS['plate'][0]} (plate) among the first {_HEAD_ROWS}, and the first "
                "row does not begin with a plate"
            )
        self._look_at((), max(map(len, head), default=0))
        return 0

    def _look_at(self, headings: Sequence[str], columns: int) -> None:
        """Note which columns are not taken."""
        taken = {self._plate, self._until, *self._remarks}
        names = [_name(each) for each in headings] + [""] * (columns - len(headings))
        left = {at: name or f"#{at + 1}" for at, name in enumerate(names) if at not in taken}
        self._untaken = Untaken(left, self._now_ms)

    def _take_all(self, rows: Iterable[tuple[int, Sequence[str]]]) -> int:
        count = 0
        for number, row in rows:
            if not any(row):
                continue
            count += 1
            if count > LIBRARY_ENTRIES:
                raise TooLargeError(f"a list has at most {LIBRARY_ENTRIES} rows")
            self._untaken.see(row)
            cell = row[self._plate] if self._plate < len(row) else ""
            try:
                pattern = cell if _USUAL.fullmatch(cell) else _pattern(cell)
                note = self._note(row)
            except CellError as error:
                self._refuse(number, error, cell)
                continue
            until = row[self._until] if self._until is not None and self._until < len(row) else ""
            try:
                until_ms = _until_ms(until, self._now_ms) if until else None
            except CellError as error:
                self._refuse(number, error, until, COLUMNS["until"][0])
                continue
            if pattern in self._rows:
                self._note_twice(number, pattern)
                continue
            self._rows[pattern] = number
            self._patterns += "?" in pattern or "*" in pattern
            if note:
                self._notes[pattern] = note
            if until_ms is not None:
                self._until_ms[pattern] = until_ms
        return count

    def _note(self, row: Sequence[str]) -> str:
        """Return what columns of remarks say, cut to what is kept; nothing in it may be taken for a formula."""
        parts = [row[at] for at in self._remarks if at < len(row) and row[at]]
        if any(is_formula(part) for part in parts):
            raise cells.formula()
        if any(UNREADABLE in part for part in parts):
            raise cells.unreadable()
        return " ".join(" ".join(parts).split())[:LIBRARY_NOTE_CHARS].strip()

    def _refuse(
        self, number: int, error: CellError, value: str, column: str = COLUMNS["plate"][0], *, first: bool = False
    ) -> None:
        """Note what is wrong; `first` is told before what was noted until now."""
        problem = Problem(
            row=number, column=column, code=error.code, zh=error.zh, en=error.en, value=value[:_VALUE_CHARS]
        )
        self._problems.insert(0 if first else len(self._problems), problem)
        if len(self._problems) > LIBRARY_FILE_PROBLEMS:
            self._problems.pop()
            self._more_problems += 1

    def _note_twice(self, number: int, pattern: str) -> None:
        if len(self._duplicates) >= LIBRARY_FILE_PROBLEMS:
            self._more_duplicates += 1
        else:
            self._duplicates.append(Duplicate(row=number, pattern=pattern, of="file", of_row=self._rows[pattern]))


def _name(heading: str) -> str:
    return " ".join(heading.split())[:_VALUE_CHARS]


@lru_cache(_DATES)
def _until_ms(cell: str, now_ms: int) -> int | None:
    """Return until when a cell says; None for as long as its list, which ends by `LATEST_MS`. Raises `CellError`."""
    if is_formula(cell):
        raise cells.formula()
    at_ms = cells.end_ms(cell, now_ms)
    return None if at_ms is None or at_ms > LATEST_MS else at_ms


def _is_plate(cell: str) -> bool:
    try:
        return bool(_pattern(cell))
    except CellError:
        return False


def _pattern(cell: str) -> str:
    """Return a pattern as it is kept; raises `CellError`."""
    if is_formula(cell):
        raise cells.formula()
    if UNREADABLE in cell:
        raise cells.unreadable()
    try:
        return check_pattern(cells.plate_text(cell))
    except TriuneError as error:
        raise cells.invalid(error.detail, error.code) from error


def _read_at(data: bytes) -> tuple[Read, bytes]:
    at, _, file = data.partition(b"\n")
    return read(file, int(at))


if __name__ == "__main__":
    answer_within(LIBRARY_READER_MEMORY_BYTES, LIBRARY_READER_MS, _read_at)
