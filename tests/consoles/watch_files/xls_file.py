"""Writes XLS files: BIFF8 records in a compound file, as spreadsheet programs of before 2007 do."""

from __future__ import annotations

import struct

_SECTOR = 512
_NUMBERS = _SECTOR // 4
_HEADER_TABLES = 109
_END, _FREE, _FAT, _DIFAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
_LEAST_BYTES = 4096


class Formula(str):
    """A cell that is worked out, with the text that it came to last."""

    __slots__ = ()


def xls(rows: list[list[str]]) -> bytes:
    """Return a file with one sheet."""
    head = _bof(0x0005) + _record(0x0042, struct.pack("<H", 1200))
    name = struct.pack("<BB", 1, 0) + b"A"
    sheet_at = len(head) + 4 + 6 + len(name) + 4
    book = head + _record(0x0085, struct.pack("<IBB", sheet_at, 0, 0) + name) + _record(0x000A, b"")
    assert len(book) == sheet_at
    cells = [_cell(y, x, cell) for y, row in enumerate(rows) for x, cell in enumerate(row)]
    return _compound(b"".join((book, _bof(0x0010), *cells, _record(0x000A, b""))).ljust(_LEAST_BYTES, b"\0"))


def _cell(y: int, x: int, cell: str) -> bytes:
    text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
    if not isinstance(cell, Formula):
        return _record(0x0204, struct.pack("<HHH", y, x, 0) + text)
    is_text = bytes((0, 0, 0, 0, 0, 0, 0xFF, 0xFF))
    one = struct.pack("<HBH", 3, 0x1E, 1)  # the expression 1
    return _record(0x0006, struct.pack("<HHH", y, x, 0) + is_text + bytes(6) + one) + _record(0x0207, text)


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 0x0600))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _compound(stream: bytes) -> bytes:
    """Return a file of sectors: the stream, the directory, their table, and a list of the table's sectors past 109."""
    count = -(-len(stream) // _SECTOR)
    tables = lists = 0
    while tables * _NUMBERS < count + 1 + tables + lists:
        tables += 1
        lists = -(-max(0, tables - _HEADER_TABLES) // (_NUMBERS - 1))
    first_table, first_list = count + 1, count + 1 + tables
    table = [*range(1, count), _END, _END, *[_FAT] * tables, *[_DIFAT] * lists]
    where = [*range(first_table, first_list)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIII", 0, tables, count, 0, _LEAST_BYTES)
    header += struct.pack("<IIII", _END, 0, first_list if lists else _END, lists)
    entries = _entry("Root Entry", 5, _END, 0, child=1) + _entry("Workbook", 2, 0, len(stream))
    parts = [header, _numbers(where[:_HEADER_TABLES], _HEADER_TABLES), stream.ljust(count * _SECTOR, b"\0")]
    parts += [entries.ljust(_SECTOR, b"\0"), _numbers(table, tables * _NUMBERS)]
    for number in range(lists):
        at = _HEADER_TABLES + number * (_NUMBERS - 1)
        after = first_list + number + 1 if number + 1 < lists else _END
        parts.append(_numbers(where[at : at + _NUMBERS - 1], _NUMBERS - 1) + struct.pack("<I", after))
    return b"".join(parts)


def _numbers(numbers: list[int], most: int) -> bytes:
    return struct.pack(f"<{most}I", *numbers, *[_FREE] * (most - len(numbers)))


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child) + bytes(36)
        + struct.pack("<IQ", start, size)
    )  # fmt: skip
