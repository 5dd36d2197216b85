"""A console's copy of the tables, kept exactly as the pages keep theirs (`web/src/sync/store.ts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

Json = dict[str, Any]
_TEXT, _PING = 0x81, 0x89
TOLD_GONE = 2000
"""Removed rows that the pages remember in each table (their `TOMBSTONES`)."""


class MirroredTable:
    """Rows, the number that each came with, and those that went."""

    def __init__(self) -> None:
        self.rows: dict[str, Json] = {}
        self._seqs: dict[str, int] = {}
        self._removed: dict[str, int] = {}
        self._floor = 0

    def replace(self, seq: int, rows: Mapping[str, Json]) -> None:
        """Take a snapshot."""
        self.rows, self._seqs, self._removed, self._floor = dict(rows), {}, {}, seq

    def seq_of(self, key: str) -> int:
        """Return the number that the newest word about a row came with."""
        return self._seqs.get(key, self._removed.get(key, self._floor))

    def put(self, seq: int, key: str, row: Json | None) -> None:
        """Take one row, unless a newer one is here."""
        if seq < self.seq_of(key):
            return
        self._seqs.pop(key, None)
        self._removed.pop(key, None)
        if row is None:
            self.rows.pop(key, None)
            self._removed[key] = seq
            if len(self._removed) > TOLD_GONE:
                del self._removed[next(iter(self._removed))]
        else:
            self.rows[key] = row
            self._seqs[key] = seq


class Mirror:
    """All tables that a console follows."""

    def __init__(self) -> None:
        self.tables: dict[str, MirroredTable] = {}
        self.heard_seq = 0

    def snapshot(self, message: Json) -> None:
        """Take a whole table."""
        self.tables.setdefault(message["table"], MirroredTable()).replace(message["seq"], message["rows"])
        self.heard_seq = message["seq"]

    def drop(self, names: Iterable[str]) -> None:
        """Forget tables that are asked for no more, or otherwise."""
        for name in names:
            self.tables.pop(name, None)

    def delta(self, message: Json) -> None:
        """Take changed rows."""
        for name, rows in message["tables"].items():
            table = self.tables.get(name)
            if table is not None:
                for key, row in rows.items():
                    table.put(message["seq"], key, row)
        self.heard_seq = max(self.heard_seq, message["seq"])

    def rows(self, table: str) -> list[Json]:
        """Return the rows of a table; none where it has not come yet."""
        return list(self.tables[table].rows.values()) if table in self.tables else []

    def where(self, table: str, fits: Callable[[Json], bool]) -> list[Json]:
        """Return the rows that fit."""
        return [row for row in self.rows(table) if fits(row)]


def messages(data: bytes) -> Iterator[tuple[bytes, Json]]:
    """Yield each message of unmasked, unfragmented frames (RFC 6455, section 5.2), as bytes and decoded.

    A ping has no text here and comes as `{"type": "ping"}`.
    """
    at = 0
    while at < len(data):
        opcode = data[at]
        assert opcode in (_TEXT, _PING), opcode
        length, at = data[at + 1], at + 2
        if length >= 126:
            width = 2 if length == 126 else 8
            length, at = int.from_bytes(data[at : at + width], "big"), at + width
        payload = data[at : at + length]
        at += length
        yield payload, msgspec.json.decode(payload) if opcode == _TEXT else {"type": "ping"}
