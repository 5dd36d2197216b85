"""Which entries of the watch list can be told to a lower system, and as what. Pure.

The form (GA/T 1400.3, A.17) has no word for hours of the day, and none that its readers share for patterns: an entry
that needs them is not told, rather than told as more than was approved. Of one that means look-alikes too the plate
itself is told, which is less. Lists (库) are not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from command.facts.watchlist import WatchArea
from command.rows import WatchRow
from edge.limits import VIID_CASCADE_TOLLGATES, VIID_CASCADED
from edge.viid.cascade import Entry
from edge.viid.ids import disposition_id

Left = Literal["pattern", "hours", "area", "many"]
"""Why an entry in force is not told: its form; none, or too many, of its cameras are of the system; no room."""
_WILD = frozenset("?*")


class Chosen(msgspec.Struct, frozen=True):
    """What a system is to be told, by id, and how many entries are not told for each reason."""

    entries: dict[str, Entry]
    left: dict[Left, int]


def is_in_force(row: WatchRow, now_ms: int) -> bool:
    """Say whether an entry is approved, and neither lifted nor over."""
    return row.state == "active" and now_ms < row.until_ms


def id_of(row: WatchRow, server: str) -> str:
    """Return the id under which others know an entry; in another history of the record it is another one."""
    return disposition_id(server, row.requested_ms, int(row.id[1:]))


def chosen(
    rows: Iterable[WatchRow], inside: Mapping[WatchArea, frozenset[str]], devices: Mapping[str, str], server: str,
    now_ms: int,
) -> Chosen:  # fmt: skip
    """Return what to tell a system of these entries: its cameras here are its own `devices`, by camera.

    `inside` has the cameras in each area of the entries. Entries that it asked for itself are for the caller to leave
    out.
    """
    own = frozenset(devices)
    tollgates = {area: sorted(devices[camera] for camera in cameras & own) for area, cameras in inside.items()}
    entries: dict[str, Entry] = {}
    left: dict[Left, int] = {}
    for row in sorted(rows, key=lambda row: (row.level, row.requested_ms, row.id)):
        entry = _entry(row, tollgates, server) if is_in_force(row, now_ms) else None
        if isinstance(entry, Entry) and len(entries) >= VIID_CASCADED:
            entry = "many"
        if isinstance(entry, Entry):
            entries[entry.id] = entry
        elif entry is not None:
            left[entry] = left.get(entry, 0) + 1
    return Chosen(entries, left)


def _entry(row: WatchRow, tollgates_in: Mapping[WatchArea, Sequence[str]], server: str) -> Entry | Left:
    if _WILD & set(row.pattern):
        return "pattern"
    if row.hours is not None:
        return "hours"
    tollgates = tuple(tollgates_in[row.area]) if row.area else ()
    if row.area and not 0 < len(tollgates) <= VIID_CASCADE_TOLLGATES:
        return "area"
    return Entry(
        id=id_of(row, server), watch=row.id, plate=row.pattern, level=row.level, from_ms=row.requested_ms,
        until_ms=row.until_ms, tollgates=tollgates,
    )  # fmt: skip
