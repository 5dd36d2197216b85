"""What each role is sent: reading is a right too. Tables by role, and for officers the rows that concern them."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from command.actors import DESK, Actor, Role
from command.rows import AlarmRow, CallRow, EvidenceRow, MarkRow, OrderRow, Row, SituationRow
from command.wire import TABLES

ALL = frozenset(TABLES)
MAY_WATCH_PASSAGES: frozenset[Role] = frozenset({"camera_watch", "dispatcher", "commander", "duty_leader", "wall"})
"""Who sees vehicles pass: they are on duty for it, and that they look is on record once for each session."""
_PLACES = frozenset({"stations", "units", "retired", "positions", "fences", "cameras", "links", "sos"})
_VIOLATION_RULES = frozenset({"sections", "restrictions", "regions"})
_VIOLATIONS = _VIOLATION_RULES | {"violations"}
_PICTURE = _PLACES | {
    "situations", "orders", "hits", "alarms", "activations", "tasks", "approvals", "cases", "focus", "marks",
    "screens",
}  # fmt: skip

_SHOWN: dict[Role, frozenset[str]] = {
    "call_taker": ALL - {"devices", "violations"},
    "dispatcher": ALL - {"devices"},
    "commander": ALL - {"devices"},
    "duty_leader": ALL - {"devices"},
    "director": ALL - {"devices"},
    "camera_watch": _PICTURE | {"watches", "libraries", *_VIOLATIONS},
    "administrator": _PLACES | _VIOLATION_RULES | {"devices", "watches", "libraries", "plans", "alarms", "messages"},
    "wall": _PICTURE | {"calls"},
    "officer": _PLACES - {"cameras"} | {"orders", "situations", "alarms", "evidence"},
}
VISIBLE: dict[Role, frozenset[str]] = {
    role: tables - {"passages"} | ({"passages"} if role in MAY_WATCH_PASSAGES else frozenset())
    for role, tables in _SHOWN.items()
}
"""What each role may mirror. The wall counts waiting calls from their rows, without caller and place: see `shown`."""

MAY_REPLAY: frozenset[Role] = DESK | {"director"}
"""Who may look at the past. All of them see every situation, file and hit while it is in the tables, too."""

_CALLER = "caller"
"""What a mark of a call that was linked names the number by."""
_OWN_ROWS = frozenset({"orders", "situations", "alarms", "evidence"})
"""Tables of which an officer is sent only the rows that `concerns` names."""


def tables_of(actor: Actor) -> frozenset[str]:
    """Return the tables that the actor may mirror."""
    return frozenset().union(*(VISIBLE.get(role, frozenset()) for role in actor.roles))


def sees_own_rows_only(actor: Actor, table: str) -> bool:
    """Say whether of this table the actor is sent only what `concerns` them: no other role held shows it whole."""
    return table in _OWN_ROWS and _shown_by(actor.roles, table) == {"officer"}


def concerns(row: Row, actor: Actor) -> bool:
    """Say whether an officer's terminal is sent this row: orders, situations and alarms of the own unit."""
    unit = actor.unit
    match row:
        case OrderRow():
            return bool(unit) and row.unit == unit
        case SituationRow():
            return bool(unit) and (unit in row.units or row.source == unit)
        case AlarmRow():
            return (bool(unit) and row.subject == unit) or row.kind == "sos"
        case EvidenceRow():
            return row.by == actor.id
        case _:
            return True


def masks(actor: Actor) -> bool:
    """Say whether the actor only counts calls, and does not learn who called, or from where."""
    return _shown_by(actor.roles, "calls") <= {"wall"}


def shown(row: Row, actor: Actor) -> Row:
    """Return the row as the actor is shown it."""
    if isinstance(row, CallRow) and masks(actor):
        return replace(row, caller="", subscriber="", address="", place=None, form={}, linked_why="", outcome_why="")
    if isinstance(row, MarkRow) and _CALLER in row.args and masks(actor):
        return replace(row, args={name: value for name, value in row.args.items() if name != _CALLER})
    return row


@lru_cache(maxsize=1024)
def _shown_by(roles: frozenset[Role], table: str) -> frozenset[Role]:
    return frozenset(role for role in roles if table in VISIBLE.get(role, frozenset()))


def seen_by(actor: Actor, row: object) -> Row | None:
    """Return a row of any table as the actor is shown it; None where it is not for them."""
    if not isinstance(row, Row) or (table := _TABLE_OF.get(type(row), "")) not in tables_of(actor):
        return None
    return shown(row, actor) if not sees_own_rows_only(actor, table) or concerns(row, actor) else None


_TABLE_OF = {row_type: table for table, row_type in TABLES.items()}
