"""Files of lists (库) as facts name them: those that have to stay, and the instant that others were done with.

A file stays while it is in force or waits to be approved, and for good where a hit came of it: then it is evidence of
what was looked for. Any other is named for the past alone, and goes once it was kept long enough.
"""

from __future__ import annotations

from command.facts.base import Fact
from command.facts.libraries import (
    LibraryExpired,
    LibraryFileApproved,
    LibraryFileDeclined,
    LibraryFileOffered,
    LibraryLifted,
    LibraryRequested,
)
from command.facts.watchlist import PlateHit

LibraryFact = (
    LibraryRequested | LibraryFileOffered | LibraryFileApproved | LibraryFileDeclined | LibraryLifted | LibraryExpired
)
"""What says which file a list has; no fact of these names a file of anything else."""


class ListFiles:
    """Those of one space: `take` its facts in their order. Files are SHA-256 in hex."""

    def __init__(self) -> None:
        self._in_force: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._hit: set[str] = set()
        self._left_ms: dict[str, int] = {}

    def take(self, fact: Fact, at_ms: int) -> None:
        """Note what a fact at an instant says of files; most say nothing."""
        match fact:
            case (
                LibraryRequested(library=library, content=content)
                | LibraryFileOffered(library=library, content=content)
            ):
                self._leave(self._waiting.get(library), at_ms)
                self._waiting[library] = content.sha256
            case LibraryFileApproved(library=library, sha256=sha256):
                self._leave(self._in_force.get(library), at_ms)
                self._in_force[library] = sha256
                self._waiting.pop(library, None)
            case LibraryFileDeclined(library=library):
                self._leave(self._waiting.pop(library, None), at_ms)
            case LibraryLifted(library=library) | LibraryExpired(library=library):
                for files in (self._waiting, self._in_force):
                    self._leave(files.pop(library, None), at_ms)
            case PlateHit(watch=library) if library in self._in_force:
                self._hit.add(self._in_force[library])
            case _:
                pass

    def _leave(self, file: str | None, at_ms: int) -> None:
        if file is not None:
            self._left_ms[file] = at_ms

    def needed(self) -> set[str]:
        """Return the files that have to stay whatever their age."""
        return {*self._in_force.values(), *self._waiting.values(), *self._hit}

    def past(self) -> dict[str, int]:
        """Return the other files, each with the instant (ms, UTC) since which no list has or is to have it."""
        needed = self.needed()
        return {file: left_ms for file, left_ms in self._left_ms.items() if file not in needed}
