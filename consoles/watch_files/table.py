"""Bytes of a file as rows of texts, whatever an office saved it as: CSV in any usual encoding, XLSX, XLS."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import NamedTuple

from command.kernel.chinese import is_chinese
from command.kernel.errors import InvalidInputError, TooLargeError
from consoles.limits import WATCH_FILE_BYTES, WATCH_FILE_COLUMNS, WATCH_FILE_ROWS, WATCH_SHEET_MS
from consoles.watch_files.child import answer_of
from consoles.watch_files.sheet import FORMULA, OLE, ZIP, Cells

UNREADABLE = "\ufffd"
"""Stands for bytes that are no text."""
_CELL_CHARS = 1000
_SAMPLE_BYTES = 4096
_HEAD_ROWS = 10
_LINES_OF_A_ROW = 20
"""More line breaks than people write into cells of one row."""


class Table(NamedTuple):
    """Rows of texts; row 1 is the first of the file. `is_mixed` where lines of it are of different encodings.

    `left` are sheets behind the first, which are not read.
    """

    rows: list[list[str]]
    is_mixed: bool = False
    left: Sequence[str] = ()


async def read_table(data: bytes) -> Table:
    """Return the rows of a file, the first visible sheet of one with sheets.

    Raises `TooLargeError`, and `InvalidInputError` for what is no table.
    """
    if len(data) > WATCH_FILE_BYTES:
        raise TooLargeError(f"a file of watches has at most {WATCH_FILE_BYTES} bytes")
    if not data.strip():
        raise InvalidInputError("the file is empty")
    table = await _of_sheet(data) if data.startswith((ZIP, OLE)) else await asyncio.to_thread(read_text, data)
    if len(table.rows) > WATCH_FILE_ROWS + _HEAD_ROWS:
        raise TooLargeError(f"a file of watches has at most {WATCH_FILE_ROWS} rows")
    return table


def read_text(data: bytes) -> Table:
    """Return the rows of a CSV file: UTF-8 or UTF-16, with or without a mark, or GB18030, which GBK is a part of.

    Lines of UTF-8 among lines of GB18030 are told apart one by one, as they come about when files are put together.
    """
    text, is_mixed = decoded(data)
    return Table(list(islice(csv_rows(text), WATCH_FILE_ROWS + _HEAD_ROWS + 1)), is_mixed)


def csv_rows(text: str) -> Iterator[list[str]]:
    """Yield the rows of a text that `decoded` returned. Raises `InvalidInputError` where it is no table.

    A quotation mark that is not closed makes one cell of all rows up to the next: that is refused, not passed over.
    """
    if "\x00" in text:
        raise InvalidInputError("the file is neither text nor a sheet")
    head = text[:_SAMPLE_BYTES].split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    # Only strict reading says that the last mark was never closed; even numbers of marks may be written as they like.
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=text.count('"') % 2 == 1)
    line = 0
    try:
        for row in reader:
            if reader.line_num - line > _LINES_OF_A_ROW:
                raise InvalidInputError(f"the file is no table: a quotation mark in line {line + 1} is not closed")
            line = reader.line_num
            yield [cell.strip()[:_CELL_CHARS] for cell in row[:WATCH_FILE_COLUMNS]]
    except csv.Error as error:
        why = "a quotation mark is not closed" if "end of data" in str(error) else str(error)
        raise InvalidInputError(f"the file is no table: {why}, in line {line + 1} or after it") from error


def decoded(data: bytes) -> tuple[str, bool]:
    """Return the text, with `UNREADABLE` for what is none, and whether its lines are of different encodings."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark) and name == "utf-16":
            return data.decode(name, "replace"), False
    sample = data[:_SAMPLE_BYTES]
    for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(sample) > 4 and zeros.count(0) > len(zeros) // 3:  # commas, digits and Latin letters
            return data.decode(name, "replace"), False
    lines, names = [], set()
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        text, name = _line(line)
        lines.append(text)
        names.add(name)
    return "\n".join(lines), len(names - {""}) > 1


def _line(line: bytes) -> tuple[str, str]:
    """Return a line and its encoding, empty where it says nothing of it."""
    if line.isascii():
        return line.decode("ascii"), ""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = ""
    if text and is_chinese(text):
        return text, "utf-8"
    try:
        return line.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        return text or line.decode("gb18030", "replace"), "utf-8" if text else "gb18030"


async def _of_sheet(data: bytes) -> Table:
    """Have a sheet read by a process of its own: one that is made to fill memory or to break the reader ends alone."""
    said, _ = await answer_of("consoles.watch_files.sheet", data, WATCH_SHEET_MS, Cells)
    return Table(said.rows, left=said.left)


def is_formula(cell: str) -> bool:
    """Say whether a spreadsheet program could take a cell for something to work out; a dash alone stands for none."""
    return cell.startswith(FORMULA) and bool(cell.strip("-+=@＝＋－＠ \t\r"))
