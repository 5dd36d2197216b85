"""Rows of a file as entries of the watch list, with every problem told by row and column in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from command.kernel.errors import TooLargeError, TriuneError
from command.requests import WatchEntry
from command.requests.watchlist import GivenArea
from command.rules.watchlist import check_entry
from command.tables import Tables
from consoles.limits import WATCH_FILE_PROBLEMS, WATCH_FILE_ROWS
from consoles.watch_files import cells
from consoles.watch_files.cells import CellError
from consoles.watch_files.columns import COLUMNS, Column, column_of, columns_of
from consoles.watch_files.table import UNREADABLE, Table, is_formula

_HEAD_ROWS = 10
_VALUE_CHARS = 60


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a row of the file, counted from 1; `column` is its heading, empty for the whole row."""

    row: int
    column: str
    code: str
    zh: str
    en: str
    value: str = ""


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """A row that stands further up in the file, or on the list already as an entry that is asked for or in force."""

    row: int
    pattern: str
    of: Literal["file", "list"]
    of_row: int = 0
    watch: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds: entries by row, and what is not to be asked for and why."""

    rows: int
    entries: tuple[tuple[int, WatchEntry], ...]
    problems: tuple[Problem, ...]
    problems_more: int
    duplicates: tuple[Duplicate, ...]


class Places(msgspec.Struct, frozen=True):
    """Cameras and drawn areas by name and id, and the entries on the list, by pattern and whether look-alikes count."""

    cameras: Mapping[str, str]
    rings: Mapping[str, tuple[tuple[float, float], ...]]
    listed: Mapping[tuple[str, bool], str]


def places_of(t: Tables) -> Places:
    """Return what names in a file may mean."""
    cameras = {camera.name: camera.id for camera in t.cameras} | {camera.id: camera.id for camera in t.cameras}
    rings = {fence.name: fence.ring for fence in t.fences} | {fence.id: fence.ring for fence in t.fences}
    open_ = (watch for watch in t.watches if watch.state in ("requested", "active"))
    return Places(cameras, rings, {(watch.pattern, watch.look_alike): watch.id for watch in open_})


def entries_of(table: Table, places: Places, now_ms: int) -> Found:
    """Return the entries and everything that is wrong. Raises `InvalidInputError` where no heading is found."""
    head, columns = columns_of(table.rows[:_HEAD_ROWS])
    reader = _Reader(places, now_ms)
    if table.left:
        reader.tell_of_sheets(table.left)
    reader.tell_of_columns(head, columns, table.rows)
    count = 0
    for number, row in enumerate(table.rows[head + 1 :], start=head + 2):
        if any(row):
            count += 1
            if count > WATCH_FILE_ROWS:
                raise TooLargeError(f"a file of watches has at most {WATCH_FILE_ROWS} rows")
            reader.take(number, row, columns)
    return Found(
        rows=count, entries=tuple(reader.entries.items()), problems=tuple(reader.problems[:WATCH_FILE_PROBLEMS]),
        problems_more=max(0, len(reader.problems) - WATCH_FILE_PROBLEMS), duplicates=tuple(reader.duplicates),
    )  # fmt: skip


class _Reader:
    """Takes one row after the other."""

    def __init__(self, places: Places, now_ms: int) -> None:
        self.entries: dict[int, WatchEntry] = {}
        self.problems: list[Problem] = []
        self.duplicates: list[Duplicate] = []
        self._places = places
        self._now_ms = now_ms
        self._rows: dict[tuple[str, bool], int] = {}

    def tell_of_sheets(self, left: Sequence[str]) -> None:
        """Add that there are sheets which are not read."""
        self._add(1, None, cells.sheets_left(left), "")

    def tell_of_columns(self, head: int, columns: Mapping[Column, int], rows: Sequence[Sequence[str]]) -> None:
        """Add which columns hold something and are not read, since others say the same."""
        for at, heading in enumerate(rows[head]):
            column = column_of(heading)
            if column and columns[column] != at and any(at < len(row) and row[at] for row in rows[head + 1 :]):
                self._add(head + 1, column, cells.column_left(heading, rows[head][columns[column]]), heading)

    def take(self, number: int, row: Sequence[str], columns: Mapping[Column, int]) -> None:
        """Add what a row says: an entry, a duplicate, or every problem that it has."""
        problems_before = len(self.problems)
        names = {index: column for column, index in columns.items()}
        for index, cell in enumerate(row):
            if is_formula(cell):
                self._add(number, names.get(index), cells.formula(), cell)
            elif UNREADABLE in cell:
                self._add(number, names.get(index), cells.unreadable(), cell)
        if len(self.problems) > problems_before:
            return
        said = {column: row[index] if index < len(row) else "" for column, index in columns.items()}
        entry = self._entry(number, said)
        if entry is None or len(self.problems) > problems_before:
            return
        key = (entry.pattern, entry.look_alike)
        if key in self._rows:
            self.duplicates.append(Duplicate(row=number, pattern=entry.pattern, of="file", of_row=self._rows[key]))
        elif key in self._places.listed:
            watch = self._places.listed[key]
            self.duplicates.append(Duplicate(row=number, pattern=entry.pattern, of="list", watch=watch))
        else:
            self.entries[number] = entry
        self._rows.setdefault(key, number)

    def _entry(self, number: int, said: Mapping[Column, str]) -> WatchEntry | None:
        """Return the entry, or None after every cell was looked at."""
        values: dict[str, object] = {}
        for column, read in cells.READERS.items():
            try:
                values[column] = read(said.get(column, ""), self._now_ms)
            except CellError as error:
                self._add(number, column, error, said.get(column, ""))
        try:
            values["area"] = self._area(said.get("area", ""))
        except CellError as error:
            self._add(number, "area", error, said.get("area", ""))
        if len(values) <= len(cells.READERS):
            return None
        values["pattern"], values["until_ms"] = values.pop("plate"), values.pop("until")
        try:
            entry = msgspec.convert(msgspec.to_builtins(values), WatchEntry)
            return msgspec.structs.replace(entry, pattern=check_entry(entry, self._now_ms))
        except msgspec.ValidationError as error:
            self._add(number, None, cells.invalid(str(error)), "")
        except TriuneError as error:
            self._add(number, "plate", cells.invalid(error.detail, error.code), said.get("plate", ""))
        return None

    def _area(self, cell: str) -> GivenArea | None:
        """Return the cameras that a cell names; or the one drawn area."""
        names = cells.names(cell)
        if not names:
            return None
        if len(names) == 1 and names[0] in self._places.rings and names[0] not in self._places.cameras:
            return GivenArea(ring=list(self._places.rings[names[0]]))
        unknown = [name for name in names if name not in self._places.cameras]
        if unknown:
            raise cells.unknown_places(unknown)
        return GivenArea(cameras=list(dict.fromkeys(self._places.cameras[name] for name in names)))

    def _add(self, number: int, column: Column | None, error: CellError, value: str) -> None:
        heading = COLUMNS[column][0] if column else ""
        self.problems.append(
            Problem(row=number, column=heading, code=error.code, zh=error.zh, en=error.en, value=value[:_VALUE_CHARS])
        )
