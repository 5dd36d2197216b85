"""Pictures go with the passages that they are of: what nobody brought since the first that is kept, and no fact names.

A picture is brought when its passage is stored, so one that was brought before all passages that are kept is of none of
them. What any fact of any space names (evidence, hits, violations) stays for good.
"""

from __future__ import annotations

import re

from command.blobs import Blobs
from command.journal import Journal
from command.kernel.limits import BLOBS_REMOVED, BLOBS_SWEPT, READ_FACTS
from command.readings.bounds import DAY_MS

_NAME = re.compile(rb"[0-9a-f]{64}")


class PictureSweep:
    """Removes such blobs, once for each day that is forgotten."""

    def __init__(self, journal: Journal, blobs: Blobs) -> None:
        self._journal = journal
        self._blobs = blobs
        self._swept_ms = 0
        self.removed = 0

    async def sweep(self, forgotten_ms: int) -> int:
        """Return how many went. `forgotten_ms` is the instant before which readings are forgotten, by whole UTC days.

        Clocks may differ and passages be told late: a day more has to be over. Raises `UnavailableError` where a store
        is away; the next call begins anew.
        """
        before_ms = forgotten_ms - forgotten_ms % DAY_MS - DAY_MS
        if before_ms <= self._swept_ms:
            return 0
        removed, after = 0, ""
        while names := await self._blobs.brought_before(before_ms, after, BLOBS_SWEPT):
            named = await self._named({bytes.fromhex(name) for name in names})
            # These are asked about again when as much time has gone by once more.
            await self._blobs.keep([name.hex() for name in named])
            gone = [name for name in names if bytes.fromhex(name) not in named]
            for first in range(0, len(gone), BLOBS_REMOVED):
                removed += await self._blobs.remove(gone[first : first + BLOBS_REMOVED], before_ms)
            after = names[-1]
        self._swept_ms = before_ms
        self.removed += removed
        return removed

    async def _named(self, names: set[bytes]) -> set[bytes]:
        """Return those of the names that stand in any fact."""
        named: set[bytes] = set()
        for space in await self._journal.spaces():
            after = 0
            while page := await self._journal.read(space, after, READ_FACTS):
                for fact in page:
                    named.update(names.intersection(bytes.fromhex(one.decode()) for one in _NAME.findall(fact.data)))
                after = page[-1].seq
        return named
