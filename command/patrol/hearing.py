"""Whether a hub could hear its devices: who said something that it could not take is not silent."""

from __future__ import annotations

from command.kernel.limits import SILENCE_DEAF_MS


class Hearing:
    """Looked at with each look for silent units; never asks a clock."""

    def __init__(self, now_ms: int) -> None:
        self._stored_ms = self._looked_ms = now_ms
        self._refused = 0

    def stored(self, now_ms: int) -> None:
        """Fixes were stored."""
        self._stored_ms = now_ms

    def was_deaf(self, now_ms: int, refused: int, *, recording: bool) -> bool:
        """Say whether the record is away, nothing could be stored, or the hub stood still or had its clock set on.

        `refused` is how many fixes the store has not taken up to now.
        """
        late_ms, newly_refused = now_ms - self._looked_ms, refused - self._refused
        self._looked_ms, self._refused = now_ms, refused
        stores_nothing = newly_refused > 0 and now_ms - self._stored_ms > SILENCE_DEAF_MS
        return stores_nothing or late_ms > SILENCE_DEAF_MS or not recording
