"""What is so now: tables of rows, folded from facts. Every row knows the sequence number that last changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from command import rows
from command.kernel.errors import UnknownIdError
from command.kernel.limits import TOMBSTONES
from command.rows import Row
from command.settings import Limits

R = TypeVar("R", bound=Row)
OF_READINGS = frozenset({"positions", "passages"})
"""Tables whose rows follow from readings and not from facts: no sequence number says which of them somebody has."""


class Table(Generic[R]):
    """Rows by key, ordered by last change, so that what a console missed is the tail.

    A dropped row leaves its number behind. Only the newest `TOMBSTONES` are kept: whoever resumes from before
    `floor_seq` must take a snapshot. Where `group` names a field that a row never changes, `of` finds its rows by it.
    """

    def __init__(
        self, name: str, row_type: type[R], owner: Tables, group: str = "", is_open: Callable[[R], bool] | None = None
    ) -> None:
        self.name = name
        self.row_type = row_type
        self.open = 0
        """How many rows are open, where that means something."""
        self.rows: dict[str, R] = {}
        self.changed_seq: dict[str, int] = {}
        self.dropped_seq: dict[str, int] = {}
        self.floor_seq = 0
        self._owner = owner
        self._group = group
        self._is_open = is_open
        self._groups: dict[str, dict[str, None]] = {}

    def of(self, group: str) -> list[R]:
        """Return the rows of one group, without looking at the others."""
        return [self.rows[key] for key in self._groups.get(group, ())]

    def keep_newest(self, group: str, count: int) -> None:
        """Drop what changed longest ago until the group has at most `count` rows."""
        keys = self._groups.get(group, {})
        while len(keys) > count:
            self.drop(next(iter(keys)))

    def get(self, key: str) -> R | None:
        """Return the row or None."""
        return self.rows.get(key)

    def need(self, key: str) -> R:
        """Return the row or raise `UnknownIdError`."""
        row = self.rows.get(key)
        if row is None:
            raise UnknownIdError(f"no {self.name} row with id {key!r}", table=self.name, id=key)
        return row

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, row: R) -> None:
        """Set the row under its id, as changed by the fact being folded."""
        key, owner = row.id, self._owner
        was = self.rows.get(key)
        dropped = self.dropped_seq.pop(key, None) if self.dropped_seq else None
        owner.undo_log.append((self, key, was, self.changed_seq.pop(key, None), dropped))
        self.rows[key] = row
        self.changed_seq[key] = owner.seq
        if self._group or self._is_open:
            self._account(key, was, row)

    def drop(self, key: str) -> None:
        """Take the row away; a missing one is no fault."""
        was = self.rows.get(key)
        if was is None:
            return
        owner = self._owner
        owner.undo_log.append((self, key, was, self.changed_seq.pop(key), None))
        self.set_row(key, None)
        self.dropped_seq[key] = owner.seq

    def set_row(self, key: str, row: R | None) -> None:
        """Set or take away the row alone; for `drop` and undoing."""
        was = self.rows.pop(key, None) if row is None else self.rows.get(key)
        if row is not None:
            self.rows[key] = row
        if self._group or self._is_open:
            self._account(key, was, row)

    def _account(self, key: str, was: R | None, row: R | None) -> None:
        """Keep count of open rows, and each group in the order of last change, as the table is."""
        if self._is_open:
            self.open += (row is not None and self._is_open(row)) - (was is not None and self._is_open(was))
        if not self._group:
            return
        if was is not None:
            group = getattr(was, self._group)
            del self._groups[group][key]
            if not self._groups[group]:
                del self._groups[group]
        if row is not None:
            self._groups.setdefault(getattr(row, self._group), {})[key] = None

    def changes_since(self, seq: int) -> dict[str, R | None] | None:
        """Return rows changed or dropped after `seq`, or None where that is no longer known."""
        if seq < self.floor_seq:
            return None
        changes: dict[str, R | None] = {}
        for key in reversed(self.dropped_seq):
            if self.dropped_seq[key] <= seq:
                break
            changes[key] = None
        for key in reversed(self.changed_seq):
            if self.changed_seq[key] <= seq:
                break
            changes[key] = self.rows[key]
        return changes

    def fill(self, rows: list[R], changed_seq: list[int], dropped_seq: dict[str, int], floor_seq: int) -> None:
        """Take rows of a snapshot, in the order of their last change; further ones go on from there."""
        for row, seq in zip(rows, changed_seq, strict=True):
            self.rows[row.id] = row
            self.changed_seq[row.id] = seq
            self._account(row.id, None, row)
        self.dropped_seq.update(dropped_seq)
        self.floor_seq = floor_seq

    def forget_oldest_drops(self) -> None:
        """Keep the newest `TOMBSTONES`; done when nothing can be undone any more."""
        # All at once, since the way to the first key of a dict leads past all that were taken away before it.
        for key in list(islice(self.dropped_seq, max(0, len(self.dropped_seq) - TOMBSTONES))):
            self.floor_seq = self.dropped_seq.pop(key)

    def restore_change_order(self) -> None:
        """Sort the numbers again after an undo, which put old ones back at the end."""
        self.changed_seq = dict(sorted(self.changed_seq.items(), key=lambda item: item[1]))
        self.dropped_seq = dict(sorted(self.dropped_seq.items(), key=lambda item: item[1]))
        if self._group:
            self._groups = {}
            for key in self.changed_seq:
                self._groups.setdefault(getattr(self.rows[key], self._group), {})[key] = None


class Tables:
    """All tables of one space at one sequence number. One task owns them; nobody else writes."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.seq = 0
        self.limits = limits or Limits()
        self.by_name: dict[str, Table[Any]] = {}
        self.undo_log: list[tuple[Table[Any], str, Row | None, int | None, int | None]] = []
        """For each change since `settle`: table, key, and the row, its number and its drop's number before."""
        self.calls = self._table("calls", rows.CallRow)
        self.situations = self._table("situations", rows.SituationRow, is_open=lambda row: row.state != "closed")
        self.orders = self._table("orders", rows.OrderRow)
        self.stations = self._table("stations", rows.StationRow)
        self.units = self._table("units", rows.UnitRow)
        self.devices = self._table("devices", rows.DeviceRow)
        self.retired = self._table("retired", rows.RetiredRow)
        self.holders = self._table("holders", rows.HoldersRow)
        self.positions = self._table("positions", rows.PositionRow)
        self.passages = self._table("passages", rows.PassageRow)
        self.fences = self._table("fences", rows.FenceRow)
        self.cameras = self._table("cameras", rows.CameraRow)
        self.watches = self._table("watches", rows.WatchRow, is_open=lambda row: row.ended_ms is None)
        self.libraries = self._table("libraries", rows.LibraryRow, is_open=lambda row: row.ended_ms is None)
        self.hits = self._table("hits", rows.HitRow)
        self.alarms = self._table("alarms", rows.AlarmRow)
        self.sos = self._table("sos", rows.SosRow)
        self.messages = self._table("messages", rows.MessageRow, is_open=lambda row: row.state == "queued")
        self.evidence = self._table("evidence", rows.EvidenceRow)
        self.plans = self._table("plans", rows.PlanRow)
        self.activations = self._table("activations", rows.ActivationRow)
        self.tasks = self._table("tasks", rows.TaskRow)
        self.approvals = self._table("approvals", rows.ApprovalRow, is_open=lambda row: row.state == "waiting")
        self.cases = self._table("cases", rows.CaseRow)
        self.links = self._table("links", rows.LinkRow)
        self.focus = self._table("focus", rows.FocusRow)
        self.screens = self._table("screens", rows.ScreenRow)
        self.marks = self._table("marks", rows.MarkRow, group="situation")
        self.sections = self._table("sections", rows.SectionRow, is_open=rows.is_in_force)
        self.restrictions = self._table("restrictions", rows.RestrictionRow, is_open=rows.is_in_force)
        self.regions = self._table("regions", rows.RegionsRow, is_open=rows.is_in_force)
        self.violations = self._table(
            "violations", rows.ViolationRow, group="plate", is_open=lambda row: row.state not in ("rejected", "sent")
        )
        self.queries = self._table("queries", rows.QueryRow, group="by")
        self.deadlines = self._table("deadlines", rows.DeadlineRow)

    def _table(self, name: str, row: type[R], group: str = "", is_open: Callable[[R], bool] | None = None) -> Table[R]:
        table = Table(name, row, self, group, is_open)
        self.by_name[name] = table
        return table

    def next_id(self, prefix: str) -> str:
        """Return the id for the thing that the next fact brings about: its sequence number, so unique and short."""
        return f"{prefix}{self.seq + 1}"

    def savepoint(self) -> tuple[int, int]:
        """Return a point to which the tables can be taken back until `settle`."""
        return self.seq, len(self.undo_log)

    def undo_to(self, point: tuple[int, int]) -> None:
        """Take back every change since the savepoint."""
        seq, length = point
        disturbed: set[Table[Any]] = set()
        while len(self.undo_log) > length:
            table, key, row, changed, dropped = self.undo_log.pop()
            disturbed.add(table)
            for kept, value in ((table.changed_seq, changed), (table.dropped_seq, dropped)):
                kept.pop(key, None)
                if value is not None:
                    kept[key] = value
            table.set_row(key, row)
        self.seq = seq
        for table in disturbed:
            table.restore_change_order()

    def settle(self) -> dict[tuple[str, str], Row | None]:
        """Forget the undo log; return the rows changed since the last time by (table, key), None for dropped ones."""
        touched = {(change[0].name, change[1]): change[0].rows.get(change[1]) for change in self.undo_log}
        for table in {change[0] for change in self.undo_log}:
            table.forget_oldest_drops()
        self.undo_log.clear()
        return touched
