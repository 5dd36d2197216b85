"""Clips at other hubs that are in no backup: each hub saves those that it exported itself, and not each makes backups.

A hub that does says so to the others. What the newest backup here lacks (SPEC R919) and nobody else saves is named, for
it is on one disk alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from command.backup.records import ClipElsewhere
from command.backup.schedule import Backups
from command.kernel.clock import Clock
from command.places import SAVES_CLIPS, Places
from consoles.parts.watched import Watched


class UnsavedClips:
    """Those that the newest good backup names. `saving` are the addresses of the hubs that save their own."""

    def __init__(self, backups: Backups, places: Places, clock: Clock) -> None:
        self.saving = Watched("which hubs make backups", places.saving_clips, clock)
        self._backups = backups
        self._places = places
        places.tell(SAVES_CLIPS, self._own)

    def _own(self) -> Iterable[str] | None:
        if not self._backups.is_known:
            return None
        return ["clips"] if self._backups.newest else []

    @property
    def clips(self) -> Sequence[ClipElsewhere] | None:
        """Those that are in no backup; None while nobody can tell."""
        if (saving := self.saving.value) is None or not self._backups.is_known:
            return None
        newest = self._backups.newest
        return unsaved(newest.clips_elsewhere if newest else (), saving)

    def count(self) -> float:
        """Return how many there are."""
        return math.nan if self.clips is None else len(self.clips)

    def troubles(self) -> Iterable[str]:
        """Name them by their hubs, as the roll numbers those."""
        if not self.clips:
            return
        numbers = {state.place.url: number for number, state in self._places.roll.hubs.items()}
        hubs = Counter(f"hub {numbers[clip.hub]}" if clip.hub in numbers else "a hub not known" for clip in self.clips)
        yield f"{len(self.clips)} clips of other hubs are in none: {', '.join(f'{n} of {h}' for h, n in hubs.items())}"


def unsaved(elsewhere: Iterable[ClipElsewhere], saving: Iterable[str]) -> Sequence[ClipElsewhere]:
    """Return the clips of hubs that do not save their own, and those of which it is not known whose they are."""
    known = {*saving}
    return [clip for clip in elsewhere if clip.hub not in known]
