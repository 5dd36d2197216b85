"""Reads one sheet on standard input and says its cells as JSON; run as a process of its own, which may come to its end.

Formulas are found and marked, never worked out.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

import msgspec
import python_calamine

from command.kernel.errors import InvalidInputError, TooLargeError
from consoles.limits import (
    WATCH_FILE_COLUMNS,
    WATCH_FILE_ROWS,
    WATCH_SHEET_BYTES,
    WATCH_SHEET_MEMORY_BYTES,
    WATCH_SHEET_MS,
)
from consoles.watch_files.child import answer_within
from consoles.watch_files.xls import formulas_of

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of XLSX and of XLS begin."""
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""How a cell begins that a spreadsheet program takes for a formula."""
_CELL_CHARS = 1000
_PARTS = 2000
_ROWS = WATCH_FILE_ROWS + 20
"""Some more than may be, so that what is above the heading does not count."""
_PIECE = 64 * 1024
_LOOKED_AT = 100
_WORKBOOK = b".main+xml"
"""Stands in the types of content of each workbook in XML: with and without macros, and templates."""
_MAY_HOLD_FORMULAS = re.compile(rb"<(?:[^\s<>/!?]+:)?f[\s/>]|<!DOCTYPE|\x00")
"""Matches every XML with an element `f`: as such, put together by its document type, or in UTF-16."""
_Place = tuple[int, int]
"""Row and column, from 0."""


class Cells(msgspec.Struct, tag="cells"):
    """Texts, row by row, and the names of further sheets with anything in them, which are not read."""

    rows: list[list[str]]
    left: list[str] = []


def read_sheet(data: bytes, most_rows: int = _ROWS, unpacked_bytes: int = WATCH_SHEET_BYTES) -> Cells:
    """Return the cells of the first visible sheet as texts; a formula as one that begins with `=`.

    A row more than `most_rows` is read, which tells that there are more. Raises `InvalidInputError` or `TooLargeError`.
    """
    parts = _parts(data, unpacked_bytes) if data.startswith(ZIP) else None
    if parts is not None and not _is_xlsx(parts):
        raise InvalidInputError("of packed files only XLSX is read; save it as XLSX or CSV")
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        shown = python_calamine.SheetVisibleEnum.Visible
        visible = [number for number, each in enumerate(book.sheets_metadata) if each.visible == shown]
        if not visible:
            raise InvalidInputError("the file holds no sheet")
        name = book.sheets_metadata[visible[0]].name
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=most_rows + 1)
        left = [book.sheets_metadata[number].name for number in visible[1:] if _holds_anything(book, number)]
    except python_calamine.PasswordError as error:
        raise InvalidInputError("the file is locked with a password") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise InvalidInputError(f"the sheet cannot be read: {error}") from error
    cells = [[_text(cell) for cell in row[:WATCH_FILE_COLUMNS]] for row in rows]
    formulas = formulas_of(data, visible[0]) if parts is None else _formulas(parts, name)
    for row, column in formulas:
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = f"={cells[row][column] or '…'}"
    return Cells(cells, left)


def _holds_anything(book: python_calamine.CalamineWorkbook, number: int) -> bool:
    about = book.sheets_metadata[number]
    if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
        return False
    return any(any(row) for row in book.get_sheet_by_name(about.name).to_python(nrows=_LOOKED_AT))


def _is_xlsx(parts: dict[str, bytes]) -> bool:
    """Say whether it is a workbook in XML: where formulas stand in another kind (XLSB, ODS) is not known here."""
    return any(name.lower() == "[content_types].xml" and _WORKBOOK in part for name, part in parts.items())


def _text(cell: Any) -> str:
    match cell:
        case bool():
            return "1" if cell else "0"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime.datetime():
            return cell.strftime("%Y-%m-%d %H:%M")
        case datetime.date():
            return cell.strftime("%Y-%m-%d")
        case datetime.time():
            return cell.strftime("%H:%M")
        case _:
            return str(cell).strip()[:_CELL_CHARS]


def _parts(data: bytes, most_bytes: int) -> dict[str, bytes]:
    """Return the parts of the archive that say what its sheets hold; every part was read and is as large as it says."""
    wanted, left = {}, most_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > _PARTS:
                raise TooLargeError(f"the sheet has more than {_PARTS} parts")
            for info in archive.infolist():
                kept = bytearray()
                with archive.open(info) as part:
                    while piece := part.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise TooLargeError(f"unpacked, the sheet is larger than {most_bytes} bytes")
                        if info.filename.endswith((".xml", ".rels")):
                            kept += piece
                if kept:
                    wanted[info.filename.lstrip("/")] = bytes(kept)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InvalidInputError(f"the sheet cannot be unpacked: {error}") from error
    return wanted


def _formulas(parts: dict[str, bytes], sheet: str) -> list[_Place]:
    """Return where a sheet holds formulas; those of all sheets where it cannot be told which part it is."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def on_sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            ids[attributes.get("name", "")] = next((v for k, v in attributes.items() if k.endswith(":id")), "")

    def on_relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    _walk(parts.get("xl/workbook.xml", b""), on_sheet)
    _walk(parts.get("xl/_rels/workbook.xml.rels", b""), on_relation)
    target = targets.get(ids.get(sheet, ""), "").removeprefix("/xl/").removeprefix("xl/")
    part = f"xl/{target}"
    chosen = [part] if part in parts else [name for name in parts if name.startswith("xl/worksheets/")]
    return [place for name in chosen for place in _formulas_of(parts[name])]


def _formulas_of(xml: bytes) -> list[_Place]:
    found: list[_Place] = []
    if not _MAY_HOLD_FORMULAS.search(xml):  # half the time of reading a list of a million rows
        return found
    row, column = -1, -1

    def on_element(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column
        if name == "row":
            row, column = int(attributes.get("r", row + 2)) - 1, -1
        elif name == "c":
            column = _column(attributes["r"]) if "r" in attributes else column + 1
        elif name == "f":
            found.append((row, column))

    _walk(xml, on_element)
    return found


def _column(reference: str) -> int:
    """Return the column of a reference such as `AB12`, from 0."""
    column = 0
    for letter in reference.rstrip("0123456789"):
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _walk(xml: bytes, on_element: Callable[[str, dict[str, str]], None]) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: on_element(name.rpartition(":")[2], attributes)
    try:
        if xml:
            parser.Parse(xml, True)
    except (expat.ExpatError, ValueError) as error:
        raise InvalidInputError(f"the sheet is damaged: {error}") from error


if __name__ == "__main__":
    answer_within(WATCH_SHEET_MEMORY_BYTES, WATCH_SHEET_MS, lambda data: (read_sheet(data), b""))
