"""What an audience of consoles is shown: of which tables, which rows, and with what kept from it."""

from __future__ import annotations

import msgspec

from command import wire
from command.access.kept_cameras import KeptTo, hides
from command.access.visibility import concerns, masks, sees_own_rows_only, shown
from command.hub import Changes
from command.rows import Row
from command.tables import Table, Tables
from consoles.console import Audience
from consoles.frames import text_frame
from consoles.limits import SNAPSHOT_SHARED_MS
from consoles.recipients import Recipients

_OF_CAMERAS = frozenset({"violations"})
"""Tables whose rows tell what cameras show, which may be kept to some roles."""
_OF_CALLERS = frozenset({"calls", "marks"})
"""Tables whose rows tell of callers, which are kept from some (`shown`)."""


class View:
    """What one audience is shown; of tables it sees in part, which rows: only those can leave its screens again."""

    def __init__(self, audience: Audience, tables: Tables, kept_to: KeptTo) -> None:
        self.consoles = Recipients()
        self.told = False
        """Whether rows went to it since the last beat: they say as much as a beat does."""
        self._kept_to = kept_to
        self._actor = audience.actor
        self._filters = dict(audience.tables)
        self._partial = {
            name
            for name, situation in audience.tables
            if situation is not None or sees_own_rows_only(audience.actor, name) or (kept_to and name in _OF_CAMERAS)
        }
        self._whole: dict[str, tuple[int, int, bytes]] = {}
        self._masked = masks(audience.actor) and not _OF_CALLERS.isdisjoint(self._filters)
        self._seen = {(name, row.id) for name in self._partial for row in tables.by_name[name] if self._fits(name, row)}

    def is_partial(self, table: str) -> bool:
        """Say whether rows of the table are kept from this audience."""
        return table in self._partial

    def snapshot(self, table: Table[Row], seq: int, seal: str, now_ms: int) -> bytes:
        """Return the frame of all rows that the audience may see; consoles that come together share it."""
        known_seq, made_ms, frame = self._whole.get(table.name, (-1, 0, b""))
        if known_seq != seq or now_ms - made_ms > SNAPSHOT_SHARED_MS:
            rows = {row.id: shown(row, self._actor) for row in table if self._fits(table.name, row)}
            whole = wire.Snapshot(seq=seq, now_ms=now_ms, table=table.name, rows=rows, seal=seal)
            frame = text_frame(msgspec.json.encode(whole))
            self._whole[table.name] = (seq, now_ms, frame)
        return frame

    def forget_snapshots(self) -> None:
        """Free the memory of frames that nobody is about to share."""
        self._whole.clear()

    def changes(self, changed: Changes) -> dict[tuple[str, str], Row | None]:
        """Return what the audience is told of changes: null too for a row that it saw and may see no more."""
        filters = self._filters
        self._whole.clear()
        if not (self._partial or self._masked):
            return {at: row for at, row in changed.items() if at[0] in filters}
        told: dict[tuple[str, str], Row | None] = {}
        for at, row in changed.items():
            table = at[0]
            if table not in filters:
                continue
            if row is not None and self._fits(table, row):
                told[at] = shown(row, self._actor)
                if table in self._partial:
                    self._seen.add(at)
            elif table not in self._partial:
                told[at] = None
            elif at in self._seen:
                told[at] = None
                self._seen.discard(at)
        return told

    def _fits(self, table: str, row: Row) -> bool:
        if table not in self._partial:
            return True
        situation = self._filters[table]
        if situation is not None and _situation_of(row) != situation:
            return False
        if hides(self._kept_to, row, self._actor):
            return False
        return not sees_own_rows_only(self._actor, table) or concerns(row, self._actor)


def _situation_of(row: Row) -> str:
    return str(getattr(row, "situation", row.id) or "")
