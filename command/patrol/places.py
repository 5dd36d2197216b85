"""Where units were seen last, by the fixes of their devices that are believed."""

from __future__ import annotations

from command.patrol.fixes import FixFilter
from command.readings import Position


class UnitPlaces:
    """The newest fix of each unit, and what was kept last of a call without a place (`sos.stand_in`)."""

    def __init__(self) -> None:
        self._fixes = FixFilter()
        self._newest: dict[str, Position] = {}
        self._placed: dict[str, Position] = {}

    def is_newer(self, fix: Position) -> bool:
        """Say whether nothing as new was ever seen of its device."""
        return self._fixes.is_newer(fix)

    def believe(self, fix: Position, unit: str) -> bool:
        """Say whether the device is there; the unit is there too where nothing as new was known of it."""
        if not self._fixes.admit(fix):
            return False
        newest = self._newest.get(unit)
        # Of two at one instant every hub shows the same.
        if newest is None or (fix.at_ms, fix.device) > (newest.at_ms, newest.device):
            self._newest[unit] = fix
        return True

    def is_newest(self, fix: Position, unit: str) -> bool:
        """Say whether the unit is where this fix says."""
        return self._newest.get(unit) is fix

    def note_call(self, kept: Position, unit: str) -> bool:
        """Say whether a call without a place is newer than all that was heard of the unit, and note it then."""
        last = self.last(unit)
        if last and kept.at_ms <= last.at_ms:
            return False
        self._placed[unit] = kept
        return True

    def last(self, unit: str) -> Position | None:
        """Return the newest fix of the unit, or a call kept after it: by that the next is placed."""
        newest, placed = self._newest.get(unit), self._placed.get(unit)
        return placed if placed and (newest is None or placed.at_ms > newest.at_ms) else newest
