"""What each role is sent: reading is a right too. Tables by role, and for officers the rows that concern them."""

from __future__ import annotations

from msgspec.structs import replace

from command.actors import Actor, Role
from command.rows import AlarmRow, CallRow, EvidenceRow, OrderRow, Row, SituationRow
from command.wire import TABLES

ALL = frozenset(TABLES)
_PLACES = frozenset({"stations", "units", "positions", "fences", "cameras", "links", "sos"})
_PICTURE = _PLACES | {
    "situations", "orders", "hits", "alarms", "activations", "tasks", "approvals", "cases", "focus", "marks",
}  # fmt: skip

VISIBLE: dict[Role, frozenset[str]] = {
    "call_taker": ALL - {"devices"},
    "dispatcher": ALL - {"devices"},
    "commander": ALL - {"devices"},
    "duty_leader": ALL - {"devices"},
    "director": ALL - {"devices"},
    "camera_watch": _PLACES | {"situations", "alarms", "hits", "watches", "marks"},
    "administrator": _PLACES | {"devices", "watches", "plans", "alarms", "messages"},
    "wall": _PICTURE | {"calls"},
    "officer": _PLACES - {"cameras"} | {"orders", "situations", "alarms", "evidence"},
}
"""What each role may mirror. The wall counts waiting calls from their rows, without the caller: see `shown`."""


def tables_of(actor: Actor) -> frozenset[str]:
    """Return the tables that the actor may mirror."""
    return frozenset().union(*(VISIBLE.get(role, frozenset()) for role in actor.roles))


def sees_rows_of_own_unit_only(actor: Actor) -> bool:
    """Say whether the actor is in the field: an officer, and nothing else."""
    return actor.roles == {"officer"}


def concerns(row: Row, actor: Actor) -> bool:
    """Say whether an officer's terminal is sent this row: orders, situations and alarms of the own unit."""
    match row:
        case OrderRow():
            return row.unit == actor.unit
        case SituationRow():
            return actor.unit in row.units or row.source == actor.unit
        case AlarmRow():
            return row.subject == actor.unit or row.kind == "sos"
        case EvidenceRow():
            return row.by == actor.id
        case _:
            return True


def shown(row: Row, actor: Actor) -> Row:
    """Return the row as the actor is shown it: who only counts calls does not learn who called."""
    if isinstance(row, CallRow) and actor.roles == {"wall"}:
        return replace(row, caller="", subscriber="", address="", form={})
    return row
