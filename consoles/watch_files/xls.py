"""Where an XLS file holds formulas: records of BIFF in a compound file ([MS-XLS], [MS-CFB]), no more than is needed."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from command.kernel.errors import InvalidInputError

_BOF, _EOF, _BOUNDSHEET, _FORMULA = 0x0809, 0x000A, 0x0085, 0x0006
_STREAMS = ("Workbook", "Book")
_HEADER_FATS = 109
_ENTRY_BYTES = 128
_ROOT, _STREAM = 5, 2
_NO_SECTOR = 0xFFFFFFFA
"""From here on numbers of sectors say that there is none."""


def formulas_of(data: bytes, sheet: int) -> list[tuple[int, int]]:
    """Return row and column, from 0, of every formula of the sheet with this number, from 0.

    Raises `InvalidInputError` where the file is not what it says.
    """
    try:
        return _formulas(_workbook(data), sheet)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise InvalidInputError("the sheet is damaged: its records do not fit together") from error


def _workbook(data: bytes) -> bytes:
    """Return the stream with the records."""
    if _u16(data, 30) not in (9, 12) or _u16(data, 32) != 6:
        raise ValueError("no compound file")
    sector, mini = 1 << _u16(data, 30), 1 << _u16(data, 32)
    table = [
        number
        for fat in _fats(data, sector)
        if fat < _NO_SECTOR
        for number in struct.unpack_from(f"<{sector // 4}I", data, (fat + 1) * sector)
    ]
    body = data[sector:]
    entries = _chain(body, table, _u32(data, 48), sector)
    root, wanted = b"", b""
    for at in range(0, len(entries) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        entry = entries[at : at + _ENTRY_BYTES]
        name = entry[: max(0, _u16(entry, 64) - 2)].decode("utf-16-le", "replace")
        if entry[66] == _ROOT:
            root = entry
        elif entry[66] == _STREAM and name in _STREAMS:
            wanted = wanted or entry
    if not wanted or not root:
        raise ValueError("no workbook")
    start, size = _u32(wanted, 116), _u32(wanted, 120)
    if size >= _u32(data, 56):
        return _chain(body, table, start, sector)[:size]
    small = _chain(body, table, _u32(root, 116), sector)
    listed = _chain(body, table, _u32(data, 60), sector)
    minis = list(struct.unpack(f"<{len(listed) // 4}I", listed))
    return _chain(small, minis, start, mini)[:size]


def _fats(data: bytes, sector: int) -> list[int]:
    """Return the sectors of the table of sectors: 109 in the header, those of more than 7 MB in a chain of sectors."""
    fats = list(struct.unpack_from(f"<{_HEADER_FATS}I", data, 76))
    more = _u32(data, 68)
    while more < _NO_SECTOR:
        if len(fats) * sector > len(data):
            raise ValueError("a chain that goes round")
        *listed, more = struct.unpack_from(f"<{sector // 4}I", data, (more + 1) * sector)
        fats += listed
    return fats


def _chain(body: bytes, table: list[int], start: int, size: int) -> bytes:
    """Return sectors that follow each other; no file holds more than its table."""
    parts: list[bytes] = []
    while start < _NO_SECTOR:
        if len(parts) >= len(table):
            raise ValueError("a chain that goes round")
        parts.append(body[start * size : (start + 1) * size])
        start = table[start]
    return b"".join(parts)


def _formulas(book: bytes, sheet: int) -> list[tuple[int, int]]:
    starts = [_u32(content, 0) for kind, content in _records(book, 0) if kind == _BOUNDSHEET]
    return [(_u16(content, 0), _u16(content, 2)) for kind, content in _records(book, starts[sheet]) if kind == _FORMULA]


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one part of the book, charts within it left out."""
    depth = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth == 0:
                return
        elif depth == 1:
            yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length
    raise ValueError("records without an end")


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])
