"""What goes from the store: pictures with the passages that they are of, and files of lists that were kept long enough.

A picture is brought when its passage is stored, so one that was brought before all passages that are kept is of none of
them. What any fact of any space names (evidence, hits, violations) stays for good, but for files of lists (库), which
facts name for as long as `command.list_files` says.
"""

from __future__ import annotations

import re

from command import facts
from command.blobs import Blobs
from command.journal import Journal, StoredFact
from command.kernel.limits import BLOBS_REMOVED, BLOBS_SWEPT, SWEPT_FACTS
from command.list_files import LibraryFact, ListFiles
from command.readings.bounds import DAY_MS

_NAME = re.compile(rb"[0-9a-f]{64}")
_OF_LISTS = re.compile(rb"library_|plate_hit")
"""What stands in every fact that `ListFiles` has to be shown."""


class Sweep:
    """Removes such blobs, once for each day that is forgotten. Counts what went, files of lists also by themselves."""

    def __init__(self, journal: Journal, blobs: Blobs) -> None:
        self._journal = journal
        self._blobs = blobs
        self._swept_ms = 0
        self.removed = 0
        self.lists_removed = 0

    async def sweep(self, forgotten_ms: int, lists_ms: int) -> int:
        """Return how many went. `forgotten_ms` is the instant before which readings are forgotten, by whole UTC days.

        Files that no list has since before `lists_ms` go. Clocks may differ and passages be told late: a day more has
        to be over. Raises `UnavailableError` where a store is away; the next call begins anew.
        """
        before_ms = forgotten_ms - forgotten_ms % DAY_MS - DAY_MS
        if before_ms <= self._swept_ms:
            return 0
        removed, after = 0, ""
        while names := await self._blobs.brought_before(before_ms, after, BLOBS_SWEPT):
            named, past = await self._named({bytes.fromhex(name) for name in names})
            # These are asked about again when as much time has gone by once more.
            await self._blobs.keep([name.hex() for name in named])
            gone = [name for name in names if (raw := bytes.fromhex(name)) not in named and raw not in past]
            lists = [name.hex() for name, left_ms in past.items() if left_ms < lists_ms - DAY_MS]
            removed += await self._remove(gone, before_ms)
            count = await self._remove(lists, before_ms)
            self.lists_removed += count
            removed += count
            after = names[-1]
        self._swept_ms = before_ms
        return removed

    async def _remove(self, names: list[str], before_ms: int) -> int:
        """Remove those that nobody has brought again meanwhile."""
        removed = 0
        for first in range(0, len(names), BLOBS_REMOVED):
            removed += await self._blobs.remove(names[first : first + BLOBS_REMOVED], before_ms)
        self.removed += removed
        return removed

    async def _named(self, names: set[bytes]) -> tuple[set[bytes], dict[bytes, int]]:
        """Return those of the names that facts need, and the files of lists that are past, each with since when."""
        named: set[bytes] = set()
        past: dict[bytes, int] = {}
        for space in await self._journal.spaces():
            files, after = ListFiles(), 0
            while page := await self._journal.read(space, after, SWEPT_FACTS):
                for fact in page:
                    if not _is_of_list(fact, files):
                        named.update(
                            names.intersection(bytes.fromhex(one.decode()) for one in _NAME.findall(fact.data))
                        )
                after = page[-1].seq
            named.update(names.intersection(map(bytes.fromhex, files.needed())))
            for file, left_ms in files.past().items():
                name = bytes.fromhex(file)
                past[name] = max(left_ms, past.get(name, 0))
        return named, {name: left_ms for name, left_ms in past.items() if name in names - named}


def _is_of_list(stored: StoredFact, files: ListFiles) -> bool:
    """Show `files` a fact that may concern it; say whether names of files in it are a matter for that alone."""
    if not _OF_LISTS.search(stored.data):
        return False
    fact = facts.decode(stored.data, stored.seq)
    files.take(fact, stored.at_ms)
    return isinstance(fact, LibraryFact)
