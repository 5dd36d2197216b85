"""The watch list in force (布控), ready to be asked about every plate that is read."""

from __future__ import annotations

from collections.abc import Iterable

from command.kernel.errors import InvalidInputError
from command.kernel.plate_pattern import Pattern, compile_pattern


class WatchList:
    """Exact plates by look-up, patterns one after the other. Made anew when the list changes; never altered."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take (watch id, pattern) pairs. One that no plate can satisfy never fires, and is told in `impossible`."""
        self._exact: dict[str, list[str]] = {}
        self._patterns: list[tuple[str, Pattern]] = []
        self.impossible: dict[str, str] = {}
        for watch, text in entries:
            try:
                pattern = compile_pattern(text)
            except InvalidInputError as error:  # one wrong entry must not switch the others off
                self.impossible[watch] = error.detail
                continue
            if "?" in text or "*" in text:
                self._patterns.append((watch, pattern))
            else:
                self._exact.setdefault(pattern.text, []).append(watch)

    def matching(self, plate: str) -> list[str]:
        """Return the ids of the entries that a plate fits."""
        fitting = [watch for watch, pattern in self._patterns if pattern.matches(plate)]
        return self._exact.get(plate, []) + fitting
