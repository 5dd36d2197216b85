"""Every row as it was after every fact: the journal folded once more, by nobody but the checks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import msgspec

from command import rules
from command.access.visibility import concerns, sees_own_rows_only, shown
from command.actors import Actor
from command.facts import Recorded
from command.hub import recorded
from command.journal import StoredFact
from command.rows import Row
from command.tables import Tables
from consoles.sim.county import LIMITS

Json = dict[str, Any]


class _Version:
    """A row from a fact on, None where it was dropped; `told` is its JSON by the roles it is shown to."""

    __slots__ = ("row", "told")

    def __init__(self, row: Row | None) -> None:
        self.row = row
        self.told: dict[frozenset[str], Json] = {}


class _Line:
    """The versions of one row, by the number of the fact that brought each about."""

    __slots__ = ("seqs", "versions")

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.versions: list[_Version] = []

    def at(self, seq: int) -> _Version | None:
        place = bisect_right(self.seqs, seq)
        return self.versions[place - 1] if place else None


class History:
    """What the journal folds to, at its head and at every number before."""

    def __init__(self) -> None:
        self.tables = Tables(LIMITS)
        self._lines: dict[str, dict[str, _Line]] = {name: {} for name in self.tables.by_name}

    @property
    def seq(self) -> int:
        """Return the number of the last fact."""
        return self.tables.seq

    def take_in(self, facts: Sequence[StoredFact]) -> list[Recorded]:
        """Fold durable facts and return them decoded."""
        decoded = [recorded(stored) for stored in facts]
        for fact in decoded:
            rules.fold(self.tables, fact)
            for (table, key), row in self.tables.settle().items():
                line = self._lines[table].setdefault(key, _Line())
                line.seqs.append(fact.seq)
                line.versions.append(_Version(row))
        return decoded

    def row(self, seq: int, table: str, key: str) -> Row | None:
        """Return the row as it was after fact `seq`."""
        line = self._lines[table].get(key)
        version = line.at(seq) if line else None
        return version.row if version else None

    def changed(self, table: str, key: str, seq: int) -> int:
        """Return the number of the last fact up to `seq` that changed the row; 0 for none."""
        line = self._lines[table].get(key)
        place = bisect_right(line.seqs, seq) if line else 0
        return line.seqs[place - 1] if line and place else 0

    def told(self, seq: int, table: str, key: str, actor: Actor, situation: str | None = None) -> Json | None:
        """Return the row after fact `seq` as the actor's console is to have it; None where it has none.

        A `situation` is the one whose rows alone it asked for.
        """
        line = self._lines[table].get(key)
        version = line.at(seq) if line else None
        if version is None or version.row is None:
            return None
        if sees_own_rows_only(actor, table) and not concerns(version.row, actor):
            return None
        if situation is not None and getattr(version.row, "situation", version.row.id) != situation:
            return None
        told = version.told.get(actor.roles)
        if told is None:
            told = version.told[actor.roles] = as_json(shown(version.row, actor))
        return told

    def picture(self, seq: int, table: str, actor: Actor, situation: str | None = None) -> dict[str, Json]:
        """Return a whole table after fact `seq` as the actor's console is to have it."""
        rows = {key: self.told(seq, table, key, actor, situation) for key in self._lines[table]}
        return {key: row for key, row in rows.items() if row is not None}


def as_json(row: Row) -> Json:
    """Return the row as a console decodes it."""
    told: Json = msgspec.json.decode(msgspec.json.encode(row))
    return told


def copy_of(tables: Tables) -> Tables:
    """Return what a snapshot of the tables brings back."""
    copy = Tables(tables.limits)
    for name, table in tables.by_name.items():
        rows = [table.rows[key] for key in table.changed_seq]
        copy.by_name[name].fill(rows, list(table.changed_seq.values()), dict(table.dropped_seq), table.floor_seq)
    copy.seq = tables.seq
    return copy


def picture_of(tables: Tables) -> dict[str, Any]:
    """Return everything that tables hold by the journal, change order included; positions are readings.

    Rows that one fact changed may stand in any order, in one that undid another batch than the other.
    """
    return {
        name: (
            dict(table.rows),
            dict(table.changed_seq),
            list(table.changed_seq.values()),
            dict(table.dropped_seq),
            list(table.dropped_seq.values()),
            table.floor_seq,
            table.open,
            {group: list(keys) for group, keys in table._groups.items()},  # noqa: SLF001 - what `of` returns, and keeps
        )
        for name, table in tables.by_name.items()
        if name != "positions"
    }
