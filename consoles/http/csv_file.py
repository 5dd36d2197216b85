"""A file for a spreadsheet: lines about it, a head, rows; nothing in it that a spreadsheet runs or changes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

Cell = str | float | None

_FORMULA = tuple("=+-@\t\r\n|＝＋－＠")
"""A cell that begins so is run by one spreadsheet or another (OWASP, CSV injection)."""
_WHOLE_DIGITS = 11
"""More digits than a spreadsheet shows of a number; past 15 it also forgets them."""
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_READ_AS_ANOTHER = re.compile(
    r"\d+(?:\.\d*)?e[+-]?\d+|(?!\d{4}-\d\d-\d\d$)\d+[-/]\d+(?:[-/]\d+)?"
    rf"|{_MONTH}[- ]?\d+|\d+[- ]?{_MONTH}(?:[- ]?\d+)?",
    re.ASCII | re.IGNORECASE,
)
"""Ids and names of ours that a spreadsheet takes for a number or a date, and shows as that: 3E5, 1-3, MAR1.

See Ziemann, Eren and El-Osta 2016, "Gene name errors are widespread in the scientific literature".
"""
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""So that spreadsheets read it as UTF-8."""


def csv_of(about: Iterable[tuple[str, str]], head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the file: what `about` says of it, line by line, then the head and the rows."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows((name, _safe(value)) for name, value in about)
    writer.writerow(())
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return _MARK + text.getvalue()


def _cell(value: Cell) -> str | float:
    return "" if value is None else _safe(value) if isinstance(value, str) else value


def _safe(text: str) -> str:
    runs = text.lstrip(" ").startswith(_FORMULA)
    number = text.isdecimal() and ((text.startswith("0") and len(text) > 1) or len(text) > _WHOLE_DIGITS)
    return f"'{text}" if runs or number or _READ_AS_ANOTHER.fullmatch(text) else text
